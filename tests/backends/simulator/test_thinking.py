"""Thinking: only when asked for, about what was asked, within its budget."""

import pytest

from sijo.backends.simulator.scene import REDACTED, REFUSAL
from sijo.engine import deltas as d
from sijo.engine.estimate import tokens
from sijo.engine.prompt import Thought
from sijo.wire import blocks as b

from .build import CONVERT, WEATHER, answer, call, deltas, prompt, result, talk, text, thinking

ON = Thought("enabled", 4096)
HARD = "Explain why quicksort is fast, and prove its bound"
SUM = "What is 27 * 453?"


def adaptive(effort: str | None = None) -> Thought:
    return Thought("adaptive", None, effort)


async def test_without_being_asked_it_does_not_think() -> None:
    assert await thinking(SUM, Thought()) == ""


async def test_it_goes_through_a_sum_step_by_step_before_it_answers() -> None:
    said = await thinking(SUM, ON)
    at = [said.index(step) for step in ("27 × 400 = 10800", "27 × 50 = 1350", "27 × 3 = 81", "12231")]
    assert at == sorted(at)
    message = await answer(prompt(SUM, thought=ON))
    assert [block.__struct_config__.tag for block in message.content] == ["thinking", "text"]


async def test_it_says_which_tool_fits_and_why() -> None:
    said = await thinking("Weather in Paris?", ON, tools=[WEATHER, CONVERT])
    assert "get_weather" in said
    assert "weather" in said.replace("get_weather", "")
    assert "Paris" in said


async def test_it_says_what_is_left_for_later() -> None:
    said = await thinking("서울 날씨를 알려주고, 화씨로 변환해줘", ON, tools=[WEATHER, CONVERT])
    assert "convert_temperature" in said
    assert "도구" in said


async def test_it_says_that_no_tool_fits() -> None:
    assert "2 tools" in await thinking(HARD, ON, tools=[WEATHER, CONVERT])


async def test_it_says_what_it_was_told_before() -> None:
    assert "Alice" in await thinking(talk("My name is Alice", "ok", "What is my name?"), ON)


@pytest.mark.parametrize("budget", [1024, 2048, 8192])
@pytest.mark.parametrize("asked", [SUM, HARD, HARD * 40])
async def test_a_thought_stays_within_its_budget(asked: str, budget: int) -> None:
    assert tokens(await thinking(asked, Thought("enabled", budget, "max"))) <= budget


async def test_a_thought_leaves_room_for_the_answer() -> None:
    message = await answer(prompt(SUM, thought=Thought("adaptive", None, "max"), max_tokens=120))
    assert message.stop_reason == "end_turn"


async def test_a_larger_budget_makes_a_longer_thought() -> None:
    said = [len(await thinking(HARD, Thought("enabled", budget))) for budget in (1024, 4096, 16_000)]
    assert said == sorted(set(said))


async def test_more_effort_makes_a_longer_thought() -> None:
    said = [len(await thinking(HARD, adaptive(effort))) for effort in ("low", "medium", "high", "xhigh", "max")]
    assert said == sorted(set(said))


@pytest.mark.parametrize("asked", ["Hello", "안녕하세요", "Thanks!", "Who are you?", "Reply with exactly: OK"])
@pytest.mark.parametrize("effort", ["low", "high", "max"])
async def test_an_adaptive_model_does_not_think_about_trifles(asked: str, effort: str) -> None:
    assert await thinking(asked, adaptive(effort)) == ""


@pytest.mark.parametrize(
    ("asked", "efforts"),
    [(HARD, "low medium high xhigh max"), (SUM, "medium high xhigh max"), ("Tell me about tides", "high xhigh max")],
)
async def test_an_adaptive_model_thinks_about_what_is_worth_it_at_its_effort(asked: str, efforts: str) -> None:
    thought = [
        effort for effort in ("low", "medium", "high", "xhigh", "max") if await thinking(asked, adaptive(effort))
    ]
    assert thought == efforts.split()


async def test_in_a_tool_loop_it_thinks_about_what_came_back() -> None:
    loop = talk("Weather in Paris?", [call("t", "get_weather", location="Paris")], [result("t", "sunny")])
    assert "sunny" in await thinking(loop, ON, tools=[WEATHER])
    assert "sunny" in await thinking(loop, adaptive(), tools=[WEATHER])
    assert "sunny" in await thinking(loop, Thought("between_tools"), tools=[WEATHER])


async def test_between_tools_means_not_at_the_start() -> None:
    assert await thinking(HARD, Thought("between_tools")) == ""


async def test_thinking_is_counted_apart() -> None:
    said = await deltas(prompt(SUM, thought=ON))
    thought = sum(isinstance(delta, d.Thinking) for delta in said)
    spoken = sum(isinstance(delta, d.Text) for delta in said)
    [spent] = [delta for delta in said if isinstance(delta, d.Spent) and delta.output]
    assert (spent.output, spent.thinking) == (thought + spoken, thought)


async def test_the_test_string_for_refusals_refuses() -> None:
    message = await answer(prompt("Hello " + "".join(REFUSAL)))
    assert (message.stop_reason, message.content) == ("refusal", [])
    assert message.stop_details is not None
    assert message.stop_details.explanation


async def test_a_refusal_lasts_while_its_cause_is_in_the_conversation() -> None:
    said = talk("Hello " + "".join(REFUSAL), "…", "And now?")
    assert (await answer(prompt(said))).stop_reason == "refusal"


async def test_the_test_string_for_redacted_thinking_redacts_it() -> None:
    message = await answer(prompt("Hello " + "".join(REDACTED), thought=ON))
    sealed, spoken = message.content
    assert isinstance(sealed, b.RedactedThinking)
    assert len(sealed.data) > 40
    assert isinstance(spoken, b.Text)
    assert REDACTED[1] not in spoken.text


async def test_half_a_test_string_does_nothing() -> None:
    assert (await answer(prompt("Hello " + REFUSAL[0]))).stop_reason == "end_turn"


async def test_a_test_string_is_never_said_again() -> None:
    said = talk("tides " + "".join(REDACTED), "ok", "What did I just say?")
    assert REDACTED[1] not in await text(said)
    assert "tides" in await text(said)
