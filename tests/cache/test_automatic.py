"""One field at the top, and the breakpoint moves on by itself."""

from typing import Any

import pytest

from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from tests.cache.ask import HOUR, LONG, SOON, Json, Platform, call, result, said, text, tool, user


async def test_it_is_put_on_the_last_block(platform: Platform) -> None:
    first = await platform.ask({"messages": [user(LONG, "last")]}, cache_control=SOON)
    assert first.input == 0 and first.five > 512


async def test_it_moves_forward_as_the_conversation_grows(platform: Platform) -> None:
    messages: list[Json] = [user(LONG)]
    before = 0
    for n in range(5):
        used = await platform.ask({"messages": messages}, cache_control=SOON)
        assert used.read == before and used.input == 0
        before = used.total
        messages += [said(f"answer {n}"), user(f"question {n}")]


async def test_a_last_block_that_is_marked_alike_already_changes_nothing(platform: Platform) -> None:
    body = {"messages": [user(text(LONG, HOUR))]}
    alone = await platform.ask(body)
    both = await Platform().ask(body, cache_control=HOUR)
    assert alone == both and both.hour > 0


MARKS: list[tuple[str, Json, str]] = [
    (
        "another lifetime on the last block",
        {"messages": [user(text(LONG, HOUR))], "cache_control": SOON},
        "Top-level cache_control has ttl='5m' but the target block already has cache_control with ttl='1h'",
    ),
    (
        "four marks already",
        {
            "messages": [user(*(text(str(n), SOON) for n in range(4)), "last")],
            "cache_control": SOON,
        },
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
]


@pytest.mark.parametrize(("body", "words"), [row[1:] for row in MARKS], ids=[row[0] for row in MARKS])
async def test_what_it_cannot_be_put_together_with(platform: Platform, body: Json, words: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await platform.ask(body)
    assert refused.value.message == words


async def test_four_marks_of_which_one_is_the_last_block_are_four(platform: Platform) -> None:
    marks = [text(str(n), SOON) for n in range(4)]
    assert (await platform.ask({"messages": [user(LONG, *marks)]}, cache_control=SOON)).input == 0


async def test_it_walks_back_from_what_cannot_have_one(platform: Platform) -> None:
    """A part of a browser's state, at the end, cannot be marked; nor can a thought."""
    message = await platform.message(
        {"messages": [user("Prove that 17 is prime, step by step.")]},
        model="claude-sonnet-4-5",
        max_tokens=4000,
        thinking={"type": "enabled", "budget_tokens": 2000},
    )
    thought = next(block for block in message.content if isinstance(block, b.Thinking))
    back: Any = {"type": "thinking", "thinking": thought.thinking, "signature": thought.signature}
    ahead = [user(LONG * 2)]
    body = {"messages": [*ahead, {"role": "assistant", "content": [back]}, user("Go on")], "model": "claude-sonnet-4-5"}
    assert (await platform.ask(body, cache_control=SOON)).five > 1024
    ends = {"messages": [*ahead, {"role": "assistant", "content": [text("So"), back]}]}
    turn = platform.turn({**ends, "messages": [*ends["messages"], user("x")]}, model="claude-sonnet-4-5")
    assert turn.account is None  # without the field there is nothing to account


async def test_between_rounds_of_server_tools_the_server_has_its_own(platform: Platform) -> None:
    """See `tests/cache/test_rounds.py`: here only that a request without a mark has none either."""
    turn = platform.turn({"tools": [tool("read")], "messages": [user("Hi"), said(call("a")), user(result("a"))]})
    assert turn.account is None
