"""What a request is charged: read, written for either lifetime, and the rest; always the whole input."""

import json
from copy import deepcopy
from typing import Any

import pytest

from sijo.engine.intake import Terms
from sijo.engine.turn import collect
from tests.cache.ask import HOUR, LONG, SOON, Json, Platform, text, tool, used, user

MARKS = {"5m": SOON, "1h": HOUR}


def talk(*marks: Json | None) -> Json:
    """A conversation of as many long blocks, marked as is said, and a short one without a mark."""
    return {"messages": [user(*(text(f"{n} {LONG}", mark) for n, mark in enumerate(marks)), "end")]}


async def upto(number: int) -> int:
    """The tokens of the first blocks."""
    return (await Platform().ask(talk(*[None] * (number - 1), SOON))).five


@pytest.mark.parametrize("ttl", ["5m", "1h"])
async def test_one_lifetime_reads_the_longest_hit_writes_to_the_last_breakpoint_and_pays_the_rest(
    platform: Platform, ttl: str
) -> None:
    mark = MARKS[ttl]
    await platform.ask(talk(mark))
    used = await platform.ask(talk(mark, None, mark))
    hit, last = await upto(1), await upto(3)
    assert used.read == hit
    assert {"5m": used.five, "1h": used.hour}[ttl] == last - hit
    assert used.five + used.hour == last - hit
    assert used.input > 0 and used.total == (await platform.ask(talk(None, None, None))).total


MIXED: dict[str, tuple[list[Json | None], list[Json | None], tuple[int, int, int]]] = {
    # name: what was asked before, what is asked now, and A, B, C as numbers of blocks
    "nothing read": ([], [HOUR, SOON], (0, 1, 2)),
    "A before B before C": ([HOUR], [HOUR, HOUR, SOON], (1, 2, 3)),
    "no hour after A": ([HOUR, HOUR], [HOUR, HOUR, SOON], (2, 2, 3)),
    "the last of two hours": ([], [HOUR, HOUR, SOON, SOON], (0, 2, 4)),
    "all read": ([HOUR, SOON], [HOUR, SOON], (2, 2, 2)),
    "hours alone": ([HOUR], [HOUR, HOUR], (1, 2, 2)),
}


@pytest.mark.parametrize(("before", "now", "blocks"), MIXED.values(), ids=list(MIXED))
async def test_mixed_lifetimes_are_split_at_the_last_hour_and_the_last_breakpoint(
    platform: Platform, before: list[Json | None], now: list[Json | None], blocks: tuple[int, int, int]
) -> None:
    if before:
        await platform.ask(talk(*before))
    used = await platform.ask(talk(*now))
    a, b, c = [await upto(number) if number else 0 for number in blocks]
    assert used == (used.total - c, a, c - b, b - a)


async def test_the_counts_are_those_of_count_tokens(platform: Platform) -> None:
    body: Any = {"model": "claude-opus-5", "tools": [tool("read")], **talk(SOON, SOON)}
    counted, served = platform.intake.counted(json.dumps(body).encode(), Terms("2023-06-01"))
    whole = await platform.intake.count(counted, served)
    assert (await platform.ask(body)).total == (await platform.ask(body)).total == whole


async def test_a_breakpoint_on_tools_alone(platform: Platform) -> None:
    body = {"tools": [tool("one"), tool("two", SOON)], "messages": [user("Hi")]}
    first = await platform.ask(body)
    assert first.five > 512 and first.input > 0
    other = deepcopy(body)
    other["messages"] = [user("Something else")]
    assert (await platform.ask(other)).read == first.five


async def test_a_read_is_what_was_written_though_it_would_be_counted_otherwise_now(platform: Platform) -> None:
    """The index keeps the tokens that a prefix was written with."""
    first = await platform.ask(talk(SOON))
    assert (await platform.ask(talk(SOON, SOON))).read == first.five


async def test_what_will_be_read_is_known_beforehand(platform: Platform) -> None:
    """Who limits the tokens of input asks, before the model does anything: also where the breakpoint has moved."""
    turn = platform.turn(talk(SOON))
    assert turn.account is not None and await turn.account.foreseen() == 0
    first = used(await collect(turn))
    moved = platform.turn(talk(None, SOON))
    assert moved.account is not None and await moved.account.foreseen() == first.five
    assert used(await collect(moved)).read == first.five
