"""Schemas together with tools and thinking, on random weights and on the simulator: whatever comes is valid."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from anthropic.types import Message

from tests.formats.asked import Json, Target, faults, format, user

TIMES = 4
DAY = {"type": "string", "format": "date"}
MAIL = {"type": "string", "format": "email"}


def closed(properties: Json, *required: str) -> Json:
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


INPUTS: dict[str, Json] = {
    "weather": closed({"city": {"enum": ["Oslo", "Rome"]}, "day": DAY, "mail": MAIL}, "day"),
    "save": closed(
        {
            "이름": {"type": "string", "pattern": r'^[^"]{1,5}"\\$'},
            "count": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-c]"}, "minItems": 1},
        },
        "이름",
        "count",
        "tags",
    ),
    "ping": closed({}),
    "pick": closed(
        {
            "one": {"allOf": [{"enum": ["a", "b", "c"]}, {"enum": ["b", "c", "d"]}]},
            "host": {"anyOf": [{"type": "string", "format": "ipv4"}, {"type": "null"}]},
            "mixed": {"enum": [1, "1", None, True]},
        },
        "one",
        "host",
        "mixed",
    ),
    "link": {
        **closed({"from": {"$ref": "#/$defs/id"}, "to": {"$ref": "#/$defs/id"}}, "from", "to"),
        "$defs": {"id": {"type": "string", "format": "uuid"}},
    },
}
TOOLS = [{"name": name, "description": "Does it.", "input_schema": s, "strict": True} for name, s in INPUTS.items()]
ANSWER = closed({"summary": {"type": "string"}, "on": DAY, "sure": {"type": "boolean"}}, "summary", "on")
THINK = {"type": "enabled", "budget_tokens": 1024}
CHOICES = [{"type": "any"}, {"type": "auto"}, *({"type": "tool", "name": name} for name in INPUTS)]


def answers(target: Target, model: str, **fields: Any) -> Iterator[Message]:
    """Some answers to one request, in turn streamed and not."""
    for at in range(TIMES):
        asked: Json = {"model": model, "max_tokens": 1500, "messages": user("What is the weather in Rome?"), **fields}
        if at % 2:
            with target.client.messages.stream(**asked) as stream:
                yield stream.get_final_message()
        else:
            yield target.client.messages.create(**asked)


def called(message: Message) -> list[str]:
    """The names of the tools that are called, each with a valid input."""
    calls = [block for block in message.content if block.type == "tool_use"]
    for call in calls:
        assert faults(INPUTS[call.name], json.dumps(call.input)) == []
    assert message.stop_reason == ("tool_use" if calls else "end_turn")
    return [call.name for call in calls]


def document(message: Message) -> str:
    texts = [block.text for block in message.content if block.type == "text"]
    assert len(texts) == 1
    assert faults(ANSWER, texts[0]) == []
    return texts[0]


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.get("name", choice["type"]))
def test_a_strict_tool_is_called_with_what_it_takes(target: Target, choice: Json) -> None:
    for message in answers(target, target.call, tools=TOOLS, tool_choice=choice):
        names = called(message)
        assert names or choice["type"] == "auto"
        assert set(names) <= {choice.get("name", *names[:1])} or choice["type"] != "tool"


def test_a_model_that_is_no_friend_of_tools_calls_all_the_same(target: Target) -> None:
    for choice in ({"type": "any"}, {"type": "tool", "name": "link"}):
        for message in answers(target, target.plain, tools=TOOLS, tool_choice=choice):
            names = called(message)
            assert names and set(names) <= {choice.get("name", names[0])}


def test_one_call_where_one_is_asked_for(target: Target) -> None:
    choice = {"type": "any", "disable_parallel_tool_use": True}
    for message in answers(target, target.call, tools=TOOLS, tool_choice=choice):
        assert len(called(message)) == 1


def test_a_thought_is_free_and_the_answer_is_held(target: Target) -> None:
    for message in answers(target, target.think, thinking=THINK, output_config=format(ANSWER)):
        assert [block.type for block in message.content] == ["thinking", "text"]
        document(message)


def test_tools_and_an_answer_that_is_held(target: Target) -> None:
    for message in answers(target, target.call, tools=TOOLS, output_config=format(ANSWER)):
        assert called(message) or document(message)


def test_tools_that_are_not_called(target: Target) -> None:
    none = {"tools": TOOLS, "tool_choice": {"type": "none"}, "output_config": format(ANSWER)}
    for message in answers(target, target.call, **none):
        assert document(message)


def test_tools_a_thought_and_an_answer_that_is_held(target: Target) -> None:
    fields = {"tools": TOOLS, "thinking": THINK, "output_config": format(ANSWER)}
    for model in dict.fromkeys((target.think, target.call)):
        for message in answers(target, model, **fields):
            assert called(message) or document(message)


def test_after_a_result_the_answer_is_held(target: Target) -> None:
    said = [
        *user("What is the weather in Rome?"),
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"day": "2026-01-01"}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny"}]},
    ]
    for message in answers(target, target.plain, messages=said, tools=TOOLS, output_config=format(ANSWER)):
        assert called(message) or document(message)


def test_an_answer_that_is_cut_off_says_so(target: Target) -> None:
    for message in answers(target, target.plain, output_config=format(ANSWER), max_tokens=3):
        assert message.stop_reason == "max_tokens"


def test_tokens_are_counted_with_the_schema(target: Target) -> None:
    plain = target.client.messages.count_tokens(model=target.plain, messages=user("Hi"))
    held = target.client.messages.count_tokens(model=target.plain, messages=user("Hi"), output_config=format(ANSWER))
    assert held.input_tokens > plain.input_tokens
