"""How a model speaks when it may think: budgets that hold, and thinking for engines that have none."""

from collections.abc import AsyncGenerator

import pytest
from msgspec.structs import replace

from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt, Thought
from sijo.engine.thinking.decide import hardness, worthwhile
from sijo.engine.thinking.speak import budget, speak
from sijo.wire import blocks as b
from sijo.wire.request import CountRequest, MessageParam
from sijo.wire.tools import Custom

MODEL = models().get("claude-sonnet-4-6")


class Engine:
    """A small engine: thinks as long as it is let, unless a thought was begun for it or thinking is off."""

    def __init__(self, **able: bool) -> None:
        self.abilities = replace(Abilities(), **able)
        self.asked: list[Prompt] = []
        self.stopped = 0

    async def count(self, prompt: Prompt, /) -> int | None:
        return 70

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        self.asked.append(prompt)
        try:
            if prompt.thought.mode != "off" and prompt.begun is None and self.abilities.thinking:
                for _ in range(prompt.thought.budget or 10_000 if self.abilities.budget else 10_000):
                    yield d.Thinking("word ")
            yield d.Spent(input=50, output=3, cache_read=20)
            for word in ("the ", "answer"):
                yield d.Text(word)
            yield d.Stop("end_turn")
        except GeneratorExit:
            self.stopped += 1
            raise


def prompt(text: str = "Why is it so?", thought: Thought = Thought("enabled", 1024)) -> Prompt:  # noqa: B008
    assert MODEL is not None
    request = CountRequest(model=MODEL.id, messages=[MessageParam("user", text)])
    items = [Item("user", [b.Text(text)])]
    tool = Custom(name="f", input_schema={"type": "object"})
    return Prompt(model=MODEL, request=request, system=(), items=items, tools=(tool,), max_tokens=4000, thought=thought)


async def spoken(engine: Engine, asked: Prompt) -> list[d.AnyDelta]:
    return [delta async for delta in speak(engine, asked)]


def said(deltas: list[d.AnyDelta], kind: type[d.Text] | type[d.Thinking]) -> str:
    return "".join(x.text for x in deltas if isinstance(x, kind))


def spent(deltas: list[d.AnyDelta]) -> tuple[int, int, int]:
    every = [x for x in deltas if isinstance(x, d.Spent)]
    return sum(x.input + x.cache_read for x in every), sum(x.output for x in every), sum(x.thinking for x in every)


@pytest.mark.parametrize("resumes", [True, False])
async def test_thinking_is_cut_at_the_budget_and_the_answer_goes_on(resumes: bool) -> None:
    engine = Engine(resumes=resumes)
    deltas = await spoken(engine, prompt())
    thoughts = [x for x in deltas if isinstance(x, d.Thinking)]
    assert 512 <= len(thoughts) <= 1024
    assert said(deltas, d.Text) == "the answer"
    assert engine.stopped == 1
    assert spent(deltas)[0] == 70
    first, second = engine.asked
    assert second.max_tokens == first.max_tokens - spent(deltas)[2]
    if resumes:
        assert second.begun == said(deltas, d.Thinking)
    else:
        assert second.thought.mode == "off"
        assert second.items[-1].content[:-1] == first.items[-1].content


async def test_a_prompt_that_was_told_at_once_is_not_told_again() -> None:
    class Early(Engine):
        async def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
            yield d.Spent(input=70)
            async for delta in super().generate(prompt):
                yield d.Spent(output=3) if type(delta) is d.Spent else delta

    assert spent(await spoken(Early(resumes=True), prompt()))[0] == 70


async def test_a_short_thought_is_not_cut() -> None:
    engine = Engine(resumes=True)
    deltas = await spoken(engine, replace(prompt(), begun="done"))
    assert engine.stopped == 0
    assert len(engine.asked) == 1
    assert said(deltas, d.Text) == "the answer"


async def test_an_engine_that_keeps_budgets_is_left_alone() -> None:
    engine = Engine(budget=True)
    deltas = await spoken(engine, prompt())
    assert len([x for x in deltas if isinstance(x, d.Thinking)]) == 1024
    assert engine.stopped == 0


