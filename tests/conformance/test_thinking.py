"""Thinking: shown when asked for, hidden when not, signed, and taken back only as it was."""

import re
from typing import Any

import pytest
from anthropic.types import Message, ThinkingBlock

from tests.conformance.picky import rows
from tests.conformance.talk import THINK, WEATHER, Json, Talk, answered, calls, kinds, returned, said, text, user
from tests.conformance.targets import once, over

SIGNATURE = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")


def omitted(target: Talk) -> Json:
    """What asks for a thought that is not shown."""
    return {"thinking": {**target.body("thinking")["thinking"], "display": "omitted"}}


def thoughts(message: Message) -> list[ThinkingBlock]:
    return [block for block in message.content if block.type == "thinking"]


def turns(target: Talk, message: Message, then: str = "And why?") -> list[Any]:
    """The conversation with an answer in it, and the next question."""
    back = answered(message) if calls(message) else user(then)
    return [*target.body("thinking")["messages"], {"role": "assistant", "content": returned(message)}, back]


@over("thinking")
def test_a_thought_comes_first_and_is_signed(target: Talk) -> None:
    for message in target.both("thinking"):
        assert kinds(message)[0] == "thinking"
        assert all(SIGNATURE.fullmatch(block.signature) for block in thoughts(message))
        assert all(set(block.model_dump()) == {"type", "thinking", "signature"} for block in thoughts(message))


@over("thinking", "ends")
def test_after_the_thought_comes_the_answer(target: Talk) -> None:
    for message in target.both("thinking"):
        assert thoughts(message)[0].thinking
        assert text(message) or calls(message)
        assert message.stop_reason in ("end_turn", "tool_use")


@over("thinking", "same")
def test_the_thought_is_the_same_in_one_piece_and_as_a_stream(target: Talk) -> None:
    whole, streamed = target.both("thinking")
    assert [block.thinking for block in thoughts(whole)] == [block.thinking for block in thoughts(streamed)]
    assert text(whole) == text(streamed)


@over("thinking")
@pytest.mark.parametrize("thinking", [None, {"type": "disabled"}], ids=["absent", "disabled"])
def test_what_was_not_asked_for_is_not_shown(target: Talk, thinking: Json | None) -> None:
    for message in target.both("thinking", thinking=thinking):
        assert "thinking" not in kinds(message)
        assert "<think>" not in text(message)


@over("thinking", "ends")
def test_the_answer_is_the_same_whether_its_thought_is_shown_or_not(target: Talk) -> None:
    if not target.can("obedient"):
        assert text(target.whole("thinking")) == text(target.whole("thinking", **omitted(target)))


@over("thinking")
def test_an_omitted_thought_is_empty_and_signed(target: Talk) -> None:
    for message in target.both("thinking", **omitted(target)):
        assert kinds(message)[0] == "thinking"
        assert all(block.thinking == "" and SIGNATURE.fullmatch(block.signature) for block in thoughts(message))
    deltas = [event["delta"]["type"] for event in target.events if event["type"] == "content_block_delta"]
    assert deltas[:2] == ["thinking_delta", "signature_delta"]


@over("thinking", "own")
@pytest.mark.parametrize("hidden", [False, True], ids=["shown", "omitted"])
def test_a_thought_comes_back_unchanged_and_is_taken(target: Talk, hidden: bool) -> None:
    shown = omitted(target) if hidden else {}
    tools = target.body("call")["tools"] if target.can("call") else None
    for message in target.both("thinking", tools=tools, **shown):
        for then in target.both("thinking", messages=turns(target, message), tools=tools, **shown):
            assert then.stop_reason


@over("thinking", "own")
def test_a_thought_that_was_changed_is_refused(target: Talk) -> None:
    message = target.whole("thinking")
    content = returned(message)
    changed = [{**content[0], "thinking": content[0]["thinking"] + " Not so."}, *content[1:]]
    messages = turns(target, message)
    messages[-2] = {"role": "assistant", "content": changed}
    error = target.refused("thinking", messages=messages, tools=[WEATHER])
    assert said(error).startswith("messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assi")


@over("thinking", "own")
@pytest.mark.parametrize("at", [0, 3, 20, -8, -1])
def test_a_signature_that_was_changed_is_refused(target: Talk, at: int) -> None:
    message = target.whole("thinking")
    content = returned(message)
    signature = list(content[0]["signature"])
    signature[at] = "A" if signature[at] != "A" else "B"
    messages = turns(target, message)
    messages[-2] = {"role": "assistant", "content": [{**content[0], "signature": "".join(signature)}, *content[1:]]}
    error = target.refused("thinking", messages=messages, tools=[WEATHER])
    assert said(error) == "messages.1.content.0: Invalid `signature` in `thinking` block"


