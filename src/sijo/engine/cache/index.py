"""What is in the cache: prefixes by their digest, each with its tokens and its end. Here, in the memory of one process;
`store` has the same for several."""

from collections.abc import Collection, Mapping
from typing import NamedTuple, Protocol

MOST = 65_536
"""Prefixes that are remembered; about 200 bytes each."""
NOTES = 4_096
LIFETIMES: Mapping[str, int] = {"5m": 300, "1h": 3600}
"""Seconds."""


class Entry(NamedTuple):
    """A prefix: the tokens it was written with, the seconds that a use keeps it, and the Unix second of its end."""

    tokens: int
    lifetime: int
    expires: float


class Index(Protocol):
    """The prefixes that can be read, and the notes that diagnostics leave. It never fails: what it cannot tell was
    never there."""

    async def find(self, digests: Collection[bytes], now: float, /) -> Mapping[bytes, Entry]:
        """Those of the prefixes that live."""
        ...

    async def save(self, entries: Mapping[bytes, Entry], now: float, /) -> None:
        """Add prefixes, or change what is known of them. An end that is there already is never drawn nearer."""
        ...

    async def recall(self, key: bytes, now: float, /) -> bytes | None:
        """A note, if it is still there."""
        ...

    async def note(self, key: bytes, note: bytes, expires: float, /) -> None:
        """Keep a note until then, if there is room for so long."""
        ...


class Memory:
    """An index in memory, bounded: what was used longest ago goes first."""

    def __init__(self, most: int = MOST, notes: int = NOTES) -> None:
        self._most, self._most_notes = most, notes
        self._entries: dict[bytes, Entry] = {}
        self._notes: dict[bytes, tuple[bytes, float]] = {}

    async def find(self, digests: Collection[bytes], now: float, /) -> Mapping[bytes, Entry]:
        get, found = self._entries.get, {}
        for digest in digests:
            entry = get(digest)
            if entry is not None and entry.expires > now:
                found[digest] = entry
        return found

    async def save(self, entries: Mapping[bytes, Entry], now: float, /) -> None:
        kept = self._entries
        for digest, entry in entries.items():
            old = kept.pop(digest, entry)  # out and in again: the newest stands last
            kept[digest] = entry if old.expires <= entry.expires else entry._replace(expires=old.expires)
        while len(kept) > self._most:
            del kept[next(iter(kept))]

    async def recall(self, key: bytes, now: float, /) -> bytes | None:
        note, expires = self._notes.get(key, (None, 0.0))
        return note if expires > now else None

    async def note(self, key: bytes, note: bytes, expires: float, /) -> None:
        self._notes[key] = (note, expires)
        while len(self._notes) > self._most_notes:
            del self._notes[next(iter(self._notes))]
