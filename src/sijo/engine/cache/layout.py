"""A prompt as positions: tools, system blocks, blocks of messages, parts of a tool's result, as the prefix has them.

A position is where a prefix can end. It has a digest of all that stands before it (only where one may be looked for: to
make one costs more than to hash a short block), and the tokens so far, counted when they are asked for.

Taken as it was asked for, before anything is lowered for an engine: the key is what the client sent, without its marks.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Raw

from sijo.engine import count
from sijo.engine.cache.settings import SEEN, Sights, of_messages, of_system
from sijo.engine.estimate import tokens
from sijo.engine.prompt import Prompt
from sijo.engine.rules.turns import NO_MARKS
from sijo.wire import blocks as b

LOOK_BACK = 20
"""Blocks in which an earlier prefix is looked for, that with the breakpoint counted."""
BYTES = 16
"""Of a digest."""
Mark = tuple[int, str]
"""A breakpoint: the position that it ends, and its lifetime, `5m` or `1h`."""
PLAIN = frozenset({b.Text, b.ToolUse, b.Thinking, b.RedactedThinking})
"""Blocks that stand for themselves, and of which nothing else has to be known."""
END = Raw(b"]")
"""Closes a result whose parts have lines of their own."""
_encode = msgspec.json.encode
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
    wanted = {position for window in windows for position in window}
    leads: dict[int, bytes] = {}
    for position, lead in (
        (walk.system, of_system(prompt, walk.sights) + b"\n"),
        (walk.messages, of_messages(prompt, walk.sights) + b"\n"),
        *walk.roles,
        *walk.leads.items(),
    ):
        leads[position] = leads.get(position, b"") + lead
    walk.leads = leads
    tape = Tape(prompt, walk, root)
    tape.run(wanted, {position for position, _ in marks})
    return Layout(marks, tape.digests, windows, tape.texts, tape.beside, tape.places)


class Walk:
    """The blocks in their order, flat. A tool's result with parts is each part, then the result itself, which closes
    it: to the look-back they are one block, and have one of the `numbers`."""

    def __init__(self, prompt: Prompt) -> None:
        self.blocks: list[Any] = []
        self.numbers: list[int] = []
        self.leads: dict[int, bytes] = {}
        self.roles: list[tuple[int, bytes]] = []
        self.beside: list[tuple[int, int]] = []
        """Where what costs tokens beside its blocks begins, in order, and how many."""
        self.sights = Sights()
        late = []
        for tool in prompt.tools:
            if isinstance(tool, count.LATE):  # on or off, the other tools stay cached
                late.append(tool)
            elif not getattr(tool, "defer_loading", False):
                self.blocks.append(tool)
        self.system = len(self.blocks)
        self.blocks += late
        self.blocks += prompt.system
        self.messages = len(self.blocks)
        self.numbers += range(self.messages)
        self._items(prompt)

    def _items(self, prompt: Prompt) -> None:
        blocks, numbers = self.blocks, self.numbers
        role, number = "", self.messages
        for item in prompt.items:
            self.beside.append((len(blocks), count.MESSAGE))
            if item.role != role:
                role = item.role
                self.roles.append((len(blocks), role.encode() + b"\n"))
            content = item.content
            if PLAIN.issuperset(map(type, content)):  # nearly all: what is typed, thought and called
                blocks += content
                numbers += range(number, number + len(content))
                number += len(content)
                continue
            for block in content:
                kind = type(block)
                if kind is b.ToolResult and block.content.__class__ is list:  # type: ignore[union-attr]
                    self._parts(block, number)
                elif kind in SEEN:
                    self.sights.see(block)
                blocks.append(block)
                numbers.append(number)
                number += 1

    def _parts(self, result: Any, number: int) -> None:
        self.beside.append((len(self.blocks), count.BLOCK))
        head = _encode(msgspec.structs.replace(result, content="", cache_control=None))
        at = len(self.blocks)
        self.leads[at] = self.leads.get(at, b"") + head + b"\n"  # where a result has no parts, the next has its place
        for part in result.content:
            if type(part) in SEEN:
                self.sights.see(part)
            self.blocks.append(part)
            self.numbers.append(number)

    def marked(self, automatic: str | None) -> list[Mark]:
        """The breakpoints, that which is set by itself included."""
        found: dict[int, str] = {}
        for position, block in enumerate(self.blocks):
            if type(block) not in NO_MARKS and (mark := block.cache_control) is not None:
                found[position] = mark.ttl or "5m"
        if automatic is not None and (last := self.last()) is not None:
            found.setdefault(last, automatic)
        return sorted(found.items())

    def last(self) -> int | None:
        """The last block of the messages that can have a breakpoint."""
        for position in range(len(self.blocks) - 1, self.messages - 1, -1):
            block = self.blocks[position]
            if type(block) not in NO_MARKS and not (type(block) is b.Text and not block.text.strip()):
                return position
        return None

    def window(self, position: int) -> list[int]:
        """Where a prefix is looked for from a breakpoint, nearest first."""
        first, numbers = self.numbers[position] - LOOK_BACK, self.numbers
        at = position
        while at >= 0 and numbers[at] > first:
            at -= 1
        return list(range(position, at, -1))


class Tape:
    """Reads the blocks one after the other: into a hash as far as digests are wanted, and into texts to be counted.

    What is hashed is a line of JSON for each block. They are written many at a time, up to the next digest: that costs
    a fifth of writing each by itself.
    """

    def __init__(self, prompt: Prompt, walk: Walk, root: bytes) -> None:
        self.walk = walk
        self.high = prompt.model.high_res
        self.format = prompt.format
        self.beside = prompt.hidden
        self.texts: list[str] = []
        self.digests: dict[int, bytes] = {}
        self.places: dict[int, tuple[int, int]] = {}
        self.found = {name: tool for tool in prompt.tools if (name := count.deferred_name(tool))}
        self._hash = hashlib.sha256(root)
        self._lines: list[Any] = []

    def run(self, wanted: set[int], marked: set[int]) -> None:
        walk, leads, texts, lines = self.walk, self.walk.leads, self.texts, self._lines
        end, first, stops = max(wanted, default=-1), walk.messages, wanted | marked
        beside = iter([*walk.beside, (len(walk.blocks) + 1, 0)])
        begins, tokens = next(beside)
        for position, block in enumerate(walk.blocks):
            if position == walk.system and self.format is not None:
                texts.append(_encode(self.format.schema).decode())
            while begins == position:
                self.beside += tokens
                begins, tokens = next(beside)
            if type(block) is b.Text:
                texts.append(block.text)
            elif position < first:
                texts.append(count.encoded(block))
            elif type(block) is not b.ToolResult or block.content.__class__ is str:  # else its parts came before it
                self.beside += count.block_tokens(block, texts, self.high)
            if position <= end:
                if position in leads:
                    lines.append(Raw(leads[position]))
                lines.append(line(block))
            if self.found:
                self._shown(block, position <= end)
            if position in stops:
                if position in wanted:
                    self.digests[position] = self._digest()
                if position in marked:
                    self.places[position] = (len(texts), self.beside)
        self.beside += sum(tokens for at, tokens in walk.beside if at >= len(walk.blocks))

    def _shown(self, block: Any, hashed: bool) -> None:
        """Tools that were deferred stand where they were found, and not before."""
        for name in count.found(block):
            if (tool := self.found.pop(name, None)) is not None:
                self.texts.append(count.encoded(tool))
                if hashed:
                    self._lines.append(tool)

    def _digest(self) -> bytes:
        self._hash.update(_encode_lines(self._lines))
        self._lines.clear()
        return self._hash.digest()[:BYTES]


def line(block: Any) -> Any:
    """A block as it is hashed, without its mark. Of a thought the signature: what is shown is not what was thought."""
    kind = type(block)
    if kind in NO_MARKS:
        return block.signature if kind is b.Thinking else block
    if kind is b.ToolResult and block.content.__class__ is list:
        return END
    return block if block.cache_control is None else msgspec.structs.replace(block, cache_control=None)


def written(block: Any) -> bytes:
    """The line of one block."""
    return _encode(line(block)) + b"\n"
