"""Patterns of a schema as trees: read from a regular expression, with what no grammar can hold refused.

The tree is of whole texts: a pattern that is not anchored has any characters before and after it. Which characters a
class means is chosen so that the dialects of ECMAScript and Python both find the text right.
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from sijo.engine.schemas import chars

LONGEST = 5_000
"""Characters of a pattern."""
MOST = 1_900
"""Parts of a pattern once its repetitions are written out, as engines do."""
_NAMED = re.compile(r"(?<!\\)((?:\\\\)*)\(\?<(?=[A-Za-z_])")
_ALIEN = re.compile(r"(?<!\\)(?:\\\\)*(\\[AZpPQEG]|\(\?P|\(\?[aiLmsux-])")
"""What one dialect knows and the other does not, or reads otherwise."""
_CLASSES = {
    op.CATEGORY_DIGIT: chars.DIGITS,
    op.CATEGORY_NOT_DIGIT: chars.NO_DIGITS,
    op.CATEGORY_SPACE: chars.SPACES,
    op.CATEGORY_NOT_SPACE: chars.NO_SPACES,
    op.CATEGORY_WORD: chars.WORDS,
    op.CATEGORY_NOT_WORD: chars.NO_WORDS,
}


class Unheld(Exception):
    """No grammar is made of this here."""


class Large(Unheld):
    """It would be too large."""


class Impossible(Unheld):
    """Nothing at all would be valid."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set."""

    ranges: chars.Ranges


@dataclass(frozen=True, slots=True)
class Seq:
    """One after the other."""

    parts: tuple["Regex", ...]


@dataclass(frozen=True, slots=True)
class Alt:
    """One of several."""

    parts: tuple["Regex", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """So many times; `most` is None where there is no end."""

    part: "Regex"
    least: int
    most: int | None


Regex = Chars | Seq | Alt | Repeat

ANYTHING = Repeat(Chars(chars.inverse(())), 0, None)


@lru_cache(512)
def read(pattern: str) -> Regex:
    """The tree of a pattern that is to be found somewhere in a text. Raises Unheld."""
    if len(pattern) > LONGEST:
        raise Large(pattern[:200])
    if _ALIEN.search(pattern):
        raise Unheld(pattern[:200])
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = _parser.parse(_NAMED.sub(r"\1(?P<", pattern))
    except (re.error, RecursionError, OverflowError) as error:
        raise Unheld(pattern[:200]) from error
    found = Alt(tuple(_anchored(list(branch)) for branch in _branches(list(tree))))
    if weight(found) > MOST:
        raise Large(pattern[:200])
    return found.parts[0] if len(found.parts) == 1 else found


def whole(pattern: str) -> Regex:
    """The tree of a pattern that is to match from the first character to the last."""
    return read(f"^(?:{pattern})$")


def weight(regex: Regex) -> int:
    """How many parts it has once repetitions are written out."""
    match regex:
        case Chars():
            return 1
        case Seq(parts) | Alt(parts):
            return sum(map(weight, parts))
        case Repeat(part, least, most):
            return weight(part) * max(1, least if most is None else most)


def _branches(tree: list[Any]) -> list[Any]:
    """The alternatives of a pattern, also where a group is around all of it or beside its anchors."""
    if len(tree) == 1 and tree[0][0] is op.BRANCH:
        return [branch for part in tree[0][1][1] for branch in _branches(list(part))]
    if len(tree) == 1 and tree[0][0] is op.SUBPATTERN:
        return _branches(list(tree[0][1][3]))
    start, end = tree[:1], tree[-1:]
    if len(tree) > 1 and start[0] == (op.AT, op.AT_BEGINNING) and _splits(tree[1:]):
        return [[*start, *branch] for branch in _branches(tree[1:])]
    if len(tree) > 1 and end[0] == (op.AT, op.AT_END) and _splits(tree[:-1]):
        return [[*branch, *end] for branch in _branches(tree[:-1])]
    return [tree]


def _splits(rest: list[Any]) -> bool:
    """Whether what is beside an anchor is one group of alternatives, alone or with the other anchor."""
    inner = [part for part in rest if part[0] is not op.AT]
    return len(inner) == 1 and inner[0][0] in (op.BRANCH, op.SUBPATTERN)


def _anchored(tree: list[Any]) -> Regex:
    """One alternative, with any characters where it has no anchor."""
    start = end = False
    while tree and tree[0] == (op.AT, op.AT_BEGINNING):
        start, tree = True, tree[1:]
    while tree and tree[-1] == (op.AT, op.AT_END):
        end, tree = True, tree[:-1]
    return Seq((*(() if start else (ANYTHING,)), *(_part(*part) for part in tree), *(() if end else (ANYTHING,))))


def _seq(tree: Sequence[Any]) -> Regex:
    parts = tuple(_part(code, value) for code, value in tree)
    return parts[0] if len(parts) == 1 else Seq(parts)


def _part(code: Any, value: Any) -> Regex:
    match code:
        case op.LITERAL:
            return Chars(((value, value),))
        case op.NOT_LITERAL:
            return Chars(chars.inverse(((value, value),)))
        case op.ANY:
            return Chars(chars.DOT)
        case op.IN:
            return _set(value)
        case op.BRANCH:
            return Alt(tuple(map(_seq, value[1])))
        case op.SUBPATTERN if not (value[1] or value[2]):
            return _seq(value[3])
        case op.MAX_REPEAT | op.MIN_REPEAT:
            least, most, inner = value
            return Repeat(_seq(inner), least, None if most is op.MAXREPEAT else most)
        case _:
            raise Unheld(str(code))


def _set(members: Sequence[Any]) -> Regex:
    """A class of characters. One that is negated leaves out what any dialect could mean by its members."""
    negated = members[0][0] is op.NEGATE
    ranges: list[tuple[int, int]] = []
    for code, value in members[negated:]:
        match code:
            case op.LITERAL:
                ranges.append((value, value))
            case op.RANGE:
                ranges.append(value)
            case op.CATEGORY if negated:
                ranges.extend(chars.inverse(_CLASSES[_OTHER[value]]))
            case op.CATEGORY:
                ranges.extend(_CLASSES[value])
            case _:
                raise Unheld(str(code))
    found = chars.inverse(chars.union(ranges)) if negated else chars.common(chars.union(ranges), chars.inverse(()))
    if not found:
        raise Unheld("an empty class")
    return Chars(found)


_OTHER = {
    op.CATEGORY_DIGIT: op.CATEGORY_NOT_DIGIT,
    op.CATEGORY_NOT_DIGIT: op.CATEGORY_DIGIT,
    op.CATEGORY_SPACE: op.CATEGORY_NOT_SPACE,
    op.CATEGORY_NOT_SPACE: op.CATEGORY_SPACE,
    op.CATEGORY_WORD: op.CATEGORY_NOT_WORD,
    op.CATEGORY_NOT_WORD: op.CATEGORY_WORD,
}
"""A negated class leaves out all that its members could be: everything that is not surely of the other kind."""
