"""An answer that is held to a schema, and only the answer: thoughts before it and calls in its place stay free.

Many engines that are held to a schema can write nothing else. Those are asked in two parts: first unheld, until they
begin to answer; then for the answer, held, from the prefix that they still have in their cache.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from msgspec.structs import replace

from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.estimate import tokens
from sijo.engine.forced import called, is_forced
from sijo.engine.prompt import Prompt
from sijo.engine.thinking.speak import continued, unbegun
from sijo.wire.request import NoTools

Deltas = AsyncGenerator[d.AnyDelta]


class Backend(Protocol):
    """The part of a backend that is needed to answer."""

    abilities: Abilities

    def generate(self, prompt: Prompt, /) -> Deltas: ...

    async def count(self, prompt: Prompt, /) -> int | None: ...


def holding(backend: Backend, prompt: Prompt) -> Backend:
    """The backend, asked in two parts where it has to be: the backend itself where nothing has to be kept to."""
    able = backend.abilities
    if able.everything or not able.holds or (prompt.format is None and not is_forced(prompt)):
        return backend
    return Holding(backend)


class Holding:
    """A backend that keeps to the schema in its answer, and is free in its thoughts and calls."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.abilities = backend.abilities

    def generate(self, prompt: Prompt, /) -> Deltas:
        able = self.abilities
        if prompt.begun is not None:
            return self.backend.generate(prompt)
        if is_forced(prompt):
            return called(self.backend, prompt)
        if prompt.format is None:
            return self.backend.generate(prompt)
        thinks = prompt.thought.mode != "off" and not able.holds_thinking
        calls = bool(prompt.tools) and not isinstance(prompt.choice, NoTools) and not able.holds_calls
        if not thinks and not calls:
            return self.backend.generate(prompt)
        return self._parted(prompt, calls=calls)

    async def count(self, prompt: Prompt, /) -> int | None:
        return await self.backend.count(prompt)

    async def _parted(self, prompt: Prompt, *, calls: bool) -> Deltas:
        """What it thinks and calls, unheld; and, unless it called, the answer, held.

        A text that does not look like the answer may lead up to a call, so it is read to its end. It is not told: all
        that a client gets as text is the document.
        """
        thoughts: list[str] = []
        kept: list[d.AnyDelta] = []
        calling = prose = False
        async with aclosing(self.backend.generate(replace(prompt, held=False))) as deltas:
            async for delta in deltas:
                kind = type(delta)
                if kind is d.Thinking:
                    thoughts.append(delta.text)  # type: ignore[union-attr]
                    yield delta
                elif kind is d.Text and not calling:
                    text = delta.text.strip()  # type: ignore[union-attr]
                    if not calls or (not prose and text.startswith(("{", "["))):
                        break
                    prose = prose or bool(text)
                elif kind is d.Spent or kind is d.Stop:
                    kept.append(delta)
                elif kind is not d.Text:
                    calling = calling or kind is d.ToolCall
                    yield delta
        if calling:
            for delta in kept:
                yield delta
            return
        async with aclosing(self._answer(prompt, "".join(thoughts))) as deltas:
            async for delta in deltas:
                yield delta

    async def _answer(self, prompt: Prompt, thought: str) -> Deltas:
        """The answer alone, after what was thought."""
        spent = tokens(thought) if thought else 0
        left = max(1, prompt.max_tokens - spent)
        rest = replace(prompt, choice=NoTools() if prompt.tools else prompt.choice, max_tokens=left)
        if not thought:
            rest = replace(rest, thought=replace(prompt.thought, mode="off"))
        elif self.abilities.resumes:
            rest = replace(rest, begun=thought)
        else:
            rest = unbegun(replace(rest, begun=thought))
        input = None
        if thought:
            yield d.Spent(output=spent, thinking=spent)
            input = await self.count(prompt)
        async with aclosing(self.backend.generate(rest)) as deltas:
            async for delta in deltas:
                if type(delta) is d.Spent and thought:
                    yield continued(delta, spent, input)
                elif type(delta) is not d.Thinking:
                    yield delta
