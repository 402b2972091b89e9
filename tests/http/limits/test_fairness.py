"""Many clients that ask for twice as much as they may: each gets its share, to the request, in simulated time."""

import heapq
import random
from collections import Counter
from typing import Unpack

from sijo.engine.caller import Caller
from sijo.errors import RateLimited
from sijo.http.limits import Limits, Rule
from tests.http.limits.ground import Clock, Size, ask, limits

CLIENTS, SECONDS = 200, 30.0


async def crowd(few: Limits, clock: Clock, every: float, **request: Unpack[Size]) -> Counter[str]:
    """Requests let in of each client, all of which ask every so many seconds, each from a moment of its own."""
    dice, served, began = random.Random(3), Counter[str](), clock.now
    coming = [(began + dice.uniform(0, every), f"key{at}") for at in range(CLIENTS)]
    heapq.heapify(coming)
    while coming[0][0] < began + SECONDS:
        clock.now, name = heapq.heappop(coming)
        try:
            await ask(few, Caller(None, name), **request)
            served[name] += 1
        except RateLimited:
            pass
        heapq.heappush(coming, (clock.now + every, name))
    return served


async def test_each_client_gets_its_share_of_requests() -> None:
    clock = Clock()
    # 120 a minute, one at a time: half a second for each, and a client that comes twice as often
    served = await crowd(limits(Rule(key="*", requests=120, burst=0.5), clock=clock), clock, 0.25)
    assert set(served.values()) == {60}


async def test_each_client_gets_its_share_of_input_tokens() -> None:
    clock = Clock()
    few = limits(Rule(key="*", input=60_000), clock=clock)
    await crowd(few, clock, 0.25, expected=1_000)  # spends what was saved for a burst
    served = await crowd(few, clock, 0.5, expected=1_000)
    assert len(served) == CLIENTS
    assert set(served.values()) <= {30, 31}  # 30 seconds of 1,000 a second; a part of one may have been left


async def test_each_client_gets_its_share_of_output_tokens() -> None:
    clock = Clock()
    few = limits(Rule(key="*", output=6_000), clock=clock)
    tokens = {name: count * 50 for name, count in (await crowd_output(few, clock)).items()}
    assert len(tokens) == CLIENTS
    share = 6_000 + 100 * SECONDS
    assert all(abs(one - share) <= 0.05 * share for one in tokens.values())


async def crowd_output(few: Limits, clock: Clock) -> Counter[str]:
    """Twice the limit: 50 tokens each quarter of a second, where 100 a second are allowed and 6,000 at once."""
    served, began = Counter[str](), clock.now
    while clock.now < began + SECONDS:
        for at in range(CLIENTS):
            try:
                await ask(few, Caller(None, f"key{at}"), used={"output_tokens": 50})
                served[f"key{at}"] += 1
            except RateLimited:
                pass
        clock.sleep(0.125)
    return served


async def test_together_they_get_exactly_the_limit_that_they_share() -> None:
    clock = Clock()
    served = await crowd(limits(Rule(requests=12_000, burst=1), clock=clock), clock, 0.5)
    assert abs(served.total() - (200 + 200 * SECONDS)) <= 1
