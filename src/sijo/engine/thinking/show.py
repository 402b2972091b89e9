"""How thinking leaves: hidden, in full, summed up or omitted, and each block signed. Filters of deltas."""

import re
from collections.abc import Callable, Iterable, Sequence

from sijo.engine import deltas as d
from sijo.engine.estimate import tokens
from sijo.engine.thinking.extract import Extract
from sijo.engine.thinking.seal import Foreign, Origin, Seal, Sealed, Tampered
from sijo.wire.blocks import RedactedThinking
from sijo.wire.events import ThinkingDelta

HIDDEN = (d.Thinking, d.Signature)
QUANTUM = 50
"""Tokens: of how many of them, or of how often as many, an estimate tells."""


class Hide:
    """Drops thinking that was not asked for: an engine may think by default, the API does not."""

    done = False

    def feed(self, delta: d.AnyDelta, /) -> Iterable[d.AnyDelta]:
        return () if type(delta) in HIDDEN or redacted(delta) else (delta,)

    def end(self) -> Iterable[d.AnyDelta]:
        return ()


def redacted(delta: d.AnyDelta) -> bool:
    return type(delta) is d.Whole and type(delta.block) is RedactedThinking


class Thoughts:
    """The thoughts of one turn, numbered over all its rounds: in which order they came is part of what is signed, and
    so is what they were made for. `origin` tells that, and is asked when there is a thought to sign: there may be none.
    """

    def __init__(self, seal: Seal, turn: str, origin: Callable[[], Origin] = Origin) -> None:
        self.seal = seal
        self.turn = turn
        self.count = 0
        self._origin = origin
        self._known: Origin | None = None

    def sign(self, thinking: str, shown: str | None) -> str:
        origin = self._known
        if origin is None:
            origin = self._known = self._origin()
        signature = self.seal.sign(Sealed(thinking, shown, self.turn, self.count, origin))
        self.count += 1
        return signature


class Show:
    """Shows thinking as `display` says (`full`, `summarized`, `omitted`), and ends each block with its signature.

    The engine's own count of thinking tokens stands; where it has none, what was thought is counted here, and is never
    more than all that the engine says it wrote. With `estimates`, one who sees nothing of it is told how much it is
    while it lasts.
    """

    done = False

    def __init__(self, thoughts: Thoughts, display: str, *, estimates: bool = False) -> None:
        self.thoughts, self.estimates = thoughts, estimates
        self.display = "omitted" if display == "updates" else display  # progress notes are not thinking
        self._parts: list[str] = []
        self._shown: list[str] = []
        self._extract = Extract()
        self._counted = self._written = self._due = 0
        self._told = False

    def feed(self, delta: d.AnyDelta, /) -> Iterable[d.AnyDelta]:
        if type(delta) is d.Thinking:
            return self._think(delta)
        if type(delta) is d.Spent:
            self._written += delta.output
            self._told = self._told or delta.thinking > 0
            return (delta,)
        if type(delta) is d.Whole and type(delta.block) is RedactedThinking:
            return (*self.closed(), self._redact(delta.block.data))
        return (*self.closed(), delta) if self._parts else (delta,)

    def end(self) -> Iterable[d.AnyDelta]:
        closed = self.closed()
        if self._told or not self._counted:
            return closed
        return (*closed, d.Spent(thinking=min(self._counted, self._written or self._counted)))

    def closed(self) -> Sequence[d.AnyDelta]:
        """The end of the block that is open: what is left to show of it, and its signature."""
        if not self._parts:
            return ()
        thinking = "".join(self._parts)
        self._counted += tokens(thinking)
        last = self._say(self._extract.end()) if self.display == "summarized" else ()
        shown = None if self.display == "full" else "".join(self._shown)
        signature = self.thoughts.sign(thinking, None if shown == thinking else shown)
        self._parts, self._shown, self._extract, self._due = [], [], Extract(), 0
        return (*last, d.Signature(signature))

    def _think(self, delta: d.Thinking) -> Iterable[d.AnyDelta]:
        self._parts.append(delta.text)
        if self.display == "full":
            return (delta,)
        if self.display == "omitted":
            begun = (d.Thinking(""),) if len(self._parts) == 1 else ()
            return (*begun, *self._estimated(delta.text)) if self.estimates else begun
        shown = delta.shown  # by another engine, which sums up
        if shown is None:
            shown = self._extract.feed(delta.text)
        return self._say(shown) if shown else ()

    def _estimated(self, text: str) -> Sequence[d.AnyDelta]:
        """A frame without words for every few tokens. It is an estimate of pieces: of the whole, `closed` makes one."""
        self._due += tokens(text)
        told = self._due // QUANTUM * QUANTUM
        self._due -= told
        return (d.Piece(ThinkingDelta("", told)),) if told else ()

    def _say(self, text: str) -> Sequence[d.AnyDelta]:
        if not text:
            return ()
        self._shown.append(text)
        return (d.Thinking(text),)

    def _redact(self, data: str) -> d.Whole:
        """A redacted block, sealed: a screen has done that already, a backend that redacts by itself has not."""
        try:
            thinking = self.thoughts.seal.open(data).thinking
        except (Foreign, Tampered):
            thinking, data = data, self.thoughts.sign(data, "")
        self._counted += tokens(thinking)
        return d.Whole(RedactedThinking(data))


class Screen:
    """Thinking that matches one of the patterns is not shown, but leaves as `redacted_thinking`, sealed all the same.

    To know, the whole thought must be there: with a screen thinking does not stream.
    """

    done = False

    def __init__(self, thoughts: Thoughts, patterns: Sequence[re.Pattern[str]]) -> None:
        self.thoughts = thoughts
        self.patterns = patterns
        self._parts: list[str] = []

    def feed(self, delta: d.AnyDelta, /) -> Iterable[d.AnyDelta]:
        if type(delta) is d.Thinking:
            self._parts.append(delta.text)
            return ()
        return (delta,) if type(delta) is d.Spent else (*self.end(), delta)

    def end(self) -> Iterable[d.AnyDelta]:
        if not self._parts:
            return ()
        thinking = "".join(self._parts)
        self._parts = []
        if any(pattern.search(thinking) for pattern in self.patterns):
            return (d.Whole(RedactedThinking(self.thoughts.sign(thinking, ""))),)
        return (d.Thinking(thinking),)
