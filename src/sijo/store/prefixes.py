"""The cache's index in the database: shared by all workers of a server, and by all replicas on one PostgreSQL."""

import logging
from collections.abc import Collection, Mapping

from sijo.engine.cache import Entry
from sijo.store.database import Database, Row, StoreError

SWEEP = 60.0
"""Seconds between two times that what is over is removed."""
STEP = 20
"""Digests are asked for in multiples of so many: a few statements instead of one for each number of them."""
SAVE = """
INSERT INTO cache_prefixes (digest, tokens, lifetime, expires) VALUES (?, ?, ?, ?)
ON CONFLICT (digest) DO UPDATE SET tokens = excluded.tokens, lifetime = excluded.lifetime,
expires = CASE WHEN excluded.expires > cache_prefixes.expires THEN excluded.expires ELSE cache_prefixes.expires END
"""
NOTE = """
INSERT INTO cache_notes (id, note, expires) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET note = excluded.note, expires = excluded.expires
"""
FIND = "SELECT digest, tokens, lifetime, expires FROM cache_prefixes WHERE expires > ? AND digest IN ({})"

logger = logging.getLogger("sijo.cache")


class Prefixes:
    """An `Index` of `engine.cache`. A request does not fail with the database: what cannot be read was not there, what
    cannot be written is lost, and the log says so."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._swept = 0.0

    async def find(self, digests: Collection[bytes], now: float, /) -> Mapping[bytes, Entry]:
        names = [digest.hex() for digest in digests]
        if not names:
            return {}
        names += names[-1:] * (-len(names) % STEP)
        sql = FIND.format(", ".join("?" * len(names)))
        rows = await self._rows(sql, now, *names)
        return {bytes.fromhex(digest): Entry(tokens, life, end) for digest, tokens, life, end in rows}

    async def save(self, entries: Mapping[bytes, Entry], now: float, /) -> None:
        # in one order everywhere: two that write the same rows crosswise would wait for each other
        rows = [(digest.hex(), *entry) for digest, entry in sorted(entries.items())]
        try:
            if len(rows) == 1:
                await self._database.run(SAVE, *rows[0])
            else:
                await self._database.many(SAVE, rows)
            await self._sweep(now)
        except StoreError as error:
            logger.warning("%d prefixes were not kept: %s", len(rows), error)

    async def recall(self, key: bytes, now: float, /) -> bytes | None:
        rows = await self._rows("SELECT note FROM cache_notes WHERE id = ? AND expires > ?", key.hex(), now)
        return bytes.fromhex(rows[0][0]) if rows else None

    async def note(self, key: bytes, note: bytes, expires: float, /) -> None:
        try:
            await self._database.run(NOTE, key.hex(), note.hex(), expires)
        except StoreError as error:
            logger.warning("a note was not kept: %s", error)

    async def _rows(self, sql: str, *values: object) -> list[Row]:
        try:
            return await self._database.rows(sql, *values)
        except StoreError as error:
            logger.warning("the cache's index cannot be read: %s", error)
            return []

    async def _sweep(self, now: float) -> None:
        if now - self._swept < SWEEP:
            return
        self._swept = now
        await self._database.run("DELETE FROM cache_prefixes WHERE expires <= ?", now)
        await self._database.run("DELETE FROM cache_notes WHERE expires <= ?", now)
