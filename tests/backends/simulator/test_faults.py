"""Faults that a script asks for, before and in the middle of an answer."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from sijo.backends.simulator import Answer, Fault, Rule, Script, Simulator
from sijo.engine import deltas as d
from sijo.engine.faults import Cut, Garbage
from sijo.errors import BY_STATUS, BY_TYPE, ApiError

from .build import prompt


def faulty(**fault: Any) -> Simulator:
    return Simulator([Script(rules=[Rule(answers=Answer(text="one two three four", fault=Fault(**fault)))])])


async def until_it_fails(simulator: Simulator) -> tuple[list[d.AnyDelta], BaseException | None]:
    """What is said, and what ends it."""
    said: list[d.AnyDelta] = []
    async with aclosing(simulator.generate(prompt("x"))) as spoken:
        try:
            async for delta in spoken:
                said.append(delta)
        except (ApiError, Cut, Garbage) as error:
            return said, error
    return said, None


@pytest.mark.parametrize("status", [500, *BY_STATUS])
async def test_an_error_by_status_comes_before_anything_is_said(status: int) -> None:
    said, error = await until_it_fails(faulty(status=status))
    assert said == []
    assert isinstance(error, ApiError)
    assert error.status == status
    assert error.message


@pytest.mark.parametrize("name", BY_TYPE)
async def test_an_error_by_type_says_what_it_is_told(name: str) -> None:
    _, error = await until_it_fails(faulty(type=name, message="Because.", retry_after=1.5))
    assert type(error) is BY_TYPE[name]
    assert (error.message, error.retry_after, str(error)) == ("Because.", 1.5, "Because.")


async def test_an_error_without_more_is_a_500() -> None:
    _, error = await until_it_fails(faulty())
    assert type(error) is ApiError


@pytest.mark.parametrize("after", [1, 3])
@pytest.mark.parametrize(("kind", "raised"), [("error", ApiError), ("cut", Cut), ("garbage", Garbage)])
async def test_a_fault_comes_after_so_many_deltas(kind: Any, raised: type[Exception], after: int) -> None:
    said, error = await until_it_fails(faulty(kind=kind, after=after))
    assert type(error) is raised
    assert [delta.text for delta in said if isinstance(delta, d.Text)] == ["one", " two", " three"][:after]
    assert isinstance(said[0], d.Spent)
    assert said[-1] == d.Spent(output=after)


async def test_a_fault_comes_at_the_latest_before_the_end() -> None:
    said, error = await until_it_fails(faulty(kind="cut", after=99))
    assert type(error) is Cut
    assert sum(isinstance(delta, d.Text) for delta in said) == 4
    assert not any(isinstance(delta, d.Stop) for delta in said)


async def test_garbage_is_what_the_script_says() -> None:
    _, error = await until_it_fails(faulty(kind="garbage", bytes="data: ü\n\n"))
    assert isinstance(error, Garbage)
    assert error.payload == "data: ü\n\n".encode()


async def test_a_hanging_answer_says_nothing_more_and_can_be_left() -> None:
    async with aclosing(faulty(kind="hang", after=2).generate(prompt("x"))) as spoken:
        said = [await anext(spoken) for _ in range(4)]
        assert [type(delta) for delta in said] == [d.Spent, d.Text, d.Text, d.Spent]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(spoken), 0.05)
        with pytest.raises(StopAsyncIteration):
            await anext(spoken)


async def test_a_fault_once_and_then_an_answer() -> None:
    once = Rule(times=1, answers=Answer(fault=Fault(status=529)))
    simulator = Simulator([Script(rules=[once, Rule(answers="fine")])])
    assert isinstance((await until_it_fails(simulator))[1], ApiError)
    said, error = await until_it_fails(simulator)
    assert error is None
    assert d.Text("fine") in said
