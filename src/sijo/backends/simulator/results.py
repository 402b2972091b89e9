"""What a tool brought, in words: the client's tools, the server's, and those of MCP."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from sijo.engine.count import pixels
from sijo.engine.tabs import told
from sijo.wire import blocks as b
from sijo.wire import results as r
from sijo.wire.sources import File, ImageBase64, PdfBase64, PlainText, Url

LONGEST = 600
"""Characters of a result that an answer repeats at most."""


class Result(NamedTuple):
    """What came back from a call: `content` is what there is to say of it."""

    name: str
    content: str
    failed: bool = False


def result(block: b.Block, names: Mapping[str, str]) -> Result | None:
    """What a block brings, or None if it is no result. `names` are the tools that were called, by the call's id."""
    id = getattr(block, "tool_use_id", None)
    if id is None:
        return None
    content, failed = _said(block)
    return Result(names.get(id, "tool"), content, failed)


def _said(block: Any) -> tuple[str, bool]:
    match block:
        case b.ToolResult() | b.McpToolResult():
            return _parts(block.content), block.is_error
        case r.WebSearchResult(content=list() as hits):
            return "; ".join(f"{hit.title} ({hit.url})" for hit in hits[:5]), False
        case r.WebFetchResult(content=r.Fetched(url=url, content=document)):
            text = document.source.data if isinstance(document.source, PlainText) else "PDF"
            return f"{document.title or url}: {first_sentence(text)}", False
        case r.CodeResult(content=r.CodeRun() as ran) | r.BashResult(content=r.BashRun() as ran):
            return (ran.stdout or ran.stderr).strip(), ran.return_code != 0
        case r.EditorResult(content=r.EditorView(content=text)):
            return text, False
        case r.ToolSearchResult(content=r.FoundTools(tool_references=found)):
            return ", ".join(reference.tool_name for reference in found), False
        case r.AdvisorResult(content=r.Advice(text=text)):
            return text, False
    code = getattr(block.content, "error_code", None)
    return (code, True) if code else ("", False)


def _parts(content: str | list[Any]) -> str:
    if isinstance(content, str):
        return content.strip()
    return "\n".join(said for part in content if (said := _part(part))).strip()


def _part(part: Any) -> str:
    match part:
        case b.Text():
            return part.text
        case b.Image():
            return picture(part)
        case b.Document():
            return f"{part.title or 'document'}: {first_sentence(document_text(part))}"
        case b.SearchResult():
            return f"{part.title} ({part.source}): {first_sentence(' '.join(text.text for text in part.content))}"
        case r.ToolReference():
            return part.tool_name
        case b.BrowserState():
            return told(part, None)
    return ""


def picture(image: b.Image) -> str:
    """`PNG, 640 × 480`; the media type and the bytes where the head names no size; else where it is."""
    match image.source:
        case ImageBase64(media_type=media, data=data):
            kind = media.removeprefix("image/").upper()
            size = pixels(data)
            return f"{kind}, {size[0]} × {size[1]}" if size else f"{media}, {weight(data)} bytes"
        case Url(url=url):
            return url
        case File(file_id=id):
            return id


def weight(data: str) -> int:
    """How many bytes a base64 text stands for."""
    return len(data) * 3 // 4 - data[-2:].count("=")


def document_text(document: b.Document) -> str:
    """The text of a document that is text, or what there is to say of one that is not."""
    source = document.source
    if isinstance(source, b.ContentSource):
        content = source.content
        return content if isinstance(content, str) else "\n".join(map(_part, content))
    match source:
        case PlainText(data=data):
            return data
        case PdfBase64(data=data):
            return f"PDF, {weight(data)} bytes"
        case Url(url=url):
            return url
        case File(file_id=id):
            return id


def first_sentence(text: str) -> str:
    """The first sentence, or as much of it as is worth repeating."""
    head = text.strip()[:LONGEST]
    for at, char in enumerate(head):
        if char in "。！？\n" or (char in ".!?" and head[at + 1 : at + 2] in ("", " ", "\n", '"')):
            return head[: at + 1].strip()
    return head


def plain(content: str) -> str:
    """A result as a line of words: the fields of a JSON object one by one, anything else as it is, cut at `LONGEST`."""
    if content[:1] in ("{", "[") and len(content) <= LONGEST * 4:
        with suppress(msgspec.DecodeError):
            content = _listed(msgspec.json.decode(content))
    return content if len(content) <= LONGEST else content[:LONGEST].rstrip() + "…"


def _listed(value: object, depth: int = 0) -> str:
    if isinstance(value, dict) and depth < 4:
        return ", ".join(f"{name}: {_listed(item, depth + 1)}" for name, item in value.items())
    if isinstance(value, list) and depth < 4:
        return "; ".join(_listed(item, depth + 1) for item in value)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
