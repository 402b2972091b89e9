"""Filters of deltas: what is done to a model's words on their way out. Each is sans-I/O and lives for one speaker.

A filter takes a delta and gives what follows from it; `end` gives what it still held. `done` says that the rest is not
wanted: the engine is stopped then. They stand in the order in which they are named.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from typing import Protocol

from msgspec.structs import replace

from sijo.engine import deltas as d
from sijo.engine.cuts import Cuts
from sijo.wire.blocks import ToolUse


class Filter(Protocol):
    """What is done to a model's words."""

    done: bool

    def feed(self, delta: d.AnyDelta, /) -> Iterable[d.AnyDelta]: ...

    def end(self) -> Iterable[d.AnyDelta]: ...


async def through(filters: Sequence[Filter], source: AsyncGenerator[d.AnyDelta]) -> AsyncGenerator[d.AnyDelta]:
    """The source's deltas, each passed through every filter in turn. Closes the source, however it ends."""
    async with aclosing(source) as deltas:
        async for delta in deltas:
            for out in push(filters, [delta]):
                yield out
            if any(f.done for f in filters):
                break
    for out in ended(filters):
        yield out


def ended(filters: Sequence[Filter]) -> Iterable[d.AnyDelta]:
    """What the filters still held."""
    for at, last in enumerate(filters):
        yield from push(filters[at + 1 :], last.end())


def push(filters: Sequence[Filter], deltas: Iterable[d.AnyDelta]) -> Iterable[d.AnyDelta]:
    """The deltas through all filters. Plain lists: a chain of generators costs more than it shows."""
    for f in filters:
        deltas = [out for delta in deltas for out in f.feed(delta)]
    return deltas


class Stops:
    """Ends the answer at the first stop sequence, and holds back only what could be the beginning of one.

    The API cuts *before* the sequence and names it. Most engines cut too and do not say which one it was, so it is done
    here for all of them; only the model's text is looked at, never its thinking or a tool's input.
    """

    def __init__(self, sequences: Sequence[str]) -> None:
        self.sequences = tuple(sequences)
        self.done = False
        self._held = ""

    def feed(self, delta: d.AnyDelta, /) -> Iterable[d.AnyDelta]:
        if type(delta) is not d.Text:
            held = [] if type(delta) is d.Spent else self._release()
            return [*held, delta]
        text = self._held + delta.text
        # the first to be complete, whatever pieces the text comes in; of those that end together the longest
        ends = [(i + len(s), i, s) for s in self.sequences if (i := text.find(s)) >= 0]
        if ends:
            _, at, found = min(ends)
            self.done, self._held = True, ""
            before = [d.Text(text[:at])] if at else []
            return [*before, d.Stop("stop_sequence", found)]
        keep = self._partial(text)
        self._held = text[len(text) - keep :]
        out = text[: len(text) - keep]
        return [d.Text(out)] if out else []

    def end(self) -> Iterable[d.AnyDelta]:
        return self._release()

    def _release(self) -> list[d.AnyDelta]:
        held, self._held = self._held, ""
        return [d.Text(held)] if held else []

    def _partial(self, text: str) -> int:
        """How many characters at the end could begin a sequence."""
        longest = max(map(len, self.sequences))
        for size in range(min(longest - 1, len(text)), 0, -1):
            tail = text[-size:]
            if any(len(s) > size and s.startswith(tail) for s in self.sequences):
                return size
        return 0


class Keys:
    """Gives a tool's input one complete key at a time, as the API does unless a tool asks for eager streaming."""

    def __init__(self, eager: frozenset[str] = frozenset()) -> None:
        self.eager = eager
        self.done = False
        self._raw = False
        self._reset()

    def _reset(self) -> None:
        self._parts: list[str] = []
        self._cuts = Cuts()

    def feed(self, delta: d.AnyDelta, /) -> Iterable[d.AnyDelta]:
        kind = type(delta)
        if kind is d.ToolInput and not self._raw:
            return self._scan(delta.json)  # type: ignore[union-attr]
        held: list[d.AnyDelta] = []
        if kind is not d.ToolInput and kind is not d.Spent:
            held = self._release()
        if kind in (d.ToolCall, d.Open):
            self._reset()
            self._raw = getattr(delta, "name", "") in self.eager
        return [*held, delta]

    def end(self) -> Iterable[d.AnyDelta]:
        return self._release()

    def _release(self) -> list[d.AnyDelta]:
        held = "".join(self._parts)
        self._parts = []
        return [d.ToolInput(held)] if held else []

    def _scan(self, piece: str) -> list[d.AnyDelta]:
        """Cut at the commas of the outermost object, and at its end."""
        out: list[d.AnyDelta] = []
        start = 0
        for at in self._cuts.feed(piece):
            self._parts.append(piece[start:at])
            out += self._release()
            start = at
        self._parts.append(piece[start:])
        return out


class One:
    """Ends the answer after its first call to the client's tools, where the caller wants no others beside it."""

    def __init__(self) -> None:
        self.done = False
        self._called = False

    def feed(self, delta: d.AnyDelta, /) -> Iterable[d.AnyDelta]:
        if self.done:
            return ()
        if (type(delta) is d.ToolCall and not delta.server) or (type(delta) is d.Open and type(delta.block) is ToolUse):
            if self._called:
                self.done = True
                return (d.Stop("tool_use"),)
            self._called = True
        return (delta,)

    def end(self) -> Iterable[d.AnyDelta]:
        return ()


class Silent:
    """Of an answer that was only to warm the cache (`max_tokens: 0`), nothing but what its prompt cost."""

    done = False

    def feed(self, delta: d.AnyDelta, /) -> Iterable[d.AnyDelta]:
        match delta:
            case d.Spent():
                return (replace(delta, output=0, thinking=0),)
            case d.Stop():
                return (d.Stop("max_tokens"),)
            case _:
                return ()

    def end(self) -> Iterable[d.AnyDelta]:
        return ()
