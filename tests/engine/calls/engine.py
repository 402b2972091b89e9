"""An engine of a few lines: it says what a test has written down, answer by answer."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.calls import Tally, Written, checked
from sijo.engine.calls.conventions import Convention
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt
from sijo.wire import blocks as b
from sijo.wire.events import StopReason
from sijo.wire.request import CountRequest, MessageParam
from tests.engine.calls.tools import TOOLS

MODEL = models().get("claude-sonnet-4-6")
Answer = Sequence[d.AnyDelta]


class Engine:
    """`answers` in order, the last one again and again. `asked` are the prompts, `left` those that it could not end."""

    name = "scripted"

    def __init__(self, *answers: Answer, **able: Any) -> None:
        self.abilities = Abilities(**able)
        self.answers = list(answers)
        self.asked: list[Prompt] = []
        self.left = 0

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        self.asked.append(prompt)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        try:
            for delta in answer:
                yield delta
        except GeneratorExit:
            self.left += 1
            raise

    async def count(self, prompt: Prompt, /) -> int | None:
        return None

    async def close(self) -> None: ...


def call(name: str, arguments: str, *, stop: StopReason = "tool_use", output: int = 10) -> Answer:
    """A call of an engine that has tools."""
    return [d.ToolCall(f"toolu_{name}", name), d.ToolInput(arguments), d.Stop(stop), d.Spent(5, output)]


def words(text: str, *, stop: StopReason = "end_turn", size: int = 0) -> Answer:
    """A text, in pieces of some size."""
    pieces = [text[at : at + size] for at in range(0, len(text), size)] if size else [text]
    return [*(d.Text(piece) for piece in pieces), d.Spent(5, 10), d.Stop(stop)]


def prompt(**fields: Any) -> Prompt:
    assert MODEL is not None
    request = CountRequest(model=MODEL.id, messages=[MessageParam("user", "Do it.")])
    made = {"system": [], "items": [Item("user", [b.Text("Do it.")])], "tools": TOOLS, "max_tokens": 1000}
    return Prompt(model=MODEL, request=request, **{**made, **fields})


class Heard:
    """What a client would get."""

    def __init__(self, deltas: Sequence[d.AnyDelta]) -> None:
        self.deltas = list(deltas)
        self.calls: list[tuple[str, str]] = []
        self.text = ""
        for delta in deltas:
            if isinstance(delta, d.ToolCall):
                self.calls.append((delta.name, ""))
            elif isinstance(delta, d.ToolInput):
                name, input = self.calls[-1]
                self.calls[-1] = name, input + delta.json
            elif isinstance(delta, d.Text):
                self.text += delta.text

    @property
    def stop(self) -> str | None:
        stops = [delta.reason for delta in self.deltas if isinstance(delta, d.Stop)]
        assert len(stops) <= 1
        return stops[0] if stops else None

    @property
    def output(self) -> int:
        return sum(delta.output for delta in self.deltas if isinstance(delta, d.Spent))


async def heard(
    engine: Engine,
    asked: Prompt | None = None,
    *,
    convention: Convention | None = None,
    tally: Tally | None = None,
    whole: Prompt | None = None,
) -> Heard:
    """What becomes of what the engine says. Raises the API's errors."""
    source = checked(Written(engine, convention), asked or prompt(), Tally() if tally is None else tally, whole)
    return Heard([delta async for delta in source])
