"""The door in front of an engine: who is let through, who waits, who is sent away."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from sijo.app import offline
from sijo.backends.gate import Gate
from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.intake import Terms
from sijo.engine.prompt import Prompt
from sijo.errors import ApiError, Overloaded
from tests.http.raw import hello

LONG = 30.0


class Engine:
    """Says a word when it is let, and then the next prompt's turn may come."""

    name = "engine"
    abilities = Abilities()

    def __init__(self, error: ApiError | None = None) -> None:
        self.error = error
        self.go = asyncio.Event()
        self.begun: list[str] = []
        self.now = self.most = 0

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            self.begun.append(prompt.version)
            if self.error is not None:
                raise self.error
            yield d.Text("a")
            await self.go.wait()
            yield d.Text("b")
        finally:
            self.now -= 1

    async def count(self, _: Prompt, /) -> int | None:
        return 7

    async def close(self) -> None: ...


def prompt(name: str = "") -> Prompt:
    turn, _, _ = offline().turn(hello(), Terms("2023-06-01"))
    turn.prompt.version = name
    return turn.prompt


async def said(gate: Gate, name: str = "") -> list[d.AnyDelta]:
    return [delta async for delta in gate.generate(prompt(name))]


async def settled() -> None:
    """Everything that can go on has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_as_many_as_there_are_places_at_once_and_then_the_others() -> None:
    engine = Engine()
    gate = Gate(engine, 2, LONG)
    tasks = [asyncio.create_task(said(gate)) for _ in range(5)]
    await settled()
    assert engine.now == 2
    engine.go.set()
    assert await asyncio.gather(*tasks) == [[d.Text("a"), d.Text("b")]] * 5
    assert engine.most == 2


async def test_first_come_first_served() -> None:
    engine = Engine()
    gate = Gate(engine, 1, LONG)
    tasks = []
    for name in "abcd":
        tasks.append(asyncio.create_task(said(gate, name)))
        await settled()
    engine.go.set()
    late = asyncio.create_task(said(gate, "e"))  # a place is free, but others waited for it
    await asyncio.gather(*tasks, late)
    assert engine.begun == ["a", "b", "c", "d", "e"]


async def test_who_waits_too_long_is_told_so_before_a_word() -> None:
    engine = Engine()
    gate = Gate(engine, 1, 0.01)
    first = asyncio.create_task(said(gate))
    await settled()
    with pytest.raises(Overloaded) as refused:
        await anext(gate.generate(prompt()))
    assert (refused.value.status, refused.value.message, refused.value.retry_after) == (529, "Overloaded", 1)
    engine.go.set()
    assert len(await first) == 2
    assert len(await said(gate)) == 2


async def test_without_a_queue_nobody_waits() -> None:
    engine = Engine()
    gate = Gate(engine, 1, 0)
    first = asyncio.create_task(said(gate))
    await settled()
    with pytest.raises(Overloaded):
        await said(gate)
    engine.go.set()
    await first
    assert len(await said(gate)) == 2


async def test_who_leaves_makes_room() -> None:
    engine = Engine()
    gate = Gate(engine, 1, LONG)
    first = gate.generate(prompt())
    assert await anext(first) == d.Text("a")
    second = asyncio.create_task(said(gate, "second"))
    await settled()
    await first.aclose()
    await settled()
    assert engine.begun[-1] == "second"
    engine.go.set()
    await second


async def test_who_leaves_the_line_makes_room_for_the_next() -> None:
    engine = Engine()
    gate = Gate(engine, 1, LONG)
    first = asyncio.create_task(said(gate, "a"))
    await settled()
    waiting, third = asyncio.create_task(said(gate, "b")), asyncio.create_task(said(gate, "c"))
    await settled()
    waiting.cancel()
    engine.go.set()
    await asyncio.gather(first, third)
    assert engine.begun == ["a", "c"]


async def test_a_failure_makes_room() -> None:
    gate = Gate(Engine(Overloaded()), 1, 0)
    for _ in range(3):
        with pytest.raises(Overloaded):
            await said(gate)


async def test_to_count_takes_no_place() -> None:
    engine = Engine()
    gate = Gate(engine, 1, 0)
    first = gate.generate(prompt())
    await anext(first)
    assert await gate.count(prompt()) == 7
    assert (gate.name, gate.abilities) == ("engine", engine.abilities)
    await first.aclose()
