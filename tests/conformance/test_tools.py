"""Calls of tools: their form, the choice, and the way back with a result."""

import re
from typing import Any

import jsonschema
import pytest

from tests.conformance.picky import rows
from tests.conformance.talk import (
    WEATHER,
    Json,
    Talk,
    answered,
    assistant,
    calls,
    named,
    result,
    returned,
    text,
    use,
    user,
)
from tests.conformance.targets import echoes, once, over

BOOKING: Json = {
    "name": "book",
    "description": "Books a table in a restaurant",
    "input_schema": {
        "type": "object",
        "properties": {
            "guests": {"type": "integer", "minimum": 1, "maximum": 8},
            "when": {"type": "string", "enum": ["lunch", "dinner"]},
            "outside": {"type": "boolean"},
            "wishes": {"type": "array", "items": {"type": "string", "enum": ["vegan", "quiet"]}, "maxItems": 2},
            "contact": {
                "type": "object",
                "properties": {"kind": {"type": "string", "const": "phone"}},
                "required": ["kind"],
                "additionalProperties": False,
            },
        },
        "required": ["guests", "when", "contact"],
        "additionalProperties": False,
    },
}


@over("call")
def test_a_call_has_the_apis_form(target: Talk) -> None:
    offered = {tool["name"]: tool["input_schema"] for tool in target.body("call")["tools"]}
    for message in target.both("call"):
        (call,) = calls(message)
        assert message.stop_reason == "tool_use"
        assert re.fullmatch(r"toolu_[A-Za-z0-9]{20,}", call.id)
        jsonschema.validate(call.input, offered[call.name])


@over("call")
def test_the_input_streams_in_pieces_that_make_it_up(target: Talk) -> None:
    message = target.streamed("call")
    index = next(at for at, block in enumerate(message.content) if block.type == "tool_use")
    pieces = [event for event in target.events if event["type"] == "content_block_delta" and event["index"] == index]
    assert pieces[0]["delta"] == {"type": "input_json_delta", "partial_json": ""}
    start = next(event for event in target.events if event.get("index") == index)
    assert start["content_block"].keys() >= {"type", "id", "name", "input"}


@over("call", "same")
def test_a_call_is_the_same_in_one_piece_and_as_a_stream(target: Talk) -> None:
    whole, streamed = target.both("call")
    assert [(one.name, one.input) for one in calls(whole)] == [(one.name, one.input) for one in calls(streamed)]


@over("call")
def test_a_result_goes_back_and_the_conversation_goes_on(target: Talk) -> None:
    first = target.body("call")
    message = target.streamed("call")
    messages = [*first["messages"], {"role": "assistant", "content": returned(message)}, answered(message)]
    choice = {"type": "auto"} if "tool_choice" in first else None
    for then in target.both("call", messages=messages, tool_choice=choice):
        assert then.content
        assert {call.id for call in calls(then)}.isdisjoint(call.id for call in calls(message))


@over("call", "obedient")
def test_what_a_tool_has_found_is_told(target: Talk) -> None:
    message = target.whole("call")
    assert calls(message)[0].input == {"city": "Oslo"}
    back = answered(message, {"weather": "Sunny, 18 degrees"})
    messages = [*target.body("call")["messages"], {"role": "assistant", "content": returned(message)}, back]
    for then in target.both("call", messages=messages):
        assert then.stop_reason == "end_turn"
        assert "18" in text(then)


@over("call", "obedient")
@pytest.mark.parametrize(
    "choice", [{"type": "any"}, {"type": "tool", "name": "book"}, {"type": "any", "disable_parallel_tool_use": True}],
    ids=["any", "tool", "one"],
)  # fmt: skip
def test_a_tool_that_must_be_called_is_called(target: Talk, choice: Json) -> None:
    for message in target.both("call", tools=[WEATHER, BOOKING], tool_choice=choice, messages=[user("Hello.")]):
        assert message.stop_reason == "tool_use"
        (call,) = calls(message)
        assert call.name == choice.get("name", call.name)
        jsonschema.validate(call.input, {"weather": WEATHER, "book": BOOKING}[call.name]["input_schema"])


@over("call", without="seen")
def test_the_input_fits_a_schema_with_many_parts(target: Talk) -> None:
    choice = {"type": "tool", "name": "book"}
    for message in target.both("call", tools=[BOOKING], tool_choice=choice, messages=[user("A table for two.")]):
        (call,) = calls(message)
        jsonschema.validate(call.input, BOOKING["input_schema"])


@over("call", "obedient")
def test_a_tool_that_may_not_be_called_is_not(target: Talk) -> None:
    for message in target.both("call", tool_choice={"type": "none"}):
        assert not calls(message)
        assert message.stop_reason == "end_turn"


