"""The marks between which a call may stand in text, and what may be the beginning of one. Reading is left to `read`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sijo.engine.calls.conventions import conventions
from sijo.engine.remembered import remembered

MANY = 1_000
"""Tools whose marks are remembered."""
TAGGED = 200
"""Tools whose names are looked for as tags; with more of them it would cost too much."""
SPACE = 200
"""How much space at the end of a text is held, since it is dropped before a call."""
_GAP, _WORD = r"[ \t]{0,100}", r"[\w-]{0,40}"
"""How far a line is indented, and how long the word behind a fence is: what may begin a call is held, and a model that
fell into a loop writes spaces without end."""
LINE = re.compile(rf"\n{_GAP}(?:[;,]{_GAP})?(```{_WORD}{_GAP}\n|[\[{{])")
_LINE_PART = re.compile(rf"\n{_GAP}(?:[;,]{_GAP})?(?:`{{1,3}}|```{_WORD}{_GAP})?\Z")


@dataclass(frozen=True, slots=True)
class Frame:
    """Marks of a call. `kept` ones are part of it; with `doubt` it must be sure that it is one; `line` ones end with
    the value that they begin; `tool` is the tool whose name is the mark."""

    open: str
    close: str
    kept: bool = False
    doubt: bool = False
    line: bool = False
    tool: str = ""


class Marks:
    """What is looked for in text, for one set of tools."""

    def __init__(self, names: Sequence[str], doubt: bool) -> None:
        read = conventions().marks
        frames = [Frame(*pair) for pair in read.frames] + [Frame(*pair, kept=True) for pair in read.heads]
        if doubt:
            frames += [Frame(*pair, doubt=True) for pair in read.doubtful]
            known = {frame.open for frame in frames}
            tools = names if len(names) <= TAGGED else ()
            frames += [Frame(f"<{n}>", f"</{n}>", doubt=True, tool=n) for n in tools if f"<{n}>" not in known]
        self.doubt = doubt
        self.frames = {frame.open: frame for frame in frames}
        self._noise, self.results = read.noise, frozenset(read.results)
        sought = sorted({*self.frames, *self.results}, key=len, reverse=True)
        self.pattern = re.compile("|".join(map(re.escape, sought)))
        every = [*sought, *self._noise]
        self.beginnings = frozenset(mark[:size] for mark in every for size in range(1, len(mark)))
        self.longest = max(map(len, every)) - 1
        self.firsts = frozenset(mark[0] for mark in every)
        first = re.escape("".join(sorted(self.firsts)))
        self.plain = re.compile(rf"[^{first}\n]*[^{first}\s]").fullmatch
        """Tells a piece in which nothing begins and at whose end nothing is to be held."""

    def partial(self, text: str) -> int:
        """How many characters at the end may be the beginning of a mark."""
        for size in range(min(self.longest, len(text)), 0, -1):
            if text[-size] in self.firsts and text[-size:] in self.beginnings:
                return size
        found = _LINE_PART.search(text, max(0, text.rfind("\n"))) if self.doubt else None
        return len(text) - found.start() if found else 0

    def ended(self, text: str, stop: int) -> int:
        """Where a text ends without the space and the noise before a place; no more than so much is left out."""
        at = stop
        while at > stop - SPACE:
            bare = text[:at].rstrip()
            noise = next((mark for mark in self._noise if bare.endswith(mark)), "")
            at = len(bare) - len(noise)
            if not noise:
                break
        return max(at, stop - SPACE)

    def begun(self, text: str) -> str:
        """A text without the space and the noise at its beginning."""
        bare = text.lstrip()
        while noise := next((mark for mark in self._noise if bare.startswith(mark)), ""):
            bare = bare[len(noise) :].lstrip()
        return bare


@remembered(64, MANY)
def marks(names: tuple[str, ...], doubt: bool) -> Marks:
    return Marks(names, doubt)


def first(text: str, words: Sequence[str], start: int) -> tuple[int, str] | None:
    """The first of the words in a text, with its place."""
    found = [(at, word) for word in words if (at := text.find(word, start)) >= 0]
    return min(found) if found else None
