"""Several processes with one database: together they give out what one would."""

import asyncio
from typing import Unpack

import pytest

from sijo.engine.turn import blank
from sijo.errors import Overloaded, RateLimited
from sijo.http.limits import Limits, Rule
from sijo.store import Database
from sijo.store.buckets import Buckets, Draw
from tests.http.limits.ground import OPUS, Clock, Size, ask, body, call, limits, told, turn


def leases(one: Limits) -> object:
    assert one.leases is not None
    return one.leases


async def several(store: Database, clock: Clock, *rules: Rule, count: int = 3) -> list[Limits]:
    return [limits(*rules, clock=clock, shared=store) for _ in range(count)]


async def served(replicas: list[Limits], asks: int, **request: Unpack[Size]) -> int:
    """How many of so many are let in, each by another replica in turn."""
    done = 0
    for at in range(asks):
        try:
            await ask(replicas[at % len(replicas)], **request)
            done += 1
        except RateLimited:
            pass
    return done


async def settle(replicas: list[Limits]) -> None:
    """What they do twice a second."""
    for one in replicas:
        assert one.leases is not None
        await one.leases.back()


async def test_replicas_share_one_limit(store: Database) -> None:
    clock = Clock()
    replicas = await several(store, clock, Rule(requests=30))
    assert await served(replicas, 60) == 30
    clock.sleep(10)
    await settle(replicas)
    assert await served(replicas, 60) == 5


async def test_what_one_does_not_use_the_others_can(store: Database) -> None:
    clock = Clock()
    first, second = await several(store, clock, Rule(requests=600), count=2)
    await ask(first)  # draws more than it needs
    await settle([first])
    assert await served([second], 700) == 599


async def test_they_never_give_out_more_than_there_is(store: Database) -> None:
    clock = Clock()
    replicas = await several(store, clock, Rule(requests=300))
    done = 0
    for _ in range(60):
        done += await served(replicas, 12)
        clock.sleep(0.5)
        await settle(replicas)
    assert 445 <= done <= 450  # 300 at once, and 5 a second for half a minute


async def test_at_once_too(store: Database) -> None:
    replicas = await several(store, Clock(), Rule(requests=40))
    asked = [ask(replicas[at % 3]) for at in range(90)]
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(one) for one in results if isinstance(one, BaseException)} == {RateLimited}
    done = sum(not isinstance(one, BaseException) for one in results)
    assert 35 <= done <= 40


async def test_tokens_are_put_right_for_all(store: Database) -> None:
    clock = Clock()
    first, second = await several(store, clock, Rule(input=10_000), count=2)
    await ask(first, expected=8_000, used={"input_tokens": 1_000, "cache_read_input_tokens": 7_000})
    await settle([first])
    await ask(second, expected=8_500)
    with pytest.raises(RateLimited):
        await ask(first, expected=1_000)


async def test_what_was_overspent_is_owed_by_all(store: Database) -> None:
    clock = Clock()
    first, second = await several(store, clock, Rule(output=1_000), count=2)
    await ask(first, used={"output_tokens": 1_500})
    await settle([first])
    with pytest.raises(RateLimited):
        await ask(second)
    clock.sleep(32)
    await ask(second)


async def test_a_refusal_is_known_without_asking_again(store: Database) -> None:
    clock = Clock()
    (one,) = await several(store, clock, Rule(requests=2), count=1)
    assert await served([one], 2) == 2
    with pytest.raises(RateLimited):
        await ask(one)
    await store.run("DROP TABLE buckets")
    with pytest.raises(RateLimited) as refused:  # nothing can have come in yet
        await ask(one)
    assert refused.value.retry_after == 30


async def test_who_draws_while_others_pay_is_let_in_all_the_same(store: Database) -> None:
    """What was drawn pays for what another answer used meanwhile; there is more where it came from."""
    (one,) = await several(store, Clock(), Rule(output=3_000), count=1)
    entries = [await one.enter(call(), {"model": OPUS}) for _ in range(3)]
    for entry in entries[:2]:
        assert entry is not None
        await entry.admit(turn(body(), 10))
    ended = blank()
    ended.usage.output_tokens = 500
    first, second, third = entries
    assert first is not None and second is not None and third is not None
    first.leave(ended)
    let_in = asyncio.create_task(third.admit(turn(body(), 10)))
    await asyncio.sleep(0)
    second.leave(ended)
    await let_in
    assert told(third.call, "output-tokens-remaining") == "2000"


@pytest.mark.parametrize("back", [5, 3600])
async def test_a_clock_that_was_set_back_stops_nobody(store: Database, back: int) -> None:
    """What was taken is there again within two minutes, not when the old time comes again."""
    clock = Clock()
    (one,) = await several(store, clock, Rule(requests=60), count=1)
    assert await served([one], 70) == 60
    clock.sleep(-back)
    assert await served([one], 5) == 0
    clock.sleep(60)
    assert await served([one], 70) == (0 if back > 60 else 60 - back)
    clock.sleep(60)
    assert await served([one], 70) == 60


async def test_a_database_that_is_away_is_an_engine_that_is_busy(store: Database) -> None:
    (one,) = await several(store, Clock(), Rule(requests=2), count=1)
    await store.run("DROP TABLE buckets")
    with pytest.raises(Overloaded):
        await ask(one)


async def test_the_headers_tell_what_is_left_for_all(store: Database) -> None:
    first, second = await several(store, Clock(), Rule(requests=240), count=2)
    await ask(first)
    await settle([first])
    assert told(await ask(second), "requests-remaining") == "238"


async def test_draws_are_taken_whole_or_not_at_all(store: Database) -> None:
    buckets = Buckets(store)
    draws = [Draw("a", 1.0, 10.0, need=4.0, extra=2.0), Draw("b", 1.0, 10.0, need=11.0)]
    assert [(one.taken, one.left) for one in await buckets.draw(draws, 100.0)] == [(6.0, 4.0), (0.0, 10.0)]
    (again,) = await buckets.draw([Draw("a", 1.0, 10.0, need=4.5, extra=2.0)], 101.0)
    assert (again.taken, again.left) == (4.5, 0.5)  # not enough for the extra
    (earlier,) = await buckets.draw([Draw("a", 1.0, 10.0)], 50.0)  # another machine's clock is behind
    assert earlier.left == 0.5
