"""Tells what a model thinks from what it says, where both come as one text with `<think>` tags. Sans-I/O.

The tag counts only at the very start; later it is text like any other. Space around a thought belongs to neither side,
and a text that is nothing but space is none: the API does not take such a block back.
"""

from enum import Enum, auto

from sijo.engine import deltas as d

OPEN, CLOSE = "<think>", "</think>"


class State(Enum):
    START = auto()
    """Nothing was said yet but space, or what could begin a tag."""
    THOUGHT = auto()
    GAP = auto()
    """After a thought: space is dropped."""
    BLANK = auto()
    """No text in this block yet but space, which is held: it shows if text follows."""
    TEXT = auto()


class Tags:
    """Cuts the text of one answer, in the pieces in which it comes, into `Thinking` and `Text`.

    `mode` is "maybe", "opened" (the template has written the opening tag) or "none", as in an engine's row; `whole`
    keeps every character of the text, as when it goes on with a prefill. While `plain`, text needs no cutting; `parsed`
    tells that the engine cuts it.
    """

    parsed = False

    def __init__(self, mode: str = "maybe", *, whole: bool = False) -> None:
        self._otherwise = State.THOUGHT if mode == "opened" else State.BLANK
        self._state = State.START if mode != "none" else State.BLANK
        if whole:
            self._state = State.TEXT
        self.plain = whole
        self._begun = False
        self._held = ""

    def feed(self, text: str) -> list[d.AnyDelta]:
        """What is known to be thought or text by now."""
        text, self._held = self._held + text, ""
        out: list[d.AnyDelta] = []
        if self._state is State.START:
            text = self._start(text)
        if self._state is State.THOUGHT:
            text = self._thought(text, out)
        if self._state is State.GAP:
            text = text.lstrip()
        if self._state is State.BLANK and text.isspace():
            text, self._held = "", text
        if text:
            self._become(State.TEXT)
            out.append(d.Text(text))
        return out

    def thought(self) -> None:
        """A thought came by another way: what follows is no tag."""
        self.parsed = True
        self._become(State.GAP)
        self._held = ""

    def pause(self) -> list[d.AnyDelta]:
        """Something else comes now, such as a tool call; what is said after it is a text of its own."""
        out = self.end()
        self._become(State.BLANK)
        return out

    def end(self) -> list[d.AnyDelta]:
        """What was held and turned out to be no tag."""
        held, self._held = self._held, ""
        if not held.strip():
            return []
        return [d.Thinking(held.rstrip()) if self._state is State.THOUGHT else d.Text(held)]

    def _become(self, state: State) -> None:
        self._state = state
        self.plain = state is State.TEXT

    def _start(self, text: str) -> str:
        bare = text.lstrip()
        if len(bare) < len(OPEN) and OPEN.startswith(bare):
            self._held = text
            return ""
        if bare.startswith(OPEN):
            self._become(State.THOUGHT)
            return bare[len(OPEN) :]
        self._become(self._otherwise)
        return text

    def _thought(self, text: str, out: list[d.AnyDelta]) -> str:
        """Give the thought to `out`; what comes after its end is left."""
        if not self._begun:
            text = text.lstrip()
        at = text.find(CLOSE)
        if at < 0:
            thought, rest = text[: len(text) - _partial(text)].rstrip(), ""
            self._held = text[len(thought) :]
        else:
            thought, rest = text[:at].rstrip(), text[at + len(CLOSE) :]
            self._become(State.GAP)
        if thought:
            self._begun = True
            out.append(d.Thinking(thought))
        return rest


def _partial(text: str) -> int:
    """How many characters at the end could begin the closing tag."""
    return next((size for size in range(len(CLOSE) - 1, 0, -1) if text.endswith(CLOSE[:size])), 0)