async def test_effort_is_a_budget_where_the_engine_knows_only_budgets() -> None:
    engine = Engine(budget=True)
    await spoken(engine, prompt("Prove that it is so.", Thought("adaptive", None, "low")))
    assert engine.asked[0].thought.budget == 1024


async def test_an_engine_that_cannot_think_is_led_through_draft_review_and_revision() -> None:
    engine = Engine(thinking=False)
    asked = prompt()
    deltas = await spoken(engine, asked)
    thinking = said(deltas, d.Thinking)
    assert [line for line in thinking.splitlines() if line.endswith(":")] == ["Draft:", "Review:", "Revision:"]
    assert said(deltas, d.Text) == "the answer"
    *steps, answer = engine.asked
    assert len(steps) == 3
    assert all(not step.tools and step.thought.mode == "off" for step in steps)
    assert sum(step.max_tokens for step in steps) <= 1024
    assert answer.tools == asked.tools
    assert "Draft:" in str(answer.items[-1].content[-1])
    assert spent(deltas) == (70, 12, 9)


async def test_thinking_comes_before_the_answer() -> None:
    kinds = [type(x) for x in await spoken(Engine(thinking=False), prompt())]
    assert max(n for n, kind in enumerate(kinds) if kind is d.Thinking) < kinds.index(d.Text)


async def test_without_thinking_the_engine_is_asked_once_and_as_it_is() -> None:
    engine = Engine(thinking=False)
    asked = prompt(thought=Thought())
    await spoken(engine, asked)
    assert engine.asked == [asked]


@pytest.mark.parametrize(
    ("text", "effort", "thinks"),
    [
        ("hi", "high", False),
        ("안녕하세요!", "high", False),
        ("hi", "max", True),
        ("What is the capital of France?", "low", False),
        ("What is the capital of France?", "high", True),
        ("Prove that the square root of 2 is irrational.", "low", True),
        ("27 * 453은 얼마야? 단계별로 설명해줘", "medium", True),
        ("고마워요", "medium", False),
    ],
)
def test_adaptive_thinking_goes_by_the_request_and_the_effort(text: str, effort: str, thinks: bool) -> None:
    assert bool(worthwhile(prompt(text, Thought("adaptive", None, effort)))) is thinks


async def test_adaptive_thinking_skips_a_greeting() -> None:
    engine = Engine()
    deltas = await spoken(engine, prompt("hello", Thought("adaptive", None, "high")))
    assert said(deltas, d.Thinking) == ""
    assert engine.asked[0].thought.mode == "off"


@pytest.mark.parametrize(("word", "thinks"), [("Yes.", True), (" no", False), ("예", True), ("I am not sure", False)])
async def test_where_the_rules_are_not_sure_the_model_says(word: str, thinks: bool) -> None:
    class Sure(Engine):
        async def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
            if prompt.max_tokens < 10:
                self.asked.append(prompt)
                yield d.Text(word)
                yield d.Spent(input=900, output=1)
                yield d.Stop("max_tokens")
                return
            async for delta in super().generate(prompt):
                yield delta

    engine = Sure(asks=True)
    deltas = await spoken(
        engine, prompt("What is the capital of France? And then?", Thought("adaptive", None, "medium"))
    )
    question, answer = engine.asked[:2]
    assert question.items[-1].content[:-1] == answer.items[-1].content
    assert (said(deltas, d.Thinking) != "") is thinks
    assert said(deltas, d.Text) == "the answer"
    assert spent(deltas)[0] < 900


def test_harder_requests_look_harder() -> None:
    assert hardness("hi") < hardness("Name a colour.") < hardness("Why is 3 * 4 equal to 4 * 3? Prove it.")


def test_an_answer_still_fits_behind_the_thought() -> None:
    asked = replace(prompt(thought=Thought("adaptive", None, "max")), max_tokens=1000)
    assert budget(asked) == 744
