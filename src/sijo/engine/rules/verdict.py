"""What becomes of a fault: the request is refused, or, on a lenient server, what is merely unknown is left out."""

import logging
from collections.abc import Iterator
from typing import Any

from sijo.errors import InvalidRequest
from sijo.wire import explain
from sijo.wire.explain import EXTRA, Fault, Path, Tag, dotted

log = logging.getLogger("sijo.wire")
MOST = 1000
"""Faults that are left out of one request; one that has more is refused."""
# Paths come from clients: what is kept of them has bounds.
REMEMBERED, SHOWN = 1000, 120
_told: set[str] = set()

SOFT = frozenset({
    ("thinking", "display"),
    ("output_config", "effort"),
    ("messages", "*", "output_config", "effort"),
    ("messages", "*", "clear_at"),
    ("service_tier",),
    ("inference_geo",),
    ("speed",),
})  # fmt: skip
"""Fields that only tune: a value that is not known yet is left out like an unknown field."""


def settle(value: Any, faults: Iterator[Fault], *, prune: bool) -> None:
    """Raise the first fault as InvalidRequest; where `prune`, take the unknown out of `value` instead."""
    spare: list[Path] = []
    for path, words in faults:
        if not prune or len(spare) == MOST or not (words == EXTRA or shape(path) in SOFT):
            raise InvalidRequest(f"{dotted(path)}: {words}")
        spare.append(path)
    for path in spare:
        _tell(path)
        explain.prune(value, path)


def shape(path: Path) -> tuple[str, ...]:
    """The path with `*` for each place in a list."""
    return tuple("*" if isinstance(step, int) else step for step in path if not isinstance(step, Tag))


def _tell(path: Path) -> None:
    where = ".".join(shape(path))[:SHOWN]
    if where not in _told and len(_told) < REMEMBERED:
        _told.add(where)
        log.warning("left out of a request, for it is not known here: %r", where)
