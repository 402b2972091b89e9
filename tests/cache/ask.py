"""Requests as clients send them, to a simulator under a clock of the test's own; and the input side of the usage."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sijo.app import offline
from sijo.engine.cache import Cache, Index, Memory
from sijo.engine.caller import Caller
from sijo.engine.intake import Intake, Terms
from sijo.engine.turn import Turn, collect
from sijo.wire.events import Message

Json = dict[str, Any]
MODEL = "claude-opus-5"
"""Its minimum is 512 tokens."""
LONG = "The river ran past the old mill and nobody asked it why. " * 60
"""Over 512 tokens, below 1,024."""
SOON: Json = {"type": "ephemeral"}
HOUR: Json = {"type": "ephemeral", "ttl": "1h"}
INTAKE = offline()


class Used(NamedTuple):
    """Tokens of input: paid in full, read, written for 5 minutes, written for an hour."""

    input: int
    read: int
    five: int
    hour: int

    @property
    def total(self) -> int:
        return sum(self)


def used(message: Message) -> Used:
    usage = message.usage
    split = usage.cache_creation
    five, hour = split.ephemeral_5m_input_tokens, split.ephemeral_1h_input_tokens
    assert usage.cache_creation_input_tokens == five + hour
    return Used(usage.input_tokens, usage.cache_read_input_tokens, five, hour)


class Platform:
    """A server without its socket: `now` is its clock, in Unix seconds."""

    def __init__(self, index: Index | None = None, secret: bytes = b"here") -> None:
        self.now = 1_000_000.0
        self.intake: Intake = dataclasses.replace(INTAKE, cache=Cache(index or Memory(), secret, lambda: self.now))

    def turn(self, body: Json, *, workspace: str | None = None, betas: Sequence[str] = (), **fields: Any) -> Turn:
        terms = Terms("2023-06-01", frozenset(betas), Caller(workspace=workspace))
        raw = json.dumps({"model": MODEL, "max_tokens": 8, **body, **fields}).encode()
        return self.intake.turn(raw, terms)[0]

    async def message(self, body: Json, **fields: Any) -> Message:
        return await collect(self.turn(body, **fields))

    async def ask(self, body: Json, **fields: Any) -> Used:
        """The usage of a request."""
        return used(await self.message(body, **fields))


def text(words: str, mark: Json | None = None) -> Json:
    return {"type": "text", "text": words} | marked(mark)


def marked(mark: Json | None) -> Json:
    return {} if mark is None else {"cache_control": mark}


def user(*blocks: Json | str, role: str = "user") -> Json:
    return {"role": role, "content": [text(block) if isinstance(block, str) else block for block in blocks]}


def said(*blocks: Json | str) -> Json:
    return user(*blocks, role="assistant")


def tool(name: str, mark: Json | None = None, **fields: Any) -> Json:
    return {"name": name, "description": LONG, "input_schema": {"type": "object"}, **fields} | marked(mark)


def call(id: str, input: Mapping[str, Any] | None = None) -> Json:
    return {"type": "tool_use", "id": id, "name": "read", "input": dict(input or {"path": id})}


def result(id: str, content: Any = "done", mark: Json | None = None) -> Json:
    return {"type": "tool_result", "tool_use_id": id, "content": content} | marked(mark)
