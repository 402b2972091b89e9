"""The conversation as `messages` of a chat completion. Pure: a prompt's items and an engine's row in, JSON out.

One item of ours may be several messages of theirs: results of tools are messages of their own there, and have to stand
right after the calls. Neighbours of one role become one message, for many templates refuse two.
"""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from sijo.backends.engines import Row
from sijo.engine import ran
from sijo.engine.prompt import Item
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire.base import Json
from sijo.wire.results import McpListing
from sijo.wire.sources import ImageBase64, PdfBase64, Url

_encode = msgspec.json.encode

Call = b.ToolUse | b.ServerToolUse | b.McpToolUse
SILENT = (b.RedactedThinking, b.Fallback, McpListing)
"""What stands in a conversation and is nothing to this engine."""


def messages(system: str, items: Sequence[Item], row: Row) -> list[Json]:
    """All of it. Raises InvalidRequest, with the path, for a block that cannot be said to this engine."""
    writer = Writer(row, pairs(items))
    if system:
        writer.add("system", [text(system)])
    for at, item in enumerate(items):
        writer.write(item, at)
    return writer.done()


class Writer:
    """Collects messages; their content is a list of parts until it is known whether all of them are text."""

    def __init__(self, row: Row, pairs: Collection[tuple[int, int]] = ()) -> None:
        self.row = row
        self._pairs = pairs
        self.out: list[Json] = []
        self._names: dict[str, str] = {}

    def done(self) -> list[Json]:
        for message in self.out:
            if message["role"] == "assistant":
                message["content"] = joined(message["content"], "") or None
            else:
                message["content"] = joined(message["content"], "\n")
        return self.out

    def write(self, item: Item, place: int) -> None:
        path = f"messages.{place}"
        if item.role == "assistant":
            self._assistant(item.content, place, path)
            return
        parts: list[Json] = []
        for at, block in enumerate(item.content):
            where = f"{path}.content.{at}"
            if isinstance(block, b.ToolResult):
                parts += self._result(block, where)
            else:
                parts.append(self._part(block, where))
        self.add(item.role, parts)

    def add(self, role: str, parts: Sequence[Json], **fields: Any) -> Json:
        """A message, or more of the last one if that has the role."""
        last = self.out[-1] if self.out else None
        if last is None or last["role"] != role or role == "tool" or "tool_calls" in last:
            if not parts and not fields:
                return {}
            last = {"role": role, "content": []}
            self.out.append(last)
        last["content"] += [part for part in parts if part.get("text") != ""]
        last.update(fields)
        return last

    def _assistant(self, content: Sequence[b.Block], place: int, path: str) -> None:
        """What the model said. A result of a tool that ran on the server ends a message, and another begins after."""
        texts: list[Json] = []
        calls: list[Json] = []
        thoughts: list[str] = []
        for at, block in enumerate(content):
            match block:
                case _ if isinstance(block, ran.CALLS + ran.RESULTS) and (place, at) not in self._pairs:
                    pass
                case b.Text():
                    texts.append(text(block.text))
                case b.Thinking():
                    thoughts.append(block.thinking)
                case b.ToolUse() | b.ServerToolUse() | b.McpToolUse():
                    self._names[block.id] = block.name
                    calls.append(called(block))
                case _ if isinstance(block, ran.RESULTS):
                    self._said(texts, calls, thoughts)
                    texts, calls, thoughts = [], [], []
                    self._tool(block.tool_use_id, [text(ran.told(block))])
                case _ if not isinstance(block, SILENT):
                    raise refused(block, f"{path}.content.{at}")
        self._said(texts, calls, thoughts)

    def _said(self, texts: list[Json], calls: list[Json], thoughts: list[str]) -> None:
        fields: Json = {"tool_calls": calls} if calls else {}
        if self.row.replay and any(thoughts):
            fields[self.row.replay] = "\n".join(thoughts)
        if texts or calls:
            self.add("assistant", texts, **fields)

    def _result(self, block: b.ToolResult, path: str) -> list[Json]:
        """Write a result; what its message cannot hold is given back, for the user's message after it."""
        content = block.content
        if isinstance(content, str):
            content = [b.Text(content)] if content else []
        inside: list[Json] = []
        after: list[Json] = []
        for at, part in enumerate(content):
            made = self._part(part, f"{path}.content.{at}")
            if made["type"] == "text" or (made["type"] == "image_url" and self.row.tool_images):
                inside.append(made)
            else:
                after += [text(f"From the result of {self._names.get(block.tool_use_id, 'the tool')}:"), made]
        if after:
            inside.append(text("What it shows follows in the user's next message."))
        self._tool(block.tool_use_id, failed(inside) if block.is_error else inside)
        return after

    def _tool(self, id: str, parts: list[Json]) -> None:
        name = {"name": self._names[id]} if id in self._names else {}
        self.add("tool", parts, tool_call_id=id, **name)

    def _part(self, block: b.Block | Any, path: str) -> Json:
        match block:
            case b.Text():
                return text(block.text)
            case b.Image(source=ImageBase64(media_type=kind, data=data)) if self.row.images != "none":
                return {"type": "image_url", "image_url": {"url": f"data:{kind};base64,{data}"}}
            case b.Image(source=Url(url=url)) if self.row.images == "url":
                return {"type": "image_url", "image_url": {"url": url}}
            case b.Document(source=PdfBase64(data=data)) if self.row.files:
                file = {"filename": block.title or "document.pdf", "file_data": f"data:application/pdf;base64,{data}"}
                return {"type": "file", "file": file}
            case _:
                raise refused(block, path)


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def pairs(items: Sequence[Item]) -> set[tuple[int, int]]:
    """The places of calls that ran on the server, and of their results. An engine takes neither without the other.

    The result may stand in a later item: the client's tools that were called beside it answer first.
    """
    calls: dict[str, tuple[int, int]] = {}
    found: set[tuple[int, int]] = set()
    for place, item in enumerate(items):
        for at, block in enumerate(item.content) if item.role == "assistant" else ():
            if isinstance(block, ran.CALLS):
                calls[block.id] = place, at
            elif isinstance(block, ran.RESULTS) and block.tool_use_id in calls:
                found |= {calls.pop(block.tool_use_id), (place, at)}
    return found


def joined(parts: list[Json], between: str) -> str | list[Json]:
    """The content as one string where it is only text: every engine reads that."""
    if any(part["type"] != "text" for part in parts):
        return parts
    return between.join(part["text"] for part in parts)


def failed(parts: list[Json]) -> list[Json]:
    """A result that is an error: the format has no field for that, so the model reads it in the text."""
    if parts and parts[0]["type"] == "text":
        return [text(ran.FAILED + parts[0]["text"]), *parts[1:]]
    return [text(ran.FAILED.strip()), *parts]


def called(block: Call) -> Json:
    function = {"name": block.name, "arguments": _encode(block.input).decode()}
    return {"id": block.id, "type": "function", "function": function}


def refused(block: Any, path: str) -> InvalidRequest:
    kind = block.__struct_config__.tag
    return InvalidRequest(f"{path}: the engine behind this model takes no `{kind}` block of this kind")
