"""The cache's index in the database: the same as in memory, and one for all replicas."""

import logging
from pathlib import Path

import pytest

from sijo.engine.cache import Entry, Index, Memory
from sijo.store import Database, Prefixes, database
from tests.cache.ask import HOUR, LONG, SOON, Json, Platform, text, user

ONE, TWO = b"1" * 16, b"2" * 16
TALK: Json = {"system": [text(LONG, HOUR)], "messages": [user(text(LONG, SOON), "Hi")]}


@pytest.fixture(params=["memory", "database"])
def index(request: pytest.FixtureRequest, store: Database) -> Index:
    return Memory() if request.param == "memory" else Prefixes(store)


async def test_what_was_saved_is_found_until_it_ends(index: Index) -> None:
    await index.save({ONE: Entry(600, 300, 1300.0), TWO: Entry(900, 3600, 4600.0)}, 1000.0)
    assert await index.find([ONE, TWO, b"3" * 16], 1299.5) == {
        ONE: Entry(600, 300, 1300.0), TWO: Entry(900, 3600, 4600.0),
    }  # fmt: skip
    assert list(await index.find([ONE, TWO], 1300.0)) == [TWO]
    assert await index.find([], 1000.0) == {}


async def test_an_end_is_never_drawn_nearer_and_tokens_can_change(index: Index) -> None:
    await index.save({ONE: Entry(600, 300, 1300.0)}, 1000.0)
    await index.save({ONE: Entry(610, 300, 1200.0)}, 1000.0)
    assert await index.find([ONE], 1000.0) == {ONE: Entry(610, 300, 1300.0)}
    await index.save({ONE: Entry(610, 300, 1400.0)}, 1000.0)
    assert await index.find([ONE], 1350.0) == {ONE: Entry(610, 300, 1400.0)}


async def test_notes_are_kept_until_they_end(index: Index) -> None:
    await index.note(ONE, b"\x00note", 1300.0)
    assert await index.recall(ONE, 1299.0) == b"\x00note"
    assert await index.recall(ONE, 1300.0) is None
    assert await index.recall(TWO, 1000.0) is None


async def test_many_digests_can_be_asked_for_at_once(index: Index) -> None:
    many = [bytes([n]) * 16 for n in range(80)]
    await index.save({digest: Entry(600, 300, 1300.0) for digest in many[::2]}, 1000.0)
    assert set(await index.find(many, 1000.0)) == set(many[::2])


async def test_what_is_over_is_removed(store: Database) -> None:
    index = Prefixes(store)
    await index.save({ONE: Entry(600, 300, 1300.0)}, 1000.0)
    await index.note(ONE, b"note", 1300.0)
    await index.save({TWO: Entry(600, 300, 1900.0)}, 1600.0)
    assert await store.rows("SELECT digest FROM cache_prefixes") == [(TWO.hex(),)]
    assert await store.rows("SELECT id FROM cache_notes") == []


async def test_the_memory_of_a_process_is_bounded() -> None:
    index = Memory(most=2, notes=1)
    for digest in (ONE, TWO):
        await index.save({digest: Entry(600, 300, 1300.0)}, 1000.0)
    await index.save({ONE: Entry(600, 300, 1300.0)}, 1000.0)  # used again: now the other is the oldest
    await index.save({b"3" * 16: Entry(600, 300, 1300.0)}, 1000.0)
    assert set(await index.find([ONE, TWO, b"3" * 16], 1000.0)) == {ONE, b"3" * 16}
    await index.note(ONE, b"1", 1300.0)
    await index.note(TWO, b"2", 1300.0)
    assert await index.recall(ONE, 1000.0) is None


async def test_two_replicas_on_one_database_behave_as_one(address: str, tmp_path: Path) -> None:
    stores = [database(address, tmp_path) for _ in range(2)]
    for store in stores:
        await store.open()
    here, there = (Platform(Prefixes(store)) for store in stores)
    alone = Platform()
    for platform in (here, there, here):
        assert await platform.ask(TALK) == await alone.ask(TALK)
    message = await here.message({**TALK, "diagnostics": {"previous_message_id": None}})
    known = await there.message({**TALK, "diagnostics": {"previous_message_id": message.id}})
    assert known.diagnostics == {"cache_miss_reason": None}
    for store in stores:
        await store.close()


async def test_a_request_does_not_fail_with_the_database(store: Database, caplog: pytest.LogCaptureFixture) -> None:
    await store.run("DROP TABLE cache_prefixes")
    await store.run("DROP TABLE cache_notes")
    platform = Platform(Prefixes(store))
    with caplog.at_level(logging.WARNING, "sijo.cache"):
        for _ in range(2):
            used = await platform.ask({**TALK, "diagnostics": {"previous_message_id": "msg_01"}})
            assert used.read == 0 and used.hour > 0
    assert "not kept" in caplog.text
