"""Answers that are held to a schema: thoughts and calls stay free, and no engine is asked twice without need."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from msgspec.structs import replace

from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.formats import holding
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt, Thought
from sijo.wire import blocks as b
from sijo.wire.request import AnyTool, CountRequest, JsonFormat, MessageParam, NoTools
from sijo.wire.tools import Custom

MODEL = next(iter(models()))
REQUEST = CountRequest(model=MODEL.id, messages=[MessageParam("user", "Hi")])
FORMAT = JsonFormat({"type": "object", "additionalProperties": False})
TOOL = Custom(name="f", input_schema={"type": "object"})
CALL: list[d.AnyDelta] = [d.ToolCall("toolu_1", "f"), d.ToolInput("{}"), d.Spent(input=9, output=5), d.Stop("tool_use")]
ANSWER: list[d.AnyDelta] = [d.Text("{}"), d.Spent(input=9, output=2), d.Stop("end_turn")]
THOUGHT = Thought("enabled", 1024)


class Engine:
    """Says what it was given to say, one list for each time that it is asked."""

    def __init__(self, *answers: list[d.AnyDelta], **able: bool) -> None:
        self.abilities = replace(Abilities(holds=True, holds_thinking=False, holds_calls=False), **able)
        self.answers = list(answers)
        self.asked: list[Prompt] = []
        self.stopped = 0

    async def count(self, prompt: Prompt, /) -> int | None:
        return 7

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        self.asked.append(prompt)
        try:
            for delta in self.answers[len(self.asked) - 1]:
                yield delta
        except GeneratorExit:
            self.stopped += 1
            raise


def prompted(**fields: Any) -> Prompt:
    return Prompt(MODEL, REQUEST, (), [Item("user", [b.Text("Hi")])], **{"max_tokens": 100, "format": FORMAT, **fields})


async def told(engine: Engine, **fields: Any) -> list[d.AnyDelta]:
    prompt = prompted(**fields)
    return [delta async for delta in holding(engine, prompt).generate(prompt)]


@pytest.mark.parametrize(
    ("able", "fields"),
    [
        ({}, {}),
        ({"holds_thinking": True}, {"thought": THOUGHT}),
        ({"holds_calls": True}, {"tools": [TOOL]}),
        ({}, {"tools": [TOOL], "choice": NoTools()}),
        ({"holds": False}, {"tools": [TOOL], "thought": THOUGHT}),
        ({}, {"format": None, "tools": [TOOL], "thought": THOUGHT}),
        ({}, {"thought": THOUGHT, "begun": "hm"}),
    ],
)
async def test_an_engine_that_can_do_it_at_once_is_asked_once(able: dict[str, bool], fields: dict[str, Any]) -> None:
    engine = Engine(ANSWER, **able)
    assert await told(engine, **fields) == ANSWER
    assert [asked.held for asked in engine.asked] == [True]


async def test_a_forced_call_needs_no_document() -> None:
    engine = Engine(CALL)
    assert await told(engine, tools=[TOOL], choice=AnyTool()) == CALL
    assert not engine.asked[0].held


async def test_what_is_thought_is_free_and_the_answer_goes_on_after_it() -> None:
    engine = Engine([d.Thinking("hm "), d.Thinking("yes"), d.Text("The"), d.Text(" answer")], ANSWER, resumes=True)
    thinking, more, spent, *rest = await told(engine, thought=THOUGHT)
    assert (thinking, more) == (d.Thinking("hm "), d.Thinking("yes"))
    assert isinstance(spent, d.Spent) and spent.output == spent.thinking > 0
    assert rest == [d.Text("{}"), d.Spent(input=7, output=2), d.Stop("end_turn")]
    first, second = engine.asked
    assert (first.held, first.begun, second.held, second.begun) == (False, None, True, "hm yes")
    assert engine.stopped == 1
    assert second.max_tokens == 100 - spent.output


async def test_an_engine_that_cannot_go_on_is_told_what_it_has_thought() -> None:
    engine = Engine([d.Thinking("hm yes"), d.Text("The")], ANSWER)
    await told(engine, thought=THOUGHT)
    second = engine.asked[1]
    assert second.thought.mode == "off" and second.begun is None
    assert "hm yes" in "".join(block.text for block in second.items[-1].content if isinstance(block, b.Text))


async def test_who_does_not_think_after_all_is_asked_for_the_answer_alone() -> None:
    engine = Engine([d.Text("The")], ANSWER, resumes=True)
    assert await told(engine, thought=THOUGHT) == ANSWER
    assert (engine.asked[1].thought.mode, engine.asked[1].begun) == ("off", None)


@pytest.mark.parametrize("lead", [[], [d.Text("Let me "), d.Text("{look}.")], [d.Thinking("hm"), d.Text("So:")]])
async def test_a_call_is_free_and_stands_without_words(lead: list[d.AnyDelta]) -> None:
    engine = Engine([*lead, *CALL])
    thoughts = [delta for delta in lead if isinstance(delta, d.Thinking)]
    assert await told(engine, tools=[TOOL], thought=THOUGHT) == [*thoughts, *CALL]
    assert len(engine.asked) == 1


@pytest.mark.parametrize(
    ("said", "stopped"),
    [
        ([d.Text(" "), d.Text('{"a'), d.Text("more")], 1),
        ([d.Text("It is {fine}."), d.Spent(output=4), d.Stop("end_turn")], 0),
    ],
)
async def test_without_a_call_it_is_asked_for_the_document(said: list[d.AnyDelta], stopped: int) -> None:
    engine = Engine(said, ANSWER)
    assert await told(engine, tools=[TOOL]) == ANSWER
    assert engine.stopped == stopped
    second = engine.asked[1]
    assert (type(second.choice), second.held, second.tools) == (NoTools, True, [TOOL])
