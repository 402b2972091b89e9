"""Engines that count by themselves: their total, divided by the rules; and what they say of their own cache."""

from collections.abc import AsyncGenerator, Sequence

import pytest

from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.prompt import Prompt
from sijo.engine.turn import Turn, collect, run
from sijo.wire import events as e
from tests.cache.ask import HOUR, LONG, SOON, Json, Platform, Used, text, used, user

TALK: Json = {"system": [text(LONG, SOON)], "messages": [user("Hi")]}


class Engine:
    """Says what it is told to."""

    name = "engine"

    def __init__(self, *says: d.AnyDelta, able: Abilities | None = None) -> None:
        self.says = says
        self.abilities = able or Abilities()

    async def generate(self, _: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        for delta in self.says:
            yield delta

    async def count(self, _: Prompt, /) -> int | None:
        return None

    async def close(self) -> None:
        return None


def over(platform: Platform, body: Json, *says: d.AnyDelta) -> Turn:
    turn = platform.turn(body)
    turn.backend = Engine(*says)
    return turn


ANSWER: Sequence[d.AnyDelta] = (d.Text("Hello"), d.Stop("end_turn"))


async def test_the_total_is_the_engines_own_and_the_parts_keep_their_shares(platform: Platform) -> None:
    ours = await Platform().ask(TALK)
    message = await collect(over(platform, TALK, *ANSWER, d.Spent(2 * ours.total, 3)))
    assert used(message) == (2 * ours.total - 2 * ours.five, 0, 2 * ours.five, 0)
    assert message.usage.output_tokens == 3


async def test_a_read_equals_the_write_though_the_engine_counted_after_it_had_begun(platform: Platform) -> None:
    ours = await Platform().ask(TALK)
    first = used(await collect(over(platform, TALK, *ANSWER, d.Spent(2 * ours.total, 3))))
    longer = {**TALK, "messages": [user("Hi, and more than that")]}
    again = used(await collect(over(platform, longer, *ANSWER, d.Spent(2 * ours.total + 7, 3))))
    assert again == (2 * ours.total + 7 - first.five, first.five, 0, 0)


async def test_a_read_is_never_more_than_the_whole(platform: Platform) -> None:
    first = used(await collect(over(platform, TALK, *ANSWER, d.Spent(10_000, 3))))
    again = used(await collect(over(platform, TALK, *ANSWER, d.Spent(5_000, 3))))
    assert again == (0, 5_000, 0, 0) and first.five > 5_000


async def test_an_engine_that_tells_nothing_has_our_count(platform: Platform) -> None:
    assert used(await collect(over(platform, TALK, *ANSWER))) == await Platform().ask(TALK)


async def test_its_own_cache_is_noted_and_not_told(platform: Platform) -> None:
    ours = await Platform().ask(TALK)
    turn = over(platform, TALK, *ANSWER, d.Spent(10, 3, cache_read=ours.total - 10))
    assert used(await collect(turn)) == ours


@pytest.mark.parametrize("early", [True, False])
async def test_a_stream_announces_what_is_known_and_ends_with_what_is_right(platform: Platform, early: bool) -> None:
    ours = await Platform().ask(TALK)
    spent = d.Spent(2 * ours.total)
    says = [spent, *ANSWER, d.Spent(output=3)] if early else [*ANSWER, spent, d.Spent(output=3)]
    events = [event async for event in run(over(platform, TALK, *says))]
    start = next(event for event in events if isinstance(event, e.MessageStart))
    end = next(event for event in events if isinstance(event, e.MessageDelta))
    whole = Used(2 * (ours.total - ours.five), 0, 2 * ours.five, 0)
    assert used(start.message) == (whole if early else ours)
    told = (end.usage.input_tokens, end.usage.cache_read_input_tokens, end.usage.cache_creation_input_tokens)
    assert told == (whole.input, 0, whole.five)


async def test_what_a_script_tells_is_told_as_it_is(platform: Platform) -> None:
    told = d.Spent(7, cache_read=5, cache_1h=3, told=True)
    assert used(await collect(over(platform, TALK, told, *ANSWER))) == (7, 5, 0, 3)
    assert (await platform.ask(TALK)).read > 0  # it was written all the same


async def test_an_answer_that_is_cut_has_been_charged(platform: Platform) -> None:
    turn = over(platform, {**TALK, "system": [text(LONG, HOUR)]}, d.Text("Hel"))
    events = run(turn)
    await anext(events)
    await events.aclose()
    assert used(turn.message).hour > 512