@over("thinking")
def test_a_thought_may_be_left_out_when_it_is_over(target: Talk) -> None:
    message = target.whole("thinking")
    messages = turns(target, message)
    content = [block for block in returned(message) if block["type"] != "thinking"] or [{"type": "text", "text": "Hm."}]
    messages[-2] = {"role": "assistant", "content": content}
    for then in target.both("thinking", messages=messages, tools=[WEATHER], thinking=None):
        assert then.stop_reason


@once("thinking")
@pytest.mark.parametrize(
    ("thinking", "limit", "why"),
    [
        ({"type": "enabled"}, 2000, "thinking.enabled.budget_tokens: Field required"),
        ({"type": "enabled", "budget_tokens": 1023}, 2000,
         "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"),
        ({"type": "enabled", "budget_tokens": 2000}, 2000, "`max_tokens` must be greater than `thinking.budget_token"),
        ({"type": "hard"}, 2000, "thinking: Input tag 'hard' found using 'type' does not match any of the expected"),
        ("enabled", 2000, "thinking: Input should be an object"),
        ({"type": "disabled", "budget_tokens": 2000}, 3000, "thinking.disabled.budget_tokens: Extra inputs are not"),
    ],
    ids=range(6),
)  # fmt: skip
def test_what_is_no_thinking_is_refused(target: Talk, thinking: Any, limit: int, why: str) -> None:
    reply = target.post(target.body("thinking", max_tokens=limit) | {"thinking": thinking})
    assert reply.status_code == 400
    assert reply.json()["error"]["message"].startswith(why)


@over("thinking", "strict")
def test_what_does_not_go_with_thinking_is_refused_where_it_would_be_hosted(target: Talk) -> None:
    for changes, why in (
        ({"temperature": 0.5}, "`temperature` may only be set to 1"),
        ({"top_k": 5}, "`top_k` must be unset"),
    ):
        reply = target.post(target.body("thinking", **changes))
        assert reply.json()["error"]["message"].startswith(why)
    cases: list[tuple[Json, str]] = [
        ({"tools": [WEATHER], "tool_choice": {"type": "any"}}, "Thinking may not be enabled when tool_choice forces"),
        ({"thinking": {"type": "adaptive"}}, "adaptive thinking is not supported on this model"),
    ]
    for changes, why in cases:
        assert said(target.refused("thinking", **changes)).startswith(why)


@over("thinking", "lenient")
@pytest.mark.parametrize("kind", ["adaptive", "between_tools"])
def test_other_ways_to_think_are_taken_before_an_engine(target: Talk, kind: str) -> None:
    for message in target.both("thinking", thinking={"type": kind}):
        assert message.stop_reason
        assert all(block.signature for block in thoughts(message))


@over("thinking", "seen")
def test_the_engine_is_told_whether_to_think(target: Talk) -> None:
    target.whole("thinking")
    on = target.sent("thinking")
    target.whole("thinking", thinking=None)
    off = target.sent("thinking")
    known = {"chat_template_kwargs", "reasoning_effort", "reasoning", "thinking", "thinking_budget_tokens",
             "thinking_token_budget"}  # fmt: skip
    if known & set(rows()[target.target.name]["fields"]):
        assert {name: on.get(name) for name in known} != {name: off.get(name) for name in known}


@over("thinking", "seen")
def test_the_engine_gets_its_thought_back_under_its_own_name(target: Talk) -> None:
    tools = [tool for tool in (WEATHER,) if not target.can("call")] or target.body("call")["tools"]
    message = target.whole("thinking", tools=tools)
    target.whole("thinking", tools=tools, messages=turns(target, message))
    field = rows()[target.target.name]["replay"]
    back = next(one for one in target.sent("thinking")["messages"] if one["role"] == "assistant")
    if calls(message) and field:
        assert back[field] == thoughts(message)[0].thinking
    assert thoughts(message)[0].signature not in str(target.sent("thinking"))


@over("thinking")
def test_thinking_can_be_counted(target: Talk) -> None:
    message = target.whole("thinking")
    assert target.count("thinking", messages=turns(target, message), tools=[WEATHER]) > target.count("thinking")


@over("text")
def test_a_model_without_a_thought_may_be_asked_for_one(target: Talk) -> None:
    for message in target.both("text", **THINK | {"stop_sequences": ["a", "e", "i", "o"]}):
        assert message.stop_reason
