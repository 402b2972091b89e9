"""A day's costs, line by line, by hand; and what is done for a turn beside its message."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sijo.engine.entry import Entry
from sijo.engine.prices import HOUR, prices
from sijo.store import Database
from sijo.store.ledger import Ledger
from sijo.store.lines import Line, lines
from sijo.store.rollups import DAY, batch
from sijo.wire import events as e
from tests.accounts import NOON, entry, usage

MONTH = datetime(2026, 11, 1, tzinfo=UTC).timestamp()


async def told(store: Database, *entries: Entry) -> list[Line]:
    ledger = Ledger(store)
    await ledger.write("writer", 1, batch(entries, prices()), NOON)
    return list(lines(await ledger.sums(DAY, MONTH, MONTH + 60 * DAY, ("start", *Line.BY)), prices()))


LINES: list[tuple[str, dict[str, Any], list[tuple[str, str, int]]]] = [
    ("standard", {}, [("Claude Opus 4.8 Usage - Input Tokens", "tokens", 5 * 10**9)]),
    ("batch", {"service_tier": "batch"}, [("Claude Opus 4.8 Usage - Input Tokens, Batch", "tokens", 25 * 10**8)]),
    ("fast", {"speed": "fast"}, [("Claude Opus 4.8 Usage - Input Tokens, Fast", "tokens", 10**10)]),
    ("us", {"inference_geo": "us"}, [("Claude Opus 4.8 Usage - Input Tokens, US", "tokens", 55 * 10**8)]),
    ("priority", {"service_tier": "priority"}, []),
    (
        "searches",
        {"server_tool_use": e.ServerToolUsage(2, 9)},
        [
            ("Claude Opus 4.8 Usage - Input Tokens", "tokens", 5 * 10**9),
            ("Web Search Usage", "web_search", 2 * 10**10),
        ],
    ),
]


@pytest.mark.parametrize(("_", "fields", "wanted"), LINES, ids=[row[0] for row in LINES])
async def test_what_a_turn_is_on_the_bill(
    store: Database, _: str, fields: dict[str, Any], wanted: list[tuple[str, str, int]]
) -> None:
    found = await told(store, entry(usage(1000, **fields)))
    assert [(line.description, line.kind, line.amount) for line in found] == wanted
    for line in found:
        assert (line.model != "") == (line.token_type is not None) == (line.kind == "tokens")


async def test_free_hours_of_containers_are_the_months_and_the_whole_organizations(store: Database) -> None:
    november, december = NOON, NOON + 5 * DAY
    found = await told(
        store,
        entry(usage(), at=november - DAY, code_seconds=1000 * HOUR, workspace="wrkspc_1"),
        entry(usage(), at=november, code_seconds=549 * HOUR),
        entry(usage(), at=november, code_seconds=3 * HOUR, workspace="wrkspc_2"),
        entry(usage(), at=december, code_seconds=1550 * HOUR),
    )
    assert [(line.workspace, line.kind, line.amount) for line in found] == [
        ("wrkspc_2", "code_execution", 2 * 5 * 10**10)
    ]


def steps(*found: dict[str, object]) -> e.Usage:
    return usage(1000, 100, iterations=list(found))


async def test_compactions_and_advisors_are_paid_for_too(store: Database) -> None:
    used = steps(
        {"type": "message", "input_tokens": 1000, "output_tokens": 100},
        {"type": "compaction", "input_tokens": 5000, "output_tokens": 200, "cache_read_input_tokens": 1000},
        {"type": "advisor_message", "model": "claude-fable-5", "input_tokens": 10, "output_tokens": 20},
    )
    ledger = Ledger(store)
    await ledger.write("writer", 1, batch([entry(used, request="req_1")], prices()), NOON)
    sums = {one.of["model"]: one for one in await ledger.sums(DAY, 0, 4e9, ("model",))}
    opus, fable = sums["claude-opus-4-8"], sums["claude-fable-5"]
    assert (opus.turns, opus.used.input, opus.used.output, opus.used.read) == (1, 6000, 300, 1000)
    assert opus.cost.total == 6000 * 5_000_000 + 300 * 25_000_000 + 1000 * 500_000
    assert (fable.turns, fable.used.input, fable.used.output) == (0, 10, 20)
    assert fable.cost.total == 10 * 10_000_000 + 20 * 50_000_000
    rows = await store.rows("SELECT request, model, input FROM turns ORDER BY input")
    assert rows == [
        ("req_1", "claude-fable-5", 10),
        ("req_1", "claude-opus-4-8", 1000),
        ("req_1", "claude-opus-4-8", 5000),
    ]


async def test_steps_that_make_no_sense_are_none(store: Database) -> None:
    used = steps({"type": "compaction", "input_tokens": "many"}, {"type": "advisor_message", "model": 7}, {})
    used.iterations = [*(used.iterations or []), "compaction", None]
    await Ledger(store).write("writer", 1, batch([entry(used)], prices()), NOON)
    assert [one.used.input for one in await Ledger(store).sums(DAY, 0, 4e9)] == [1000]


@pytest.mark.parametrize("told", [5, True, {"type": "compaction", "input_tokens": 7}, "compaction"])
async def test_steps_that_are_no_list_are_none(store: Database, told: Any) -> None:
    """Of an upstream that tells nonsense no other turn suffers."""
    used = steps()
    used.iterations = told
    await Ledger(store).write("writer", 1, batch([entry(used), entry(steps())], prices()), NOON)
    assert [(one.turns, one.used.input) for one in await Ledger(store).sums(DAY, 0, 4e9)] == [(2, 2000)]
