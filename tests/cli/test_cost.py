"""`sijo cost` and `sijo cost estimate`, as a user runs them."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sijo.engine.entry import Entry
from sijo.engine.prices import prices
from sijo.store import database
from sijo.store.ledger import Ledger
from sijo.store.rollups import DAY, batch
from tests.accounts import entry, usage
from tests.serving import printed, sijo

NOW = datetime.now(UTC)
FIRST = NOW.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


async def keep(address: str, *entries: Entry) -> None:
    store = database(address, Path())
    await store.open()
    await store.run("INSERT INTO workspaces (id, name, created_at, facts) VALUES ('wrkspc_1', 'research', 0, '{}')")
    await store.run(
        "INSERT INTO keys (id, digest, hint, name, admin, status, created_at)"
        " VALUES ('apikey_2', 'd', 'h', 'laptop', 0, 'active', 0)"
    )
    await Ledger(store).write("test", 1, batch(entries, prices()), FIRST)
    await store.close()


OF_TODAY = (
    {"workspace": "wrkspc_1", "key": "apikey_1"},
    {"model": "claude-haiku-4-5-20251001", "key": "apikey_2"},
    {"model": "qwen3", "engine": "vllm"},
)


async def filled(address: str) -> None:
    """Three turns of now, and one of two months ago."""
    await keep(
        address,
        *(entry(usage(10_000, 1000, read=5000), at=NOW.timestamp(), **fields) for fields in OF_TODAY),
        entry(usage(1_000_000), at=FIRST - 40 * DAY),
    )


async def test_today_and_this_month_by_model(address: str) -> None:
    await filled(address)
    lines = printed("cost", "--database", address).splitlines()
    # Opus 4.8: 5 + 2.5 + 0.25 cents; Haiku 4.5: 1 + 0.5 + 0.05; qwen3 has no price
    assert lines[:2] == ["today  $0.0930", "month  $0.0930"]
    table = [line.split() for line in lines[lines.index("") :] if line and "day" not in line]
    assert table == [
        ["MODEL", "TURNS", "INPUT", "CACHE", "WRITE", "CACHE", "READ", "OUTPUT", "SEARCHES", "COST"],
        ["claude-opus-4-8", "1", "10,000", "0", "5,000", "1,000", "0", "$0.0775"],
        ["claude-haiku-4-5-20251001", "1", "10,000", "0", "5,000", "1,000", "0", "$0.0155"],
        ["qwen3", "1", "10,000", "0", "5,000", "1,000", "0", "$0.00"],
        ["all", "3", "30,000", "0", "15,000", "3,000", "0", "$0.0930"],
    ]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("key", {"apikey_1": "0.0775", "laptop": "0.0155", "(no key)": "0"}),
        ("workspace", {"research": "0.0775", "default": "0.0155"}),
        ("engine", {"simulator": "0.093", "vllm": "0"}),
        ("model", {"claude-opus-4-8": "0.0775", "claude-haiku-4-5-20251001": "0.0155", "qwen3": "0"}),
    ],
)
async def test_by_what_it_is_told_apart(address: str, by: str, names: dict[str, str]) -> None:
    await filled(address)
    rows = list(csv.DictReader(io.StringIO(printed("cost", "--database", address, "--by", by, "--format", "csv"))))
    assert {row["name"]: row["usd"] for row in rows} == names
    assert rows[0][by] in ("apikey_1", "wrkspc_1", "simulator", "claude-opus-4-8")
    assert list(rows[0]) == [by, "name", "turns", "input", "cache_write", "cache_read", "output", "searches", "usd"]


async def test_json_has_the_exact_amounts_and_each_day(address: str) -> None:
    await filled(address)
    since = datetime.fromtimestamp(FIRST - 50 * DAY, UTC).date()
    told = json.loads(printed("cost", "--database", address, "--since", str(since), "--format", "json"))
    assert (told["currency"], told["today"], told["month"]) == ("USD", "0.093", "0.093")
    assert {row["model"]: row["usd"] for row in told["rows"]}["claude-opus-4-8"] == "5.0775"
    days = {one["day"]: one["usd"] for one in told["days"]}
    assert len(days) == (NOW.date() - since).days + 1
    paid = {day: amount for day, amount in days.items() if amount != "0"}
    assert paid == {str(datetime.fromtimestamp(FIRST - 40 * DAY, UTC).date()): "5", str(NOW.date()): "0.093"}


async def test_a_line_of_bars_by_day(address: str) -> None:
    begin = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()
    await keep(address, *(entry(usage(1000 * n), at=begin + n * DAY) for n in (1, 2, 4, 7)))
    out = printed("cost", "--database", address, "--since", "2026-03-02", "--until", "2026-03-10")
    assert "2026-03-02  ▁▂▃▁▅▁▁█▁  2026-03-10  (highest day $0.0350)" in out
    assert "today  $0.00\nmonth  $0.00\n" in out


async def test_a_long_time_has_a_bar_for_several_days(address: str) -> None:
    """The line stays within a terminal; the highest day is still a day."""
    begin = datetime(2025, 1, 1, 12, tzinfo=UTC).timestamp()
    await keep(address, *(entry(usage(1000 * n), at=begin + n * DAY) for n in (1, 2, 364)))
    out = printed("cost", "--database", address, "--since", "2025-01-01", "--until", "2025-12-31")
    [line] = [line for line in out.splitlines() if "highest day" in line]
    since, bars, *_ = line.split("  ")
    assert since == "2025-01-01" and bars == f"▂{'▁' * 51}█"
    assert "(a bar is 7 days, highest day $1.82)" in line
    assert len(line) < 120


async def test_a_name_from_outside_commands_no_terminal(address: str) -> None:
    """Clients of an engine may call its model what they like."""
    await keep(address, entry(usage(1000), model="\x1b[2Jqwen\x9b3\n"))
    out = printed("cost", "--database", address)
    assert "?[2Jqwen?3?" in out and "\x1b" not in out and "\x9b" not in out


async def test_keys_of_one_name_are_told_apart(address: str) -> None:
    """Keys that were given no name are all called `key`."""
    await keep(address, *(entry(usage(1000), key=key) for key in ("apikey_2", "apikey_3", "apikey_4", "")))
    store = database(address, Path())
    await store.open()
    for id in ("apikey_3", "apikey_4"):
        await store.run(
            "INSERT INTO keys (id, digest, hint, name, admin, status, created_at) VALUES (?, ?, 'h', 'key', 0, ?, 0)",
            *(id, id, "active"),
        )
    await store.close()
    table = printed("cost", "--database", address, "--by", "key").splitlines()
    names = {line.split("  ")[0] for line in table[table.index("") + 4 :]}
    assert names == {"laptop", "key apikey_3", "key apikey_4", "(no key)", "all"}


async def test_a_time_without_turns(address: str) -> None:
    await filled(address)
    out = printed("cost", "--database", address, "--since", "2026-01-01", "--until", "2026-01-01")
    assert out.splitlines()[-1] == "nothing in this time"


def test_what_cannot_be_told_is_said(tmp_path: Path) -> None:
    done = sijo("cost", "--data-dir", str(tmp_path))
    assert (done.returncode, done.stderr) == (
        1,
        f"sijo: {tmp_path}: there is no ledger here; say where with --data-dir or --database\n",
    )
    assert not list(tmp_path.iterdir())
    done = sijo("cost", "--data-dir", str(tmp_path), "--since", "2026-02-02", "--until", "2026-02-01")
    assert "--until 2026-02-01 is before --since 2026-02-02" in done.stderr
    wrong = sijo("cost", "--since", "yesterday")
    assert wrong.returncode == 2
    assert "--since: 'yesterday' is no day, such as 2026-11-21" in wrong.stderr


def estimate(*words: str) -> dict[str, dict[str, str]]:
    return {row["model"]: row for row in json.loads(printed("cost", "estimate", "--format", "json", *words))}


def test_the_guides_calculator() -> None:
    """50,000 tokens, cached against not: 90 percent saved."""
    found = estimate("--cached", "50,000", "--model", "claude-sonnet-4-5", "--model", "claude-opus-4-8")
    assert found["claude-sonnet-4-5-20250929"] == {
        "model": "claude-sonnet-4-5-20250929",
        "plain": "0.15",
        "first": "0.1875",
        "next": "0.015",
        "read_saves": "90",
        "all_plain": "0.15",
        "all_cached": "0.1875",
        "saves": "-25",
    }
    assert found["claude-opus-4-8"]["read_saves"] == "90"


def test_an_estimate_of_many_requests() -> None:
    words = ("--cached", "50000", "--input", "500", "--output", "800", "--requests", "10", "--model", "claude-opus-4-8")
    plain = estimate(*words)["claude-opus-4-8"]
    # 500 in for 0.0025, 800 out for 0.02; 50,000 anew for 0.25, written for 0.3125 or (1h) 0.5, read for 0.025
    assert (plain["plain"], plain["first"], plain["next"]) == ("0.2725", "0.335", "0.0475")
    assert (plain["all_plain"], plain["all_cached"], plain["saves"]) == ("2.725", "0.7625", "72")
    hour = estimate(*words, "--ttl", "1h")["claude-opus-4-8"]
    assert (hour["first"], hour["all_cached"]) == ("0.5225", "0.95")
    cheap = estimate(*words, "--batch", "--geo", "us")["claude-opus-4-8"]
    assert (cheap["plain"], cheap["all_cached"]) == ("0.149875", "0.419375")
    fast = estimate(*words, "--fast")["claude-opus-4-8"]
    assert (fast["plain"], fast["all_plain"]) == ("0.545", "5.45")


def test_an_estimate_knows_what_is_too_little_to_be_cached() -> None:
    """2,000 tokens are below the minimum of Haiku 4.5: nothing is written, and nothing saved."""
    words = ("--cached", "2000", "--requests", "10", "--model", "claude-haiku-4-5", "--model", "claude-opus-4-8")
    found = estimate(*words)
    haiku = found["claude-haiku-4-5-20251001"]
    assert (haiku["plain"], haiku["first"], haiku["next"]) == ("0.002", "0.002", "0.002")
    assert (haiku["all_cached"], haiku["read_saves"], haiku["saves"]) == ("0.02", "0", "0")
    assert found["claude-opus-4-8"]["read_saves"] == "90"
    told = printed("cost", "estimate", *words)
    assert told.splitlines()[-1] == "claude-haiku-4-5-20251001 caches nothing below 4,096 tokens"
    assert (
        estimate("--cached", "4096", "--model", "claude-haiku-4-5")["claude-haiku-4-5-20251001"]["read_saves"] == "90"
    )


def test_an_estimate_says_what_a_model_does_not_do() -> None:
    """The API would refuse it, or go on as if it had not been asked: that has no price of its own."""
    for words in ("--fast", "--geo us"):
        done = sijo("cost", "estimate", "--input", "1000", "--model", "claude-sonnet-4-5", *words.split())
        assert (done.returncode, done.stderr) == (1, f"sijo: --model claude-sonnet-4-5: it has no {words}\n")
    done = sijo("cost", "estimate", "--input", "1000", "--model", "claude-opus-4-8", "--fast", "--batch")
    assert (done.returncode, done.stderr) == (1, "sijo: --fast and --batch cannot be combined\n")
    fast = estimate("--input", "1000000", "--fast")
    assert {name: row["plain"] for name, row in fast.items()} == {
        "claude-opus-4-8": "10",
        "claude-opus-5": "10",
        "claude-opus-5-5": "8",
    }
    assert "claude-sonnet-4-5-20250929" not in estimate("--input", "1000000", "--geo", "us")


def test_an_estimate_of_a_model_without_a_price_is_none() -> None:
    done = sijo("cost", "estimate", "--model", "claude-mythos-preview", "--input", "5")
    words = "sijo: --model claude-mythos-preview: no price of it is known; one can stand in a sijo.toml\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", words)


async def test_a_terminal_without_bars_shows_the_rest(address: str) -> None:
    await filled(address)
    done = sijo("cost", "--database", address, env={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "?  20" in done.stdout and "claude-haiku-4-5-20251001" in done.stdout


def test_an_estimate_compares_the_models_that_there_are() -> None:
    lines = printed("cost", "estimate", "--input", "1000", "--requests", "2").splitlines()
    assert lines[0] == "A request: 1,000 tokens of input, 0 cached for 5m, 0 of output"
    models = [line.split()[0] for line in lines[3:]]
    assert {"claude-opus-5-5", "claude-haiku-4-5-20251001"} <= set(models)
    assert "claude-opus-4-20250514" not in models  # retired


def test_an_estimate_knows_own_prices(tmp_path: Path) -> None:
    settings = tmp_path / "sijo.toml"
    settings.write_text('[prices."qwen3"]\ninput = 0.1\noutput = 0.3\n')
    found = estimate("--config", str(settings), "--model", "qwen3", "--input", "1000000", "--output", "1000000")
    assert found["qwen3"]["plain"] == "0.4"
    done = sijo("cost", "estimate", "--model", "qwen3")
    assert (done.returncode, done.stderr) == (
        1,
        "sijo: --model qwen3: no such model; its price can stand in a sijo.toml\n",
    )
