"""A prompt as positions: tools, system blocks, blocks of messages, parts of a tool's result, as the prefix has them.

A position is where a prefix can end. It has a digest of all that stands before it (only where one may be looked for: to
make one costs more than to hash a short block), and the tokens so far, counted when they are asked for.

Taken as it was asked for, before anything is lowered for an engine: the key is what the client sent, without its marks.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import msgspec

from sijo.engine import count
from sijo.engine.cache.walk import Mark, Walk
from sijo.engine.estimate import tokens
from sijo.engine.prompt import Prompt
from sijo.wire import blocks as b

BYTES = 16
"""Of a digest."""
_encode_lines = msgspec.json.Encoder().encode_lines


@dataclass(slots=True)
class Layout:
    """`marks` ascend. `digests` are those of the positions where a prefix may be looked for; `windows` are these
    positions for each mark, the mark's own first."""

    marks: Sequence[Mark]
    digests: dict[int, bytes]
    windows: Sequence[Sequence[int]]
    texts: list[str]
    beside: int
    places: dict[int, tuple[int, int]]
    """For the position of a mark: how many texts lie before its end, and the tokens beside them."""
    counted: dict[int, int] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        """Of the whole prompt, by the estimate: what `count.prompt_tokens` says."""
        return self._upto(-1, len(self.texts), self.beside)

    def upto(self, position: int) -> int:
        """Tokens of the prefix that ends at a mark's position."""
        return self._upto(position, *self.places[position])

    def _upto(self, position: int, texts: int, beside: int) -> int:
        known = self.counted.get(position)
        if known is None:
            if texts == len(self.texts) and position >= 0:
                known = self.tokens - self.beside + beside
            else:
                known = tokens("\n".join(self.texts[:texts])) + beside
            self.counted[position] = known
        return known


def lay(prompt: Prompt, root: bytes, *, automatic: str | None = None) -> Layout:
    """The positions of a prompt. `root` is who may read it: what is known under one root is not found under another.
    `automatic` is the lifetime of a breakpoint at the last block that can have one."""
    walk = Walk(prompt)
    marks = walk.marked(automatic)
    windows = [walk.window(position) for position, _ in marks]
    wanted = windows[0] if len(windows) == 1 else {position for window in windows for position in window}
    texts, beside, places = read(walk, prompt, [position for position, _ in marks])
    return Layout(marks, digests(walk, wanted, root), windows, texts, beside, places)


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


def read(walk: Walk, prompt: Prompt, marked: Sequence[int]) -> tuple[list[str], int, dict[int, tuple[int, int]]]:
    """The texts that are counted, the tokens beside them, and how many there are of both up to each breakpoint."""
    first, high, blocks = walk.messages, prompt.model.high_res, walk.blocks
    texts = [block.text if type(block) is b.Text else count.encoded(block) for block in blocks[:first]]
    formed = prompt.format is not None
    if prompt.format is not None:
        texts.insert(walk.system, msgspec.json.encode(prompt.format.schema).decode())
    places = {at: (at + 1 + (formed and at >= walk.system), prompt.hidden) for at in marked if at < first}
    said, at = prompt.hidden, first
    for stop in sorted({*(position for position in marked if position >= first), *walk.shown, len(blocks) - 1}):
        said += count.add(blocks[at : stop + 1], texts, high, flat=True)
        texts += map(count.encoded, walk.shown.get(stop, ()))
        places[stop] = (len(texts), said + sum(tokens for begins, tokens in walk.beside if begins <= stop))
        at = stop + 1
    return texts, said + sum(tokens for _, tokens in walk.beside), places
