"""What every database does, whichever it is."""

import asyncio
from pathlib import Path

import pytest

from sijo.store import Database, StoreError, database
from sijo.store.migrations import migrate

TABLE = "CREATE TABLE IF NOT EXISTS fruit (name TEXT PRIMARY KEY, weight DOUBLE PRECISION NOT NULL)"
PUT = "INSERT INTO fruit (name, weight) VALUES (?, ?)"
ALL = "SELECT name, weight FROM fruit ORDER BY name"


async def test_what_was_written_is_read(store: Database) -> None:
    await store.run(TABLE)
    await store.many(PUT, [("pear", 1.5), ("apple", 2.0)])
    assert await store.rows(ALL) == [("apple", 2.0), ("pear", 1.5)]
    assert await store.run("UPDATE fruit SET weight = ? WHERE weight > ?", 3.0, 1.0) == 2


async def test_a_change_gives_its_rows(store: Database) -> None:
    await store.run(TABLE)
    given = await store.rows("INSERT INTO fruit (name, weight) VALUES (?, ?) RETURNING name", "배", 1.0)
    assert given == [("배",)]


async def test_a_transaction_is_all_or_nothing(store: Database) -> None:
    await store.run(TABLE)

    async def failing() -> None:
        async with store.transaction() as inside:
            await inside.run(PUT, "pear", 1.0)
            assert await inside.rows(ALL) == [("pear", 1.0)]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    assert await store.rows(ALL) == []


async def test_many_is_all_or_nothing(store: Database) -> None:
    await store.run(TABLE)
    with pytest.raises(StoreError):
        await store.many(PUT, [("pear", 1.0), ("pear", 2.0)])
    assert await store.rows(ALL) == []
    await store.run(PUT, "pear", 1.0)  # and it goes on
    assert len(await store.rows(ALL)) == 1


async def test_writers_take_turns(store: Database) -> None:
    await store.run(TABLE)
    await store.run(PUT, "pear", 0.0)

    async def add() -> None:
        async with store.transaction() as inside:
            (weight,) = (await inside.rows("UPDATE fruit SET weight = weight + 1 RETURNING weight"))[0]
            assert weight >= 1

    await asyncio.gather(*(add() for _ in range(20)))
    assert await store.rows(ALL) == [("pear", 20.0)]


async def test_two_that_open_at_once_bring_it_up_to_date_once(address: str, tmp_path: Path) -> None:
    both = [database(address, tmp_path) for _ in range(2)]
    await asyncio.gather(*(one.open() for one in both))
    steps = [["CREATE TABLE twice (n INTEGER)"]]
    numbered = [*([[]] * len(await both[0].rows("SELECT number FROM migrations"))), *steps]

    async def up(one: Database) -> int:
        async with one.transaction() as inside:
            if one.shared:
                await inside.rows("SELECT pg_advisory_xact_lock(1)")
            return await migrate(inside, numbered)

    assert sorted(await asyncio.gather(*map(up, both))) == [0, 1]
    for one in both:
        await one.close()


async def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "sijo.db").write_text("no database, and long enough to look like one" * 40)
    with pytest.raises(StoreError, match=r"sijo\.db: file is not a database"):
        await database(None, tmp_path).open()
    with pytest.raises(StoreError) as told:
        await database("postgresql://sijo:secret@127.0.0.1:1/none", tmp_path).open()
    assert "secret" not in str(told.value)
    for address in ("postgresql://sijo:sec/ret@127.0.0.1/none", "postgresql://sijo:se[cr]et@127.0.0.1/none"):
        with pytest.raises(StoreError, match="the address cannot be read") as told:
            await database(address, tmp_path).open()
        assert told.value.__cause__ is None and told.value.__suppress_context__
    with pytest.raises(StoreError, match="must be postgresql://"):
        database("mysql://localhost/x", tmp_path)


async def test_a_refusal_inside_a_transaction_is_said_there(store: Database) -> None:
    await store.run(TABLE)

    async def twice() -> None:
        async with store.transaction() as inside:
            await inside.run(PUT, "pear", 1.0)
            with pytest.raises(StoreError):
                await inside.run(PUT, "pear", 2.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await twice()
    assert await store.rows(ALL) == []


async def test_who_is_called_off_at_any_moment_leaves_the_turn_to_the_next(store: Database) -> None:
    await store.run(TABLE)

    async def add() -> None:
        async with store.transaction() as inside:
            await inside.run(PUT, "pear", 1.0)
            await inside.run("DELETE FROM fruit")

    for steps in range(12):  # it is at another of its waits each time
        task = asyncio.create_task(add())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await store.many(PUT, [("apple", 2.0)])
    assert await store.rows(ALL) == [("apple", 2.0)]
