"""What a request comes to: read, written, or paid in full. Pure: a layout and what an index has of it in, figures out.

The rules (of the API's guide to caching): a breakpoint looks back through 20 blocks for a prefix that was written
before. The longest that any of them finds is read. What lies between it and the last breakpoint is written, for an hour
as far as the last breakpoint that asks for one, and for five minutes behind it. The rest is plain input. A prefix below
the model's minimum is not written. Each prefix that is found lives on from the start of this request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sijo.engine.cache.index import LIFETIMES, Entry
from sijo.engine.cache.layout import Layout
from sijo.engine.cache.walk import Mark


@dataclass(slots=True)
class Charge:
    """Tokens. Their sum is the whole input, always."""

    input: int = 0
    read: int = 0
    written_5m: int = 0
    written_1h: int = 0

    @property
    def total(self) -> int:
        return self.input + self.read + self.written_5m + self.written_1h


@dataclass(slots=True)
class Finding:
    """What a layout came upon: the longest prefix (`at` is -1 and `tokens` 0 where there is none), and all that were
    found, to be renewed."""

    at: int = -1
    tokens: int = 0
    renewed: Mapping[bytes, Entry] | None = None


def finding(layout: Layout, there: Mapping[bytes, Entry], now: float) -> Finding:
    """What each breakpoint finds, given what of its window is there."""
    if not there:
        return Finding()
    found = Finding()
    renewed: dict[bytes, Entry] = {}
    for window in layout.windows:
        for position in window:
            digest = layout.digests[position]
            entry = there.get(digest)
            if entry is None:
                continue
            renewed[digest] = entry._replace(expires=now + entry.lifetime)
            if position > found.at:
                found.at, found.tokens = position, entry.tokens
            break
    found.renewed = renewed
    return found


def written(layout: Layout, found: Finding, minimum: int, total: int) -> list[Mark]:
    """The breakpoints at which a request of `total` tokens writes: behind what it reads, and long enough."""
    behind = [mark for mark in layout.marks if mark[0] > found.at]
    return [mark for mark in behind if size(layout, mark[0], total) >= minimum]


def size(layout: Layout, position: int, total: int) -> int:
    """The tokens of a prefix, where the whole input is `total`: the layout's own count of it, and its share of a total
    that was counted otherwise."""
    own = layout.tokens
    part = layout.upto(position)
    return part if total == own else round(part * total / own) if own else 0


def charged(
    layout: Layout, found: Finding, marks: Sequence[Mark], total: int, now: float
) -> tuple[Charge, dict[bytes, Entry]]:
    """The tokens of a request whose whole input is `total`, and what it leaves in the cache."""
    read = min(found.tokens, total)
    entries: dict[bytes, Entry] = {}
    hour = last = read
    for position, ttl in marks:
        last = max(last, size(layout, position, total))
        if ttl == "1h":
            hour = last
        lifetime = LIFETIMES[ttl]
        entries[layout.digests[position]] = Entry(last, lifetime, now + lifetime)
    return Charge(total - last, read, last - hour, hour - read), entries
