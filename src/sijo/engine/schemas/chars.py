"""Sets of characters, as sorted ranges of code points that do not touch each other."""

from collections.abc import Iterable
from functools import lru_cache

Ranges = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
SURROGATES = (0xD800, 0xDFFF)
"""No character has these, though a number could be written for one."""


def union(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """All of them, sorted and grown together."""
    out: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return tuple(out)


@lru_cache(1024)
def inverse(ranges: Ranges) -> Ranges:
    """All characters but these."""
    out, start = [], 0
    for low, high in union([*ranges, SURROGATES]):
        if low > start:
            out.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        out.append((start, LAST))
    return tuple(out)


@lru_cache(1024)
def common(one: Ranges, other: Ranges) -> Ranges:
    """Those in both."""
    return inverse(union([*inverse(one), *inverse(other)]))


def of(text: str) -> Ranges:
    """The characters of a text."""
    return union((ord(char), ord(char)) for char in text)


def size(ranges: Ranges) -> int:
    """How many there are."""
    return sum(high - low + 1 for low, high in ranges)


DIGITS: Ranges = ((0x30, 0x39),)
WORDS = union([*DIGITS, (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)])
SPACES = of("\t\n\v\f\r ")
CONTROLS: Ranges = ((0, 0x1F),)
RAW = inverse(union([*CONTROLS, (0x22, 0x22), (0x5C, 0x5C), (0x7F, 0x9F)]))
"""What stands in a JSON string as it is."""

# Engines and validators differ in whether `\d`, `\s` and `\w` know more than ASCII. What is written must be right for
# both: these are the characters that are no digits, no space and no part of a word to any of them.
_PLAIN = union([(0, 0x7F), (0xC0, 0x65F), (0x1E00, 0x1FFF), (0x2010, 0x2027), (0x3041, 0x9FFF), (0xAC00, 0xD7A3)])
_FACES: Ranges = ((0x1F300, 0x1F5FF), (0x1F600, 0x1F64F))
NO_DIGITS = common(union([*_PLAIN, *_FACES]), inverse(DIGITS))
NO_SPACES = common(union([*_PLAIN, *_FACES]), inverse(union([*SPACES, (0x1C, 0x1F), (0x85, 0x85)])))
NO_WORDS = common(union([(0, 0x7F), (0x2010, 0x2027), *_FACES]), inverse(WORDS))
DOT = inverse(of("\n\r\u2028\u2029"))
