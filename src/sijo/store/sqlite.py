"""The default database: a file. Readers do not wait for the writer (WAL), writers take turns."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import chain
from pathlib import Path

import aiosqlite

from sijo.store.database import Busy, Database, Row, StoreError
from sijo.store.migrations import migrate

PATIENCE = 10.0
"""Seconds to wait for another process that writes."""
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",  # a killed process loses nothing; a power cut may lose the last commits
    "PRAGMA foreign_keys=ON",
    "PRAGMA mmap_size=268435456",
)

VALUES = re.compile(r"VALUES (\(\?(?:, \?)*\))")
TOGETHER = 8000
"""Values of a statement at most; SQLite takes 32,766."""


class Sqlite:
    """A file, with one connection that writes and one that reads."""

    shared = False

    def __init__(self, path: Path, *, patience: float = PATIENCE) -> None:
        self.path, self._patience = path, patience
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        with said(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.touch(mode=0o600)
            self._writer = await self._connect()
        try:
            async with self.transaction() as all_or_nothing:
                await migrate(all_or_nothing)
            with said(self.path):
                self._reader = await self._connect()
        except StoreError:
            await self._writer.close()
            raise

    async def rows(self, sql: str, *values: object) -> list[Row]:
        if not sql.lstrip()[:6].upper().startswith(("SELECT", "WITH")):
            async with self._turned():
                return await fetched(self._writer, self.path, sql, values)
        return await fetched(self._reader, self.path, sql, values)

    async def run(self, sql: str, *values: object) -> int:
        async with self._turned():
            return await changed(self._writer, self.path, sql, values)

    async def many(self, sql: str, values: Sequence[Row]) -> None:
        async with self.transaction():
            await changed_by_rows(self._writer, self.path, sql, values)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Database]:
        async with self._turned():
            kept = False
            try:
                with said(self.path):
                    await self._writer.execute("BEGIN IMMEDIATE")  # which begins, even if nobody waits for it any more
                yield Inside(self._writer, self.path)
                kept = True
            finally:
                with said(self.path):
                    await (self._writer.commit() if kept else self._writer.rollback())

    @asynccontextmanager
    async def _turned(self) -> AsyncGenerator[None]:
        """The turn to write. Where another process writes for long, all that wait for it give up together."""
        try:
            async with asyncio.timeout(self._patience):
                await self._turn.acquire()
        except TimeoutError as error:
            raise Busy(f"{self.path}: others write") from error
        try:
            yield
        finally:
            self._turn.release()

    async def close(self) -> None:
        await self._reader.close()
        await self._writer.close()

    async def _connect(self) -> aiosqlite.Connection:
        connection = await aiosqlite.connect(self.path, timeout=self._patience, isolation_level=None)
        try:
            for pragma in PRAGMAS:
                await connection.execute(pragma)
        except sqlite3.Error:
            await connection.close()  # each has a thread, which would live on
            raise
        return connection


class Inside:
    """A transaction of a `Sqlite`: its statements use the connection that has the turn."""

    shared = False

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self._connection, self._path = connection, path

    async def open(self) -> None:
        """It is open."""

    async def rows(self, sql: str, *values: object) -> list[Row]:
        return await fetched(self._connection, self._path, sql, values)

    async def run(self, sql: str, *values: object) -> int:
        return await changed(self._connection, self._path, sql, values)

    async def many(self, sql: str, values: Sequence[Row]) -> None:
        await changed_by_rows(self._connection, self._path, sql, values)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Database]:
        yield self

    async def close(self) -> None:
        """The transaction ends with its block."""


async def fetched(connection: aiosqlite.Connection, path: Path, sql: str, values: Sequence[object]) -> list[Row]:
    with said(path):
        return [tuple(row) for row in await connection.execute_fetchall(sql, values)]


async def changed(connection: aiosqlite.Connection, path: Path, sql: str, values: Sequence[object]) -> int:
    with said(path):
        cursor = await connection.execute(sql, values)
        count = cursor.rowcount
        await cursor.close()
    return count


async def changed_by_rows(connection: aiosqlite.Connection, path: Path, sql: str, rows: Sequence[Row]) -> None:
    """One change for each row. Of insertions many are made by one statement: at each the driver lets go of Python and
    takes it back, which a busy event loop pays for.
    """
    with said(path):
        if (found := VALUES.search(sql)) is None:
            await connection.executemany(sql, rows)
            return
        most = TOGETHER // found[1].count("?")
        for part in (rows[at : at + most] for at in range(0, len(rows), most)):
            several = ", ".join([found[1]] * len(part))
            text = f"{sql[: found.start(1)]}{several}{sql[found.end(1) :]}"
            await (await connection.execute(text, list(chain.from_iterable(part)))).close()


@contextmanager
def said(path: Path) -> Generator[None]:
    """What the driver raises, as a `StoreError` that names the file."""
    try:
        yield
    except sqlite3.OperationalError as error:
        kind = Busy if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) else StoreError
        raise kind(f"{path}: {error}") from error
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path}: {error}") from error
