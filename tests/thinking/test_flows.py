"""The documented ways to think with the SDK: whole, streamed, omitted, redacted, with tools and between them."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import anthropic
import pytest
from anthropic.types import (
    MessageParam,
    RawContentBlockDeltaEvent,
    RawContentBlockStartEvent,
    RawContentBlockStopEvent,
    RawMessageDeltaEvent,
    RawMessageStartEvent,
    RawMessageStopEvent,
    RawMessageStreamEvent,
)

from tests.thinking.ask import (
    ADAPTIVE,
    CONVERT,
    HARD,
    INTERLEAVED,
    KEEPS,
    MANUAL,
    NEW,
    OLD,
    REDACTED,
    REFUSAL,
    SUM,
    TWO_STEPS,
    WEATHER,
    Json,
    ask,
    brought,
    kinds,
    request,
    said,
    sealed,
    text,
    thinking_tokens,
    thoughts,
)

RAW = (
    RawMessageStartEvent, RawContentBlockStartEvent, RawContentBlockDeltaEvent, RawContentBlockStopEvent,
    RawMessageDeltaEvent, RawMessageStopEvent,
)  # fmt: skip
"""What is on the wire. The SDK says more between it, of its own."""
OMITTED: Json = {**MANUAL, "display": "omitted"}


def streamed(client: anthropic.Anthropic, asked: str, **fields: Any) -> tuple[list[RawMessageStreamEvent], Any]:
    """The events as they came, and the message that the SDK makes of them."""
    with client.messages.stream(**request(asked, **fields)) as stream:
        raw: list[RawMessageStreamEvent] = [event for event in stream if isinstance(event, RAW)]
        return raw, stream.get_final_message()


def blocks(events: Sequence[RawMessageStreamEvent]) -> list[tuple[str, list[str]]]:
    """Of each block its type and the types of its deltas, repeated ones once; and that they open and close in order."""
    found: list[tuple[str, list[str]]] = []
    for event in events:
        if event.type == "content_block_start":
            assert event.index == len(found)
            found.append((event.content_block.type, []))
        elif event.type == "content_block_delta":
            found[event.index][1].append(event.delta.type)
        elif event.type == "content_block_stop":
            assert event.index == len(found) - 1
    return [(kind, [name for name, _ in groupby(deltas)]) for kind, deltas in found]


def signatures(events: Sequence[RawMessageStreamEvent]) -> list[int]:
    """The index of the block of each signature."""
    return [e.index for e in events if e.type == "content_block_delta" and e.delta.type == "signature_delta"]


def test_a_thought_is_signed_and_comes_before_the_answer(strict: anthropic.Anthropic) -> None:
    message = ask(strict, SUM, thinking=MANUAL)
    assert kinds(message) == ["thinking", "text"]
    assert "27 × 400 = 10800" in thoughts(message)[0].thinking
    assert len(thoughts(message)[0].signature) > 100
    assert "12231" in text(message)
    assert 0 < thinking_tokens(message) < message.usage.output_tokens


def test_a_stream_has_the_thought_then_one_signature_then_the_answer(strict: anthropic.Anthropic) -> None:
    events, message = streamed(strict, SUM, thinking=MANUAL)
    assert blocks(events) == [("thinking", ["thinking_delta", "signature_delta"]), ("text", ["text_delta"])]
    assert signatures(events) == [0]
    opened = next(event for event in events if event.type == "content_block_start")
    assert opened.content_block.type == "thinking"
    assert (opened.content_block.thinking, opened.content_block.signature) == ("", "")
    pieces = [e for e in events if e.type == "content_block_delta" and e.delta.type == "thinking_delta"]
    assert len(pieces) > 10
    assert message.content[0].thinking == thoughts(ask(strict, SUM, thinking=MANUAL))[0].thinking


def test_several_thoughts_in_a_row_are_each_signed(strict: anthropic.Anthropic) -> None:
    events, message = streamed(strict, "Think twice.", thinking=MANUAL)
    assert [kind for kind, _ in blocks(events)] == ["thinking", "thinking", "text"]
    assert signatures(events) == [0, 1]
    assert [thought.thinking for thought in thoughts(message)] == ["First I look at it.", "Then I look again."]
    assert ask(strict, "Think twice.", said(message), "And now?", thinking=MANUAL).stop_reason == "end_turn"


def test_thoughts_between_calls_stand_between_them(strict: anthropic.Anthropic) -> None:
    events, message = streamed(strict, "Think between calls.", thinking=MANUAL, tools=[WEATHER])
    assert [kind for kind, _ in blocks(events)] == ["thinking", "tool_use", "thinking", "tool_use"]
    assert signatures(events) == [0, 2]
    assert message.stop_reason == "tool_use"
    back = ask(strict, "Think between calls.", said(message), brought(message), thinking=MANUAL, tools=[WEATHER])
    assert "17 degrees" in text(back)


@pytest.mark.parametrize(("model", "thinking"), [(KEEPS, OMITTED), (NEW, {"type": "adaptive"})])
def test_an_omitted_thought_is_empty_signed_and_good_to_go_on_with(
    strict: anthropic.Anthropic, model: str, thinking: Json
) -> None:
    events, message = streamed(strict, HARD, model=model, thinking=thinking)
    shown = [e.delta.thinking for e in events if e.type == "content_block_delta" and e.delta.type == "thinking_delta"]
    assert set(shown) <= {""}
    assert signatures(events) == [0]
    assert (message.content[0].thinking, len(message.content[0].signature) > 100) == ("", True)
    assert thinking_tokens(message) > 0
    assert text(message) == text(ask(strict, HARD, model=model, thinking={**thinking, "display": "summarized"}))
    assert ask(strict, HARD, said(message), SUM, model=model, thinking=thinking).stop_reason == "end_turn"


def test_what_was_omitted_is_known_to_the_model_all_the_same(strict: anthropic.Anthropic) -> None:
    counts = []
    for display in ("omitted", "summarized"):
        message = ask(strict, HARD, thinking={**MANUAL, "display": display})
        asked = request(HARD, said(message), SUM, thinking=MANUAL)
        asked.pop("max_tokens")
        counts.append(strict.messages.count_tokens(**asked).input_tokens)
    assert counts[0] == counts[1]


def test_a_thought_before_a_call_goes_back_with_the_result(strict: anthropic.Anthropic) -> None:
    first = ask(strict, "What is the weather in Paris?", thinking=MANUAL, tools=[WEATHER])
    assert kinds(first) == ["thinking", "tool_use"]
    then = ask(strict, "What is the weather in Paris?", said(first), brought(first), thinking=MANUAL, tools=[WEATHER])
    assert kinds(then) == ["text"]  # without interleaving, a turn has its thought at the start
    assert "17 degrees" in text(then)


INTERLEAVING = [
    (KEEPS, MANUAL, [INTERLEAVED], True),
    (KEEPS, MANUAL, [], False),
    (OLD, MANUAL, [INTERLEAVED], True),
    ("claude-opus-4-6", ADAPTIVE, [], True),
    (NEW, ADAPTIVE, [], True),
]


@pytest.mark.parametrize(("model", "thinking", "betas", "between"), INTERLEAVING)
def test_between_two_tools_it_thinks_where_that_is_interleaved(
    strict: anthropic.Anthropic, model: str, thinking: Json, betas: list[str], between: bool
) -> None:
    turns: list[Json | str] = [TWO_STEPS]
    found = []
    for _ in range(3):
        message = ask(strict, *turns, model=model, thinking=thinking, tools=[WEATHER, CONVERT], betas=betas)
        found.append(kinds(message))
        turns += [said(message), brought(message)]
    thought = ["thinking"] if between else []
    assert found == [["thinking", "tool_use"], [*thought, "tool_use"], [*thought, "text"]]


def test_between_tools_is_never_before_the_first(strict: anthropic.Anthropic) -> None:
    asked: Json = {"model": "claude-sonnet-5-5", "thinking": {"type": "between_tools"}, "tools": [WEATHER]}
    first = ask(strict, "What is the weather in Paris?", **asked)
    assert kinds(first) == ["tool_use"]
    then = ask(strict, "What is the weather in Paris?", said(first), brought(first), **asked)
    assert kinds(then) == ["thinking", "text"]


SECRET = "Think of a secret."


@pytest.mark.parametrize("asked", [SECRET, f"Tell me of tides. {''.join(REDACTED)}"], ids=["script", "test string"])
def test_a_redacted_thought_comes_sealed_and_goes_back(strict: anthropic.Anthropic, asked: str) -> None:
    message = ask(strict, asked, thinking=MANUAL)
    assert kinds(message) == ["redacted_thinking", "text"]
    assert "stone" not in sealed(message)[0].data
    assert ask(strict, asked, said(message), SUM, thinking=MANUAL).stop_reason == "end_turn"


def test_a_redacted_thought_is_restored_for_the_model(strict: anthropic.Anthropic) -> None:
    message = ask(strict, SECRET, thinking=MANUAL)
    counts = []
    for content in (message.content, message.content[1:]):
        asked: list[MessageParam] = [
            {"role": "user", "content": SECRET},
            {"role": "assistant", "content": content},
            {"role": "user", "content": "Go on"},
        ]
        counted = strict.messages.count_tokens(model=KEEPS, messages=asked, thinking=MANUAL)
        counts.append(counted.input_tokens)
    assert 8 < counts[0] - counts[1] < 20  # the thought itself, not its seal


def test_a_redacted_thought_is_streamed_in_one_piece(strict: anthropic.Anthropic) -> None:
    events, message = streamed(strict, SECRET, thinking=MANUAL)
    assert blocks(events) == [("redacted_thinking", []), ("text", ["text_delta"])]
    assert ask(strict, SECRET, said(message), SUM, thinking=MANUAL).stop_reason == "end_turn"


@pytest.mark.parametrize("thinking", [MANUAL, None])
def test_the_test_string_for_refusals_ends_in_a_refusal(strict: anthropic.Anthropic, thinking: Json | None) -> None:
    fields: Any = {"thinking": thinking} if thinking else {}
    events, last = streamed(strict, "".join(REFUSAL), **fields)
    for message in (ask(strict, "".join(REFUSAL), **fields), last):
        assert (message.stop_reason, message.content) == ("refusal", [])
        assert message.stop_details is not None
        assert message.stop_details.type == "refusal"
        assert message.stop_details.explanation
    ending = next(event for event in events if event.type == "message_delta")
    assert ending.delta.stop_details is not None


@pytest.mark.parametrize("asked", [SUM, "Think twice.", SECRET])
@pytest.mark.parametrize("fields", [{}, {"thinking": {"type": "disabled"}}], ids=["absent", "disabled"])
def test_without_thinking_there_is_none(strict: anthropic.Anthropic, fields: Json, asked: str) -> None:
    for model in (OLD, KEEPS, "claude-opus-4-6", NEW):
        message = ask(strict, asked, model=model, **fields)
        assert kinds(message) == ["text"]
        assert thinking_tokens(message) == 0


ALWAYS = ["claude-fable-5", "claude-fable-5-2", "claude-mythos-5", "claude-opus-5-5", "claude-sonnet-5-5"]
DEFAULT = ["claude-opus-5", "claude-sonnet-5", "claude-haiku-5-5"]


@pytest.mark.parametrize("model", [*ALWAYS, *DEFAULT])
def test_models_that_always_think_do_so_unasked(strict: anthropic.Anthropic, model: str) -> None:
    message = ask(strict, HARD, model=model)
    assert kinds(message) == ["thinking", "text"]
    assert thoughts(message)[0].thinking == ""


@pytest.mark.parametrize("model", DEFAULT)
def test_models_that_think_by_default_can_be_told_not_to(strict: anthropic.Anthropic, model: str) -> None:
    assert kinds(ask(strict, HARD, model=model, thinking={"type": "disabled"})) == ["text"]


def test_thinking_tokens_are_part_of_the_output(strict: anthropic.Anthropic) -> None:
    for asked in (SUM, HARD, "Think twice.", "Think between calls.", SECRET):
        message = ask(strict, asked, thinking=MANUAL, tools=[WEATHER])
        assert 0 < thinking_tokens(message) <= message.usage.output_tokens


def test_only_thinking_counts_as_thinking(strict: anthropic.Anthropic) -> None:
    message = ask(strict, "Think between calls.", thinking=MANUAL, tools=[WEATHER])
    words = sum(len(thought.thinking) for thought in thoughts(message))
    assert thinking_tokens(message) <= words / 2
