"""A backend whose model may write its calls as text: it is told of tools as it can be, and its calls are found.

An engine without tools of its own gets them as text, by its convention. One with tools is asked as it is; what its
model writes as text all the same, because a parser missed it or the marks were wrong, is found too.
"""

from collections.abc import AsyncGenerator, Iterable
from typing import TYPE_CHECKING

from sijo import ids
from sijo.engine import deltas as d
from sijo.engine.calls.conventions import Convention
from sijo.engine.calls.judge import Known
from sijo.engine.calls.read import Part, Reader
from sijo.engine.calls.write import lowered, spoken_of
from sijo.engine.filters import through
from sijo.engine.prompt import Prompt
from sijo.wire.request import NoTools

if TYPE_CHECKING:
    from sijo.engine.turn import Backend

CUT = ("max_tokens", "model_context_window_exceeded")
"""Ends at which a call may be in the middle."""


class Written:
    """`backend`, with calls that are text. `convention` is None where the engine takes tools itself."""

    def __init__(self, backend: "Backend", convention: Convention | None) -> None:
        self.name, self.abilities = backend.name, backend.abilities
        self._backend, self._convention = backend, convention

    def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        """Continue the prompt. A prompt without tools goes straight through."""
        if not spoken_of(prompt):
            return self._backend.generate(prompt)
        source = self._backend.generate(self._said(prompt))
        if not prompt.tools or isinstance(prompt.choice, NoTools) or prompt.begun is not None:
            return source
        return through((Found(prompt, native=self._convention is None),), source)

    async def count(self, prompt: Prompt, /) -> int | None:
        """The prompt's tokens as it will be said."""
        return await self._backend.count(self._said(prompt) if spoken_of(prompt) else prompt)

    async def close(self) -> None:
        """Let go of what the backend holds."""
        await self._backend.close()

    def _said(self, prompt: Prompt) -> Prompt:
        return prompt if self._convention is None else lowered(prompt, self._convention)


class Found:
    """A filter: text becomes text and calls. Calls that the engine itself has told pass, and end the search: what is
    text then is meant as text."""

    def __init__(self, prompt: Prompt, *, native: bool) -> None:
        known = Known(prompt.tools)
        sure = known.sure if native else known.named
        self._reader = Reader(
            known.names,
            known.properties,
            sure if prompt.format is None else None,
            known.meant if native else None,
        )
        self._single = getattr(prompt.choice, "disable_parallel_tool_use", False)
        self._native = self._stopped = False
        self.done = False

    def feed(self, delta: d.AnyDelta, /) -> Iterable[d.AnyDelta]:
        kind = type(delta)
        if kind is d.Spent or self._native:
            return (delta,)
        if kind is d.Text:
            out = self._deltas(self._reader.feed(delta.text))  # type: ignore[union-attr]
            self.done = self.done or self._reader.done
            return out
        if kind is d.Stop:
            return self._stop(delta)  # type: ignore[arg-type]
        if kind is d.ToolCall:
            self._native = True
            return [*self._deltas(self._reader.end()), delta]
        return (delta,)

    def end(self) -> Iterable[d.AnyDelta]:
        if self._stopped or self._native:
            return ()
        out = self._deltas(self._reader.end())
        return [*out, d.Stop("tool_use")] if self._reader.made else out

    def _stop(self, stop: d.Stop) -> list[d.AnyDelta]:
        self._stopped = True
        out = self._deltas(self._reader.cut() if stop.reason in CUT else self._reader.end())
        called = self._reader.made and stop.reason in ("end_turn", "stop_sequence")
        return [*out, d.Stop("tool_use") if called else stop]

    def _deltas(self, parts: Iterable[Part]) -> list[d.AnyDelta]:
        out: list[d.AnyDelta] = []
        for part in parts:
            if self.done:
                break
            if isinstance(part, str):
                out.append(d.Text(part))
                continue
            name, input = part
            out.append(d.ToolCall(ids.new("toolu"), name, written=True))
            if input:
                out.append(d.ToolInput(input))
            self.done = self._single
        return out
