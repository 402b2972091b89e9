"""Schemas as engines can bear them: many make a grammar of one, and some patterns make one that holds them up for ever.

A repetition inside a repetition can be met in so many ways that llama.cpp, which follows all of them at once, answers
nobody any more. Such a pattern is taken out here, or the request refused; which, is for who asks.
"""

import re
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from sijo.engine.remembered import remembered

LONGEST = 5_000
"""Characters of a pattern."""
DEAREST = 2_000
"""Times that the inside of a nested repetition may be repeated in all."""
EMPTY = 10
"""How much dearer it is where the inside can match nothing, so that nobody knows how often it did."""
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_ALIEN = re.compile(r"\\[pP]\{\w+(?:=\w+)?\}")
"""Classes of characters that engines know and the parser here does not."""
_NAMED = re.compile(r"\(\?<(?=\w)")


def bearable(schema: Any) -> bool:
    """Whether none of its patterns holds an engine up."""
    todo = [schema]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            if isinstance(pattern := node.get("pattern"), str) and dear(pattern):
                return False
            todo.extend(node.values())
        elif isinstance(node, list):
            todo.extend(node)
    return True


def lightened(schema: Any) -> Any:
    """The same with dear patterns told in the description, where only the model reads them."""
    if isinstance(schema, list):
        return [lightened(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: lightened(part) for key, part in schema.items()}
    if isinstance(pattern := schema.get("pattern"), str) and dear(pattern):
        del out["pattern"]
        out["description"] = f"{schema.get('description', '')} Pattern: {pattern[:LONGEST]}".lstrip()
    return out


@remembered(512, LONGEST)
def dear(pattern: str) -> bool:
    """Whether a pattern repeats too often what repeats itself. One that cannot be read is dear."""
    if len(pattern) > LONGEST:
        return True
    try:
        return _weight(_parser.parse(_NAMED.sub("(?P<", _ALIEN.sub(".", pattern))))[1] > DEAREST
    except (re.error, RecursionError, OverflowError):
        return True


def _weight(tree: Any) -> tuple[int, int]:
    """How often the inmost part is repeated, and what the nested repetitions cost."""
    times, cost = 1, 0
    for code, value in tree:
        if code in _REPEATS:
            least, most, inner = value
            inside, within = _weight(inner)
            here = inside * max(1, least if most is op.MAXREPEAT else most)
            empty = inner.getwidth()[0] == 0
            times = max(times, here)
            cost += max(within, here * (EMPTY if empty else 1) if empty or inside > 1 else 0)
        else:
            for part in _inside(code, value):
                inside, within = _weight(part)
                times, cost = max(times, inside), cost + within
    return times, cost


def _inside(code: Any, value: Any) -> list[Any]:
    """The patterns right inside a part of one."""
    match code:
        case op.SUBPATTERN:
            return [value[3]]
        case op.BRANCH:
            return list(value[1])
        case op.ASSERT | op.ASSERT_NOT:
            return [value[1]]
        case op.ATOMIC_GROUP:
            return [value]
        case op.GROUPREF_EXISTS:
            return [part for part in value[1:] if part is not None]
        case _:
            return []
