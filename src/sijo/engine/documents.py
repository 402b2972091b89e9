"""Documents and search results in words, for engines that know only text and images."""

import base64
import io
import time
from collections.abc import Callable
from html import escape

from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire.sources import PdfBase64, PlainText, Url

MAX_PAGES = 600
SECONDS = 10.0
"""For all pages of a PDF: a small file can be made to hold work for hours."""
PAGE_BYTES = 4 * 1024 * 1024
"""Of what draws a page, unpacked: it is taken apart as a whole, and time is looked at only after."""


def blocks(document: b.Document, path: str) -> list[b.Block]:
    """The document as text blocks (and the images of a document that is made of blocks), title and context first."""
    head = f"<document{attribute('title', document.title)}{attribute('context', document.context)}>"
    match document.source:
        case PlainText(data=data):
            return [b.Text(f"{head}\n{data}\n</document>")]
        case PdfBase64(data=data):
            return [b.Text(f"{head}\n{pdf_text(data, path)}\n</document>")]
        case b.ContentSource(content=str() as text):
            return [b.Text(f"{head}\n{text}\n</document>")]
        case b.ContentSource(content=list() as parts):
            return [b.Text(head), *parts, b.Text("</document>")]
        case Url():
            raise InvalidRequest(f"{path}.document.source.url: documents by URL are not served by this server")
        case _:
            raise InvalidRequest(f"{path}.document.source.file: files are not served by this server")


def pdf_text(data: str, path: str, *, seconds: float = SECONDS) -> str:
    """The text of a PDF's pages. Raises `InvalidRequest` for what is no PDF, or is locked, or holds no
    text, or so much that `seconds` are not enough."""
    from pypdf import PdfReader  # a PDF is rare, and the import is not cheap
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(base64.b64decode(data)))
        pages, until = [], time.monotonic() + seconds
        for page in reader.pages[:MAX_PAGES]:
            drawn = page.get_contents()
            if drawn is not None and len(drawn.get_data()) > PAGE_BYTES:
                raise TooMuch
            pages.append(page.extract_text(visitor_operand_before=clock(until)))
    except TooMuch:
        raise InvalidRequest(f"{path}.pdf.source.base64.data: the PDF takes too long to read") from None
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidRequest(f"{path}.pdf.source.base64.data: The PDF specified was not valid.") from error
    if not any(page.strip() for page in pages):
        raise InvalidRequest(f"{path}.pdf.source.base64.data: the PDF holds no text, and the engine takes no PDF pages")
    return "\n".join(f'<page number="{n}">\n{text}\n</page>' for n, text in enumerate(pages, 1))


class TooMuch(Exception):
    """A PDF whose pages hold more than can be read in time."""


def clock(until: float) -> Callable[..., None]:
    """Raises TooMuch when it is called after a moment (of `time.monotonic`)."""

    def look(*_: object) -> None:
        if time.monotonic() > until:
            raise TooMuch

    return look


def search_text(result: b.SearchResult) -> str:
    body = "\n".join(part.text for part in result.content)
    head = f"<search_result{attribute('source', result.source)}{attribute('title', result.title)}>"
    return f"{head}\n{body}\n</search_result>"


def attribute(name: str, value: str | None) -> str:
    return f' {name}="{escape(value)}"' if value else ""
