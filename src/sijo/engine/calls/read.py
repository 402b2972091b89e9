"""Finds the calls in what a model says, piece by piece, and leaves the rest as text. Sans-I/O.

Only what may be the beginning of a call is held back, and a call is held until it is whole. However the text is cut
into pieces, the same comes out. What a call says is read by `body`; the marks are in `data/conventions.toml`.
"""

import re
from collections.abc import Callable, Sequence

from sijo.engine.calls import body, tags
from sijo.engine.calls.body import Written
from sijo.engine.calls.extent import Extent, complete
from sijo.engine.calls.marks import LINE, Frame, first, marks
from sijo.engine.calls.python import Properties

Part = str | Written
_HEAD = re.compile(r"""[\s\[{]*["']?([\w.-]*)""")
PREFIXES = ("functions", "tools", "default_api")
MISSES = 64
"""How often something in doubt may turn out to be text before nothing more is doubted."""
TRIED = 128
"""Marks inside of one call at which it is asked whether it ends there."""
HEAD = 400
"""Characters of what may be a call by which it is told early that it is none."""


class Reader:
    """Reads one answer. `names` are the tools' names, `properties` gives a tool's, `sure` says of a call in doubt
    whether it is one; without it only what stands between marks of calls is one. `known` says whether a name means a
    tool, where one that means none is only talked about.

    `done`: what comes next is no longer the model's own.
    """

    def __init__(
        self,
        names: Sequence[str],
        properties: Properties,
        sure: Callable[[str, str], bool] | None = None,
        known: Callable[[str], object] | None = None,
    ) -> None:
        self.names, self.properties, self.sure, self.known = names, properties, sure, known
        self.done = False
        self.made = self._misses = 0
        self._marks = marks(tuple(names), sure is not None)
        self._text = "\n"  # held; a line begins at the start, and that break is dropped again
        self._start = True
        self._after = False
        self._frame: Frame | None = None
        self._body: list[str] = []
        self._closers: list[tuple[int, int]] = []
        self._tail = self._begun = ""
        self._size = 0
        self._extent = Extent()

    def feed(self, text: str) -> list[Part]:
        if self.done:
            return []
        if not (self._text or self._frame or self._after) and self._marks.plain(text):
            return [text]
        out: list[Part] = []
        while text and not self.done:
            text = self._inside(text, out) if self._frame else self._outside(text, out)
        return out

    def end(self) -> list[Part]:
        """What was held: a call that is complete without its end, or text."""
        out: list[Part] = []
        while self._frame is not None and not self.done:
            rest = self._ended(out)
            while rest and not self.done:
                rest = self._inside(rest, out) if self._frame else self._outside(rest, out)
        if not self.done:
            self._say(self._text, out, last=True)
        self._text = ""
        return out

    def cut(self) -> list[Part]:
        """What was held when the model had to stop: the call that it was writing, as far as it came."""
        frame, whole = self._frame, "".join(self._body)
        if frame is None or frame.doubt:
            return self.end()
        closing = next((n for n in range(len(frame.close) - 1, 0, -1) if whole.endswith(frame.close[:n])), 0)
        whole = whole[: len(whole) - closing]
        if body.whole(whole):
            self._body = [whole]
            return self.end()
        self._frame, self._text = None, ""
        return list(body.cut(whole, self.properties))

    def _outside(self, text: str, out: list[Part]) -> str:
        """Text, up to the next mark. What is left is behind it."""
        held = self._text = self._text + text
        found = self._marks.pattern.search(held)
        line = LINE.search(held) if self._marks.doubt else None
        if line is not None and found is None and held[line.start(1) :] in self._marks.beginnings:
            line = None  # or a mark: [TOOL_CALLS]
        if line is not None and (found is None or line.start(1) < found.start()):
            self._say(held[: line.start(1)], out)
            opening = line[1]
            close = "```" if opening[0] == "`" else ""
            return self._begin(Frame(opening, close, kept=not close, doubt=True, line=not close), held[line.end() :])
        if found is None:
            keep = self._marks.partial(held)
            at = self._marks.ended(held, len(held) - keep)
            self._emit(held[:at], out)
            self._text = held[at:]
            return ""
        rest = held[found.end() :]
        if found[0] in self._marks.frames:
            self._say(held[: found.start()], out)
            return self._begin(self._marks.frames[found[0]], rest)
        if self.made:  # it is making a result up
            self.done = True
            self._say(held[: found.start()], out)
            self._text = ""
            return ""
        self._emit(held[: found.end()], out)
        self._text = ""
        return rest

    def _say(self, text: str, out: list[Part], last: bool = False) -> None:
        """Text that is over; the space and the noise at its end are kept until it is known what follows."""
        at = len(text) if last else self._marks.ended(text, len(text))
        self._emit(text[:at], out)
        self._text = text[at:]

    def _emit(self, text: str, out: list[Part]) -> None:
        if self._start and text:
            text, self._start = text[1:], False
        if self._after:  # space around a call is not said
            text = self._marks.begun(text).removeprefix(";")
            self._after = not text
        if text:
            out.append(text)

    def _begin(self, frame: Frame, rest: str) -> str:
        self._frame = frame
        self._body, self._closers = [], []
        self._tail = self._begun = ""
        self._size = 0
        self._extent = Extent()
        if frame.kept:
            self._take(frame.open)
            self._extent.feed(frame.open)
        return rest

    def _take(self, text: str) -> None:
        self._body.append(text)
        self._size += len(text)
        if len(self._begun) < HEAD:
            self._begun = (self._begun + text)[:HEAD]

    def _inside(self, text: str, out: list[Part]) -> str:
        """The inside of a call, up to its end. What is left is behind that."""
        frame = self._frame
        assert frame is not None
        if frame.line:
            stop = self._extent.feed(text)
            self._take(text[:stop])
            if stop is not None:
                return self._closed("".join(self._body), 0, text[stop:], out)
        else:
            closed = self._closing(frame, text, out)
            if closed is not None:
                return closed
        if frame.doubt and not self._may_be(frame, self._begun):
            return self._no_call(out)
        return ""

    def _closing(self, frame: Frame, text: str, out: list[Part]) -> str | None:
        """Take the text up to a mark that ends the call, and give the rest; None: it has not come yet."""
        seam = self._tail + text
        offset = self._size - len(self._tail)
        self._take(text)
        at = 0
        enders = [mark for mark in (frame.close, "" if frame.kept or frame.doubt else frame.open) if mark]
        while (found := first(seam, enders, at)) is not None:
            place, mark = found
            whole = "".join(self._body)
            self._body = [whole]
            inner = whole[: offset + place]
            if len(self._closers) < TRIED and complete(inner):
                consumed = len(mark) if mark == frame.close else 0
                return self._closed(inner, consumed, whole[offset + place :], out)
            self._closers[TRIED - 1 :] = [(offset + place, len(mark) if mark == frame.close else 0)]
            at = place + 1
        keep = max(map(len, enders)) - 1 if enders else 0
        self._tail = seam[max(at, len(seam) - keep) :] if keep else ""
        return None

    def _closed(self, inner: str, consumed: int, rest: str, out: list[Part]) -> str:
        """A whole call, or what only looked like one."""
        frame = self._frame
        assert frame is not None
        found, after = self._read(frame, inner)
        if not found and (inner.strip() or frame.doubt or not self.made):
            self._body = [inner + rest]
            return self._no_call(out)
        self._frame = None
        if found:
            self.made += len(found)
            out += found
            self._text, self._start, self._after = "\n", False, True
        return after + rest[consumed:]

    def _ended(self, out: list[Part]) -> str:
        """All ends inside of a call: at the last end that was seen if the call is whole there, at the first one, or
        here."""
        frame, whole = self._frame, "".join(self._body)
        assert frame is not None
        ends = [*self._closers[-1:], *self._closers[:1]]
        at, consumed = next((end for end in ends if body.whole(whole[: end[0]])), (ends or [(len(whole), 0)])[-1])
        return self._closed(whole[:at], consumed, whole[at:], out)

    def _read(self, frame: Frame, inner: str) -> tuple[list[Written], str]:
        if frame.tool:
            made = tags.children(frame.tool, inner, self.properties)
            bare = inner.strip()
            found, after = (made or ([(frame.tool, bare)] if bare.startswith("{") else [])), ""
        elif frame.open in self._marks.frames and frame.open.endswith("to="):
            found, after = body.harmony(inner)
        elif frame.doubt and inner.lstrip().startswith("<"):
            found, after = self._within(inner), ""
        else:
            found, after = body.calls(inner, self.properties)
        if frame.doubt and not self._may_be(frame, inner[:HEAD]):
            return [], ""
        if self.known is not None and not all(self.known(name) for name, _ in found):
            return [], ""
        if frame.doubt:
            assert self.sure is not None
            if after.strip() or not all(self.sure(*one) for one in found):
                return [], ""
        return found, after

    def _within(self, inner: str) -> list[Written]:
        """Calls between marks, if there is nothing else."""
        reader = Reader(self.names, self.properties, known=self.known)
        parts = [*reader.feed(inner), *reader.end()]
        return (
            []
            if any(isinstance(part, str) and part.strip() for part in parts)
            else [part for part in parts if not isinstance(part, str)]
        )

    def _may_be(self, frame: Frame, begun: str) -> bool:
        """Whether what begins like this can be a call. Once it cannot, it never can."""
        if frame.tool:
            return True
        bare = begun.lstrip()
        if bare.startswith("<"):
            return any(bare.startswith(mark[: len(bare)]) for mark in self._marks.frames)
        head = _HEAD.match(begun)
        assert head is not None
        word, over = head[1].split(".")[0], head.end() < len(begun)
        if not word:
            return not over or "{" in head[0]
        words = body.HEADS if "{" in head[0] else {*self.names, "print", *PREFIXES}
        return word in words if over else any(one.startswith(word) for one in words)

    def _no_call(self, out: list[Part]) -> str:
        """It was text after all: its first mark is said, and all behind it is read again."""
        frame, whole = self._frame, "".join(self._body)
        assert frame is not None
        self._frame = None
        self._misses += frame.doubt
        if self._misses == MISSES:
            self._marks = marks(tuple(self.names), False)
        mark = "" if frame.kept else frame.open
        skip = len(frame.open) if frame.kept else 0
        self._emit(self._text + mark + whole[:skip], out)
        self._text = ""
        return whole[skip:]
