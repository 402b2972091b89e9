"""A text for a `pattern` of a schema, which comes from outside: it is taken apart, and run only where that is cheap.

A pattern with a choice inside a repetition can take for ever to search, so such a one is never searched with; a text
for it is made from its parts instead, which takes no longer than the text is long.
"""

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

LONGEST = 300  # characters of a pattern
SHORT = 64  # characters of a text that is searched
DEAREST = 100_000  # ways to match that are still cheap to try, one after the other

_PREFERRED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-."
_CATEGORY: Mapping[Any, Callable[[str], bool]] = {
    op.CATEGORY_DIGIT: str.isdigit,
    op.CATEGORY_NOT_DIGIT: lambda char: not char.isdigit(),
    op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_NOT_SPACE: lambda char: not char.isspace(),
    op.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
    op.CATEGORY_NOT_WORD: lambda char: not (char.isalnum() or char == "_"),
}


class Unknown(Exception):
    """The pattern is none, is too long, or has something in it for which no text can be made here."""


def matches(pattern: str, text: str) -> bool | None:
    """Whether the pattern is found in a short text; None if that must not, or cannot, be tried."""
    if len(text) > SHORT:
        return None
    try:
        ways = _ways(_parsed(pattern))
    except Unknown:
        return None
    return re.search(pattern, text) is not None if ways <= DEAREST else None


def example(pattern: str, least: int = 0) -> str:
    """The shortest text that fits, with at least so many repetitions where any number will do. Raises `Unknown`."""
    text = _made(_parsed(pattern), 0)
    if len(text) < least:
        text = _made(_parsed(pattern), least)
    return text


@lru_cache(256)
def _parsed(pattern: str) -> Any:
    if len(pattern) > LONGEST:
        raise Unknown
    try:
        return _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise Unknown from error


def _ways(tree: Any) -> float:
    """In how many ways a short text could be tried, at most; without end if a choice stands inside a repetition."""
    ways = 1.0
    for code, value in tree:
        match code:
            case op.MAX_REPEAT | op.MIN_REPEAT:
                lowest, highest, inner = value
                within = _ways(inner)
                if within > 1 and highest > 1:
                    return math.inf
                ways *= min(highest - lowest + 1, SHORT) * within
            case op.SUBPATTERN:
                ways *= _ways(value[3])
            case op.BRANCH:
                ways *= sum(map(_ways, value[1]))
            case op.LITERAL | op.NOT_LITERAL | op.IN | op.ANY | op.AT:
                pass
            case _:
                return math.inf
    return ways


def _made(tree: Any, least: int) -> str:
    parts: list[str] = []
    size = 0
    for code, value in tree:
        part = _part(code, value, least)
        size += len(part)
        if size > 10_000:
            raise Unknown
        parts.append(part)
    return "".join(parts)


def _part(code: Any, value: Any, least: int) -> str:
    match code:
        case op.LITERAL:
            return chr(value)
        case op.NOT_LITERAL:
            return next(char for char in _PREFERRED if ord(char) != value)
        case op.ANY:
            return "a"
        case op.IN:
            return _of_set(value)
        case op.AT:
            return ""
        case op.SUBPATTERN:
            return _made(value[3], least)
        case op.BRANCH:
            return _made(value[1][0], least)
        case op.MAX_REPEAT | op.MIN_REPEAT:
            lowest, highest, inner = value
            once = _made(inner, 0)
            times = min(max(lowest, least), highest)
            if len(once) * times > 10_000:
                raise Unknown
            return once * int(times)
    raise Unknown


def _of_set(members: Any) -> str:
    """A character of a set: a plain one if there is any."""
    negated = members[0][0] is op.NEGATE
    if found := next((char for char in _PREFERRED if _within(members, char) is not negated), ""):
        return found
    first, value = members[0]
    if first in (op.LITERAL, op.RANGE):
        return chr(value if first is op.LITERAL else value[0])
    raise Unknown


def _within(members: Any, char: str) -> bool:
    for code, value in members:
        if code is op.LITERAL and ord(char) == value:
            return True
        if code is op.RANGE and value[0] <= ord(char) <= value[1]:
            return True
        if code is op.CATEGORY and _CATEGORY[value](char):
            return True
    return False
