"""Thinking that comes back: taken as it was, refused when it was touched, kept or left out as the model has it."""

from collections.abc import Callable
from copy import deepcopy

import anthropic
import pytest
from anthropic.types import Message

from tests.thinking.ask import (
    HARD,
    KEEPS,
    MANUAL,
    NEW,
    OLD,
    SUM,
    WEATHER,
    Json,
    ask,
    brought,
    kinds,
    refused,
    request,
    said,
)

CHANGED = (
    "messages.1.content.{}: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be "
    "modified. These blocks must remain as they were in the original response."
)
INVALID = "messages.1.content.0: Invalid `signature` in `thinking` block"
EXPECTED = (
    "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is "
    "enabled, a final `assistant` message must start with a thinking block (preceding the lastmost set of `tool_use` "
    "and `tool_result` blocks)."
)
PARIS = "What is the weather in Paris?"
BETWEEN = "Think between calls."


def opened(client: anthropic.Anthropic, asked: str = PARIS) -> tuple[Message, Json]:
    """A turn that waits for results of tools."""
    message = ask(client, asked, thinking=MANUAL, tools=[WEATHER])
    return message, said(message)


def again(client: anthropic.Anthropic, message: Message, turn: Json, asked: str = PARIS) -> str:
    return refused(client, asked, turn, brought(message), thinking=MANUAL, tools=[WEATHER])


def test_an_edited_thought_is_refused(strict: anthropic.Anthropic, lenient: anthropic.Anthropic) -> None:
    message, turn = opened(strict)
    turn["content"][0]["thinking"] += " Or not."
    assert again(strict, message, turn) == again(lenient, message, turn) == CHANGED.format(0)


@pytest.mark.parametrize("signature", [lambda s: s[:-4], lambda s: s[:40] + "AAAA" + s[44:], lambda s: s[4:]])
def test_a_touched_signature_is_refused(
    strict: anthropic.Anthropic, lenient: anthropic.Anthropic, signature: Callable[[str], str]
) -> None:
    message, turn = opened(strict)
    turn["content"][0]["signature"] = signature(turn["content"][0]["signature"])
    assert again(strict, message, turn) == again(lenient, message, turn) == INVALID


@pytest.mark.parametrize("signature", ["", "EqQBCkYIARgCKkA="])
def test_a_foreign_signature_is_refused_where_strict_and_its_thought_left_out_where_lenient(
    strict: anthropic.Anthropic, lenient: anthropic.Anthropic, signature: str
) -> None:
    message, turn = opened(strict)
    turn["content"][0]["signature"] = signature
    assert again(strict, message, turn) == INVALID
    answer = ask(lenient, PARIS, turn, brought(message), thinking=MANUAL, tools=[WEATHER])
    assert kinds(answer) == ["text"]


def test_a_thought_left_out_of_an_open_turn_is_missed(strict: anthropic.Anthropic) -> None:
    message, turn = opened(strict)
    del turn["content"][0]
    assert again(strict, message, turn) == EXPECTED
    later = ask(strict, PARIS, turn, brought(message), model=NEW, thinking={"type": "adaptive"}, tools=[WEATHER])
    assert later.stop_reason == "end_turn"  # later models do without


def test_one_of_two_thoughts_left_out_is_missed(strict: anthropic.Anthropic) -> None:
    message, turn = opened(strict, BETWEEN)
    without, swapped = deepcopy(turn), deepcopy(turn)
    first, call, second, other = turn["content"]
    without["content"] = [second, call, other]
    swapped["content"] = [second, call, first, other]
    assert again(strict, message, without, BETWEEN) == again(strict, message, swapped, BETWEEN) == CHANGED.format(0)


def test_changed_data_is_refused(strict: anthropic.Anthropic) -> None:
    message = ask(strict, "Think of a secret.", thinking=MANUAL)
    turn = said(message)
    turn["content"][0]["data"] = turn["content"][0]["data"][:50] + "AAAA" + turn["content"][0]["data"][54:]
    words = refused(strict, "Think of a secret.", turn, SUM, thinking=MANUAL)
    assert words == "messages.1.content.0: Invalid `data` in `redacted_thinking` block"


def test_thoughts_of_earlier_turns_may_be_left_out_but_not_edited(strict: anthropic.Anthropic) -> None:
    first = said(ask(strict, "Think twice.", thinking=MANUAL))
    second = said(ask(strict, "Think twice.", first, SUM, thinking=MANUAL))
    left: Json = {**first, "content": first["content"][1:]}
    assert ask(strict, "Think twice.", left, SUM, second, HARD, thinking=MANUAL).stop_reason == "end_turn"
    left["content"][0]["thinking"] += "!"
    assert refused(strict, "Think twice.", left, SUM, second, HARD, thinking=MANUAL) == INVALID


def counted(client: anthropic.Anthropic, *turns: Json | str, **fields: object) -> int:
    asked = request(*turns, **fields)
    asked.pop("max_tokens")
    return client.messages.count_tokens(**asked).input_tokens


KEEPING = [
    (OLD, MANUAL, False),
    (KEEPS, MANUAL, True),
    (KEEPS, {"type": "disabled"}, False),
    ("claude-opus-4-6", {"type": "adaptive"}, True),
    (NEW, {"type": "adaptive"}, True),
    (NEW, {"type": "disabled"}, False),
    ("claude-opus-5", {"type": "adaptive"}, True),
]


@pytest.mark.parametrize(("model", "thinking", "kept"), KEEPING)
def test_earlier_thoughts_are_counted_where_the_model_keeps_them(
    strict: anthropic.Anthropic, model: str, thinking: Json, kept: bool
) -> None:
    turn = said(ask(strict, HARD, thinking=MANUAL))
    bare = {**turn, "content": turn["content"][1:]}
    asked: Json = {"model": model, "thinking": thinking}
    whole, without = (counted(strict, HARD, each, SUM, **asked) for each in (turn, bare))
    assert (whole > without) is kept
    assert kept or whole == without


@pytest.mark.parametrize("model", [OLD, KEEPS])
def test_the_thought_of_an_open_turn_is_counted_by_every_model(strict: anthropic.Anthropic, model: str) -> None:
    message, turn = opened(strict)
    bare = {**turn, "content": turn["content"][1:]}
    asked: Json = {"model": model, "tools": [WEATHER]}
    whole = counted(strict, PARIS, turn, brought(message), thinking=MANUAL, **asked)
    assert whole > counted(strict, PARIS, bare, brought(message), thinking={"type": "disabled"}, **asked)


def test_a_turn_that_was_nothing_but_a_thought_goes_back(strict: anthropic.Anthropic) -> None:
    message = ask(strict, HARD, thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=1025)
    turn = {**said(message), "content": said(message)["content"][:1]}
    for model in (OLD, KEEPS):
        assert ask(strict, HARD, turn, SUM, model=model, thinking=MANUAL).stop_reason == "end_turn"
