"""The official SDK's ways to use tools and schemas: runners that call, and models of pydantic that come back."""

import datetime
import json
from typing import Any, Literal

import pytest
from anthropic import beta_async_tool, beta_tool
from anthropic.lib.streaming import BetaAsyncMessageStream, BetaMessageStream
from anthropic.types.beta import BetaMessage
from pydantic import BaseModel, Field

from tests.formats.asked import Json, Target, faults, format, user
from tests.replies import text

OLD = "structured-outputs-2025-11-13"


class Guest(BaseModel):
    name: str
    email: str | None = None


class Event(BaseModel):
    """What the SDK makes a schema of: it takes out what cannot be held to, and checks that itself."""

    title: str
    day: datetime.date
    kind: Literal["meeting", "party"]
    guests: list[Guest] = Field(description="Who comes.")
    seats: int
    note: str | None = None


@beta_tool
def weather(city: str) -> str:
    """The weather in a city.

    Args:
        city: Which city.
    """
    return f"sunny in {city}"


@beta_async_tool
async def weather_report(city: str) -> str:
    """The weather in a city, told later.

    Args:
        city: Which city.
    """
    return f"21 degrees in {city}"


def asked(target: Target, model: str, **fields: Any) -> Json:
    words = "What is the weather in Paris? Plan a meeting about it on 2026-03-04 with Alice."
    return {"model": model, "max_tokens": 2000, "messages": user(words), **fields}


def right(event: Any) -> None:
    assert isinstance(event, Event)
    assert event.kind in ("meeting", "party")


def test_parse(target: Target) -> None:
    message = target.client.messages.parse(**asked(target, target.plain), output_format=Event)
    right(message.parsed_output)


def test_parse_in_beta(target: Target) -> None:
    message = target.client.beta.messages.parse(**asked(target, target.plain), output_format=Event)
    right(message.parsed_output)


async def test_parse_later(target: Target) -> None:
    async with target.later() as client:
        message = await client.messages.parse(**asked(target, target.plain), output_format=Event)
        right(message.parsed_output)


def test_a_stream_that_is_parsed(target: Target) -> None:
    with target.client.messages.stream(**asked(target, target.plain), output_format=Event) as stream:
        pieces = list(stream.text_stream)
        message = stream.get_final_message()
    right(message.parsed_output)
    assert Event.model_validate_json("".join(pieces)) == message.parsed_output


async def test_a_stream_that_is_parsed_later(target: Target) -> None:
    async with (
        target.later() as client,
        client.beta.messages.stream(**asked(target, target.plain), output_format=Event) as stream,
    ):
        message = await stream.get_final_message()
    right(message.parsed_output)


def test_parse_after_a_thought(target: Target) -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    fields = asked(target, target.think, thinking=thinking)
    message = target.client.messages.parse(**fields, output_format=Event)
    assert message.content[0].type == "thinking"
    right(message.parsed_output)


@pytest.mark.parametrize("stream", [False, True])
def test_the_field_and_the_header_of_the_beta(target: Target, stream: bool) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "integer"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    old = {"output_format": format(schema)["format"]}
    fields = asked(target, target.plain, betas=[OLD], extra_body=old)
    message: BetaMessage
    if stream:
        with target.client.beta.messages.stream(**fields) as events:
            message = events.get_final_message()
    else:
        message = target.client.beta.messages.create(**fields)
    assert faults(schema, text(message)) == []


def test_a_strict_tool_with_the_header_of_the_beta(target: Target) -> None:
    schema = {"type": "object", "properties": {"a": {"enum": ["x"]}}, "required": ["a"], "additionalProperties": False}
    tool = {"name": "f", "strict": True, "input_schema": schema}
    fields = asked(target, target.call, betas=[OLD], tools=[tool], tool_choice={"type": "any"})
    message = target.client.beta.messages.create(**fields)
    calls = [block for block in message.content if block.type == "tool_use"]
    assert calls and all(faults(schema, json.dumps(call.input)) == [] for call in calls)


@pytest.mark.parametrize("stream", [False, True])
def test_a_runner_calls_and_answers(target: Target, stream: bool) -> None:
    fields = asked(target, target.call)
    runner = target.client.beta.messages.tool_runner(**fields, tools=[weather], max_iterations=3, stream=stream)
    turns: list[BetaMessage] = []
    for turn in runner:
        assert isinstance(turn, BetaMessageStream) is stream
        turns.append(turn.get_final_message() if isinstance(turn, BetaMessageStream) else turn)
    check(turns, target, "weather")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_runner_calls_and_answers_later(target: Target, stream: bool) -> None:
    async with target.later() as client:
        fields = asked(target, target.call)
        runner = client.beta.messages.tool_runner(**fields, tools=[weather_report], max_iterations=3, stream=stream)
        turns: list[BetaMessage] = []
        async for turn in runner:
            assert isinstance(turn, BetaAsyncMessageStream) is stream
            turns.append(await turn.get_final_message() if isinstance(turn, BetaAsyncMessageStream) else turn)
    check(turns, target, "weather_report")


def check(turns: list[BetaMessage], target: Target, name: str) -> None:
    """On random weights how often it calls is up to chance; what it calls is not."""
    whole = [turn for turn in turns if turn.stop_reason != "max_tokens"]  # what is cut off may be incomplete
    calls = [block for turn in whole for block in turn.content if block.type == "tool_use"]
    assert 1 <= len(turns) <= 3
    assert {call.name for call in calls} <= {name}
    assert all(set(call.input) == {"city"} for call in calls)
    if target.plain != target.call:
        return
    assert [turn.stop_reason for turn in turns] == ["tool_use", "end_turn"]
    assert calls[0].input == {"city": "Paris"} and "Paris" in text(turns[-1], -1)


def test_a_runner_with_an_answer_of_its_own_kind(target: Target) -> None:
    fields = asked(target, target.call, max_tokens=1000)
    runner = target.client.beta.messages.tool_runner(**fields, tools=[weather], output_format=Event, max_iterations=4)
    last = runner.until_done()
    if last.stop_reason == "end_turn":
        right(last.parsed_output)
    else:
        assert last.stop_reason == "tool_use" and target.plain != target.call
