"""The ledger, on either database: what is written adds up, once, whoever writes and however often."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sijo.engine.entry import Entry, cost, used
from sijo.engine.prices import HOUR as SECONDS
from sijo.engine.prices import prices
from sijo.store import Database, StoreError, database
from sijo.store.ledger import Ledger
from sijo.store.rollups import DAY, HOUR, MINUTE, Batch, batch
from sijo.store.spend import Spend, month
from sijo.store.writer import Writer
from sijo.wire import events as e
from tests.accounts import NOON, entry, usage

EVER = (0.0, 4e9)


async def write(ledger: Ledger, entries: Sequence[Entry], number: int = 1, writer: str = "writer") -> None:
    await ledger.write(writer, number, batch(entries, prices()), NOON)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await true():  # noqa: ASYNC110 - what is waited for is in a database
            await asyncio.sleep(0.05)


async def counted(ledger: Ledger, turns: int) -> bool:
    return await ledger.turns() == turns


async def tried(away: "Away", times: int) -> bool:
    return away.tries >= times


async def spending(spend: Spend, amount: int) -> bool:
    return spend.month(None) == amount


async def test_an_empty_ledger_has_no_sums(store: Database) -> None:
    assert await Ledger(store).sums(DAY, *EVER) == []
    assert await Ledger(store).sums(DAY, *EVER, ("model",)) == []


async def test_a_turn_is_one_row(store: Database) -> None:
    told = usage(1, 2, read=3, write_5m=4, write_1h=5, output_tokens_details=e.OutputDetails(1), inference_geo="us")
    one = entry(told, workspace="wrkspc_1", key="apikey_1", code_seconds=300, first=None, error="api_error", stop=None)
    await write(Ledger(store), [one])
    row = (await store.rows("SELECT * FROM turns"))[0]
    amount = 1 * 5_500_000 + 4 * 6_875_000 + 5 * 11_000_000 + 3 * 550_000 + 2 * 27_500_000
    assert row == (
        NOON, one.request, one.message, "wrkspc_1", "apikey_1", "claude-opus-4-8", "standard", "0-200k", "us",
        "standard", "simulator", 1, 4, 5, 3, 2, 1, 0, 0, 300, amount, None, 200, "api_error", 1.5, None,
    )  # fmt: skip


async def test_sums_are_kept_by_minute_hour_and_day(store: Database) -> None:
    ledger = Ledger(store)
    times = [NOON, NOON + 20, NOON + 40, NOON + 3600, NOON + DAY]
    await write(ledger, [entry(usage(10), at=at) for at in times])
    minutes = [(one.of["start"], one.used.input) for one in await ledger.sums(MINUTE, *EVER, ("start",))]
    noon = int(NOON) - 30
    assert minutes == [(noon, 20), (noon + 60, 10), (noon + 3600, 10), (noon + DAY, 10)]
    hours = [(one.of["start"], one.used.input) for one in await ledger.sums(HOUR, *EVER, ("start",))]
    assert hours == [(noon, 30), (noon + 3600, 10), (noon + DAY, 10)]
    days = [(one.of["start"], one.turns) for one in await ledger.sums(DAY, *EVER, ("start",))]
    assert days == [(noon - DAY // 2, 4), (noon + DAY // 2, 1)]


async def test_sums_of_a_time(store: Database) -> None:
    ledger = Ledger(store)
    await write(ledger, [entry(usage(1), at=NOON + hour * HOUR) for hour in range(5)])
    begin = int(NOON) // HOUR * HOUR
    assert [one.used.input for one in await ledger.sums(HOUR, begin + HOUR, begin + 3 * HOUR)] == [2]


async def test_any_mix_of_turns_adds_up_like_the_turns_themselves(store: Database) -> None:
    dice, ledger, entries = random.Random(5), Ledger(store), []
    for _ in range(300):
        told = usage(
            dice.randrange(150_000),
            dice.randrange(900),
            read=dice.randrange(150_000),
            write_5m=dice.randrange(99),
            write_1h=dice.randrange(99),
            service_tier=dice.choice(("standard", "batch")),
            inference_geo=dice.choice(("us", "global")),
            server_tool_use=dice.choice((None, e.ServerToolUsage(2, 1))),
        )
        entries.append(
            entry(
                told,
                model=dice.choice(("claude-opus-4-8", "claude-sonnet-4-5-20250929", "qwen3")),
                at=NOON + dice.randrange(5 * DAY),
                workspace=dice.choice((None, "wrkspc_1", "wrkspc_2")),
                key=dice.choice((None, "apikey_1")),
            )
        )
    for number, first in enumerate(range(0, 300, 70), 1):
        await write(ledger, entries[first : first + 70], number)
    plain: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * 4)
    for one in entries:
        amount = used(one.usage)
        parts = (1, amount.input, amount.searches, cost(one, amount, prices()).total)
        key = (one.workspace or "", one.model)
        plain[key] = [a + b for a, b in zip(plain[key], parts, strict=True)]
    for width in (MINUTE, HOUR, DAY):
        sums = await ledger.sums(width, *EVER, ("model", "workspace"))
        found = {
            (str(s.of["workspace"]), str(s.of["model"])): [s.turns, s.used.input, s.used.searches, s.cost.total]
            for s in sums
        }
        assert found == plain
    only = await ledger.sums(DAY, *EVER, (), {"workspace": ["wrkspc_1", "wrkspc_2"], "model": ["qwen3"]})
    assert only[0].turns == plain["wrkspc_1", "qwen3"][0] + plain["wrkspc_2", "qwen3"][0]
    assert await ledger.sums(DAY, *EVER, (), {"model": []}) == []


async def test_millions_of_dollars_add_up(store: Database) -> None:
    """In picodollars, of which 64 bits hold nine million dollars."""
    ledger, day = Ledger(store), 24 * SECONDS
    much = [entry(usage(90_000_000, 90_000_000), at=NOON + number // 50 * day) for number in range(12 * 500)]
    for number in range(12):
        await write(ledger, much[500 * number : 500 * (number + 1)], number + 1)
    [whole] = await ledger.sums(DAY, *EVER)
    assert whole.used.output == 6000 * 90_000_000
    one = cost(much[0], used(much[0].usage), prices())
    assert (whole.cost.output, whole.cost.total) == (6000 * one.output, 6000 * one.total)
    assert whole.cost.output > 2**63


async def test_what_the_ledger_does_not_know_is_refused(store: Database) -> None:
    with pytest.raises(ValueError, match="does not tell apart colour"):
        await Ledger(store).sums(DAY, *EVER, ("colour",))


async def test_a_batch_that_is_written_again_changes_nothing(store: Database) -> None:
    ledger, once = Ledger(store), [entry(usage(10))]
    await write(ledger, once, 1)
    await write(ledger, once, 1)
    await write(ledger, [entry(usage(5))], 2)
    await write(ledger, once, 1)
    await write(ledger, once, 1, "another")
    assert await ledger.turns() == 3
    assert (await ledger.sums(DAY, *EVER))[0].used.input == 25


async def test_a_batch_is_all_or_nothing(store: Database) -> None:
    ledger, good = Ledger(store), batch([entry()], prices())
    with pytest.raises(StoreError):
        await ledger.write("writer", 1, Batch(good.turns, [(None, *good.sums[0][1:])]), NOON)
    assert await ledger.turns() == 0
    await ledger.write("writer", 1, good, NOON)
    assert await ledger.turns() == 1


async def test_two_replicas_add_up(address: str, tmp_path: Path) -> None:
    both = [database(address, tmp_path) for _ in range(2)]
    await asyncio.gather(*(one.open() for one in both))

    async def all_of(one: Database) -> None:
        for number in range(1, 11):
            models = ("claude-opus-4-8", "qwen3") if one is both[0] else ("qwen3", "claude-opus-4-8")
            await write(Ledger(one), [entry(usage(1), model=model) for model in models], number, str(id(one)))

    await asyncio.gather(*map(all_of, both))
    assert [one.used.input for one in await Ledger(both[0]).sums(MINUTE, *EVER, ("model",))] == [20, 20]
    for one in both:
        await one.close()


async def test_a_writer_writes_soon_and_all_at_its_end(store: Database) -> None:
    ledger = Ledger(store)
    writer = Writer(ledger, prices())
    for _ in range(1200):
        writer.add(entry(usage(1)))
    assert await ledger.turns() == 0
    await writer.close()
    assert await ledger.turns() == 1200
    writer.add(entry(usage(1)))
    await until(lambda: counted(ledger, 1201))
    assert (await ledger.sums(DAY, *EVER))[0].used.input == 1201


class Away:
    """A database that is away, until it comes back: the real one behind a door that shuts."""

    def __init__(self, store: Database) -> None:
        self.store, self.shut, self.tries, self.shared = store, True, 0, store.shared

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Database]:
        self.tries += 1
        if self.shut:
            raise StoreError("database: away")
        async with self.store.transaction() as inside:
            yield inside


async def test_turns_wait_for_a_database_that_is_away(store: Database, caplog: pytest.LogCaptureFixture) -> None:
    away = Away(store)
    writer = Writer(Ledger(away), prices())  # type: ignore[arg-type]
    for _ in range(700):
        writer.add(entry(usage(1)))
    await until(lambda: tried(away, 2))
    writer.add(entry(usage(1)))
    away.shut = False
    await writer.flush()
    assert await Ledger(store).turns() == 701
    assert [record.message for record in caplog.records if record.name == "sijo.ledger"] == [
        "turns wait for the ledger: database: away",
        "the ledger is written again; lost for want of room: 0 turns",
    ]


async def test_a_turn_that_cannot_be_written_takes_no_other_with_it(
    store: Database, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger(store)
    writer = Writer(ledger, prices())
    for at in (NOON, float("nan"), NOON + 1):
        writer.add(entry(usage(1, 1), at=at, request=f"req_{at}"))
    writer.add(entry(usage(1, 1), error="a type\0of an upstream"))
    async with asyncio.timeout(20):
        await writer.flush()
    assert await ledger.turns() == 3
    assert "a turn cannot be written to the ledger: req_nan" in caplog.text


async def test_what_there_is_no_room_for_is_counted_aloud(store: Database, caplog: pytest.LogCaptureFixture) -> None:
    writer = Writer(Ledger(store), prices(), most=10)
    for _ in range(25):
        writer.add(entry(usage(1)))
    await writer.close()
    assert await Ledger(store).turns() == 10
    assert writer.lost == 15
    assert "10 turns wait" in caplog.text and "15 turns are not in it" in caplog.text


async def test_a_database_that_is_away_to_the_end_is_said(store: Database, caplog: pytest.LogCaptureFixture) -> None:
    writer = Writer(Ledger(Away(store)), prices(), patience=0.5)  # type: ignore[arg-type]
    for _ in range(600):
        writer.add(entry(usage(1)))
    await writer.close()
    assert "the database was away to the end: 600 turns are not in the ledger" in caplog.text


async def test_what_a_month_has_cost(store: Database) -> None:
    now = datetime.now(UTC).timestamp()
    ledger, spend = Ledger(store), Spend(Ledger(store), prices())
    before = month(now)[0] - 1
    await write(
        ledger,
        [
            entry(usage(1000), at=now),
            entry(usage(1000), at=now, workspace="wrkspc_1"),
            entry(usage(3000), at=now, workspace="wrkspc_1", model="claude-haiku-4-5-20251001"),
            entry(usage(9000), at=before, workspace="wrkspc_1"),
        ],
    )
    assert spend.month(None) == 0
    await spend.start()
    try:
        assert (spend.month(None), spend.month("wrkspc_1")) == (5 * 10**9, 8 * 10**9)
        assert spend.month("wrkspc_2") == 0
        assert spend.total() == 13 * 10**9
        await write(ledger, [entry(usage(1000), at=now)], 2)
        await until(lambda: spending(spend, 10**10))  # another process wrote: it is seen without being asked for
    finally:
        await spend.close()


async def test_containers_cost_once_the_free_hours_of_the_month_are_over(store: Database) -> None:
    now = datetime.now(UTC).timestamp()
    ledger, spend = Ledger(store), Spend(Ledger(store), prices())
    await write(ledger, [entry(usage(), at=now, code_seconds=1540 * SECONDS)])
    await spend.refresh()
    assert spend.total() == 0
    await write(ledger, [entry(usage(), at=now, code_seconds=30 * SECONDS, workspace="wrkspc_1")], 2)
    await spend.refresh()
    assert spend.month("wrkspc_1") == 20 * 5 * 10**10


def test_a_month_is_one_by_utc() -> None:
    begin, end = month(datetime(2026, 12, 31, 23, 59, tzinfo=UTC).timestamp())
    assert datetime.fromtimestamp(begin, UTC) == datetime(2026, 12, 1, tzinfo=UTC)
    assert datetime.fromtimestamp(end, UTC) == datetime(2027, 1, 1, tzinfo=UTC)
