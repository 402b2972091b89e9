"""A prompt's blocks in their order, flat, and the lines of JSON that stand for them where prefixes are compared.

What the lines come to is for `layout`. They are those of what the client sent, without its marks; of a thought there is
the signature alone, for what is shown is not what was thought.
"""

from typing import Any

import msgspec
from msgspec import Raw

from sijo.engine import count
from sijo.engine.cache.settings import SEEN, Sights, of_messages, of_system
from sijo.engine.prompt import Prompt
from sijo.engine.rules.turns import NO_MARKS
from sijo.wire import blocks as b

LOOK_BACK = 20
"""Blocks in which an earlier prefix is looked for, that with the breakpoint counted."""
Mark = tuple[int, str]
"""A breakpoint: the position that it ends, and its lifetime, `5m` or `1h`."""
PLAIN = frozenset({b.Text, b.ToolUse, b.RedactedThinking})
"""Blocks that stand for themselves, and of which nothing else has to be known."""
BEGIN, END = Raw(b"["), Raw(b"]")
"""Around the parts of a result that have lines of their own."""
ROLES = {role: Raw(role.encode()) for role in ("user", "assistant", "system")}
_encode = msgspec.json.encode


class Walk:
    """`blocks`, and for each its number: a tool's result with parts is each part, then the result itself, which closes
    it; to the look-back they are one. `ends` tells for each how many `lines` there are up to its end."""

    def __init__(self, prompt: Prompt) -> None:
        self.numbers: list[int] = []
        self.beside: list[tuple[int, int]] = []
        """Where what costs tokens beside its blocks begins, in order, and how many."""
        self.shown: dict[int, list[Any]] = {}
        """Tools that were deferred stand behind the block that found them, and not before."""
        self.sights = Sights()
        self._deferred = {name: tool for tool in prompt.tools if (name := count.deferred_name(tool))}
        late = [tool for tool in prompt.tools if isinstance(tool, count.LATE)]  # on or off, others stay cached
        first = [tool for tool in prompt.tools if not isinstance(tool, count.LATE) and not count.deferred_name(tool)]
        self.system, second = len(first), [*late, *prompt.system]
        self.blocks: list[Any] = first + second
        self.messages = len(self.blocks)
        self.lines: list[Any] = [*first, None, *second, None]
        self.ends = [*range(1, self.system + 1), *range(self.system + 2, self.messages + 2)]
        self.numbers += range(self.messages)
        self._items(prompt)
        self.lines[self.system] = Raw(of_system(prompt, self.sights))
        self.lines[self.messages + 1] = Raw(of_messages(prompt, self.sights))

    def _items(self, prompt: Prompt) -> None:
        blocks, numbers, lines, ends = self.blocks, self.numbers, self.lines, self.ends
        role, number = "", self.messages
        for item in prompt.items:
            self.beside.append((len(blocks), count.MESSAGE))
            if item.role != role:
                role = item.role
                lines.append(ROLES[role])
            content = item.content
            if PLAIN.issuperset(map(type, content)):  # nearly all: what is typed and called
                blocks += content
                lines += content
                numbers += range(number, number + len(content))
                ends += range(len(lines) - len(content) + 1, len(lines) + 1)
                number += len(content)
                continue
            for block in content:
                lines.append(self._seen(block, number))
                blocks.append(block)
                numbers.append(number)
                if self._deferred:
                    self._find(block)
                ends.append(len(lines))
                number += 1

    def _seen(self, block: Any, number: int) -> Any:
        """The line of a block, after those of its parts."""
        kind = type(block)
        if kind is b.ToolResult:
            if block.content.__class__ is str:
                return block
            self._parts(block, number)
            return END
        if kind in SEEN:
            self.sights.see(block)
        return block.signature if kind is b.Thinking else block

    def _parts(self, result: Any, number: int) -> None:
        self.beside.append((len(self.blocks), count.BLOCK))
        self.lines += (msgspec.structs.replace(result, content="", cache_control=None), BEGIN)
        for part in result.content:
            if type(part) in SEEN:
                self.sights.see(part)
            self.blocks.append(part)
            self.numbers.append(number)
            self.lines.append(part)
            self.ends.append(len(self.lines))

    def _find(self, block: Any) -> None:
        found = [tool for name in count.found(block) if (tool := self._deferred.pop(name, None)) is not None]
        if found:
            self.shown[len(self.blocks) - 1] = found
            self.lines += found

    def marked(self, automatic: str | None) -> list[Mark]:
        """The breakpoints, that which is set by itself included. They leave the lines."""
        found: dict[int, str] = {}
        for position, block in enumerate(self.blocks):
            if type(block) not in NO_MARKS and (mark := block.cache_control) is not None:
                found[position] = mark.ttl or "5m"
                at = self.ends[position] - 1 - len(self.shown.get(position, ()))
                if self.lines[at] is block:
                    self.lines[at] = msgspec.structs.replace(block, cache_control=None)
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


def written(block: Any) -> bytes:
    """The line of one block, without its mark."""
    if type(block) is b.Thinking:
        return _encode(block.signature) + b"\n"
    marked = type(block) not in NO_MARKS and block.cache_control is not None
    return _encode(msgspec.structs.replace(block, cache_control=None) if marked else block) + b"\n"
