"""The database of several replicas: PostgreSQL, through a small pool of connections."""

import asyncio
import re
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from itertools import count
from typing import Any

import asyncpg

from sijo.store.database import Busy, Database, Row, StoreError
from sijo.store.migrations import migrate

PATIENCE = 10.0
"""Seconds to wait for a connection, and for a statement."""
CONNECTIONS = 8
"""Most at once, of one process."""
LOCK = 0x51_70
"""The advisory lock under which one replica at a time brings the tables up to date."""
UNREADABLE = "database: the address cannot be read; in a user or a password / is written %2F, [ %5B, @ %40 and : %3A"
PLACE = re.compile(r"\?")


class Postgres:
    """`address` is a postgresql:// URL. What it says of a password is never shown."""

    shared = True

    def __init__(self, address: str, *, patience: float = PATIENCE) -> None:
        self._address, self._patience = address, patience
        self._pool: Any = None

    async def open(self) -> None:
        try:
            with said():
                self._pool = await asyncpg.create_pool(
                    self._address,
                    min_size=1,
                    max_size=CONNECTIONS,
                    timeout=self._patience,
                    command_timeout=self._patience,
                )
        except ValueError:  # its words, and those of its trace, would be a part of the password
            raise StoreError(UNREADABLE) from None
        async with self.transaction() as all_or_nothing:
            await all_or_nothing.rows("SELECT pg_advisory_xact_lock(?)", LOCK)
            await migrate(all_or_nothing)

    async def rows(self, sql: str, *values: object) -> list[Row]:
        async with self._connected() as inside:
            return await inside.rows(sql, *values)

    async def run(self, sql: str, *values: object) -> int:
        async with self._connected() as inside:
            return await inside.run(sql, *values)

    async def many(self, sql: str, values: Sequence[Row]) -> None:
        async with self._connected() as inside:
            await inside.many(sql, values)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Database]:
        async with self._connected() as inside, inside.connection.transaction():
            yield inside

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator["Inside"]:
        """One of the connections. A database that says nothing holds up all that wait for one, but not for good."""
        with said():
            async with asyncio.timeout(self._patience):
                connection = await self._pool.acquire()
            try:
                yield Inside(connection)
            finally:
                await self._pool.release(connection, timeout=self._patience)

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()


class Inside:
    """One connection of a `Postgres`, which its statements use: in a transaction, or each by itself."""

    shared = True

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def open(self) -> None:
        """It is open."""

    async def rows(self, sql: str, *values: object) -> list[Row]:
        with said():
            return [tuple(row) for row in await self.connection.fetch(numbered(sql), *values)]

    async def run(self, sql: str, *values: object) -> int:
        with said():
            return touched(await self.connection.execute(numbered(sql), *values))

    async def many(self, sql: str, values: Sequence[Row]) -> None:
        with said():
            await self.connection.executemany(numbered(sql), values)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Database]:
        yield self

    async def close(self) -> None:
        """The transaction ends with its block."""


@cache
def numbered(sql: str) -> str:
    """The statement with `$1`, `$2` ... in place of each `?`."""
    numbers = count(1)
    return PLACE.sub(lambda _: f"${next(numbers)}", sql)


def touched(status: str) -> int:
    """The number at the end of `UPDATE 3`, `INSERT 0 1`; other statements touch nothing."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


@contextmanager
def said() -> Generator[None]:
    """What the driver raises, as a `StoreError`."""
    try:
        yield
    except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError) as error:
        raise Busy(f"database: {error}") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise StoreError(f"database: {str(error) or type(error).__name__}") from error
