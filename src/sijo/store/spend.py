"""What this month has cost so far, by workspace: in memory, and a second behind all who write to the ledger."""

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from sijo.engine.prices import Prices
from sijo.store.database import StoreError
from sijo.store.ledger import Ledger
from sijo.store.rollups import DAY, Sum

EVERY = 1.0
"""Seconds between two looks."""

logger = logging.getLogger("sijo.spend")


class Spend:
    """Read again every second between `start` and `close`. Amounts are picodollars; `prices.DOLLAR` are one."""

    def __init__(self, ledger: Ledger, prices: Prices) -> None:
        self._ledger, self._prices = ledger, prices
        self._known: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None
        self._failing = False

    def month(self, workspace: str | None) -> int:
        """Of one workspace, None for the default one. Turns whose entries still wait (half a second) are not in it."""
        return self._known.get(workspace or "", 0)

    def total(self) -> int:
        """Of the whole organization."""
        return sum(self._known.values())

    async def start(self) -> None:
        """Look, and go on looking. Raises `StoreError` if not even the first look succeeds."""
        await self.refresh()
        self._task = asyncio.create_task(self._keep())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def refresh(self) -> None:
        """Look now."""
        since, until = month(time.time())
        known, before = dict[str, int](), 0
        for one in await self._ledger.sums(DAY, since, until, ("workspace",)):
            known[str(one.of["workspace"])] = one.cost.total + self._prices.code(before, one.used.code_seconds)
            before += one.used.code_seconds
        self._known = known

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.refresh()
            except StoreError as error:
                if not self._failing:
                    logger.warning("what was spent is not known anew: %s", error)
                self._failing = True
            else:
                self._failing = False


def containers(sums: Iterable[Sum], prices: Prices) -> Iterator[tuple[Sum, int]]:
    """Sums by day (ordered, from the first of a month on), each with what its containers cost."""
    until, seconds = 0.0, 0
    for one in sums:
        start = int(one.of["start"])
        if start >= until:
            until, seconds = month(start)[1], 0
        yield one, prices.code(seconds, one.used.code_seconds)
        seconds += one.used.code_seconds


def month(moment: float) -> tuple[float, float]:
    """The month around a moment, by UTC: its beginning, and that of the next."""
    day = datetime.fromtimestamp(moment, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return day.timestamp(), (day + timedelta(days=32)).replace(day=1).timestamp()
