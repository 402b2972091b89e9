"""Calls of found tools, through the one tool that calls them all: to everybody else they are ordinary calls."""

import re
from collections.abc import AsyncGenerator, Iterable
from typing import Protocol

import jiter
import msgspec
from msgspec.structs import replace

from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.cuts import Cuts
from sijo.engine.deferred import Teller
from sijo.engine.filters import through
from sijo.engine.prompt import Item, Prompt
from sijo.wire.tools import Custom

_encode = msgspec.json.encode


class Backend(Protocol):
    """The part of a backend that is needed to call."""

    abilities: Abilities

    def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]: ...

    async def count(self, prompt: Prompt, /) -> int | None: ...


class Reached:
    """A backend that calls found tools by their own names.

    `prompt` is what it is told at first, `whole` the same before it was lowered. What is added later speaks of calls by
    those names, too.
    """

    def __init__(self, backend: Backend, prompt: Prompt, whole: Prompt) -> None:
        self.backend, self.abilities = backend, backend.abilities
        self._prompt, self._whole = prompt, whole

    def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        source = self.backend.generate(self._said(prompt))
        return through((Unwrap(prompt.caller),), source) if prompt.tools else source

    async def count(self, prompt: Prompt, /) -> int | None:
        return await self.backend.count(self._said(prompt))

    def _said(self, prompt: Prompt) -> Prompt:
        told = len(self._prompt.items)
        if len(prompt.items) <= told:
            return prompt
        shown = {getattr(tool, "name", "") for tool in prompt.tools}
        hidden = {tool.name: tool for tool in self._whole.tools if isinstance(tool, Custom) and tool.name not in shown}
        teller = Teller(hidden, prompt.caller, set())
        later = [Item(item.role, [teller.block(block) for block in item.content]) for item in prompt.items[told:]]
        return replace(prompt, items=[*prompt.items[:told], *later])


def reached(backend: Backend, prompt: Prompt, whole: Prompt | None) -> Backend:
    """The backend, with its calls unwrapped. Where nothing is called through another tool it is the backend itself."""
    return Reached(backend, prompt, whole or prompt) if prompt.caller else backend


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
        self._inner: Cuts | None = None

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
            return self._inside(self._inner, piece)
        self._parts.append(piece)
        self._size += len(piece)
        if self._size - len(piece) > self.HEAD_SIZE:
            return []
        text = "".join(self._parts)
        if (head := self.HEAD.match(text)) is None:
            return []
        self._inner = Cuts()
        named = replace(self._call, name=msgspec.json.decode(head[1], type=str))
        return [named, *self._inside(self._inner, text[head.end() :])]

    def _inside(self, inner: Cuts, piece: str) -> list[d.AnyDelta]:
        """What of a piece belongs to the input."""
        cuts = inner.feed(piece)
        if inner.over:
            piece = piece[: cuts[-1]] if cuts else ""
        return [d.ToolInput(piece)] if piece else []

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
