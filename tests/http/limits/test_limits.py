"""Who is let in, and what the headers say of it: tables with a clock that stands until it is moved."""

import json
import random
from contextlib import aclosing
from datetime import datetime

import pytest

from sijo.engine.caller import Caller
from sijo.engine.turn import run
from sijo.errors import RateLimited
from sijo.http.limits import Rule
from sijo.store import Database
from sijo.store.keys import Keys
from sijo.store.workspaces import Facts, Workspaces
from tests.http.limits.ground import (
    OLD,
    OPUS,
    ORGANIZATION,
    SONNET,
    Clock,
    access,
    ask,
    body,
    call,
    limits,
    told,
    turn,
)

TAIL = (
    "For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers for current "
    "usage. Please reduce the prompt length or the maximum tokens requested, or try again later. You may also contact "
    "sales at https://claude.com/contact-sales to discuss your options for a rate limit increase."
)


async def test_requests_are_counted_down_and_then_refused() -> None:
    clock = Clock()
    few = limits(Rule(requests=3), clock=clock)
    assert [told(await ask(few), "requests-remaining") for _ in range(3)] == ["2", "1", "0"]
    with pytest.raises(RateLimited) as refused:
        await ask(few)
    assert refused.value.message == (
        f"This request would exceed the rate limit for your organization ({ORGANIZATION}) of 3 requests per minute. "
        + TAIL
    )
    assert refused.value.retry_after == 20


@pytest.mark.parametrize("rule", [Rule(requests=7), Rule(requests=50, burst=3), Rule(input=5000, output=900)])
async def test_who_waits_as_long_as_told_is_let_in(rule: Rule) -> None:
    clock, waits = Clock(), list[float]()
    few = limits(rule, clock=clock)
    for _ in range(60):
        try:
            await ask(few, expected=700, used={"output_tokens": 150})
        except RateLimited as refused:
            waits.append(refused.retry_after or 0)
            clock.sleep(waits[-1])
            await ask(few, expected=700, used={"output_tokens": 150})
    assert len(waits) > 10 and all(one >= 1 for one in waits)


async def test_the_headers_agree_with_what_happens() -> None:
    """At any moment: so many more are let in as remain, not one more, and at the reset it is full."""
    clock, dice = Clock(), random.Random(7)
    few = limits(Rule(requests=20), clock=clock)
    for _ in range(40):
        clock.sleep(dice.uniform(0, 9))
        try:
            seen = await ask(few)
        except RateLimited:
            continue
        for _ in range(int(told(seen, "requests-remaining"))):
            seen = await ask(few)
        refused = call()
        with pytest.raises(RateLimited):
            await few.enter(refused, json.loads(body()))
        assert told(refused, "requests-remaining") == "0"
        clock.now = datetime.fromisoformat(told(refused, "requests-reset")).timestamp()
        assert told(await ask(few), "requests-remaining") == "19"


async def test_every_header_is_there_and_rounded_as_the_api_rounds() -> None:
    clock = Clock(1_800_000_000.0)
    seen = await ask(
        limits(Rule(requests=50, input=30_000, output=8_000), clock=clock),
        expected=1_600,
        used={"output_tokens": 5_500},
    )
    names = {
        "requests-limit": "50", "requests-remaining": "49", "requests-reset": "2027-01-15T08:00:02Z",
        "input-tokens-limit": "30000", "input-tokens-remaining": "28000", "input-tokens-reset": "2027-01-15T08:00:04Z",
        "output-tokens-limit": "8000", "output-tokens-remaining": "8000", "output-tokens-reset": "2027-01-15T08:00:01Z",
        "tokens-limit": "8000", "tokens-remaining": "8000", "tokens-reset": "2027-01-15T08:00:01Z",
    }  # fmt: skip
    assert {name.removeprefix(b"anthropic-ratelimit-").decode(): value.decode() for name, value in seen.told} == names


async def test_without_limits_for_a_model_nothing_is_told() -> None:
    assert (await ask(limits(Rule(models="claude-haiku-*", requests=1), clock=Clock()))).told == []


async def test_input_is_taken_as_counted_and_put_right_by_what_was_used() -> None:
    clock = Clock()
    few = limits(Rule(input=10_000), clock=clock)
    await ask(few, expected=6_000, used={"input_tokens": 2_000, "cache_read_input_tokens": 4_000})
    assert told(await ask(few, expected=1_000), "input-tokens-remaining") == "7000"  # 10 - 2 - 1: what was read is free
    with pytest.raises(RateLimited, match="of 10,000 input tokens per minute"):
        await ask(few, expected=7_001)