@echoes
@pytest.mark.parametrize(
    "choice",
    [None, {"type": "auto"}, {"type": "any"}, {"type": "tool", "name": "weather"}, {"type": "none"},
     {"type": "auto", "disable_parallel_tool_use": True}],
    ids=["absent", "auto", "any", "tool", "none", "one"],
)  # fmt: skip
def test_an_engine_is_told_the_choice_in_a_form_that_it_obeys(target: Talk, choice: Json | None) -> None:
    target.post(target.body(tools=[WEATHER, BOOKING], tool_choice=choice))  # an echo calls nothing, whatever it is told
    bodies = [one["body"] for one in target.seen("text")]
    sent = [body for body in bodies if not {"response_format", "grammar"} & body.keys()][
        -1
    ]  # before it was held to a call
    names = [tool["function"]["name"] for tool in sent.get("tools", ())]
    kind = choice["type"] if choice else "auto"
    if kind == "none":
        assert not names or sent["tool_choice"] == "none"
    elif kind == "tool":
        assert names == ["weather"] or sent["tool_choice"]["function"]["name"] == "weather"
    else:
        assert names == ["weather", "book"]
        assert (
            sent.get("tool_choice", "auto") == {"auto": "auto", "any": "required"}[kind]
            or "required" not in (rows()[target.target.name.split()[1]]["choice"])
        )


@echoes
def test_an_engine_gets_a_tool_as_it_is(target: Talk) -> None:
    target.whole(tools=[BOOKING])
    (tool,) = target.sent()["tools"]
    assert tool["function"]["name"] == BOOKING["name"]
    assert tool["function"]["description"] == BOOKING["description"]
    assert tool["function"]["parameters"] == BOOKING["input_schema"]


@over("call")
@pytest.mark.parametrize(
    "tool",
    [
        {"type": "bash_20250124", "name": "bash"},
        {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
        {"type": "memory_20250818", "name": "memory"},
        {"type": "custom", "name": "x" * 128, "input_schema": {"type": "object"}},
        {"name": "eager", "input_schema": {"type": "object"}, "eager_input_streaming": True},
        {"name": "taught", "input_schema": {"type": "object"}, "input_examples": [{}]},
        {"name": "kept", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}},
        {"name": "later", "input_schema": {"type": "object"}, "defer_loading": True},
        {"name": "open", "input_schema": {"type": "object", "properties": {"any": {}}, "additionalProperties": True}},
        {"name": "refers", "input_schema": {
            "type": "object", "$defs": {"a": {"type": "string"}}, "properties": {"x": {"$ref": "#/$defs/a"}}}},
    ],
    ids=lambda tool: tool["name"][:30],
)  # fmt: skip
def test_tools_of_every_kind_may_be_offered(target: Talk, tool: Json) -> None:
    body = target.body("call")
    for message in target.both("call", tools=[*body["tools"], tool]):
        assert message.stop_reason in ("tool_use", "end_turn", "max_tokens")


@over("call")
def test_fifty_tools_may_be_offered(target: Talk) -> None:
    tools = [*target.body("call")["tools"], *(named(f"tool_{at}") for at in range(50))]
    for message in target.both("call", tools=tools):
        assert message.stop_reason in ("tool_use", "end_turn", "max_tokens")


@over("call")
def test_a_call_follows_a_call(target: Talk) -> None:
    body = target.body("call")
    messages: list[Any] = list(body["messages"])
    for at in range(5):
        messages += [assistant(use(f"toolu_{at}", body["tools"][0]["name"])), user(result(f"toolu_{at}"))]
    for message in target.both("call", messages=messages):
        assert message.content


@once("call")
@pytest.mark.parametrize(
    ("tools", "why"),
    [
        ([WEATHER, WEATHER], "tools: Tool names must be unique."),
        ([{"name": "a b", "input_schema": {"type": "object"}}], "tools.0.custom.name: String should match pattern"),
        ([{"name": "a"}], "tools.0.custom.input_schema: Field required"),
        ([{"name": "a", "input_schema": {"type": "string"}}], "tools.0.custom.input_schema.type: Input should be 'obj"),
        ([{"input_schema": {"type": "object"}}], "tools.0.custom.name: Field required"),
        ([{"type": "nonsense_1", "name": "a"}], "tools.0: Input tag 'nonsense_1' found using 'type' does not match"),
        ([named("later") | {"defer_loading": True}], "At least one tool must have defer_loading=false."),
        ("weather", "tools: Input should be a valid array"),
        (["weather"], "tools.0: Input should be an object"),
    ],
    ids=range(9),
)
def test_what_is_no_tool_is_refused(target: Talk, tools: Any, why: str) -> None:
    reply = target.post(target.body("call") | {"tools": tools, "tool_choice": {"type": "auto"}})
    assert reply.status_code == 400
    assert reply.json()["error"]["message"].startswith(why)


@once("call")
@pytest.mark.parametrize(
    ("choice", "why"),
    [
        ({"type": "tool", "name": "absent"}, "Tool 'absent' not found in provided tools"),
        ({"type": "tool"}, "tool_choice.tool.name: Field required"),
        ({"type": "some"}, "tool_choice: Input tag 'some' found using 'type' does not match"),
        ("auto", "tool_choice: Input should be an object"),
        ({}, "tool_choice.type: Field required"),
    ],
    ids=range(5),
)
def test_what_is_no_choice_is_refused(target: Talk, choice: Any, why: str) -> None:
    reply = target.post(target.body("call") | {"tool_choice": choice})
    assert reply.status_code == 400
    assert reply.json()["error"]["message"].startswith(why)
