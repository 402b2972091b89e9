"""Documents and search results in words, for engines that know only text and images."""

import base64
import subprocess
import sys
from functools import partial
from html import escape
from pathlib import Path

import msgspec

from sijo.engine import pages
from sijo.engine.remembered import Texts
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire.sources import PdfBase64, PlainText, Url

SECONDS, GRACE = 10.0, 2.0
"""For all pages of a PDF, and for a process to start and to end."""
TEXTS = Texts(1 << 24)
"""Of PDFs: a conversation brings them along in each request."""


def blocks(document: b.Document, path: str) -> list[b.Block]:
    """The document as text blocks (and the images of a document that is made of blocks), title and context first."""
    head = f"<document{attribute('title', document.title)}{attribute('context', document.context)}>"
    match document.source:
        case PlainText(data=data):
            return [b.Text(f"{head}\n{data}\n</document>")]
        case PdfBase64(data=data):
            return [b.Text(f"{head}\n{TEXTS.of(data, partial(pdf_text, data, path))}\n</document>")]
        case b.ContentSource(content=str() as text):
            return [b.Text(f"{head}\n{text}\n</document>")]
        case b.ContentSource(content=list() as parts):
            return [b.Text(head), *parts, b.Text("</document>")]
        case Url():
            raise InvalidRequest(f"{path}.document.source.url: documents by URL are not served by this server")
        case _:
            raise InvalidRequest(f"{path}.document.source.file: files are not served by this server")


def pdf_text(data: str, path: str, *, seconds: float = SECONDS) -> str:
    """The text of a PDF's pages, taken out of it by a process of its own. Raises `InvalidRequest` for what is no PDF,
    or is locked, or holds no text, or too many pages, or so much that `seconds` are not enough."""
    command = [sys.executable, "-I", str(Path(pages.__file__)), str(seconds)]
    try:
        ran = subprocess.run(  # noqa: S603  # a program of ours
            command, input=base64.b64decode(data), capture_output=True, env={}, check=False, timeout=seconds + GRACE
        )
        said = ran.stdout
    except subprocess.TimeoutExpired:
        said = b""
    if not said:
        raise InvalidRequest(f"{path}.pdf.source.base64.data: the PDF takes too long to read")
    texts = msgspec.json.decode(said, type=list[str] | int | None)
    if isinstance(texts, int):
        raise InvalidRequest(
            f"{path}.pdf.source.base64.data: A maximum of {pages.MAX_PAGES} PDF pages may be provided."
        )
    if texts is None:
        raise InvalidRequest(f"{path}.pdf.source.base64.data: The PDF specified was not valid.")
    if not any(page.strip() for page in texts):
        raise InvalidRequest(f"{path}.pdf.source.base64.data: the PDF holds no text, and the engine takes no PDF pages")
    return "\n".join(f'<page number="{n}">\n{text}\n</page>' for n, text in enumerate(texts, 1))


def search_text(result: b.SearchResult) -> str:
    body = "\n".join(part.text for part in result.content)
    head = f"<search_result{attribute('source', result.source)}{attribute('title', result.title)}>"
    return f"{head}\n{body}\n</search_result>"


def attribute(name: str, value: str | None) -> str:
    return f' {name}="{escape(value)}"' if value else ""
