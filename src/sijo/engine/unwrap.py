"""Calls of found tools, through the one tool that calls them all: to everybody else they are ordinary calls."""

import re
from collections.abc import AsyncGenerator, Iterable, Iterator
from typing import Protocol

import jiter
import msgspec
from msgspec.structs import replace

from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.deferred import Teller
from sijo.engine.filters import through
from sijo.engine.prompt import Item, Prompt

_encode = msgspec.json.encode


class Backend(Protocol):
    """The part of a backend that is needed to call."""

    abilities: Abilities

    def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]: ...

    async def count(self, prompt: Prompt, /) -> int | None: ...


class Reached:
    """A backend that is told of the tools in `prompt`, and calls those that were found by their own names."""

    def __init__(self, backend: Backend, prompt: Prompt) -> None:
        self.backend, self.abilities = backend, backend.abilities
        self._tools = prompt.tools
        self._teller = Teller({tool.name: tool for tool in prompt.found}, prompt.caller, set())

    def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        return through((Unwrap(prompt.caller),), self.backend.generate(self._said(prompt)))

    async def count(self, prompt: Prompt, /) -> int | None:
        return await self.backend.count(self._said(prompt))

    def _said(self, prompt: Prompt) -> Prompt:
        """The prompt as the engine is told it: what was added since it was lowered has calls by their own names."""
        if not prompt.tools:
            return prompt
        items = [Item(item.role, [self._teller.block(block) for block in item.content]) for item in prompt.items]
        return replace(prompt, tools=self._tools, items=items)


def unwrapped(prompt: Prompt) -> Prompt:
    """The prompt with the tools that a call may name once it is unwrapped; no engine holds those to their schemas."""
    if not prompt.found:
        return prompt
    return replace(
        prompt, tools=[*prompt.tools, *(msgspec.structs.replace(tool, strict=False) for tool in prompt.found)]
    )


def reached(backend: Backend, prompt: Prompt) -> Backend:
    """The backend, with its calls unwrapped. Where nothing is called through another tool it is the backend itself."""
    return Reached(backend, prompt) if prompt.caller else backend


class Unwrap:
    """Makes a call of the found tool out of a call of the one that calls it, as it comes."""

    HEAD = re.compile(r'\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.){1,256}")\s*,\s*"input"\s*:\s*(?=\{)')
    HEAD_SIZE = 400
    """Characters within which the input begins, or the call is read whole."""
    INPUTS = ("input", "arguments", "parameters")

    def __init__(self, caller: str) -> None:
        self.caller = caller
        self.done = False
        self._call: d.ToolCall | None = None
        self._parts: list[str] = []
        self._size = 0
        self._inner: Depth | None = None

    def feed(self, delta: d.AnyDelta, /) -> Iterable[d.AnyDelta]:
        if type(delta) is d.ToolInput and self._call is not None:
            return self._input(delta.json)
        if type(delta) is d.Spent:
            return (delta,)
        held = self._release()
        if type(delta) is d.ToolCall and delta.name == self.caller:
            self._call = delta
            return held
        return [*held, delta]

    def end(self) -> Iterable[d.AnyDelta]:
        return self._release()

    def _input(self, piece: str) -> list[d.AnyDelta]:
        assert self._call is not None
        if self._inner is not None:
            return [d.ToolInput(text) for text in self._inner.feed(piece)]
        self._parts.append(piece)
        self._size += len(piece)
        if self._size - len(piece) > self.HEAD_SIZE:
            return []
        text = "".join(self._parts)
        if (head := self.HEAD.match(text)) is None:
            return []
        self._inner = Depth()
        named = replace(self._call, name=msgspec.json.decode(head[1], type=str))
        return [named, *(d.ToolInput(rest) for rest in self._inner.feed(text[head.end() :]))]

    def _release(self) -> list[d.AnyDelta]:
        """The whole of a call that did not begin as expected. What names no tool stays what it is."""
        call, inner, text = self._call, self._inner, "".join(self._parts)
        self._call, self._inner, self._parts, self._size = None, None, [], 0
        if call is None or inner is not None:
            return []
        name, input = self._read(text)
        return [replace(call, name=name or call.name), *([d.ToolInput(input)] if input else [])]

    def _read(self, text: str) -> tuple[str, str]:
        try:
            value = jiter.from_json(text.encode(), partial_mode="trailing-strings")
        except ValueError:
            return "", text
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            return "", text
        name = value.pop("name")
        input = next((value[key] for key in self.INPUTS if isinstance(value.get(key), dict | str)), value)
        return name, input if isinstance(input, str) else _encode(input).decode()


class Depth:
    """Passes the text of one JSON object on, and nothing of what comes after its end."""

    def __init__(self) -> None:
        self._depth = 0
        self._string = self._escape = self._ended = False

    def feed(self, piece: str) -> Iterator[str]:
        if self._ended:
            return
        for at, char in enumerate(piece):
            if self._string:
                if self._escape:
                    self._escape = False
                elif char == "\\":
                    self._escape = True
                elif char == '"':
                    self._string = False
            elif char == '"':
                self._string = True
            elif char in "{[":
                self._depth += 1
            elif char in "}]":
                self._depth -= 1
                if not self._depth:
                    self._ended = True
                    yield piece[: at + 1]
                    return
        if piece:
            yield piece