async def test_what_is_written_to_a_cache_counts() -> None:
    few = limits(Rule(input=10_000), clock=Clock())
    await ask(few, expected=100, used={"input_tokens": 100, "cache_creation_input_tokens": 6_900})
    assert told(await ask(few, expected=1_000), "input-tokens-remaining") == "2000"


async def test_the_oldest_models_count_what_is_read_from_a_cache_too() -> None:
    few = limits(Rule(input=10_000), clock=Clock())
    used = {"input_tokens": 1_000, "cache_read_input_tokens": 4_000}
    await ask(few, model=OLD, expected=1_000, used=used)
    assert told(await ask(few, model=OLD, expected=1_000), "input-tokens-remaining") == "4000"


async def test_a_client_who_leaves_before_the_usage_is_told_pays_what_was_counted() -> None:
    few = limits(Rule(input=10_000), clock=Clock())
    await ask(few, expected=6_000, used={"input_tokens": 0})
    with pytest.raises(RateLimited):
        await ask(few, expected=6_000)


@pytest.mark.parametrize("nonsense", [10**30, -(10**30)])
async def test_a_usage_that_cannot_be_true_stops_nobody(nonsense: int) -> None:
    """What an upstream tells is bounded: what was counted here stands for it, and the bucket is full a minute later."""
    clock = Clock()
    few = limits(Rule(input=10_000, output=1_000), clock=clock)
    await ask(few, expected=6_000, used={"input_tokens": nonsense, "output_tokens": nonsense})
    with pytest.raises(RateLimited):
        await ask(few, expected=6_000)
    clock.sleep(60)
    assert told(await ask(few, expected=10), "output-tokens-remaining") == "1000"


async def test_what_failed_before_a_word_costs_no_tokens() -> None:
    clock = Clock()
    few = limits(Rule(input=10_000, output=1_000), clock=clock)
    entry = await few.enter(call(), json.loads(body()))
    assert entry is not None
    failed = turn(body(), 9_000)
    await entry.admit(failed)
    entry.leave(failed.message)
    assert told(await ask(few, expected=9_500), "input-tokens-remaining") == "1000"


async def test_a_refusal_for_tokens_gives_the_place_among_the_requests_back() -> None:
    few = limits(Rule(requests=2, input=1_000), clock=Clock())
    for _ in range(5):
        with pytest.raises(RateLimited, match="input tokens"):
            await ask(few, expected=5_000)
    assert told(await ask(few, expected=10), "requests-remaining") == "1"


async def test_the_headers_of_a_refusal_for_tokens_have_the_place_given_back() -> None:
    few = limits(Rule(requests=5, input=10_000), clock=Clock())
    await ask(few, expected=6_000)
    refused = call()
    entry = await few.enter(refused, {"model": OPUS})
    assert entry is not None
    with pytest.raises(RateLimited):
        await entry.admit(turn(body(), 6_000))
    assert told(refused, "requests-remaining") == "4"
    assert told(await ask(few, expected=1_000), "requests-remaining") == "3"


async def test_output_counts_when_it_is_produced_not_before() -> None:
    clock = Clock()
    few = limits(Rule(output=1_000), clock=clock)
    await ask(few, most=60_000, used={"output_tokens": 1_500})
    with pytest.raises(RateLimited, match="of 1,000 output tokens per minute"):
        await ask(few)
    clock.sleep(31)
    await ask(few)


async def test_output_counts_while_it_is_produced() -> None:
    few = limits(Rule(output=1_000), clock=Clock())
    raw = body(most=4_000, text="Write 3000 words about rain.")
    entry = await few.enter(call(), json.loads(raw))
    assert entry is not None
    long = turn(raw, 10)
    await entry.admit(long)
    async with aclosing(run(long)) as events:
        async for _ in events:
            if long.out is not None and long.out.said > 4 * 1_010:
                break
        await ask(few, expected=1)
        await few.settle()  # as it is done twice a second
        with pytest.raises(RateLimited, match="output tokens"):
            await ask(few, expected=1)
    entry.leave(long.message)
    with pytest.raises(RateLimited, match="output tokens"):
        await ask(few, expected=1)


async def test_max_tokens_may_be_reserved() -> None:
    few = limits(Rule(output=1_000, reserve=True), clock=Clock())
    with pytest.raises(RateLimited, match="output tokens"):
        await ask(few, most=1_001)
    for _ in range(9):
        await ask(few, most=900, used={"output_tokens": 10})
    with pytest.raises(RateLimited):
        await ask(few, most=911)
    await ask(few, most=910)


async def test_models_of_one_group_share_and_others_do_not() -> None:
    few = limits(Rule(requests=2), clock=Clock())
    await ask(few, model="claude-opus-4-7")
    await ask(few, model="claude-opus-4-1")
    with pytest.raises(RateLimited):
        await ask(few, model="claude-opus-4-8")
    assert told(await ask(few, model=SONNET), "requests-remaining") == "1"
    assert told(await ask(few, model="claude-opus-5"), "requests-remaining") == "1"
    assert told(await ask(few, model="claude-opus-5-5"), "requests-remaining") == "1"


