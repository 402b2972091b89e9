"""Prompts as they come to a backend, built from bodies as clients write them; and what a backend says, put together."""

from contextlib import aclosing
from typing import Any

import msgspec

from sijo.backends.simulator import Simulator
from sijo.engine import deltas as d
from sijo.engine.lower import merged, system_blocks
from sijo.engine.models import models
from sijo.engine.prompt import Prompt, Thought
from sijo.engine.turn import Turn, collect
from sijo.wire import blocks as b
from sijo.wire.events import Message
from sijo.wire.request import decode_message
from sijo.wire.tools import AnyTool

MODEL = "claude-sonnet-4-5"
WEATHER = {
    "name": "get_weather",
    "description": "Get the current weather in a given location",
    "input_schema": {
        "type": "object",
        "properties": {
            "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
        "required": ["location"],
    },
}
CONVERT = {
    "name": "convert_temperature",
    "description": "Convert a temperature from one unit to another",
    "input_schema": {
        "type": "object",
        "properties": {
            "value": {"type": "number"},
            "from_unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            "to_unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
        "required": ["value", "from_unit", "to_unit"],
    },
}

_tool = msgspec.json.Decoder(AnyTool).decode
Body = list[dict[str, Any]]


def prompt(said: str | Body = "", *, thought: Thought | None = None, **fields: Any) -> Prompt:
    """The prompt of a request: `said` is the text of one user message, or all messages; the rest goes into the body."""
    messages = said if isinstance(said, list) else [{"role": "user", "content": said}]
    body = {"model": MODEL, "max_tokens": 4096, "messages": messages, **fields}
    request = decode_message(msgspec.json.encode(body))
    config = request.output_config or None
    return Prompt(
        model=models().get(request.model) or models().generic(request.model, 200_000, 64_000),
        request=request,
        system=system_blocks(request.system),
        items=merged(request.messages),
        tools=[_tool(msgspec.json.encode({"type": "custom"} | msgspec.json.decode(tool))) for tool in request.tools],
        choice=request.tool_choice or None,
        max_tokens=request.max_tokens,
        stops=tuple(request.stop_sequences),
        thought=thought or Thought(),
        format=config.format if config else None,
    )


def talk(*said: str | list[Any]) -> Body:
    """Messages by turns, the user's first."""
    return [{"role": ("user", "assistant")[at % 2], "content": content} for at, content in enumerate(said)]


def call(id: str, name: str, **input: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": name, "input": input}


def result(id: str, content: Any = "", **fields: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, "content": content, **fields}


async def deltas(asked: Prompt, simulator: Simulator | None = None) -> list[d.AnyDelta]:
    """All that a backend says, as it says it."""
    async with aclosing((simulator or Simulator()).generate(asked)) as spoken:
        return [delta async for delta in spoken]


async def answer(asked: Prompt, simulator: Simulator | None = None) -> Message:
    """The message that comes of it."""
    return await collect(Turn(asked, simulator or Simulator()))


async def text(said: str | Body | Prompt, simulator: Simulator | None = None, **fields: Any) -> str:
    """The text of the answer."""
    message = await answer(said if isinstance(said, Prompt) else prompt(said, **fields), simulator)
    return "".join(block.text for block in message.content if isinstance(block, b.Text))


async def thinking(said: str | Body, how: Thought, **fields: Any) -> str:
    """The thought before the answer."""
    message = await answer(prompt(said, thought=how, **fields))
    return "".join(block.thinking for block in message.content if isinstance(block, b.Thinking))


async def calls(said: str | Body, *tools: dict[str, Any], **fields: Any) -> list[tuple[str, dict[str, Any]]]:
    """The calls of the answer: names and inputs."""
    message = await answer(prompt(said, tools=list(tools), **fields))
    return [(block.name, block.input) for block in message.content if isinstance(block, b.ToolUse)]
