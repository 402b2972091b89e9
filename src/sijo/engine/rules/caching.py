"""Cache breakpoints: how many, in which order of lifetimes, and where the automatic one falls."""

from collections.abc import Iterator, Sequence

from sijo.engine.rules.case import Case
from sijo.engine.rules.turns import NO_MARKS, dotted
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire.base import CacheControl
from sijo.wire.explain import EXTRA

MOST = 4
SCOPE = "cache_control.scope"
Mark = tuple[str, CacheControl]


def breakpoints(case: Case) -> None:
    """At most four, the automatic one included, and none for an hour after one for five minutes."""
    marks: list[Mark] = []
    if case.tools:
        marks += _tools(case)
    if isinstance(case.request.system, list):
        marks += _system(case.request.system)
    marks += [(f"{dotted(place)}.cache_control", mark) for place, mark in case.turns.marks]
    if case.request.cache_control is not None:
        _automatic(case, case.request.cache_control, marks)
    if len(marks) > MOST:
        raise InvalidRequest(f"A maximum of {MOST} blocks with cache_control may be provided. Found {len(marks)}.")
    case.cached = bool(marks)
    short = False
    for path, mark in marks:
        if mark.scope is not None and SCOPE in case.facts.closed_paths:
            raise InvalidRequest(f"{path}.scope: {EXTRA}")
        if lifetime(mark) == "1h" and short:
            raise InvalidRequest(
                f"{path}.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note "
                "that blocks are processed in the following order: tools, system, messages."
            )
        short = short or lifetime(mark) == "5m"


def lifetime(mark: CacheControl) -> str:
    """What a breakpoint asks for, or means when it does not say."""
    return mark.ttl or "5m"


def _tools(case: Case) -> Iterator[Mark]:
    for at, tool in enumerate(case.tools):
        if tool.cache_control is not None:
            yield f"tools.{at}.cache_control", tool.cache_control


def _system(blocks: Sequence[b.Text]) -> Iterator[Mark]:
    for at, block in enumerate(blocks):
        if block.cache_control is not None:
            if not block.text or block.text.isspace():
                raise InvalidRequest(f"system.{at}.text: cache_control cannot be set for empty text blocks")
            yield f"system.{at}.cache_control", block.cache_control


def _automatic(case: Case, asked: CacheControl, marks: list[Mark]) -> None:
    """Add the automatic breakpoint: on the last block that can have one, and nothing where that has the same."""
    found, mark = _last(case)
    if not found:
        return
    if mark is None:
        marks.append(("cache_control", asked))
    elif lifetime(mark) != lifetime(asked):
        raise InvalidRequest(
            f"Top-level cache_control has ttl='{lifetime(asked)}' but the target block already has cache_control with "
            f"ttl='{lifetime(mark)}'"
        )


def _last(case: Case) -> tuple[bool, CacheControl | None]:
    """Whether there is a block that can be marked, and the mark that the last of them has."""
    for item in reversed(case.request.messages):
        if isinstance(item.content, str):
            if item.content.strip():
                return True, None
            continue
        for block in reversed(item.content):
            if type(block) not in NO_MARKS and not (isinstance(block, b.Text) and not block.text.strip()):
                return True, block.cache_control  # type: ignore[union-attr]
    return False, None
