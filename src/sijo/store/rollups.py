"""Turns as rows, and what they add to the sums by minute, hour and day: plain values, nothing is written here.

Each sum is of all turns of a time that are alike in what reports tell apart. A report then adds up some hundred sums,
however many turns there were.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import astuple

from sijo.engine.entry import LONG, SHORT, STANDARD, UNKNOWN_GEO, Cost, Entry, Used, cost, parts, plain, used
from sijo.engine.prices import Prices
from sijo.store.database import Row

MINUTE, HOUR, DAY = 60, 3600, 86_400
WIDTHS = (MINUTE, HOUR, DAY)
"""Seconds of the times that sums are kept for."""

BY = ("workspace", "api_key", "model", "tier", "context", "geo", "speed", "engine")
"""What reports tell apart. Of the default workspace, and where no key was used, the name is empty."""
USED = Used.__struct_fields__
COUNTS = ("turns", *USED, *(f"{name}_cost" for name in Cost.__struct_fields__))
"""What is added up: turns, tokens, calls, seconds of containers, picodollars."""
TURN = ("at", "request", "message", *BY, *USED, "cost", "stop", "status", "error", "duration", "first_token")
"""The columns of a turn."""

Key = tuple[str, ...]


class Sum(msgspec.Struct, frozen=True):
    """What turns that are alike came to: `of` says in what."""

    of: Mapping[str, str | int]
    turns: int
    used: Used
    cost: Cost


class Batch(NamedTuple):
    """Turns to be written together, and what they add to the sums (each with its width and start before its key)."""

    turns: Sequence[Row]
    sums: Sequence[Row]


def batch(entries: Iterable[Entry], prices: Prices) -> Batch:
    """The rows of some turns, at the prices of their day."""
    turns: list[Row] = []
    alike: dict[tuple[int, Key], list[tuple[int, ...]]] = {}
    for entry in entries:
        for number, one in enumerate(parts(entry) if entry.usage.iterations else (entry,)):
            amount = used(one.usage, one.code_seconds)
            price = cost(one, amount, prices)
            key = dimensions(one, amount, prices)
            counts = astuple(amount)
            turns.append(turn(one, key, counts, price))
            place = (int(one.at) // MINUTE * MINUTE, key)
            alike.setdefault(place, []).append((int(not number), *counts, *astuple(price)))
    return Batch(turns, widened({place: list(map(sum, zip(*rows, strict=True))) for place, rows in alike.items()}))


def widened(minutes: dict[tuple[int, Key], list[int]]) -> list[Row]:
    """The sums of minutes, and those of their hours and days, in an order that all writers keep: none waits for another
    that waits for it."""
    found: dict[tuple[int, int, Key], list[int]] = {}
    for (minute, key), counts in minutes.items():
        for width in WIDTHS:
            place = (width, minute // width * width, key)
            have = found.get(place)
            found[place] = counts if have is None else [a + b for a, b in zip(have, counts, strict=True)]
    return [(width, start, *key, *counts) for (width, start, key), counts in sorted(found.items())]


def dimensions(entry: Entry, amount: Used, prices: Prices) -> Key:
    """What reports tell this turn by, in the order of `BY`."""
    usage = entry.usage
    return (
        entry.workspace or "",
        entry.key or "",
        plain(entry.model),
        plain(usage.service_tier, STANDARD),
        LONG if prices.long(amount.total) else SHORT,
        plain(usage.inference_geo, UNKNOWN_GEO),
        plain(usage.speed, STANDARD),
        plain(entry.engine),
    )


def turn(entry: Entry, key: Key, counts: tuple[int, ...], price: Cost) -> Row:
    """The row of a turn, in the order of `TURN`."""
    return (
        entry.at,
        entry.request,
        plain(entry.message),
        *key,
        *counts,
        price.total,
        plain(entry.stop) or None,
        entry.status,
        plain(entry.error) or None,
        entry.duration,
        entry.first,
    )
