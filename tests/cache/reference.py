"""Prompt caching as plainly as it can be said: whole prefixes kept in a list, compared block by block.

It shares nothing with the server but the count of a prompt's tokens. A prefix is a tuple of what it holds; there are no
digests, nothing is worked out before it is needed, and nothing is clever.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import msgspec

from sijo.engine import rules
from sijo.engine.count import prompt_tokens
from sijo.engine.estimate import tokens
from sijo.engine.lower import merged
from sijo.engine.models import models
from sijo.engine.prompt import Prompt
from sijo.wire import blocks as b
from sijo.wire.request import MessageParam, MessageRequest, decode_message
from tests.cache.ask import MODEL, Json, Used

SECONDS = {"5m": 300, "1h": 3600}
LEAST = 512
Prefix = tuple[Any, ...]


@dataclass
class Kept:
    """A prefix that was written."""

    prefix: Prefix
    tokens: int
    life: int
    until: float


@dataclass
class Place:
    """Where a prefix can end: all of it so far, its tokens, the number of its block, and its mark."""

    prefix: Prefix
    tokens: int
    number: int
    mark: str | None = None


@dataclass
class Reference:
    """One organization's cache."""

    kept: list[Kept] = field(default_factory=list)

    def ask(self, body: Json, workspace: str | None, now: float) -> Used:
        """What the request is charged."""
        places, whole = Places(body, workspace).all()
        alive = [kept for kept in self.kept if kept.until > now]
        hit: Kept | None = None
        for at, mark in enumerate(places):
            if mark.mark is None:
                continue
            near = [place.prefix for place in places[: at + 1] if mark.number - place.number < 20]
            found = [kept for kept in alive if kept.prefix in near]
            if found:
                best = max(found, key=lambda kept: len(kept.prefix))
                best.until = max(best.until, now + best.life)
                if hit is None or len(best.prefix) > len(hit.prefix):
                    hit = best
        read, length = (hit.tokens, len(hit.prefix)) if hit else (0, 0)
        behind = [place for place in places if place.mark and len(place.prefix) > length and place.tokens >= LEAST]
        for place in behind:
            assert place.mark is not None
            life = SECONDS[place.mark]
            self.kept = [kept for kept in self.kept if kept.prefix != place.prefix]
            self.kept.append(Kept(place.prefix, place.tokens, life, now + life))
        last = max([read, *(place.tokens for place in behind)])
        hour = max([read, *(place.tokens for place in behind if place.mark == "1h")])
        return Used(whole - last, read, last - hour, hour - read)


class Places:
    """Reads a request from its start to its end."""

    def __init__(self, body: Json, workspace: str | None) -> None:
        self.request: MessageRequest = decode_message(json.dumps({"model": MODEL, "max_tokens": 8, **body}).encode())
        self.tools = rules.tools(self.request.tools)
        self.system = self.request.system if isinstance(self.request.system, list) else []
        self.prefix: Prefix = (workspace,)
        self.number = 0
        self.places: list[Place] = []

    def all(self) -> tuple[list[Place], int]:
        """The places, and the tokens of the whole."""
        for n, tool in enumerate(self.tools):
            self.add(plain(tool), self.count(n + 1, 0, []), tool)
        for n, text in enumerate(self.system):
            self.add(plain(text), self.count(len(self.tools), n + 1, []), text)
        self.prefix = (*self.prefix, f"choice: {self.request.tool_choice!r}")
        before: list[MessageParam] = []
        for message in self.request.messages:
            assert not isinstance(message.content, str)
            for block in message.content:
                self.parts(message.role, block, before)
                before = [*before, MessageParam(message.role, [block])]
                self.add((message.role, plain(block)), self.spoken(before), block)
        if self.request.cache_control is not None:
            self.places[-1].mark = self.places[-1].mark or self.request.cache_control.ttl or "5m"
        return self.places, self.spoken(before)

    def parts(self, role: str, block: b.Block, before: list[MessageParam]) -> None:
        """Inside of a result: each part is a place, and none of them is a block of its own."""
        if isinstance(block, b.ToolResult) and isinstance(block.content, list):
            for n, part in enumerate(block.content):
                half = msgspec.structs.replace(block, content=block.content[: n + 1])
                count = self.spoken([*before, MessageParam(role, [half])])
                self.add((role, block.tool_use_id, plain(part)), count, part)
                self.number -= 1

    def add(self, what: Any, count: int, block: Any) -> None:
        mark = block.cache_control
        self.prefix = (*self.prefix, what)
        self.places.append(Place(self.prefix, count, self.number, None if mark is None else mark.ttl or "5m"))
        self.number += 1

    def spoken(self, messages: list[MessageParam]) -> int:
        return self.count(len(self.tools), len(self.system), messages)

    def count(self, tools: int, system: int, messages: list[MessageParam]) -> int:
        model = models().get(MODEL)
        assert model is not None
        items = merged(messages)
        said, offered = self.system[:system], self.tools[:tools]
        return prompt_tokens(Prompt(model, self.request, said, items, offered), tokens)


def plain(block: Any) -> str:
    """A block without marks, as text."""
    whole = msgspec.to_builtins(block)
    inner = whole.get("content")
    for part in [whole, *(inner if isinstance(inner, list) else [])]:
        part.pop("cache_control", None)
    return json.dumps(whole)
