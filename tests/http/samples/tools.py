"""Samples: tools that the client runs."""

import json

import anthropic
from anthropic.types import MessageParam, ToolChoiceParam, ToolParam, ToolResultBlockParam

from tests import replies
from tests.http.samples.refusals import refused
from tests.http.samples.talk import MODEL

WEATHER: ToolParam = {
    "name": "get_weather",
    "description": "Get the current weather in a given location",
    "input_schema": {
        "type": "object",
        "properties": {
            "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "description": "The unit of temperature"},
        },
        "required": ["location"],
    },
}
CALCULATOR: ToolParam = {
    "name": "calculator",
    "description": "A simple calculator that performs basic arithmetic operations.",
    "input_schema": {
        "type": "object",
        "properties": {"expression": {"type": "string", "description": "The expression to evaluate, e.g. 2 + 3 * 4"}},
        "required": ["expression"],
    },
}
TOOLS = [WEATHER, CALCULATOR]
RESULTS = {"get_weather": "15 degrees, light rain", "calculator": "87"}


def calls_of(message: anthropic.types.Message) -> list[anthropic.types.ToolUseBlock]:
    return [block for block in message.content if block.type == "tool_use"]


def place(call: anthropic.types.ToolUseBlock) -> str:
    location = call.input["location"]
    assert isinstance(location, str)
    return location


def definition(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL,
        max_tokens=1024,
        tools=[WEATHER],
        messages=[{"role": "user", "content": "What is the weather like in San Francisco?"}],
    )
    assert message.stop_reason == "tool_use"
    [call] = calls_of(message)
    assert call.id.startswith("toolu_") and call.name == "get_weather"
    assert "San Francisco" in place(call) and set(call.input) <= {"location", "unit"}


def answered(client: anthropic.Anthropic) -> None:
    messages: list[MessageParam] = [{"role": "user", "content": "What is the weather like in San Francisco?"}]
    first = client.messages.create(model=MODEL, max_tokens=1024, tools=[WEATHER], messages=messages)
    result: ToolResultBlockParam = {
        "type": "tool_result",
        "tool_use_id": calls_of(first)[0].id,
        "content": "15 degrees",
    }
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    second = client.messages.create(model=MODEL, max_tokens=1024, tools=[WEATHER], messages=messages)
    assert second.stop_reason == "end_turn" and "15" in replies.text(second)


def loop(client: anthropic.Anthropic) -> None:
    for question, tool, words in (
        ("What's the weather in Paris?", "get_weather", "15"),
        ("What is 12 * 7 + 3?", "calculator", "87"),
    ):
        messages: list[MessageParam] = [{"role": "user", "content": question}]
        used: list[str] = []
        while True:
            message = client.messages.create(model=MODEL, max_tokens=1024, tools=TOOLS, messages=messages)
            messages.append({"role": "assistant", "content": message.content})
            if message.stop_reason != "tool_use":
                break
            results: list[ToolResultBlockParam] = []
            for call in calls_of(message):
                used.append(call.name)
                results.append({"type": "tool_result", "tool_use_id": call.id, "content": RESULTS[call.name]})
            messages.append({"role": "user", "content": results})
            assert len(messages) < 10
        assert message.stop_reason == "end_turn" and words in replies.text(message)
        assert set(used) == {tool}


def failed(client: anthropic.Anthropic) -> None:
    messages: list[MessageParam] = [{"role": "user", "content": "What's the weather in Paris?"}]
    first = client.messages.create(model=MODEL, max_tokens=1024, tools=[WEATHER], messages=messages)
    result: ToolResultBlockParam = {
        "type": "tool_result",
        "tool_use_id": calls_of(first)[0].id,
        "content": "ConnectionError: the weather service API is not available (HTTP 500)",
        "is_error": True,
    }
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    second = client.messages.create(model=MODEL, max_tokens=1024, tools=[WEATHER], messages=messages)
    assert second.stop_reason in ("end_turn", "tool_use") and second.content


def parallel(client: anthropic.Anthropic) -> None:
    messages: list[MessageParam] = [{"role": "user", "content": "What's the weather in Paris and in Tokyo?"}]
    first = client.messages.create(model=MODEL, max_tokens=1024, tools=[WEATHER], messages=messages)
    calls = calls_of(first)
    assert len({call.id for call in calls}) == 2
    assert sorted(place(call).split(",")[0] for call in calls) == ["Paris", "Tokyo"]
    said = {"Paris": "18 degrees", "Tokyo": "25 degrees"}
    results: list[ToolResultBlockParam] = [
        {"type": "tool_result", "tool_use_id": call.id, "content": said[place(call).split(",")[0]]} for call in calls
    ]
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    second = client.messages.create(model=MODEL, max_tokens=1024, tools=[WEATHER], messages=messages)
    assert second.stop_reason == "end_turn"
    assert "18" in replies.text(second) and "25" in replies.text(second)


def one_at_a_time(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL,
        max_tokens=1024,
        tools=[WEATHER],
        tool_choice={"type": "auto", "disable_parallel_tool_use": True},
        messages=[{"role": "user", "content": "What's the weather in Paris and in Tokyo?"}],
    )
    assert len(calls_of(message)) == 1


def forced(client: anthropic.Anthropic) -> None:
    def chosen(choice: ToolChoiceParam) -> anthropic.types.Message:
        messages: list[MessageParam] = [{"role": "user", "content": "Hello there!"}]
        return client.messages.create(model=MODEL, max_tokens=1024, tools=TOOLS, tool_choice=choice, messages=messages)

    named = chosen({"type": "tool", "name": "calculator"})
    [call] = named.content
    assert call.type == "tool_use" and call.name == "calculator"
    assert named.stop_reason == "tool_use" and "expression" in call.input
    some = chosen({"type": "any"})
    assert some.stop_reason == "tool_use" and {block.type for block in some.content} == {"tool_use"}
    free = chosen({"type": "none"})
    assert free.stop_reason == "end_turn" and not calls_of(free)


def streamed(client: anthropic.Anthropic) -> None:
    pieces: list[str] = []
    with client.messages.stream(
        model=MODEL,
        max_tokens=1024,
        tools=[WEATHER],
        messages=[{"role": "user", "content": "What is the weather like in San Francisco?"}],
    ) as stream:
        for event in stream:
            if event.type == "content_block_start" and event.content_block.type == "tool_use":
                assert event.content_block.name == "get_weather" and event.content_block.input == {}
            if event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                pieces.append(event.delta.partial_json)
        final = stream.get_final_message()
    assert pieces[0] == "" and json.loads("".join(pieces)) == calls_of(final)[0].input
    assert final.stop_reason == "tool_use" and "San Francisco" in place(calls_of(final)[0])


def without_a_result(client: anthropic.Anthropic) -> None:
    messages: list[MessageParam] = [{"role": "user", "content": "What's the weather in Paris?"}]
    first = client.messages.create(model=MODEL, max_tokens=1024, tools=[WEATHER], messages=messages)
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": "Never mind."}]
    words = "`tool_use` ids were found without `tool_result` blocks immediately after"
    with refused(anthropic.BadRequestError, 400, words):
        client.messages.create(model=MODEL, max_tokens=1024, tools=[WEATHER], messages=messages)
