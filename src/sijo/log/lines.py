"""The program's own log: stdlib logging as lines of JSON on stderr, one object a line.

The text of an exception can hold what a user wrote or a key, so a line names its type and the places that it passed;
the text itself stands there only at the level `debug`.
"""

import logging
import re
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from typing import TextIO

import msgspec

from sijo.config import ConfigError

LONGEST = 2000
FRAMES = 20
UNSEEN = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Controls of eight bits, ends of lines, and what turns the direction in which one reads."""
FAULTS = 8
"""Exceptions told of at most, of a chain or a group."""

encode = msgspec.json.Encoder().encode


class Fault(msgspec.Struct, omit_defaults=True):
    """An exception: its type, and where it passed, outermost first."""

    type: str
    at: list[str]
    text: str | None = None


class Line(msgspec.Struct, omit_defaults=True):
    """A line of the log."""

    time: str
    level: str
    logger: str
    message: str
    faults: list[Fault] = []


class Lines(logging.Formatter):
    """`texts`: tell also the text of exceptions."""

    def __init__(self, *, texts: bool = False) -> None:
        super().__init__()
        self.texts = texts

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        message = plain(record.getMessage().strip(), LONGEST)
        line = Line(stamp(record.created), record.levelname.lower(), record.name, message)
        if error is not None:
            line.faults = faults(error, texts=self.texts)
        return encode(line).decode()


def faults(error: BaseException, *, texts: bool) -> list[Fault]:
    """An exception, what it holds if it is a group, and what it came from; breadth first."""
    waiting, told = [error], list[Fault]()
    while waiting and len(told) < FAULTS:
        one = waiting.pop(0)
        frames = traceback.StackSummary.extract(traceback.walk_tb(one.__traceback__), limit=-FRAMES, lookup_lines=False)
        at = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        told.append(Fault(type(one).__qualname__, at, plain(str(one), LONGEST) if texts else None))
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        cause = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        if cause is not None:
            waiting.append(cause)
    return told


def setup(level: str = "info", stream: TextIO | None = None) -> None:
    """Configures logging for this process: `sijo.*` at `level`, all others at `warning`, every line as JSON on stderr.

    uvicorn's own access lines are off. Calling it again replaces what it did. Raises ConfigError for an unknown level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ConfigError(f"log.level {level!r}: must be one of debug, info, warning, error, critical")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines(texts=number <= logging.DEBUG))
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one.formatter, Lines)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("sijo").setLevel(number)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.WARNING)
        logger.disabled = name == "uvicorn.access"


def stamp(moment: float) -> str:
    """Unix seconds as RFC 3339 with milliseconds: `2026-11-21T03:04:05.678Z`."""
    second, micros = divmod(round(moment * 1_000_000), 1_000_000)
    return f"{_second(second)}.{micros // 1000:03}Z"


@lru_cache(4)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def plain(text: str, longest: int) -> str:
    """Text from outside as it may stand in a line: not endless, without the half characters that UTF-8 cannot hold, nor
    those that end lines and command terminals, of which JSON escapes only the oldest."""
    if len(text) <= longest and text.isascii():
        return text
    return UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text[:longest].encode("utf-8", "replace").decode())
