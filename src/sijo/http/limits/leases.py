"""Buckets that several workers or replicas share: a little is drawn from the database in advance, and spent here.

All together they never give out more than there is. What one has drawn and not used, the others lack until it is
brought back, twice a second; so a limit may be kept a little under, and never over.
"""

import logging
from collections.abc import Callable, Sequence

from sijo.errors import Overloaded
from sijo.http.limits.buckets import MINUTE, SLACK, Bucket
from sijo.http.limits.plans import Want
from sijo.store import StoreError
from sijo.store.buckets import Buckets, Draw

AHEAD = 0.25
"""Seconds' worth that is drawn in advance, whole requests or tokens: of a small limit nothing is, and it is exact."""
TRIES = 5
"""Times that a request draws, at most."""

log = logging.getLogger("sijo.limits")


class Lease(Bucket):
    """A bucket whose `level` is what was drawn of it. `left` is what the database had at the last look, at `seen`."""

    __slots__ = ("left", "seen")

    def __init__(self, name: str, limit: int, now: float, burst: float = MINUTE) -> None:
        super().__init__(name, limit, now, burst)
        self.left, self.seen = self.level, float("-inf")
        self.level = 0.0

    def fill(self, now: float) -> float:
        self.at = now
        return self.level

    def wait(self, amount: float, now: float) -> float:
        lacking = amount - self.level
        if lacking <= SLACK:
            return 0.0
        missing = min(amount, self.size) - self.remaining(now)
        return max(missing / self.rate, 0.001) if self.rate else MINUTE

    def remaining(self, now: float) -> float:
        """What there is, here and for all, as far as it is known."""
        self.seen = min(self.seen, now)  # of a clock that was set back the old time may be long in coming again
        return min(self.size, self.level + self.left + (now - self.seen) * self.rate)


class Leases:
    """Draws for all leases of this process, and brings back."""

    def __init__(self, rows: Buckets, clock: Callable[[], float]) -> None:
        self.rows, self.clock = rows, clock
        self._held: dict[str, Lease] = {}

    async def fetch(self, wants: Sequence[Want]) -> None:
        """Draw what is lacking, where there may be so much. Raises `Overloaded` if the database cannot be asked.

        While one draws others may spend: what is lacking then is drawn again, as long as there is more.
        """
        for _ in range(TRIES):
            now = self.clock()
            asked = [
                (one, Draw(one.name, one.rate, one.size, 0.0, amount - one.level, one.rate * AHEAD // 1))
                for meter, amount in wants
                if isinstance(one := meter.bucket, Lease)
                and amount - one.level > SLACK
                and one.remaining(now) + SLACK >= amount
            ]
            if not asked:
                return
            try:
                await self._draw(asked)
            except StoreError as error:
                log.warning("limits cannot be looked up: %s", error)
                raise Overloaded from error

    async def back(self) -> None:
        """Bring back what is held, and pay what is owed. Raises `StoreError`; then it is held still."""
        held, self._held = list(self._held.values()), {}
        brought = [(one, Draw(one.name, one.rate, one.size, back=one.level)) for one in held if one.level]
        for one, _ in brought:
            one.level = 0.0  # before it is back: nobody may spend it meanwhile
        try:
            if brought:
                await self._draw(brought)
        except StoreError:
            for one, draw in brought:
                one.level += draw.back
                self.holds(one)
            raise

    def holds(self, lease: Bucket) -> None:
        """Its level was changed: it is to be settled."""
        if isinstance(lease, Lease):
            self._held[lease.name] = lease

    async def _draw(self, asked: Sequence[tuple[Lease, Draw]]) -> None:
        now = self.clock()
        for (lease, _), got in zip(asked, await self.rows.draw([draw for _, draw in asked], now), strict=True):
            lease.left, lease.seen = got.left, now
            if got.taken:
                lease.level += got.taken
                self.holds(lease)
