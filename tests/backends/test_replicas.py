"""Several engines behind one model: which one is asked, and who is asked when that one cannot answer."""

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from sijo.backends.replicas import AWAY, Replicas
from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.prompt import Prompt
from sijo.errors import ApiError, InvalidRequest, Overloaded, RateLimited, Unreachable
from tests.backends.simulator.build import WEATHER, prompt

ANSWER: Sequence[d.AnyDelta] = (d.Text("Hello"), d.Stop("end_turn"))


class Engine:
    """Answers, or fails: at once, or after its first word."""

    def __init__(self, name: str, able: Abilities | None = None) -> None:
        self.name, self.abilities = name, able or Abilities()
        self.error: ApiError | None = None
        self.late = False
        self.asked = 0
        self.closed = 0

    async def generate(self, _: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        self.asked += 1
        try:
            if self.error is not None and not self.late:
                raise self.error
            yield d.Text(self.name)
            if self.error is not None:
                raise self.error
            yield d.Stop("end_turn")
        finally:
            self.closed += 1

    async def count(self, _: Prompt, /) -> int | None:
        if self.error is not None:
            raise self.error
        return 7

    async def close(self) -> None:
        return None


def talk(n: int, turns: int = 1, **fields: Any) -> Prompt:
    """A turn of a conversation, whose later turns begin with the earlier ones."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": f"Question {n}"}]
    for turn in range(turns - 1):
        messages += [{"role": "assistant", "content": f"Answer {turn}"}, {"role": "user", "content": f"And {turn}?"}]
    return prompt(messages, **fields)


async def said(replicas: Replicas, asked: Prompt) -> str:
    return "".join([delta.text async for delta in replicas.generate(asked) if isinstance(delta, d.Text)])


def engines(*names: str) -> dict[str, Engine]:
    return {name: Engine(name) for name in names}


def ordered(replicas: Replicas, asked: Prompt) -> list[Engine]:
    """The engines as they are asked, in turn."""
    found = [replicas.backends[name] for name in replicas.order(asked)]
    return [engine for engine in found if isinstance(engine, Engine)]


async def test_a_conversation_keeps_to_one_engine() -> None:
    replicas = Replicas(engines("a", "b", "c"))
    for n in range(20):
        turns = {await said(replicas, talk(n, turns, system="Be brief.", tools=[WEATHER])) for turns in range(1, 5)}
        assert len(turns) == 1


async def test_conversations_are_spread() -> None:
    replicas = Replicas(engines("a", "b", "c"))
    shares = Counter([await said(replicas, talk(n)) for n in range(300)])
    assert sorted(shares) == ["a", "b", "c"] and min(shares.values()) > 60


async def test_what_is_shared_decides_and_nothing_else() -> None:
    """A mark for the cache moves, and so does the countdown of a task's budget; a billing block changes each time."""
    replicas = Replicas(engines(*"abcdefgh"))
    marked = [{"type": "text", "text": "Question 1", "cache_control": {"type": "ephemeral"}}]

    def first(system: str, content: Any, tool: dict[str, Any]) -> str:
        blocks = [
            {"type": "text", "text": f"x-anthropic-billing-header: cch={system};"},
            {"type": "text", "text": "Be."},
        ]
        asked = prompt([{"role": "user", "content": content}], system=blocks, tools=[tool])
        return replicas.order(asked)[0]

    one = first("1", "Question 1", WEATHER)
    assert first("2", marked, {**WEATHER, "cache_control": {"type": "ephemeral"}}) == one
    others = {first("1", f"Question {n}", WEATHER) for n in range(30)}
    assert len(others) > 4


async def test_workspaces_are_spread_too() -> None:
    replicas = Replicas(engines(*"abcdefgh"))
    chosen = set()
    for n in range(30):
        asked = talk(1)
        asked.salt = str(n)
        chosen.add(replicas.order(asked)[0])
    assert len(chosen) > 4


async def test_when_an_engine_goes_only_its_conversations_move() -> None:
    three, two = Replicas(engines("a", "b", "c")), Replicas(engines("a", "b"))
    for n in range(100):
        before = await said(three, talk(n))
        if before != "c":
            assert await said(two, talk(n)) == before


@pytest.mark.parametrize(
    "error", [Overloaded(), RateLimited("slow down"), Unreachable()], ids=["busy", "limited", "away"]
)
async def test_the_next_in_order_is_asked_while_nothing_was_said(error: ApiError) -> None:
    replicas = Replicas(engines("a", "b", "c"))
    first, second, _ = ordered(replicas, talk(1))
    first.error = error
    assert await said(replicas, talk(1)) == second.name
    assert first.asked == first.closed == 1
    assert await replicas.count(talk(1)) == 7


async def test_what_has_begun_is_not_begun_again() -> None:
    replicas = Replicas(engines("a", "b"))
    first, second = ordered(replicas, talk(1))
    first.error, first.late = Overloaded(), True
    with pytest.raises(Overloaded):
        await said(replicas, talk(1))
    assert second.asked == 0


async def test_what_the_client_did_wrong_is_no_reason_to_ask_another() -> None:
    replicas = Replicas(engines("a", "b"))
    first, second = ordered(replicas, talk(1))
    first.error = InvalidRequest("prompt is too long")
    with pytest.raises(InvalidRequest):
        await said(replicas, talk(1))
    assert second.asked == 0


async def test_when_none_can_answer_the_first_ones_reason_is_told() -> None:
    made = engines("a", "b")
    replicas = Replicas(made)
    first, second = ordered(replicas, talk(1))
    first.error, second.error = RateLimited("mine", retry_after=3), Overloaded("another")
    with pytest.raises(RateLimited) as told:
        await said(replicas, talk(1))
    assert told.value.retry_after == 3
    with pytest.raises(RateLimited):
        await replicas.count(talk(1))


async def test_one_that_was_away_is_asked_last_for_some_seconds() -> None:
    now = 100.0
    replicas = Replicas(engines("a", "b"), clock=lambda: now)
    first, second = ordered(replicas, talk(1))
    first.error = Unreachable()
    await said(replicas, talk(1))
    first.error = None
    assert await said(replicas, talk(1)) == second.name
    assert first.asked == 1
    now += AWAY
    assert await said(replicas, talk(1)) == first.name  # its conversations come back


async def test_one_that_is_only_busy_is_asked_again_at_once() -> None:
    replicas = Replicas(engines("a", "b"))
    first, _ = ordered(replicas, talk(1))
    first.error = Overloaded()
    await said(replicas, talk(1))
    first.error = None
    assert await said(replicas, talk(1)) == first.name


async def test_a_client_who_leaves_stops_the_engine() -> None:
    replicas = Replicas(engines("a"))
    deltas = replicas.generate(talk(1))
    await anext(deltas)
    await deltas.aclose()
    assert [engine.closed for engine in ordered(replicas, talk(1))] == [1]


def test_engines_that_differ_cannot_stand_in_for_each_other() -> None:
    with pytest.raises(ValueError, match="a and b differ"):
        Replicas({"a": Engine("a"), "b": Engine("b", Abilities(images=False))})
