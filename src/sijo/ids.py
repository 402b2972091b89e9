"""Identifiers in the API's forms (`msg_01...`, `toolu_01...`), and the clock."""

import os
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, repeat

BYTES = 12
POOL = 256
"""Ids for which randomness is drawn at once: to ask the system for it is what an id costs."""


def _drawn() -> Iterator[tuple[bytes]]:
    """Pieces of randomness, each given once. All of it is C, so that threads may share it."""
    return chain.from_iterable(map(struct.Struct(f"{BYTES}s").iter_unpack, map(os.urandom, repeat(BYTES * POOL))))


_pool = _drawn()


def _forked() -> None:
    global _pool  # noqa: PLW0603 - what the parent has drawn is the parent's
    _pool = _drawn()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def new(prefix: str) -> str:
    """A fresh id such as `msg_01f3a9c2d4b5e6f708192a3b4c`: opaque, unguessable, unique."""
    return f"{prefix}_01{next(_pool)[0].hex()}"


def now() -> datetime:
    """The time, always UTC and aware."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """RFC 3339 as the API writes it: `2026-11-21T03:04:05Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(seconds: float) -> datetime:
    """The time that Unix seconds tell."""
    return datetime.fromtimestamp(seconds, UTC)
