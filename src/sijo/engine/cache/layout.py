"""A prompt as positions: tools, system blocks, blocks of messages, parts of a tool's result, as the prefix has them.

A position is where a prefix can end. It has a digest of all that stands before it (only where one may be looked for: to
make one costs more than to hash a short block), and the tokens so far, counted when they are asked for.

Taken as it was asked for, before anything is lowered for an engine: the key is what the client sent, without its marks.
"""

import hashlib
from collections.abc import Collection, Sequence

import msgspec

from sijo.engine import count
from sijo.engine.cache.walk import Mark, Walk
from sijo.engine.estimate import tokens
from sijo.engine.prompt import Prompt
from sijo.wire import blocks as b

BYTES = 16
"""Of a digest."""
_encode_lines = msgspec.json.Encoder().encode_lines


class Layout:
    """`marks` ascend. `digests` are those of the positions where a prefix may be looked for; `windows` are these
    positions for each mark, the mark's own first.

    Tokens are counted when they are asked for, by the estimate: from the start, which gives what `count.prompt_tokens`
    says, or from the end of a prefix on whose tokens are known (`goes_on`).
    """

    __slots__ = ("_counted", "_known", "_prompt", "_start", "_tape", "_walk", "digests", "marks", "windows")

    def __init__(self, walk: Walk, prompt: Prompt, marks: Sequence[Mark], root: bytes) -> None:
        self._walk, self._prompt, self.marks = walk, prompt, marks
        self.windows = [walk.window(position) for position, _ in marks]
        single = len(self.windows) == 1
        wanted = self.windows[0] if single else {position for window in self.windows for position in window}
        self.digests = digests(walk, wanted, root)
        self._start = self._known = 0
        self._tape: Tape | None = None
        self._counted: dict[int, int] = {}

    def goes_on(self, position: int, known: int) -> None:
        """Count from the end of a prefix on, which came to so many tokens before. Only before anything was counted."""
        if self._tape is None:
            self._start, self._known = position + 1, known

    @property
    def tokens(self) -> int:
        """Of the whole prompt."""
        return self._upto(-1)

    def upto(self, position: int) -> int:
        """Tokens of the prefix that ends at a mark's position."""
        return self._known if position < self._start else self._upto(position)

    def _upto(self, position: int) -> int:
        known = self._counted.get(position)
        if known is None:
            if self._tape is None:
                self._tape = Tape(self._walk, self._prompt, [mark for mark, _ in self.marks], self._start)
            texts, beside = self._tape.places[position]
            if position >= 0 and texts == len(self._tape.texts):
                known = self.tokens - self._tape.places[-1][1] + beside
            else:
                known = self._known + tokens("\n".join(self._tape.texts[:texts])) + beside
            self._counted[position] = known
        return known


def lay(prompt: Prompt, root: bytes, *, automatic: str | None = None) -> Layout:
    """The positions of a prompt. `root` is who may read it: what is known under one root is not found under another.
    `automatic` is the lifetime of a breakpoint at the last block that can have one."""
    walk = Walk(prompt)
    return Layout(walk, prompt, walk.marked(automatic), root)


def digests(walk: Walk, wanted: Collection[int], root: bytes) -> dict[int, bytes]:
    """Of all that stands up to each of these positions. Lines are written many at a time, which costs a fifth of
    writing each by itself."""
    found: dict[int, bytes] = {}
    whole, lines, at = hashlib.sha256(root), walk.lines, 0
    for position in sorted(wanted):
        end = walk.ends[position]
        whole.update(_encode_lines(lines[at:end]))
        found[position] = whole.digest()[:BYTES]
        at = end
    return found


class Tape:
    """The `texts` that are counted, from block `start` on. `places` tells how many of them, and how many tokens beside
    them, there are up to each of the breakpoints that are not before it, and up to the end (-1)."""

    __slots__ = ("places", "texts")

    def __init__(self, walk: Walk, prompt: Prompt, marked: Sequence[int], start: int) -> None:
        first, high, blocks = walk.messages, prompt.model.high_res, walk.blocks
        texts = [block.text if type(block) is b.Text else count.encoded(block) for block in blocks[start:first]]
        formed = prompt.format is not None and start <= walk.system
        if prompt.format is not None and formed:
            texts.insert(walk.system - start, msgspec.json.encode(prompt.format.schema).decode())
        said = 0 if start else prompt.hidden
        places = {at: (at + 1 - start + (formed and at >= walk.system), said) for at in marked if start <= at < first}
        at = max(first, start)
        stops = {*(position for position in marked if position >= at), *walk.shown, len(blocks) - 1}
        for stop in sorted(stop for stop in stops if stop >= at):
            said += count.add(blocks[at : stop + 1], texts, high, flat=True)
            texts += map(count.encoded, walk.shown.get(stop, ()))
            places[stop] = (len(texts), said + sum(beside for begins, beside in walk.beside if start <= begins <= stop))
            at = stop + 1
        self.texts, self.places = texts, places
        places[-1] = (len(texts), said + sum(beside for begins, beside in walk.beside if start <= begins))
