"""A program of its own: takes the texts out of PDFs, and may run out of time or memory while at it.

It reads a JSON list of PDFs in base64 and writes a line of JSON for each: the texts of its pages; else their number,
where they are too many, or null where it is none that can be read, and then no more. The time is for all of them. A
small file can hold work for hours, where nobody looks at the clock: where it takes too much, the program ends without a
word.
What `pypdf` finds odd goes nowhere: a file may hold a million oddities.
"""

import base64
import io
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

MAX_PAGES = 600
PAGE_BYTES = 4 * 1024 * 1024
"""Of what draws a page, unpacked: it is taken apart as a whole, and time is looked at only after."""
TEXT = 8 * 1024 * 1024
"""Characters of all texts: more than any model reads, and no more than is worth to be waited for."""
BYTES = 1 << 30
"""Memory that it may take, all in all."""
STUMBLES = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What pypdf raises, besides its own errors, over a file that is not as it should be, or is packed in a way that it
does not know. Time and memory that run out are none of these."""


def bounded(seconds: float) -> None:
    """Take no more than that, nor ever much more time than was given."""
    with suppress(ImportError):  # there is no such thing on Windows
        import resource

        most = max(1, round(seconds) + 1)
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class TooMany(Exception):
    """Pages. Their number is the argument."""


def texts(raw: bytes, look: Callable[..., None]) -> Iterator[str]:
    """The text of each page. `look` is called on the way, and may raise. Raises TimeoutError, TooMany, and what pypdf
    does."""
    from pypdf import PdfReader, apply_configuration

    with apply_configuration(jbig2dec_binary=None):  # a program, which would be run on what a stranger wrote
        pages = PdfReader(io.BytesIO(raw)).pages
        if len(pages) > MAX_PAGES:
            raise TooMany(len(pages))
        for page in pages:
            look()
            drawn = page.get_contents()
            if drawn is not None and len(drawn.get_data()) > PAGE_BYTES:
                raise TimeoutError
            yield whole(page.extract_text(visitor_operand_before=look))


def whole(text: str) -> str:
    """The text without halves of characters, which a font may name and no JSON can carry."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clock(until: float) -> Callable[..., None]:
    """Raises TimeoutError when it is called after a moment (of `time.monotonic`)."""

    def look(*_: object) -> None:
        if time.monotonic() > until:
            raise TimeoutError

    return look


def read(raw: bytes, look: Callable[..., None]) -> list[str] | int | None:
    """The texts; else how many pages there are, or None. Raises TimeoutError and MemoryError."""
    from pypdf.errors import DependencyError, PyPdfError

    try:
        return list(texts(raw, look))
    except TooMany as error:
        return int(error.args[0])
    except (PyPdfError, DependencyError, *STUMBLES):
        return None


def read_all(pdfs: list[str], seconds: float) -> Iterator[str]:
    """The lines. Raises as `read` does."""
    look, left = clock(time.monotonic() + seconds), TEXT
    for data in pdfs:
        found = read(base64.b64decode(data), look)
        if isinstance(found, list):
            left -= sum(map(len, found))
        if left < 0:
            raise TimeoutError
        yield json.dumps(found)
        if not isinstance(found, list):
            return


def main() -> None:
    pdfs, seconds = json.load(sys.stdin.buffer), float(sys.argv[1])
    logging.disable(logging.CRITICAL)
    bounded(seconds)
    with suppress(TimeoutError, MemoryError):
        for line in read_all(pdfs, seconds):
            print(line, flush=True)


if __name__ == "__main__":
    main()
