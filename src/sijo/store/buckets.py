"""Token buckets that several processes share. Each draws a little in advance, and brings back what it did not use."""

from collections.abc import Sequence

import msgspec

from sijo.store.database import Database

LOCK = (
    "INSERT INTO buckets (name, level, at) VALUES (?, ?, ?) "
    "ON CONFLICT (name) DO UPDATE SET at = buckets.at RETURNING level, at"
)
"""Makes the bucket, full, or holds it until the transaction ends: either way nobody else changes it meanwhile."""
ASTRAY = 60.0
"""Seconds from now that no clock of a replica is ahead: a bucket that was left there was left by a clock that has been
set right since."""


class Draw(msgspec.Struct, frozen=True):
    """What to do to one bucket, which fills by `rate` a second up to `size`.

    `back` is added first (negative: it was spent without being drawn). Then `need` is taken, with `extra` if there is
    so much more, or nothing.
    """

    name: str
    rate: float
    size: float
    back: float = 0.0
    need: float = 0.0
    extra: float = 0.0


class Drawn(msgspec.Struct, frozen=True):
    """What was taken, and what is left for all."""

    taken: float
    left: float


class Buckets:
    """Every query there is on buckets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def draw(self, draws: Sequence[Draw], now: float) -> list[Drawn]:
        """Each in turn, all in one transaction; `now` in Unix seconds. Never more is taken than there is."""
        drawn = {}
        async with self._database.transaction() as inside:
            for draw in sorted(draws, key=lambda draw: draw.name):  # in one order: nobody waits for one who waits
                ((level, at),) = await inside.rows(LOCK, draw.name, draw.size, now)
                if at - now > ASTRAY:
                    at = now
                level = min(draw.size, level + max(0.0, now - at) * draw.rate + draw.back)
                taken = next((take for take in (draw.need + draw.extra, draw.need) if 0 < take <= level), 0.0)
                left = level - taken
                await inside.run("UPDATE buckets SET level = ?, at = ? WHERE name = ?", left, max(at, now), draw.name)
                drawn[draw.name] = Drawn(taken, left)
        return [drawn[draw.name] for draw in draws]
