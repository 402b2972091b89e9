"""What is found again, by whom, and for how long."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from sijo.engine import deltas as d
from sijo.engine.prompt import Prompt
from sijo.engine.turn import Backend, collect, run
from sijo.wire import events as e
from tests.cache.ask import HOUR, LONG, SOON, Json, Platform, call, result, said, text, tool, used, user

TALK: Json = {"system": [text(LONG, SOON)], "messages": [user("Hi")]}


async def test_what_was_written_is_read(platform: Platform) -> None:
    first = await platform.ask(TALK)
    again = await platform.ask(TALK)
    assert first.read == 0 and first.five > 512 and first.input > 0
    assert again == (first.input, first.five, 0, 0)


async def test_without_a_mark_nothing_is_written_or_read(platform: Platform) -> None:
    plain = {**TALK, "system": [text(LONG)]}
    assert (await platform.ask(plain))[1:] == (0, 0, 0)
    await platform.ask(TALK)
    assert (await platform.ask(plain))[1:] == (0, 0, 0)


async def test_a_write_happens_at_breakpoints_alone(platform: Platform) -> None:
    await platform.ask({"messages": [user(LONG, text("b", SOON))]})
    half = await platform.ask({"messages": [user(text(LONG, SOON))]})
    assert half.read == 0 and half.five > 0  # what ends before the mark was never written by itself


@pytest.mark.parametrize("between", [18, 19])
async def test_a_breakpoint_looks_back_through_twenty_blocks_itself_counted(platform: Platform, between: int) -> None:
    first = await platform.ask({"messages": [user(text(LONG, SOON))]})
    more = [f"block {n}" for n in range(between)]
    second = await platform.ask({"messages": [user(LONG, *more, text("end", SOON))]})
    assert second.read == (first.five if between == 18 else 0)


async def test_a_second_breakpoint_brings_back_what_lies_too_far(platform: Platform) -> None:
    first = await platform.ask({"messages": [user(text(LONG, SOON))]})
    more = [f"block {n}" for n in range(30)]
    second = await platform.ask({"messages": [user(text(LONG, SOON), *more, text("end", SOON))]})
    assert second.read == first.five
    third = await platform.ask({"messages": [user(text(LONG, SOON), *more, text("end", SOON))]})
    assert third.read == first.five + second.five


async def test_a_result_with_its_parts_is_one_block_to_the_look_back(platform: Platform) -> None:
    tools = [tool("read")]

    def talk(rounds: int, mark: int) -> Json:
        messages = [user("Go")]
        for n in range(rounds):
            parts = [text("a"), text("b"), text("c", SOON if n == mark else None)]
            messages += [said(call(f"toolu_{n}")), user(result(f"toolu_{n}", parts))]
        return {"tools": tools, "messages": messages}

    first = await platform.ask(talk(1, 0))
    near = await platform.ask(talk(10, 9))  # 9 calls and 9 results later: 18 blocks between, as numbers go
    assert first.five > 0 and near.read == first.five


async def test_a_part_of_a_result_can_end_a_prefix(platform: Platform) -> None:
    ahead = [user("Go"), said(call("toolu_1"))]
    body = {"tools": [tool("read")], "messages": [*ahead, user(result("toolu_1", [text("a", SOON), text("b")]))]}
    first = await platform.ask(body)
    assert first.input > 0  # the second part is behind the mark
    other = {**body, "messages": [*ahead, user(result("toolu_1", [text("a", SOON), text("other")]))]}
    assert (await platform.ask(other)).read == first.five


CHANGED: dict[str, tuple[Json, Json]] = {
    "model": ({}, {"model": "claude-opus-4-8"}),
    "system": ({}, {"system": [text(LONG + "!", SOON)]}),
    "tools": ({}, {"tools": [tool("read")]}),
}


@pytest.mark.parametrize(("one", "other"), CHANGED.values(), ids=list(CHANGED))
async def test_the_key_is_the_exact_prefix(platform: Platform, one: Json, other: Json) -> None:
    body = {**TALK, "system": [text(LONG * 2, SOON)]}
    await platform.ask({**body, **one})
    assert (await platform.ask({**body, **other})).read == 0


async def test_where_a_mark_stands_is_no_part_of_the_key(platform: Platform) -> None:
    first = await platform.ask({"messages": [user(text(LONG, SOON), text("more"))]})
    moved = await platform.ask({"messages": [user(text(LONG), text("more", HOUR))]})
    assert moved.read == first.five


async def test_a_string_is_the_text_block_that_it_stands_for(platform: Platform) -> None:
    await platform.ask({"messages": [{"role": "user", "content": LONG}]}, cache_control=SOON)
    assert (await platform.ask({"messages": [user(LONG)]}, cache_control=SOON)).read > 0


async def test_texts_that_join_to_the_same_are_not_the_same(platform: Platform) -> None:
    await platform.ask({"messages": [user(LONG + "ab", text("c", SOON))]})
    assert (await platform.ask({"messages": [user(LONG + "a", text("bc", SOON))]})).read == 0


async def test_who_says_it_matters(platform: Platform) -> None:
    await platform.ask({"messages": [user(LONG, "b"), said("c"), user(text("d", SOON))]})
    assert (await platform.ask({"messages": [user(LONG), said("b", "c"), user(text("d", SOON))]})).read == 0


async def test_a_workspace_reads_only_what_it_wrote(platform: Platform) -> None:
    written = (await platform.ask(TALK, workspace="wrkspc_1")).five
    assert (await platform.ask(TALK, workspace="wrkspc_2")).read == 0
    assert (await platform.ask(TALK)).read == 0
    assert (await platform.ask(TALK, workspace="wrkspc_1")).read == written


async def test_an_organization_reads_only_what_it_wrote() -> None:
    here = Platform(secret=b"here")
    assert here.intake.cache.index is not None
    there = Platform(here.intake.cache.index, secret=b"there")
    await here.ask(TALK)
    assert (await there.ask(TALK)).read == 0
    assert (await here.ask(TALK)).read > 0


async def test_fast_and_standard_do_not_share(platform: Platform) -> None:
    betas = ["fast-mode-2026-02-01"]
    await platform.ask(TALK, betas=betas)
    assert (await platform.ask(TALK, betas=betas, speed="fast")).read == 0
    assert (await platform.ask(TALK, betas=betas, speed="fast")).read > 0
    assert (await platform.ask(TALK, betas=betas, speed="standard")).read > 0


async def test_a_prefix_can_be_read_once_the_first_answer_has_begun(platform: Platform) -> None:
    first, second, third = (platform.turn(TALK) for _ in range(3))
    events = run(first)
    asked = run(second)
    waits = Held(second.backend)
    second.backend = waits
    answer = asyncio.ensure_future(anext(asked))
    await waits.asked.wait()  # it has looked, and found nothing: the first has not begun
    assert isinstance(await anext(events), e.MessageStart)
    assert used(await collect(third)).read > 0  # the first goes on: that it began is enough
    waits.go.set()
    start = await answer
    assert isinstance(start, e.MessageStart) and used(start.message).read == 0
    await events.aclose()
    await asked.aclose()


class Held:
    """A backend that has been asked, and waits to be told to answer."""

    def __init__(self, backend: Backend) -> None:
        self.backend, self.name, self.abilities = backend, backend.name, backend.abilities
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        self.asked.set()
        await self.go.wait()
        async with aclosing(self.backend.generate(prompt)) as deltas:
            async for delta in deltas:
                yield delta

    async def count(self, prompt: Prompt, /) -> int | None:
        return await self.backend.count(prompt)

    async def close(self) -> None:
        await self.backend.close()


async def test_what_failed_before_it_began_has_written_nothing(platform: Platform) -> None:
    turn = platform.turn(TALK)
    turn.backend = Held(turn.backend)
    answer = asyncio.ensure_future(collect(turn))
    await turn.backend.asked.wait()
    answer.cancel()
    await asyncio.gather(answer, return_exceptions=True)
    assert (await platform.ask(TALK)).read == 0


@pytest.mark.parametrize(("mark", "life"), [(SOON, 300), (HOUR, 3600)])
async def test_a_prefix_lives_from_the_start_of_its_request(platform: Platform, mark: Json, life: int) -> None:
    body = {**TALK, "system": [text(LONG, mark)]}
    await platform.ask(body)
    platform.now += life
    assert (await platform.ask(body)).read == 0


@pytest.mark.parametrize(("mark", "life"), [(SOON, 300), (HOUR, 3600)])
async def test_each_use_renews_it_for_nothing(platform: Platform, mark: Json, life: int) -> None:
    body = {**TALK, "system": [text(LONG, mark)]}
    first = await platform.ask(body)
    for _ in range(3):
        platform.now += life - 1
        again = await platform.ask(body)
        assert again == (first.input, first.five + first.hour, 0, 0)


async def test_what_a_longer_hit_passes_by_is_renewed_where_it_is_marked(platform: Platform) -> None:
    """The system prompt is a breakpoint of its own in each request: a new conversation finds it."""
    body: Any = {"system": [text(LONG, SOON)], "cache_control": SOON}
    first = await platform.ask({**body, "messages": [user("one")]})
    platform.now += 200
    await platform.ask({**body, "messages": [user("one"), said("two"), user("three")]})
    platform.now += 200
    other = await platform.ask({**body, "messages": [user("Another conversation")]})
    assert 0 < other.read < first.five
    assert other.read > 512


async def test_to_read_for_an_hour_what_was_written_for_five_minutes_buys_no_hour(platform: Platform) -> None:
    await platform.ask(TALK)
    read = await platform.ask({**TALK, "system": [text(LONG, HOUR)]})
    assert read.read > 0 and read.hour == 0
    platform.now += 301
    assert (await platform.ask(TALK)).read == 0


async def test_a_changing_billing_block_is_left_out(platform: Platform) -> None:
    def body(seal: str) -> Json:
        head = f"x-anthropic-billing-header: cc_version=2.1; cc_entrypoint=cli; cch={seal};"
        return {**TALK, "system": [text(head), text(LONG, SOON)]}

    await platform.ask(body("00001"))
    assert (await platform.ask(body("00002"))).read > 0


async def test_tools_that_are_deferred_stand_behind_the_prefix(platform: Platform) -> None:
    def body(*later: str) -> Json:
        tools = [tool("read", SOON), *({**tool(name), "defer_loading": True} for name in later)]
        return {"tools": tools, "messages": [user("Hi")]}

    first = await platform.ask(body("one"))
    assert (await platform.ask(body("one", "two"))).read == first.five
