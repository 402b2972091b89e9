"""docs/simulator.md and examples/scripts: every script in them loads, and every conversation goes as it is written."""

import re
from pathlib import Path

import pytest

from sijo.backends.simulator import Simulator
from sijo.engine.faults import Cut
from sijo.engine.prompt import Thought
from sijo.errors import ApiError, Overloaded, RateLimited
from sijo.wire import blocks as b

from .build import WEATHER, answer, call, prompt, result, talk, text

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples" / "scripts"
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def chapters() -> list[tuple[str, str, list[str]]]:
    """The scripts of the manual: their language, their text, and the conversations that follow each."""
    found: list[tuple[str, str, list[str]]] = []
    for language, body in FENCED.findall((ROOT / "docs" / "simulator.md").read_text("utf-8")):
        if language in ("toml", "yaml"):
            found.append((language, body, []))
        elif language == "chat":
            found[-1][2].extend(body.strip().split("\n\n"))
    return found


async def reply(simulator: Simulator, said: list[str]) -> str:
    try:
        return await text(talk(*said), simulator)
    except ApiError as error:
        return f"! {error.status} {error.type}"


@pytest.mark.parametrize("at", range(len(chapters())))
async def test_the_manual_is_right(tmp_path: Path, at: int) -> None:
    language, script, conversations = chapters()[at]
    path = tmp_path / f"script.{language}"
    path.write_text(script, "utf-8")
    simulator = Simulator([path])
    for conversation in conversations:
        said: list[str] = []
        for line in conversation.splitlines():
            if line.startswith("> "):
                said.append(line[2:])
                continue
            heard = await reply(simulator, said)
            assert line in (heard, "...")
            said.append(heard)


def test_the_manual_has_conversations() -> None:
    assert sum(len(conversations) for _, _, conversations in chapters()) > 5


async def test_the_manual_loops_through_a_tool(tmp_path: Path) -> None:
    script = next(body for _, body, _ in chapters() if "Let me look" in body)
    (tmp_path / "a.toml").write_text(script, "utf-8")
    simulator = Simulator([tmp_path])
    asked = prompt("How is the weather?", tools=[WEATHER], thought=Thought("enabled", 2000))
    message = await answer(asked, simulator)
    assert [type(block) for block in message.content] == [b.Thinking, b.Text, b.ToolUse]
    back = talk("How is the weather?", [call("t", "get_weather")], [result("t", "18 degrees")])
    assert await text(back, simulator, tools=[WEATHER]) == "In short: 18 degrees."
    refused = await answer(prompt("This will be declined"), simulator)
    assert refused.stop_details is not None
    assert refused.stop_details.category == "cyber"


async def test_the_python_of_the_manual_runs() -> None:
    [code] = [
        body
        for language, body in FENCED.findall((ROOT / "docs" / "simulator.md").read_text("utf-8"))
        if language == "python"
    ]
    names: dict[str, Simulator] = {}
    exec(code, names)
    with pytest.raises(Overloaded):
        await text("hello", names["simulator"])
    assert await text("hello", names["simulator"]) == "Hi!"


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_every_example_loads(path: Path) -> None:
    assert Simulator([path]).book.rules


async def test_the_weather_example_goes_through_its_loop() -> None:
    simulator = Simulator([EXAMPLES / "weather.toml"])
    message = await answer(prompt("What is the weather?", tools=[WEATHER]), simulator)
    [called] = [block for block in message.content if isinstance(block, b.ToolUse)]
    assert called.input == {"location": "Paris", "asked": "What is the weather?"}
    back = talk("What is the weather?", [call("t", "get_weather")], [result("t", "18 degrees")])
    assert await text(back, simulator) == "It is 18 degrees right now."


async def test_the_retries_example_answers_at_the_third_time() -> None:
    simulator = Simulator([EXAMPLES / "retries.toml"])
    with pytest.raises(RateLimited) as limited:
        await text("hello", simulator)
    assert limited.value.retry_after == 0.1
    with pytest.raises(Overloaded, match="in a moment"):
        await text("hello", simulator)
    assert await text("hello", simulator) == "Third time lucky: you said “hello”."


async def test_the_broken_example_breaks() -> None:
    simulator = Simulator([EXAMPLES / "broken.yaml"])
    with pytest.raises(Cut):
        await text("cut", simulator)
    with pytest.raises(Overloaded):
        await text("error", simulator)
