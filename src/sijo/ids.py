"""Identifiers in the API's forms (`msg_01...`, `toolu_01...`), and the clock."""

import os
from datetime import UTC, datetime

BYTES = 12


def new(prefix: str) -> str:
    """A fresh id such as `msg_01f3a9c2d4b5e6f708192a3b4c`: opaque, unguessable, unique."""
    return f"{prefix}_01{os.urandom(BYTES).hex()}"


def now() -> datetime:
    """The time, always UTC and aware."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """RFC 3339 as the API writes it: `2026-11-21T03:04:05Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
