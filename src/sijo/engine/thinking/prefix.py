"""A conversation as thinking is bound to it: what of it counts, in one form for all the ways in which it is written.

Clients do not send back the bytes that they sent: keys change their order, a string becomes a list of one text, marks
for the cache move on. None of that is a change, nor is what never stands in the prefix: thinking, the line in which
Claude Code names itself, deferred tools that nobody found, the address of a picture, what is cleared after its turn.
"""

import hashlib
from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from sijo.engine import count
from sijo.engine.lower import system_blocks
from sijo.wire import blocks as b
from sijo.wire.request import CountRequest, MessageParam
from sijo.wire.sources import Url
from sijo.wire.tools import AnyTool

FORM = 1
"""To be raised with any change to what is digested: a thought from before it is held to nothing, not refused."""
BYTES, HEAD = 16, 8
"""Of a digest: of a prefix, and of the system prompt and the tools alone."""
THOUGHTS = frozenset({b.Thinking, b.RedactedThinking})
SOURCED = frozenset({b.Image, b.Document})
CALLS = frozenset({b.ToolUse, b.ServerToolUse, b.McpToolUse})
LARGE, DEEP = 1e300, 100
"""Up to where a number becomes a double, and how deep in a call's input they are looked for."""
SOMEWHERE = Url("")
"""For any address: one that is signed is another each time, and leads to the same picture."""
DIRECT = ["direct"]
ROLES = {role: Raw(role.encode()) for role in ("user", "assistant", "system")}
_encode_lines = msgspec.json.Encoder(order="deterministic").encode_lines


class Prefix:
    """The blocks of a conversation, counted without its thoughts. `places` says for each thought (message, block) how
    many there are before it, and before all that the assistant has said there in one piece.

    `length` is that to which the thoughts of the answer are bound: all, but for what stands at the end for one turn.
    `digests` are those of the first so many blocks, system prompt and tools included, once they are settled.
    """

    __slots__ = ("_deferred", "_ends", "_lines", "_role", "_run", "_speaker", "digests", "length", "places")

    def __init__(self, request: CountRequest, tools: Sequence[AnyTool]) -> None:
        self._deferred = {name: tool for tool in tools if (name := count.deferred_name(tool))}
        shown = [tool_plain(tool) for tool in tools if not count.deferred_name(tool)]
        self._lines: list[Any] = [*shown, None, *system_lines(request.system), None]
        self._ends = [len(self._lines)]
        self._role, self._speaker, self._run = "", "", 0
        self.places: dict[tuple[int, int], tuple[int, int]] = {}
        self.digests: dict[int, bytes] = {}
        for at, message in enumerate(request.messages):
            if message.clear_at != "next_user_message":
                self._add(at, message)
        self.length = len(self._ends) - 1 - passing(request.messages[-1])

    def _add(self, at: int, message: MessageParam) -> None:
        content = message.content
        if not content:
            return
        lines, ends = self._lines, self._ends
        if message.role != self._speaker:
            if self._speaker != "system" or message.role != "assistant":  # what is `passing` may have stayed
                self._run = len(ends) - 1
            self._speaker = message.role
        if isinstance(content, str):
            content = [b.Text(content)]
        for n, block in enumerate(content):
            kind = type(block)
            if kind in THOUGHTS:
                self.places[at, n] = self._run, len(ends) - 1
                continue
            if kind is b.Text and blank(block):
                continue
            if message.role != self._role:  # now, for of who only thought nothing is left without thoughts
                self._role = message.role
                lines.append(ROLES.get(message.role))
            lines.append(plain(block))
            if self._deferred:
                lines += [tool_plain(self._deferred.pop(name)) for name in count.found(block) if name in self._deferred]
            ends.append(len(lines))

    def settle(self, lengths: Collection[int] = ()) -> None:
        """Make the digests of these lengths, of none and of the whole. What is written at once costs a fifth."""
        whole, at = hashlib.sha256(), 0
        for length in sorted({0, self.length, *(one for one in lengths if one < len(self._ends))}):
            end = self._ends[length]
            whole.update(_encode_lines(self._lines[at:end]))
            self.digests[length] = whole.digest()[:BYTES]
            at = end


def blank(block: Any) -> bool:
    """Whether a text says nothing. Clients leave such ones out, for they would be refused."""
    return not block.text or block.text.isspace()


def passing(last: MessageParam) -> int:
    """How many blocks at the end are likely to be gone next time: Claude Code reminds some models of something in each
    turn, in a system message behind its mark for the cache, and takes that back when the turn is answered."""
    content = last.content
    if last.role != "system" or last.clear_at == "next_user_message" or isinstance(content, str):
        return 0
    marked = [n for n, block in enumerate(content) if getattr(block, "cache_control", None) is not None]
    behind = content[marked[-1] + 1 :] if marked else []
    return sum(not blank(one) for one in behind) if all(type(one) is b.Text for one in behind) else 0


def system_lines(system: str | list[b.Text]) -> list[b.Text]:
    """The texts of the system prompt, without the line in which Claude Code names itself."""
    return [b.Text(block.text) for block in system_blocks(system) if block.text]


def tool_plain(tool: AnyTool) -> Any:
    """A tool without what is said aloud and holds anyway, and without how its input is streamed."""
    tool = count.unmarked(tool)
    if getattr(tool, "allowed_callers", None) == DIRECT:
        tool = replace(tool, allowed_callers=None)
    return tool if getattr(tool, "eager_input_streaming", None) is None else replace(tool, eager_input_streaming=None)


def plain(block: Any) -> Any:
    """A block in the one form that stands for all."""
    kind = type(block)
    if kind is b.Text:
        if block.cache_control is None and block.citations is None:
            return block
        return b.Text(block.text)  # what it cites is for people: no model is given it, and some clients keep it apart
    block = count.unmarked(block)
    caller = getattr(block, "caller", None)
    if caller is not None and caller.type == "direct":
        block = replace(block, caller=None)
    if kind in CALLS:
        input = block.input
        return replace(block, input=doubles(input)) if any(type(one) is not str for one in input.values()) else block
    if kind is b.ToolResult or kind is b.McpToolResult:
        return block if block.content.__class__ is str else replace(block, content=parts(block.content))
    if kind is b.SearchResult:
        block = replace(block, content=list(map(plain, block.content)))
    elif kind in SOURCED:
        block = sourced(block)
    cites = getattr(block, "citations", None)
    return replace(block, citations=None) if cites is not None and not cites.enabled else block


def doubles(value: Any, deep: int = 0) -> Any:
    """JSON as it leaves a client in JavaScript, where 17.0 is written 17, and no integer is longer than a double."""
    kind = type(value)
    if kind is int or kind is float:
        return float(value) + 0.0 if -LARGE < value < LARGE else value  # and there is no negative zero
    if deep > DEEP:
        return value
    if kind is dict:
        return {name: doubles(one, deep + 1) for name, one in value.items()}
    return [doubles(one, deep + 1) for one in value] if kind is list else value


def parts(content: Sequence[Any]) -> str | list[Any]:
    """The content of a result: nothing, one text, or blocks."""
    found = list(map(plain, content))
    if not found:
        return ""
    return found[0].text if len(found) == 1 and type(found[0]) is b.Text else found


def sourced(block: b.Image | b.Document) -> b.Image | b.Document:
    """A picture or a document, wherever it lies."""
    source = block.source
    if type(source) is Url:
        return replace(block, source=SOMEWHERE)
    if type(source) is b.ContentSource and not isinstance(source.content, str):
        return replace(block, source=replace(source, content=list(map(plain, source.content))))
    return block
