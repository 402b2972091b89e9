"""A call that must be made, by a model that does not make it: it is held to the call as to a document.

Engines let a model write words before a call that they force, and a weak one never comes to it. Such a model is stopped
and asked for the name and the input as one document, by a schema that lets nothing else through.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from sijo import ids
from sijo.engine import deltas as d
from sijo.engine import schemas
from sijo.engine.abilities import Abilities
from sijo.engine.prompt import Prompt, Thought
from sijo.wire.base import Json
from sijo.wire.request import AnyTool, JsonFormat, Named, NoTools
from sijo.wire.tools import Custom

LEAD = 1_000
"""Characters of words before a call, after which none is expected any more."""
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Backend(Protocol):
    """The part of a backend that is needed to call."""

    abilities: Abilities

    def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]: ...


def is_forced(prompt: Prompt) -> bool:
    """Whether an answer without a call is none."""
    return bool(prompt.tools) and isinstance(prompt.choice, AnyTool | Named)


async def called(backend: Backend, prompt: Prompt) -> AsyncGenerator[d.AnyDelta]:
    """The calls of a model that must call. What it says beside them is not told, as the API does not tell it either."""
    made = False
    length = 0
    kept: list[d.AnyDelta] = []
    free = replace(prompt, held=False) if prompt.format is not None else prompt
    async with aclosing(backend.generate(free)) as deltas:
        async for delta in deltas:
            kind = type(delta)
            if kind is d.Text and not made:
                length += len(delta.text)  # type: ignore[union-attr]
                if length > LEAD:
                    break
            elif kind is d.Spent or kind is d.Stop:
                kept.append(delta)
            elif kind is not d.Text:
                made = made or kind is d.ToolCall
                yield delta
    wanted = None if made or refused(kept) else call_of(prompt)
    if wanted is None:
        for delta in kept:
            yield delta
        return
    rest = replace(prompt, format=JsonFormat(wanted), held=True, choice=NoTools(), thought=Thought(), begun=None)
    async with aclosing(backend.generate(rest)) as deltas:
        async for delta in as_call(deltas):
            yield delta


def refused(deltas: list[d.AnyDelta]) -> bool:
    """Whether it has ended for a reason that no other question would change."""
    return any(type(delta) is d.Stop and delta.reason not in ("end_turn", "tool_use") for delta in deltas)


def call_of(prompt: Prompt) -> Json | None:
    """The schema of a call as a document, loosened where no grammar holds a tool's input; None where even that is held
    by none."""
    only = prompt.choice.name if isinstance(prompt.choice, Named) else None
    tools = [tool for tool in prompt.tools if isinstance(tool, Custom) and only in (None, tool.name)]
    definitions: Json = {}
    choices = [one_of(tool, definitions) for tool in tools]
    wanted = {"anyOf": choices, "$defs": definitions}
    return wanted if choices and schemas.held(wanted) else None


def one_of(tool: Custom, definitions: Json) -> Json:
    """A call of one tool. Its schema moves into the definitions, and what points into it moves along."""
    place, schema = f"tool{len(definitions)}", tool.input_schema
    if not schemas.held(schema):
        schema = schemas.loosened(schema)
    definitions[place] = moved(schema, f"#/$defs/{place}")
    properties = {"name": {"const": tool.name}, "input": {"$ref": f"#/$defs/{place}"}}
    return {"type": "object", "properties": properties, "required": ["name", "input"], "additionalProperties": False}


def moved(schema: Any, place: str) -> Any:
    """A schema whose references are meant from another root."""
    if isinstance(schema, list):
        return [moved(part, place) for part in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: moved(part, place) for key, part in schema.items()}
    if isinstance(reference := schema.get("$ref"), str) and reference.startswith("#"):
        out["$ref"] = place + reference.removeprefix("#")
    return out


async def as_call(deltas: AsyncGenerator[d.AnyDelta]) -> AsyncGenerator[d.AnyDelta]:
    """A call that came as a document, as a call."""
    words: list[str] = []
    async for delta in deltas:
        if type(delta) is d.Text:
            words.append(delta.text)
        elif type(delta) is d.Stop:
            try:
                call = _decode("".join(words))
                name = msgspec.json.decode(call["name"], type=str)
            except (msgspec.DecodeError, KeyError):
                yield delta  # it was cut off, or the engine was not held after all
                return
            yield d.ToolCall(ids.new("toolu"), name)
            yield d.ToolInput(bytes(call["input"]).decode())
            yield d.Stop("tool_use")
        elif type(delta) is d.Spent:
            yield delta
