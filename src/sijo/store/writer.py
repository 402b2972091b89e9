"""Brings entries to the ledger, away from the requests: a turn pays for an append, a task writes them in batches.

A batch leaves half a second after the first entry in it at the latest, and all that wait leave when the server stops. A
database that is away is tried again and again; nobody waits for it, and what comes meanwhile is kept, up to a limit.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from sijo import ids
from sijo.engine.entry import Entry
from sijo.engine.prices import Prices
from sijo.store.database import StoreError
from sijo.store.ledger import Ledger
from sijo.store.rollups import Batch, batch

EVERY = 0.5
"""Seconds from an entry to its batch."""
SIZE = 500
"""Entries of a batch: to make one holds up everybody else."""
MOST = 100_000
"""Entries that wait at most, of which each takes about a kilobyte. More are not kept, only counted."""
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries; the last again and again."""
PATIENCE = 10.0
"""Seconds for the last batches when the server stops."""

ODD = (TypeError, ValueError, AttributeError, ArithmeticError, LookupError)
"""What an entry raises that is not what it should be: some of it was told by an upstream."""

logger = logging.getLogger("sijo.ledger")


class Writer:
    """Of one process. `most` bounds what waits, `patience` how long the end may take, in seconds."""

    def __init__(self, ledger: Ledger, prices: Prices, *, most: int = MOST, patience: float = PATIENCE) -> None:
        self.lost = 0
        """Turns that there was no room for."""
        self._full = False
        self._ledger, self._prices, self._most, self._patience = ledger, prices, most, patience
        self._entries: deque[Entry] = deque()
        self._batch: Batch | None = None
        self._name, self._number = ids.new("writer"), 0
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._awake = asyncio.Event()

    def add(self, entry: Entry) -> None:
        """Keep an entry; written half a second later."""
        if len(self._entries) >= self._most:
            self.lost += 1
            if not self._full:
                self._full = True
                logger.error("the ledger is full: %d turns wait for the database, and more are not kept", self._most)
            return
        self._entries.append(entry)
        if self._timer is None and self._task is None:
            self._schedule()

    async def flush(self) -> None:
        """Write all that waits. Returns when it is written."""
        while self._entries or self._task is not None:
            if self._task is None:
                self._begin()
            assert self._task is not None
            await asyncio.shield(self._task)

    async def close(self) -> None:
        """Write what waits, if it can be written in time; what cannot is counted aloud."""
        self._awake.set()  # no pause between tries is worth sitting out now
        try:
            async with asyncio.timeout(self._patience):
                await self.flush()
        except TimeoutError:
            if self._task is not None:
                self._task.cancel()
            waiting = len(self._entries) + (len(self._batch.turns) if self._batch else 0)
            logger.error("the database was away to the end: %d turns are not in the ledger", waiting)
        if self.lost:
            logger.error("the ledger was full for a while: %d turns are not in it", self.lost)

    def _schedule(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(EVERY, self._begin)

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._task = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        """Write what waits now; what comes meanwhile waits its half second, so that batches stay few."""
        left = len(self._entries)
        try:
            while left > 0:
                self._full = False
                taken = [self._entries.popleft() for _ in range(min(SIZE, left))]
                left -= len(taken)
                self._number += 1
                self._batch = sound(taken, self._prices)
                await self._write(self._batch)
                self._batch = None
        finally:
            self._task = None
            if self._entries:
                self._schedule()

    async def _write(self, rows: Batch) -> None:
        """Write a batch, however long that takes."""
        tries = 0
        while True:
            try:
                await self._ledger.write(self._name, self._number, rows, time.time())
            except StoreError as error:
                if tries == 0:
                    logger.warning("turns wait for the ledger: %s", error)
                await self._pause(PAUSES[min(tries, len(PAUSES) - 1)])
                tries += 1
            else:
                if tries:
                    logger.warning("the ledger is written again; lost for want of room: %d turns", self.lost)
                return

    async def _pause(self, seconds: float) -> None:
        if self._awake.is_set():
            await asyncio.sleep(PAUSES[0])
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._awake.wait()


def sound(taken: Sequence[Entry], prices: Prices) -> Batch:
    """The batch of these entries. One that cannot be written takes no other with it."""
    try:
        return batch(taken, prices)
    except ODD:
        return batch([entry for entry in taken if writable(entry, prices)], prices)


def writable(entry: Entry, prices: Prices) -> bool:
    try:
        batch([entry], prices)
    except ODD:
        logger.exception("a turn cannot be written to the ledger: %s", entry.request)
        return False
    return True