@pytest.mark.parametrize("named", ["claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "claude-sonnet-4-?*"])
async def test_a_rule_knows_a_model_by_all_its_names(named: str) -> None:
    few = limits(Rule(models=named, requests=1), clock=Clock())
    await ask(few, model="claude-sonnet-4-5")
    with pytest.raises(RateLimited):
        await ask(few, model="claude-sonnet-4-5-20250929")
    await ask(few, model="claude-opus-4-5")


async def test_the_first_rule_that_fits_a_model_counts() -> None:
    few = limits(Rule(models="claude-opus-*", requests=1), Rule(requests=9), clock=Clock())
    assert told(await ask(few, model=OPUS), "requests-limit") == "1"
    assert told(await ask(few, model=SONNET), "requests-limit") == "9"


@pytest.mark.parametrize("named", ["id", "name"])
async def test_a_workspace_and_a_key_have_limits_of_their_own(store: Database, named: str) -> None:
    space = await Workspaces(store).create("research", Facts())
    assert space is not None
    one, _ = await Keys(store).create("robot", workspace=space.id)
    two, _ = await Keys(store).create("person", workspace=space.id)
    known = access(store)
    await known.refresh()
    few = limits(
        Rule(requests=10),
        Rule(workspace=getattr(space, named), requests=4),
        Rule(key=getattr(one, named), requests=2),
        clock=Clock(),
        known=known,
    )
    robot, person = Caller(space.id, one.id), Caller(space.id, two.id)
    assert told(await ask(few, robot), "requests-limit") == "2"  # the one that leaves the least is told
    await ask(few, robot)
    with pytest.raises(RateLimited, match=rf"your API key \({one.id}\) of 2 requests"):
        await ask(few, robot)
    assert told(await ask(few, person), "requests-remaining") == "1"
    await ask(few, person)
    with pytest.raises(RateLimited, match=rf"your workspace \({space.id}\) of 4 requests"):
        await ask(few, person)
    for _ in range(6):
        await ask(few)
    with pytest.raises(RateLimited, match="your organization"):
        await ask(few)


async def test_a_star_gives_each_key_its_own() -> None:
    few = limits(Rule(key="*", requests=2), clock=Clock())
    for name in ("a", "b", "c"):
        assert told(await ask(few, Caller(None, name)), "requests-remaining") == "1"
    await ask(few, Caller(None, "a"))
    with pytest.raises(RateLimited, match=r"API key \(a\)"):
        await ask(few, Caller(None, "a"))
    await ask(few, Caller(None, "b"))


async def test_a_star_gives_each_workspace_its_own() -> None:
    few = limits(Rule(workspace="*", requests=1), clock=Clock())
    for space in (None, "wrkspc_a", "wrkspc_b"):
        await ask(few, Caller(space))
        with pytest.raises(RateLimited, match="your workspace"):
            await ask(few, Caller(space))


async def test_a_limit_that_was_set_for_a_workspace_stands_in_the_place_of_a_rule(store: Database) -> None:
    space = await Workspaces(store).create("research", Facts())
    assert space is not None
    known = access(store)
    await known.refresh()
    few = limits(Rule(requests=9), Rule(workspace="research", requests=5), clock=Clock(), known=known)
    caller = Caller(space.id)
    assert told(await ask(few, caller), "requests-limit") == "5"
    await Workspaces(store).override(space.id, "claude_opus_4", {"requests_per_minute": 2})
    await known.refresh()
    seen = await ask(few, caller)
    assert (told(seen, "requests-limit"), told(seen, "requests-remaining")) == ("2", "1")
    assert told(await ask(few, caller, model=SONNET), "requests-limit") == "5"
    await Workspaces(store).override(space.id, "claude_opus_4", {"requests_per_minute": None})
    await known.refresh()
    assert told(await ask(few, caller), "requests-limit") == "5"


async def test_counting_tokens_has_a_limit_of_its_own() -> None:
    few = limits(Rule(requests=1, count=2), clock=Clock())
    await ask(few)
    for left in ("1", "0"):
        counted = call()
        await few.count(counted)
        assert told(counted, "requests-remaining") == left
    with pytest.raises(RateLimited, match="2 requests per minute"):
        await few.count(call())


@pytest.mark.parametrize("found", [None, "model", [], {}, {"model": 7}, {"model": "gpt-9"}])
async def test_what_will_be_refused_anyhow_takes_no_place(found: object) -> None:
    assert await limits(Rule(requests=1), clock=Clock()).enter(call(), found) is None
