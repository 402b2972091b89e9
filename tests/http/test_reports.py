"""The Admin API's reports, after a mixed day: what the SDK was told, priced by hand, is what they say."""

import dataclasses
import socket
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import anthropic
import pytest

from tests.http.raw import ask, hello
from tests.http.turns import COST, SCRIPT, USAGE, get, results, rows, say, settled
from tests.serving import Running, beside, serving

SETTINGS = """
[server]
strict = false

[simulator]
scripts = ["{script}"]

[prices."qwen3"]
input = 0.1
output = 0.3
"""
DAY: list[tuple[str, str, dict[str, Any], dict[str, str]]] = [
    # what is said, by which model, how, and what it costs, in cents
    ("plain", "claude-opus-4-8", {}, {"input": "0.5", "output": "1.25"}),
    ("plain", "claude-opus-4-8", {"stream": True}, {"input": "0.5", "output": "1.25"}),
    # in the US everything is a tenth dearer: 1,000 tokens for 0.55, 500 for 1.375, 2,000 written for 1.375 and 3,000
    # for 3.3, 50,000 read for 2.75
    (
        "cached",
        "claude-opus-4-8",
        {"inference_geo": "us"},
        {"input": "0.55", "output": "1.375", "5m": "1.375", "1h": "3.3", "read": "2.75"},
    ),
    # 210,000 tokens of input are a long context for this model: 6 dollars, 22.50 and 0.60
    ("long", "claude-sonnet-4-5", {}, {"input": "90", "output": "2.25", "read": "3.6"}),
    # and exactly 200,000 are none
    ("not quite", "claude-sonnet-4-5", {}, {"input": "42", "output": "1.5", "read": "1.8"}),
    ("long", "claude-sonnet-4-6", {}, {"input": "45", "output": "1.5", "read": "1.8"}),
    ("tiny", "claude-fable-5-1", {}, {"input": "0.003", "output": "0.005", "read": "0.000175"}),
    ("tiny", "claude-haiku-4-5", {}, {"input": "0.0003", "output": "0.0005", "read": "0.00007"}),
    # 10 cents and 30 for a million, in and out; from the cache a tenth of 10
    ("cached", "qwen3", {}, {"input": "0.01", "output": "0.015", "5m": "0.025", "1h": "0.06", "read": "0.05"}),
    ("plain", "unpriced", {}, {}),
]  # fmt: skip
TOTAL = Decimal("202.469045")
KINDS = {
    "input": "uncached_input_tokens",
    "output": "output_tokens",
    "5m": "cache_creation.ephemeral_5m_input_tokens",
    "1h": "cache_creation.ephemeral_1h_input_tokens",
    "read": "cache_read_input_tokens",
}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server after a mixed day, and one turn more that failed before anything was used."""
    folder = tmp_path_factory.mktemp("day")
    settings = folder / "sijo.toml"
    settings.write_text(SETTINGS.format(script=SCRIPT))
    with serving(folder, "--config", str(settings)) as running:
        with anthropic.Anthropic(base_url=running.url, api_key="any", max_retries=0) as client:
            for what, model, how, _ in DAY:
                reply = say(client, what, model, **how)
                if how.get("stream"):
                    list(reply)
            with pytest.raises(anthropic.APIStatusError):
                say(client, "refused")
            client.messages.count_tokens(model="claude-opus-4-8", messages=[{"role": "user", "content": "plain"}])
        settled(running, len(DAY))
        yield running


def test_the_table_adds_up() -> None:
    assert sum(Decimal(cents) for *_, costs in DAY for cents in costs.values()) == TOTAL


def test_the_cost_of_a_mixed_day_is_what_was_computed_by_hand(day: Running) -> None:
    found = results(day, COST)
    assert sum(Decimal(one["amount"]) for one in found) == TOTAL
    empty = {"cost_type", "description", "model", "service_tier", "token_type", "context_window", "inference_geo"}
    assert {name for one in found for name in one if one[name] is None} == {*empty, "workspace_id"}
    assert {one["currency"] for one in found} == {"USD"}


def test_the_cost_by_description_is_what_was_computed_by_hand(day: Running) -> None:
    wanted: dict[tuple[str, str, str], Decimal] = {}
    names = {"claude-sonnet-4-5": "claude-sonnet-4-5-20250929", "claude-haiku-4-5": "claude-haiku-4-5-20251001"}
    for what, model, _, costs in DAY:
        for kind, cents in costs.items():
            key = (names.get(model, model), KINDS[kind], "200k-1M" if what == "long" else "0-200k")
            wanted[key] = wanted.get(key, Decimal(0)) + Decimal(cents)
    found: dict[tuple[str, str, str], Decimal] = {}
    for one in results(day, COST, group_by=["description"]):
        key = (one["model"], one["token_type"], one["context_window"])
        found[key] = found.get(key, Decimal(0)) + Decimal(one["amount"])
        assert (one["cost_type"], one["service_tier"], one["workspace_id"]) == ("tokens", "standard", None)
    assert found == wanted


def test_descriptions_name_what_is_paid_for(day: Running) -> None:
    words = {one["description"] for one in results(day, COST, group_by=["description", "workspace_id"])}
    assert {
        "Claude Opus 4.8 Usage - Input Tokens",
        "Claude Opus 4.8 Usage - Input Tokens, Cache Read, US",
        "Claude Sonnet 4.5 Usage - Output Tokens, Long Context",
        "qwen3 Usage - Input Tokens, Cache Write (1h)",
    } <= words
    assert not any("unpriced" in one for one in words)


def test_usage_without_groups_is_one_sum_with_nothing_named(day: Running) -> None:
    found = results(day, USAGE)
    total = {
        "uncached_input_tokens": 4 * 1000 + 1000 + 2 * 150_000 + 140_000 + 2 * 3,
        "output_tokens": 5 * 500 + 3 * 1000 + 2,
        "cache_read_input_tokens": 2 * 50_000 + 3 * 60_000 + 14,
    }
    assert {name: sum(one[name] for one in found) for name in total} == total
    written = {"ephemeral_5m_input_tokens": 4000, "ephemeral_1h_input_tokens": 6000}
    assert {name: sum(one["cache_creation"][name] for one in found) for name in written} == written
    assert set(found[0]) == {
        "uncached_input_tokens", "cache_creation", "cache_read_input_tokens", "output_tokens", "server_tool_use",
        "api_key_id", "workspace_id", "model", "service_tier", "context_window", "inference_geo", "account_id",
        "service_account_id",
    }  # fmt: skip
    dimensions = list(found[0])[5:]
    assert {one[name] for one in found for name in dimensions} == {None}
    assert {one["server_tool_use"]["web_search_requests"] for one in found} == {0}


def sums(found: list[dict[str, Any]], *names: str) -> dict[Any, int]:
    total: dict[Any, int] = {}
    for one in found:
        key = tuple(one[name] for name in names)
        total[key] = total.get(key, 0) + one["output_tokens"]
    return total


def test_usage_by_model_and_context_and_place(day: Running) -> None:
    found = results(day, USAGE, group_by=["model", "context_window", "inference_geo"])
    assert sums(found, "model", "context_window", "inference_geo") == {
        ("claude-opus-4-8", "0-200k", "global"): 1000,
        ("claude-opus-4-8", "0-200k", "us"): 500,
        ("claude-sonnet-4-5-20250929", "200k-1M", "not_available"): 1000,
        ("claude-sonnet-4-5-20250929", "0-200k", "not_available"): 1000,
        ("claude-sonnet-4-6", "200k-1M", "global"): 1000,
        ("claude-fable-5-1", "0-200k", "global"): 1,
        ("claude-haiku-4-5-20251001", "0-200k", "not_available"): 1,
        ("qwen3", "0-200k", "global"): 500,
        ("unpriced", "0-200k", "global"): 500,
    }
    assert {one["service_tier"] for one in found} == {None}


FILTERS = [
    ({"models": ["claude-opus-4-8"]}, 1500),
    ({"models": ["claude-haiku-4-5", "qwen3"]}, 501),
    ({"context_windows": ["200k-1M"]}, 2000),
    ({"context_window": ["200k-1M"]}, 2000),
    ({"inference_geos": ["us"], "models": ["claude-opus-4-8"]}, 500),
    ({"service_tiers": ["standard"]}, 5502),
    ({"service_tiers": ["batch"]}, 0),
    ({"workspace_ids": ["wrkspc_none"]}, 0),
    ({"models": ["nul\0l"]}, 0),
    ({"api_key_ids": ["apikey_none"]}, 0),
    ({"account_ids": ["user_none"]}, 0),
    ({"service_account_ids": ["svac_none"]}, 0),
]


@pytest.mark.parametrize(("only", "output"), FILTERS)
def test_usage_of_some(day: Running, only: dict[str, Any], output: int) -> None:
    assert sum(one["output_tokens"] for one in results(day, USAGE, **only)) == output


def test_the_speed_shows_with_its_beta(day: Running) -> None:
    beta = {"anthropic-beta": "fast-mode-2026-02-01"}
    found = results(day, USAGE, beta, group_by=["speed"], speeds=["standard"])
    assert sums(found, "speed") == {("standard",): 5502}
    assert results(day, USAGE, beta, speeds=["fast"]) == []
    assert "speed" not in results(day, USAGE)[0]


def test_the_default_workspace_is_found_by_its_id_and_is_null(day: Running) -> None:
    id = ask(day.url, body=hello(model="claude-opus-4-8", max_tokens=0)).headers["anthropic-workspace-id"]
    found = results(day, USAGE, workspace_ids=[id], group_by=["workspace_id"])
    assert sums(found, "workspace_id") == {(None,): 5502}


def moment(back: timedelta = timedelta()) -> str:
    return (datetime.now(UTC) - back).isoformat()


@pytest.mark.parametrize(
    ("width", "back", "usual", "most"),
    [("1m", timedelta(days=2), 60, 1440), ("1h", timedelta(days=30), 24, 168), ("1d", timedelta(days=90), 7, 31)],
)
def test_pages_have_all_buckets_oldest_first(day: Running, width: str, back: timedelta, usual: int, most: int) -> None:
    begin = moment(back)
    assert len(get(day, USAGE, starting_at=begin, bucket_width=width).json["data"]) == usual
    seen: list[dict[str, Any]] = []
    page: dict[str, Any] = {}
    while True:
        reply = get(day, USAGE, starting_at=begin, bucket_width=width, limit=most, **page).json
        seen += reply["data"]
        assert reply["has_more"] == (reply["next_page"] is not None)
        if not reply["has_more"]:
            break
        assert len(reply["data"]) == most
        page = {"page": reply["next_page"]}
    times = [(datetime.fromisoformat(one["starting_at"]), datetime.fromisoformat(one["ending_at"])) for one in seen]
    assert all(mine[1] == its[0] for mine, its in pairwise(times))
    assert times[0][0] <= datetime.fromisoformat(begin) < times[0][1]
    assert times[-1][1] > datetime.now(UTC) - timedelta(minutes=1)
    assert sum(found["output_tokens"] for one in seen for found in one["results"]) == 5502
    assert [one["results"] for one in seen[:3]] == [[], [], []]


def test_a_time_that_is_over_ends_where_it_was_asked_to(day: Running) -> None:
    found = get(day, USAGE, starting_at="2026-01-05T13:00:00+02:00", ending_at="2026-01-08T00:00:00Z").json
    assert [one["starting_at"] for one in found["data"]] == [f"2026-01-0{n}T00:00:00Z" for n in (5, 6, 7)]
    assert (found["has_more"], found["next_page"]) == (False, None)
    hours = get(day, USAGE, starting_at="2026-01-05T13:20:00Z", ending_at="2026-01-05T15:20:00Z", bucket_width="1h")
    assert [one["ending_at"] for one in hours.json["data"]] == ["2026-01-05T14:00:00Z", "2026-01-05T15:00:00Z"]
    later = get(day, COST, starting_at=moment(timedelta(days=-3))).json
    assert later == {"data": [], "has_more": False, "next_page": None}


WRONG = [
    (USAGE, {}, "starting_at: Field required"),
    (USAGE, {"starting_at": "soon"}, "starting_at: Input should be a valid datetime"),
    (USAGE, {"starting_at": "0001-01-01T00:00:00+23:00"}, "starting_at: Input should be a valid datetime"),
    (USAGE, {"ending_at": "then"}, "ending_at: Input should be a valid datetime"),
    (USAGE, {"ending_at": "2026-01-01T00:00:00Z"}, "ending_at: must be after starting_at"),
    (USAGE, {"bucket_width": "1w"}, "bucket_width: Input should be '1m', '1h' or '1d'"),
    (USAGE, {"limit": 32}, "limit: Input should be less than or equal to 31"),
    (USAGE, {"limit": 1441, "bucket_width": "1m"}, "limit: Input should be less than or equal to 1440"),
    (USAGE, {"limit": 169, "bucket_width": "1h"}, "limit: Input should be less than or equal to 168"),
    (USAGE, {"limit": 0}, "limit: Input should be greater than or equal to 1"),
    (USAGE, {"limit": "x"}, "limit: Input should be a valid integer, unable to parse string as an integer"),
    (USAGE, {"page": "page_!"}, "page: Invalid page token"),
    (USAGE, {"page": "2026"}, "page: Invalid page token"),
    (
        USAGE,
        {"group_by": ["model", "colour"]},
        "group_by.1: Input should be 'api_key_id', 'workspace_id', 'model', 'service_tier', 'context_window', "
        "'inference_geo', 'account_id' or 'service_account_id'",
    ),
    (USAGE, {"context_windows": ["2M"]}, "context_windows.0: Input should be '0-200k' or '200k-1M'"),
    (USAGE, {"context_window": ["2M"]}, "context_window.0: Input should be '0-200k' or '200k-1M'"),
    (USAGE, {"inference_geos": ["eu"]}, "inference_geos.0: Input should be 'global', 'us' or 'not_available'"),
    (COST, {}, "starting_at: Field required"),
    (COST, {"bucket_width": "1h"}, "bucket_width: Input should be '1d'"),
    (COST, {"group_by": ["model"]}, "group_by.0: Input should be 'workspace_id' or 'description'"),
]


@pytest.mark.parametrize(("report", "query", "words"), WRONG)
def test_what_makes_no_sense_is_refused_by_name(day: Running, report: str, query: dict[str, Any], words: str) -> None:
    query = query if words.endswith("required") else {"starting_at": "2026-11-01T00:00:00Z", **query}
    reply = get(day, report, **query)
    assert (reply.status, reply.error["type"], reply.error["message"]) == (400, "invalid_request_error", words)


def test_turns_are_in_the_ledger_with_all_that_was_told(day: Running) -> None:
    found = rows(day)
    assert len(found) == len(DAY)  # neither what failed at once nor what was only counted
    row = found[2]
    counts = {name: row[name] for name in ("input", "output", "read", "write_5m", "write_1h", "thinking")}
    assert counts == {"input": 1000, "output": 500, "read": 50_000, "write_5m": 2000, "write_1h": 3000, "thinking": 0}
    assert (row["model"], row["engine"], row["geo"], row["tier"]) == ("claude-opus-4-8", "simulator", "us", "standard")
    assert (row["status"], row["error"], row["stop"]) == (200, None, "end_turn")
    assert row["request"].startswith("req_") and row["message"].startswith("msg_")
    assert 0 < row["first_token"] <= row["duration"]
    assert Decimal(row["cost"]) == Decimal("9.35") * 10**10


def test_a_ledger_that_cannot_be_read_is_an_error_of_the_api(tmp_path: Path) -> None:
    with serving(tmp_path, "--model", "simulator") as running:
        with sqlite3.connect(tmp_path / "data" / "sijo.db") as link:
            link.execute("ALTER TABLE rollups RENAME TO elsewhere")
        link.close()
        for report in (USAGE, COST):
            reply = get(running, report, starting_at="2026-11-01T00:00:00Z")
            assert (reply.status, reply.error["type"]) == (500, "api_error")
            assert "rollups" not in reply.error["message"]
        assert sum("cannot be had of the database" in line for line in running.lines()) == 2


def test_reports_are_for_administrators_and_tell_keys_and_workspaces_apart(tmp_path: Path) -> None:
    beside(tmp_path, "workspace", "create", "research")
    keys = {name: beside(tmp_path, "key", "create", "--name", name, "--workspace", "research") for name in ("a", "b")}
    keys["c"] = beside(tmp_path, "key", "create", "--name", "c")
    admin = {"x-api-key": beside(tmp_path, "key", "create", "--admin")}
    with serving(tmp_path, "--model", "simulator", "--scripts", str(SCRIPT)) as running:
        for name, what in (("a", "plain"), ("b", "cached"), ("b", "plain"), ("c", "plain")):
            with anthropic.Anthropic(base_url=running.url, api_key=keys[name], max_retries=0) as client:
                say(client, what)
        settled(running, 4)
        for key, error in ((keys["a"], "permission_error"), ("any", "authentication_error")):
            reply = get(running, COST, {"x-api-key": key}, starting_at="2026-11-01T00:00:00Z")
            assert reply.error["type"] == error
        stored = {row["api_key"]: row["workspace"] for row in rows(running)}
        assert sorted(space[:7] for space in stored.values()) == ["", "wrkspc_", "wrkspc_"]
        by_key = sums(results(running, USAGE, admin, group_by=["api_key_id", "workspace_id"]), "api_key_id")
        assert sorted(by_key.values()) == [500, 500, 1000]
        assert {key for (key,) in by_key} == set(stored)
        (space,) = {space for space in stored.values() if space}
        costs = {one["workspace_id"]: one["amount"] for one in results(running, COST, admin, group_by=["workspace_id"])}
        assert costs == {None: "1.75", space: "12"}  # a cached one without the US: 8.5, and two plain ones at 1.75
        some = results(running, USAGE, admin, workspace_ids=[space], group_by=["workspace_id"])
        assert sums(some, "workspace_id") == {(space,): 1500}
    out = beside(tmp_path, "cost", "--by", "workspace")
    assert "research" in out and "default" in out and "$0.1200" in out


def test_reports_without_keys_are_for_this_machine_alone(tmp_path: Path) -> None:
    settings = tmp_path / "sijo.toml"
    settings.write_text("[server]\nopen = true\nhost = '0.0.0.0'\n")
    with serving(tmp_path, "--model", "simulator", "--config", str(settings)) as running:
        port = running.url.rpartition(":")[2]
        begin = "2026-11-01T00:00:00Z"
        here = dataclasses.replace(running, url=f"http://127.0.0.1:{port}")
        assert get(here, COST, starting_at=begin).status == 200
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only chooses the address that others see
            other = dataclasses.replace(running, url=f"http://{probe.getsockname()[0]}:{port}")
        reply = get(other, COST, starting_at=begin)
        assert (reply.status, reply.error["type"]) == (403, "permission_error")
