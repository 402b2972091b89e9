"""What a turn cost when the engine does not say, and why it ended when the engine says only that it was cut.

An engine that is stopped early, at a stop sequence, never comes to its last chunk with the usage. What it said is
counted then.
"""

from collections.abc import Callable, Iterable

from sijo.engine import deltas as d
from sijo.engine.cache.reuse import Reuse

SPOKEN = (d.Text, d.Thinking)


class Meter:
    """Adds what was not reported. `asked` is the caller's `max_tokens`: an answer that was cut before has filled the
    window; `expected` counts the input, `count` counts a text. With `reuse` the engine's own cache is not told
    of: what it had there is noted, and counted as plain input."""

    done = False

    def __init__(
        self, asked: int, expected: Callable[[], int], count: Callable[[str], int], reuse: Reuse | None = None
    ) -> None:
        self.asked, self.expected, self.count, self.reuse = asked, expected, count, reuse
        self._output = self._input = 0
        self._said: list[str] = []

    def feed(self, delta: d.AnyDelta, /) -> Iterable[d.AnyDelta]:
        kind = type(delta)
        if kind in SPOKEN:
            self._said.append(delta.text)  # type: ignore[union-attr]
        elif kind is d.ToolInput:
            self._said.append(delta.json)  # type: ignore[union-attr]
        elif kind is d.Spent:
            self._output += delta.output  # type: ignore[union-attr]
            self._input += delta.input + delta.cache_read  # type: ignore[union-attr]
            if self.reuse is not None:
                return (self.reuse.noted(delta),)  # type: ignore[arg-type]
        elif kind is d.Stop and delta.reason == "max_tokens" and 0 < self._output < self.asked:  # type: ignore[union-attr]
            return (d.Stop("model_context_window_exceeded"),)
        return (delta,)

    def end(self) -> Iterable[d.AnyDelta]:
        output = 0 if self._output or not self._said else self.count("".join(self._said))
        input = 0 if self._input else self.expected()
        return (d.Spent(input, output),) if output or input else ()
