"""A summary of thinking by another engine, made piece by piece while the thinking goes on.

The first lines are shown in full. After them every piece of some length is given to the summarizer, in the background
and several at a time, and what comes back is shown in order. Nothing of it is billed: usage counts what was thought.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol

from msgspec.structs import replace

from sijo.engine import deltas as d
from sijo.engine.prompt import Item, Prompt, Thought
from sijo.engine.thinking.extract import FULL
from sijo.errors import ApiError
from sijo.wire import blocks as b

PIECE = 1500
"""Characters of thinking that are summed up together."""
LONGEST = 200
"""Tokens of one such summary."""
ASK = (
    "Below is a piece of somebody's private reasoning. Say in one or two sentences, in the first person and in the "
    "language of the reasoning, what is worked out in it. Write nothing else.\n\n<reasoning>\n{}\n</reasoning>"
)
Deltas = AsyncGenerator[d.AnyDelta]


class Backend(Protocol):
    """Who sums up."""

    def generate(self, prompt: Prompt, /) -> Deltas: ...


async def summarized(source: Deltas, prompt: Prompt, backend: Backend) -> Deltas:
    """The source's deltas, its thinking with what is to be shown of it."""
    summary = _Summary(prompt, backend)
    try:
        async with aclosing(source) as deltas:
            async for delta in deltas:
                if type(delta) is d.Thinking:
                    yield d.Thinking(delta.text, summary.feed(delta.text))
                    continue
                if type(delta) is not d.Spent:
                    async for rest in summary.rest():
                        yield rest
                yield delta
        async for rest in summary.rest():
            yield rest
    finally:
        summary.cancel()


class _Summary:
    """The pieces of one block of thinking, and the summaries that are on their way."""

    def __init__(self, prompt: Prompt, backend: Backend) -> None:
        self._prompt, self._backend = prompt, backend
        self._full = FULL
        self._parts: list[str] = []
        self._size = 0
        self._coming: deque[asyncio.Task[str]] = deque()

    def feed(self, text: str) -> str:
        """What to show now: the text itself at the start, then the summaries that have come."""
        if self._full > 0:
            self._full -= len(text)
            return text
        self._parts.append(text)
        self._size += len(text)
        if self._size >= PIECE:
            self._send()
        ready = []
        while self._coming and self._coming[0].done():
            ready.append(self._coming.popleft().result())
        return "".join(ready)

    async def rest(self) -> AsyncGenerator[d.Thinking]:
        """What is still to be shown when the thinking is over."""
        if self._parts:
            self._send()
        while self._coming:
            yield d.Thinking("", await self._coming.popleft())
        self._full = FULL

    def cancel(self) -> None:
        for task in self._coming:
            task.cancel()

    def _send(self) -> None:
        piece = "".join(self._parts)
        self._parts, self._size = [], 0
        self._coming.append(asyncio.create_task(self._say(piece)))

    async def _say(self, piece: str) -> str:
        """One summary. Without an answer nothing is shown of the piece: the thinking itself is not lost by that."""
        items: Sequence[Item] = [Item("user", [b.Text(ASK.format(piece))])]
        asked = replace(
            self._prompt, system=(), items=items, tools=(), choice=None, stops=(), format=None, max_tokens=LONGEST,
            thought=Thought(), begun=None,
        )  # fmt: skip
        words: list[str] = []
        try:
            async with aclosing(self._backend.generate(asked)) as deltas:
                async for delta in deltas:
                    if type(delta) is d.Text:
                        words.append(delta.text)
        except ApiError:
            return ""
        said = "".join(words).strip()
        return f"\n\n{said}" if said else ""
