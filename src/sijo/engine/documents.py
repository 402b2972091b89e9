"""Documents and search results in words, for engines that know only text and images."""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import msgspec

from sijo.engine import pages
from sijo.engine.remembered import Texts
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire.sources import PdfBase64, PlainText, Url

SECONDS, GRACE = 20.0, 2.0
"""For all PDFs of a request, and for a process to start and to end."""
TEXTS = Texts(1 << 24)
"""Of PDFs: a conversation brings them along in each request."""


@dataclass(frozen=True)
class Unread:
    """A PDF without a text, and why it has none."""

    words: str


Known = Mapping[str, str | Unread]
"""What was made of PDFs, by their data."""


def blocks(document: b.Document, path: str, known: Known) -> list[b.Block]:
    """The document as text blocks (and the images of a document that is made of blocks), title and context first.

    Raises `InvalidRequest` for what cannot be read.
    """
    head = f"<document{attribute('title', document.title)}{attribute('context', document.context)}>"
    match document.source:
        case PlainText(data=data):
            return [b.Text(f"{head}\n{data}\n</document>")]
        case PdfBase64(data=data):
            text = known[data]
            if isinstance(text, Unread):
                raise InvalidRequest(f"{path}.pdf.source.base64.data: {text.words}")
            return [b.Text(f"{head}\n{text}\n</document>")]
        case b.ContentSource(content=str() as text):
            return [b.Text(f"{head}\n{text}\n</document>")]
        case b.ContentSource(content=list() as parts):
            return [b.Text(head), *parts, b.Text("</document>")]
        case Url():
            raise InvalidRequest(f"{path}.document.source.url: documents by URL are not served by this server")
        case _:
            raise InvalidRequest(f"{path}.document.source.file: files are not served by this server")


def pdfs(content: Iterable[object]) -> Iterator[str]:
    """The data of the PDFs among some blocks."""
    for block in content:
        if isinstance(block, b.ToolResult) and isinstance(block.content, list):
            yield from pdfs(block.content)
        elif isinstance(block, b.Document) and isinstance(block.source, PdfBase64):
            yield block.source.data


def read(found: Iterable[str], *, seconds: float = SECONDS) -> dict[str, str | Unread]:
    """The texts of a request's PDFs: those that are not remembered are taken out by a process of its own, up to the
    first that is no PDF, or is locked, or holds no text, or too many pages, or for which `seconds` for all are not
    enough. The others are `Unread`."""
    texts = {data: TEXTS.known(data) for data in dict.fromkeys(found)}
    new = [data for data, text in texts.items() if text is None]
    said = taken(new, seconds) if new else []
    late = Unread(f"the PDF takes too long to read{', with those before it' if said else ''}")
    made: dict[str, str | Unread] = {data: late if text is None else text for data, text in texts.items()}
    for data, line in zip(new, said, strict=False):
        made[data] = text = paged(msgspec.json.decode(line, type=list[str] | int | None))
        if isinstance(text, str):
            TEXTS.keep(data, text)
    return made


def taken(data: Sequence[str], seconds: float) -> list[bytes]:
    """What the program says of each PDF; nothing of those for which there was no time."""
    command = [sys.executable, "-I", str(Path(pages.__file__)), str(seconds)]
    try:
        said = subprocess.run(  # noqa: S603  # a program of ours
            command, input=msgspec.json.encode(data), capture_output=True, env={}, check=False, timeout=seconds + GRACE
        ).stdout
    except subprocess.TimeoutExpired as late:
        said = late.stdout or b""
    return said.split(b"\n")[:-1]


def paged(texts: Sequence[str] | int | None) -> str | Unread:
    if isinstance(texts, int):
        return Unread(f"A maximum of {pages.MAX_PAGES} PDF pages may be provided.")
    if texts is None:
        return Unread("The PDF specified was not valid.")
    if not any(page.strip() for page in texts):
        return Unread("the PDF holds no text, and the engine takes no PDF pages")
    return "\n".join(f'<page number="{n}">\n{text}\n</page>' for n, text in enumerate(texts, 1))


def search_text(result: b.SearchResult) -> str:
    body = "\n".join(part.text for part in result.content)
    head = f"<search_result{attribute('source', result.source)}{attribute('title', result.title)}>"
    return f"{head}\n{body}\n</search_result>"


def attribute(name: str, value: str | None) -> str:
    return f' {name}="{escape(value)}"' if value else ""
