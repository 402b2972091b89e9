"""How an answer comes: in pieces, counted, in time, and gone as soon as nobody listens."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sijo.backends.simulator import Answer, Delay, Piece, Rule, Script, Simulator
from sijo.backends.simulator.pace import pieces
from sijo.engine import deltas as d

from .build import WEATHER, answer, deltas, prompt, talk


@given(st.text())
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, world!", ["Hello", ",", " world", "!"]),
        ("안녕하세요 여러분", ["안녕", "하세", "요", " 여러", "분"]),
        ("27 * 12231", ["27", " *", " 122", "31"]),
        ("こんにちは", ["こん", "にち", "は"]),
        ("a\n\n  b", ["a", "\n\n  ", "b"]),
        ("internationalization", ["intern", "ationa", "lizati", "on"]),
        ("", []),
    ],
)
def test_pieces_are_of_the_size_of_tokens(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


async def test_input_tokens_come_first_and_are_those_that_count_tells() -> None:
    asked = prompt("Weather in Paris?", system="Be brief.", tools=[WEATHER])
    said = await deltas(asked)
    counted = await Simulator().count(asked)
    assert counted is not None
    assert said[0] == d.Spent(counted)
    assert counted > 50


async def test_what_was_counted_already_is_not_counted_again() -> None:
    asked = prompt("Hello")
    counted = await Simulator().count(asked)
    assert (await deltas(replace(asked, counted=7)))[0] == d.Spent(7)
    begun = replace(prompt(talk("Hello", "I say")), counted=7)
    assert (await deltas(begun))[0] == d.Spent(await Simulator().count(begun) or 0)
    assert counted != 7


async def test_output_tokens_are_the_pieces() -> None:
    said = await deltas(prompt("Tell me about tides"))
    [spent] = [delta for delta in said[1:] if isinstance(delta, d.Spent)]
    assert spent.output == sum(isinstance(delta, d.Text) for delta in said)
    assert isinstance(said[-1], d.Stop)


async def test_the_same_request_gives_the_same_deltas_ids_included() -> None:
    asked = prompt("Weather in Paris and London?", tools=[WEATHER])
    assert await deltas(asked) == await deltas(asked)


@pytest.mark.parametrize(
    ("stops", "text", "found"),
    [(["3"], "1, 2, ", "3"), (["9", " 2"], "1,", " 2"), (["x"], "1, 2, 3, 4, 5", None), (["1, 2"], "", "1, 2")],
)
async def test_a_stop_sequence_ends_the_answer_before_it(stops: list[str], text: str, found: str | None) -> None:
    message = await answer(prompt("Count from 1 to 5", stop_sequences=stops))
    assert "".join(getattr(block, "text", "") for block in message.content) == text
    assert message.stop_sequence == found
    assert message.stop_reason == ("stop_sequence" if found else "end_turn")


@pytest.mark.parametrize(
    ("changes", "texts", "reason"),
    [
        ({}, ["1", ",", " 2", "a", " b"], "end_turn"),
        ({"max_tokens": 2}, ["1", ","], "max_tokens"),
        ({"stop_sequences": [" 2"]}, ["1", ","], "stop_sequence"),
        ({"stop_sequences": ["x"]}, ["1", ",", " 2", "a", " b"], "end_turn"),
    ],
)
async def test_a_script_says_the_same_again_unless_it_is_cut(
    changes: dict[str, Any], texts: list[str], reason: str
) -> None:
    said = Answer(blocks=[Piece(text="1, 2"), Piece(text="a b")])
    simulator = Simulator([Script(rules=[Rule(answers=said)])])
    for _ in range(2):
        spoken = await deltas(prompt("x", **changes), simulator)
        assert [delta.text for delta in spoken if isinstance(delta, d.Text)] == texts
        assert sum(isinstance(delta, d.Close) for delta in spoken) == (texts[-1] == " b")
        assert isinstance(spoken[-1], d.Stop)
        assert spoken[-1].reason == reason


async def test_tokens_wait_for_their_time() -> None:
    clock = asyncio.get_running_loop().time
    begun = clock()
    said = await deltas(prompt("Count from 1 to 3"), Simulator(pace=Delay(first=0.05, rate=100)))
    # The first after 0.05 seconds, four more a hundredth of a second apart: never sooner, however slow the machine.
    assert sum(isinstance(delta, d.Text) for delta in said) == 5
    assert clock() - begun >= 0.05 + 4 * 0.01 - 0.005


async def test_a_script_may_be_slower_than_the_rest() -> None:
    simulator = Simulator([Script(rules=[Rule(answers=Answer(text="a b", delay=Delay(first=30)))])])
    async with aclosing(simulator.generate(prompt("x"))) as spoken:
        assert isinstance(await anext(spoken), d.Spent)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(spoken), 0.05)


async def test_settings_make_a_simulator() -> None:
    assert Simulator.of([], first=0.5, rate=20).pace == Delay(first=0.5, rate=20)
    assert Simulator.of([], seed=3).pace is None
    assert Simulator.of([], seed=3).seed == 3


async def test_long_answers_let_others_speak() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    said = await deltas(prompt("Write 1000 words about tides", max_tokens=8000))
    task.cancel()
    assert turns >= len(said) // 50


async def test_it_can_be_left_in_the_middle() -> None:
    spoken = Simulator().generate(prompt("Tell me about tides"))
    await anext(spoken)
    await anext(spoken)
    await spoken.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(spoken)
