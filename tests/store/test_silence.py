"""A database that stands still: a PostgreSQL that says nothing any more, a file that somebody else has locked."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

from sijo.store import Busy, StoreError
from sijo.store.postgres import CONNECTIONS, Postgres
from sijo.store.sqlite import Sqlite
from tests.connections import Connections
from tests.databases import fresh

BOUND = 20.0
"""Seconds for what would otherwise never end: no measure of what works."""


class Wire(Connections):
    """Between a client and a PostgreSQL: what either says goes on while it is `open`."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port, self.open = port, asyncio.Event()
        self.open.set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        back, there = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            await asyncio.gather(self.carry(reader, there), self.carry(back, writer))
        finally:
            there.transport.abort()
        return False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self.open.wait()
            writer.write(data)
        with suppress(OSError):
            writer.write_eof()


async def test_nobody_waits_for_good_where_nothing_is_said(postgres: str) -> None:
    address = urlsplit(await fresh(postgres))
    assert address.port is not None
    wire = Wire(address.port)
    async with await asyncio.start_server(wire.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        store = Postgres(f"postgresql://sijo@127.0.0.1:{port}{address.path}", patience=0.3)
        await store.open()
        await asyncio.gather(*(store.rows("SELECT pg_sleep(0.1)") for _ in range(CONNECTIONS)))

        async def asked() -> None:
            async with store.transaction() as inside:
                await inside.rows("SELECT 1")

        wire.open.clear()
        async with asyncio.timeout(BOUND):
            many = [store.rows("SELECT 1") for _ in range(60 * CONNECTIONS)]
            found = await asyncio.gather(*many, asked(), return_exceptions=True)
        assert [type(one) for one in found] == [StoreError] * len(found)
        wire.open.set()
        async with asyncio.timeout(BOUND):
            assert await store.rows("SELECT 1") == [(1,)]
            await store.close()
        await wire.stop()


async def test_nobody_waits_for_good_for_a_turn_to_write(tmp_path: Path) -> None:
    store = Sqlite(tmp_path / "sijo.db", patience=0.3)
    await store.open()
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(BOUND):
            many = [store.run("DELETE FROM turns") for _ in range(200)]
            found = await asyncio.gather(*many, store.many("DELETE FROM turns", []), return_exceptions=True)
        assert [type(one) for one in found] == [Busy] * len(found)
    assert await store.run("DELETE FROM turns") == 0
    await store.close()
