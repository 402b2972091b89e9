"""What a turn used, and what it cost: as a table, by hand."""

from typing import Any

import pytest

from sijo.engine.entry import Cost, Used, begun, cost, plain, used
from sijo.engine.prices import prices
from sijo.wire import blocks as b
from sijo.wire import events as e
from tests.accounts import entry, usage

SEARCHED = e.ServerToolUsage(web_search_requests=3, web_fetch_requests=2)
USED = [
    ("nothing", usage(), Used()),
    ("tokens", usage(7, 9), Used(input=7, output=9)),
    ("a cache", usage(1, 2, read=3, write_5m=4, write_1h=5), Used(1, 4, 5, 3, 2)),
    ("thinking", usage(1, 9, output_tokens_details=e.OutputDetails(4)), Used(input=1, output=9, thinking=4)),
    ("searches", usage(1, 2, server_tool_use=SEARCHED), Used(input=1, output=2, searches=3, fetches=2)),
    ("searches of a relay", usage(1, 2, server_tool_use={"web_search_requests": 3}), Used(1, output=2, searches=3)),
]


@pytest.mark.parametrize(("_", "told", "amount"), USED, ids=[row[0] for row in USED])
def test_what_was_used(_: str, told: e.Usage, amount: Used) -> None:
    assert used(told) == amount


def test_a_write_without_a_lifetime_is_of_five_minutes() -> None:
    told = usage(1)
    told.cache_creation_input_tokens = 70
    assert used(told) == Used(input=1, write_5m=70)
    told.cache_creation = {"ephemeral_1h_input_tokens": 50}  # type: ignore[assignment]
    assert used(told) == Used(input=1, write_5m=20, write_1h=50)


def test_what_cannot_be_a_count_is_none() -> None:
    told = usage(-5, 10**30, read=3)
    told.server_tool_use = {"web_search_requests": "many"}  # type: ignore[assignment]
    assert used(told) == Used(read=3)


COSTS: list[tuple[str, dict[str, Any], e.Usage, dict[str, int]]] = [
    # Opus 4.8: 5 dollars in, 25 out. 1,000 tokens at $5 a million are $0.005, or 5 * 10^9 picodollars
    ("in and out", {}, usage(1000, 100), {"input": 5 * 10**9, "output": 25 * 10**8}),
    ("a write of five minutes", {}, usage(write_5m=1000), {"write_5m": 6_250_000_000}),
    ("a write of an hour", {}, usage(write_1h=1000), {"write_1h": 10**10}),
    ("a read", {}, usage(read=1000), {"read": 5 * 10**8}),
    ("a batch", {}, usage(1000, service_tier="batch"), {"input": 25 * 10**8}),
    ("in the US", {}, usage(1000, inference_geo="us"), {"input": 55 * 10**8}),
    ("fast", {}, usage(1000, 100, speed="fast"), {"input": 10**10, "output": 5 * 10**9}),
    ("asked for fast, got standard", {}, usage(1000, speed="standard"), {"input": 5 * 10**9}),
    ("searches", {}, usage(server_tool_use=SEARCHED), {"searches": 3 * 10**10}),
    # Sonnet 4.5 beyond 200,000 tokens of input, cached or not: $6 and $22.50, and the cache by the same measure
    (
        "a long context",
        {"model": "claude-sonnet-4-5-20250929"},
        usage(1000, 1000, read=199_000, write_5m=1),
        {"input": 6 * 10**9, "output": 225 * 10**8, "read": 199_000 * 600_000, "write_5m": 7_500_000},
    ),
    (
        "a context that is not long yet",
        {"model": "claude-sonnet-4-5-20250929"},
        usage(1000, 1000, read=199_000),
        {"input": 3 * 10**9, "output": 15 * 10**9, "read": 199_000 * 300_000},
    ),
    ("a model without a price", {"model": "qwen3"}, usage(1000, 1000, read=9), {}),
]


@pytest.mark.parametrize(("_", "fields", "told", "amounts"), COSTS, ids=[row[0] for row in COSTS])
def test_what_it_cost(_: str, fields: dict[str, Any], told: e.Usage, amounts: dict[str, int]) -> None:
    found = cost(entry(told, **fields), used(told), prices())
    assert found == Cost(**amounts)
    assert found.total == sum(amounts.values())


def message(*content: b.Block, output: int = 0, input: int = 0) -> e.Message:
    return e.Message(
        id="msg_1",
        role="assistant",
        model="claude-opus-4-8",
        content=list(content),
        stop_reason=None,
        stop_sequence=None,
        stop_details=None,
        usage=usage(input, output),
        diagnostics=None,
    )


def test_nothing_said_is_nothing_used() -> None:
    assert begun(message(), lambda: 500) is None


def test_what_was_said_before_it_was_cut_off_is_counted() -> None:
    found = begun(message(b.Text("one two three four five six seven eight nine ten")), lambda: 500)
    assert found is not None
    assert found.input_tokens == 500
    assert 8 <= found.output_tokens <= 20
    longer = begun(
        message(b.Thinking("one two three four five six seven eight nine ten", ""), b.Text("and more")), lambda: 500
    )
    assert longer is not None and longer.output_tokens > found.output_tokens


def test_what_the_engine_told_before_it_was_cut_off_counts() -> None:
    found = begun(message(input=30, output=1), lambda: 500)
    assert found is not None
    assert (found.input_tokens, found.output_tokens) == (30, 1)
    known = begun(message(b.Text("one"), output=70, input=30), lambda: 500)
    assert known is not None and known.output_tokens == 70


@pytest.mark.parametrize(
    ("text", "kept"),
    [("qwen3", "qwen3"), ("", "none"), (None, "none"), (["x"], "none"), ("큐원", "큐원"), ("a\0b\ud800", "a\ufffdb?")],
)
def test_names_from_outside_are_made_fit_for_a_database(text: object, kept: str) -> None:
    assert plain(text, "none") == kept
    assert len(plain("x" * 1000)) == 200
