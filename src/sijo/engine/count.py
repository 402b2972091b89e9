"""How many tokens a prompt is: system, tools and every block, each looked at once.

What a text counts is for the `text` function that the caller brings (`estimate.tokens`, or an engine's own tokenizer).
It is called once, with all texts as the lines of one: of a long text it looks at pieces only, and of a thousand short
ones at all.
"""

import base64
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from sijo.engine import clienttools, estimate, toolsets
from sijo.engine.prompt import Prompt
from sijo.wire import blocks as b
from sijo.wire import results as r
from sijo.wire import tools as t
from sijo.wire.sources import ImageBase64, PdfBase64, PlainText

Text = Callable[[str], int]
MESSAGE = 4
"""Tokens around each message: its role, and where it begins and ends."""
BLOCK = 3
"""Tokens around a call, a result or a document."""
UNSEEN = (1092, 1092)
"""Taken for an image whose size cannot be read here (by URL, by file id, broken): the largest square kept whole."""
PAGE = 2_000
"""Tokens of a PDF page, its text and its picture."""
PAGE_BYTES = 50_000
"""Bytes of a PDF that are taken for a page: to open the file would cost more than all the rest."""
LATE: tuple[type, ...] = (t.WebSearch,)
"""Tools of which the hosted API tells the model in the system prompt, behind all others."""
HEAD = 1 << 19
"""How many bytes of an image are searched for its size: a JPEG may have its thumbnail and profile before it."""

_encode = msgspec.json.encode


def prompt_tokens(prompt: Prompt, text: Text) -> int:
    """The tokens of a whole prompt, where `text` counts those of a string."""
    high, total = prompt.model.high_res, prompt.hidden
    texts: list[str] = []
    late: list[str] = []
    deferred: dict[str, t.AnyTool] = {}
    for tool in prompt.tools:
        if name := deferred_name(tool):
            deferred[name] = tool
        else:
            (late if isinstance(tool, LATE) else texts).append(encoded(tool))
    texts += late
    if prompt.format is not None:
        texts.append(_encode(prompt.format.schema).decode())
    texts += [block.text for block in prompt.system]
    for item in prompt.items:
        total += MESSAGE
        if not deferred:
            total += add(item.content, texts, high)
            continue
        for block in item.content:
            total += add((block,), texts, high)
            texts += [encoded(deferred.pop(name)) for name in found(block) if name in deferred]
    return total + text("\n".join(texts))


def pixels(data: str) -> tuple[int, int] | None:
    """Width and height that the head of an image names (base64; PNG, JPEG, GIF or WebP), or None for anything else."""
    try:
        head = base64.b64decode(data[:64])
        if head[:2] == b"\xff\xd8":
            return _jpeg(base64.b64decode(data[: HEAD // 3 * 4]))
    except ValueError:
        return None
    if head[:8] == b"\x89PNG\r\n\x1a\n" and len(head) >= 24:
        return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if head[:4] == b"GIF8" and len(head) >= 10:
        return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP" and len(head) >= 30:
        return _webp(head)
    return None


def _webp(head: bytes) -> tuple[int, int] | None:
    match head[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
        case b"VP8L":
            bits = int.from_bytes(head[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
    return None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    """Walk the segments to the one that begins a frame: SOF0 to SOF15, but for three codes that mean other things."""
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        code = head[at + 1]
        if 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(head[at + 7 : at + 9], "big"), int.from_bytes(head[at + 5 : at + 7], "big")
        at += 1 if code == 0xFF else 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None


def deferred_name(tool: t.AnyTool) -> str:
    """The name of a tool that is not shown before it is found, else nothing."""
    return tool.name if getattr(tool, "defer_loading", False) else ""  # type: ignore[union-attr]


def found(block: b.Block) -> Iterator[str]:
    """The names of deferred tools that are shown from this block on."""
    match block:
        case b.ToolResult(content=list() as parts):
            yield from (part.tool_name for part in parts if isinstance(part, r.ToolReference))
        case r.ToolSearchResult(content=r.FoundTools(tool_references=found)):
            yield from (reference.tool_name for reference in found)


def encoded(part: Any) -> str:
    """A block or a tool as it is counted: the API's own tools as what a model is told of them."""
    if isinstance(part, t.Toolset):
        return "\n".join(map(encoded, toolsets.customs(part).values()))
    if isinstance(part, t.Typed):
        part = clienttools.as_custom(part)
    return _encode(unmarked(part)).decode()


def unmarked(part: Any) -> Any:
    """A block or a tool without its mark for the cache, which is no part of the prompt."""
    return part if getattr(part, "cache_control", None) is None else msgspec.structs.replace(part, cache_control=None)


def add(blocks: Iterable[Any], texts: list[str], high: bool, *, flat: bool = False) -> int:
    """The tokens of blocks beside their texts, which are added to `texts`; those that are the most are known at sight.
    Where they are `flat`, the parts of a result are among them."""
    beside = 0
    for block in blocks:
        kind = type(block)
        if kind is b.Text:
            texts.append(block.text)
        elif kind is b.ToolUse:
            texts += (block.name, _encode(block.input).decode())
            beside += BLOCK
        elif kind is b.ToolResult and block.content.__class__ is str:
            texts.append(block.content)
            beside += BLOCK
        elif kind is not b.ToolResult or not flat:
            beside += _rare(block, texts, high)
    return beside


def _rare(block: Any, texts: list[str], high: bool) -> int:
    """The same of one block of those that are not known at sight."""
    match block:
        case b.ServerToolUse() | b.McpToolUse():
            texts += (block.name, _encode(block.input).decode())
        case b.McpToolResult(content=str() as whole):
            texts.append(whole)
        case b.ToolResult() | b.McpToolResult():
            return BLOCK + add(block.content, texts, high)
        case b.Thinking():
            texts.append(block.thinking)
            return 0
        case b.Image():
            return _image(block, high)
        case b.Document():
            return BLOCK + _document(block, texts, high)
        case b.SearchResult():
            texts += (block.title, block.source, *(part.text for part in block.content))
        case _:
            texts.append(encoded(block))
    return BLOCK


def _image(block: b.Image, high: bool) -> int:
    size = pixels(block.source.data) if isinstance(block.source, ImageBase64) else None
    return estimate.image(*(size or UNSEEN), high=high)


def _document(block: b.Document, texts: list[str], high: bool) -> int:
    texts += filter(None, (block.title, block.context))
    match block.source:
        case PlainText(data=data):
            texts.append(data)
            return 0
        case b.ContentSource(content=str() as whole):
            texts.append(whole)
            return 0
        case b.ContentSource(content=list() as parts):
            return add(parts, texts, high)
        case PdfBase64(data=data):
            return PAGE * max(1, round(len(data) * 3 / 4 / PAGE_BYTES))
        case _:
            return PAGE
