"""`python -m bench.thinking`: what thinking costs on its way out, delta by delta, and to sign, restore and bind it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence

from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.estimate import tokens
from sijo.engine.filters import Filter
from sijo.engine.meter import Meter
from sijo.engine.models import models
from sijo.engine.prompt import Prompt, Thought
from sijo.engine.thinking import Hide, Seal, Sealed, Show, Thoughts, restored
from sijo.engine.thinking.prefix import Prefix
from sijo.engine.turn import Turn, run
from sijo.http.sse import encode
from sijo.wire.blocks import Thinking, ToolResult, ToolUse
from sijo.wire.request import CountRequest, MessageParam

LENGTH = 32_000
"""Deltas of an answer, a token each."""
ROUNDS = 15
SENTENCE = ("So", " the", " next", " step", " is", " to", " look", " at", " each", " of", " the", " parts", ".", " ")
WORDS = (*SENTENCE * 5, "\n\n")
"""A paragraph of five sentences."""
SEAL = Seal([bytes(32)])
SIGNED = 5.0
"""Milliseconds for signing and restoring 32k tokens, at the most."""
CONVERSATION, BOUND = 1_000_000, 5.0
"""Bytes of a conversation, and milliseconds for its digest, at the most."""
SHARE = 1.10


class Engine:
    """Says what it is told to."""

    name = "bench"
    abilities = Abilities()

    def __init__(self, deltas: Sequence[d.AnyDelta]) -> None:
        self.deltas = deltas

    async def generate(self, _: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        for delta in self.deltas:
            yield delta

    async def count(self, _: Prompt, /) -> int | None:
        return None

    async def close(self) -> None: ...


def said() -> list[str]:
    return [WORDS[at % len(WORDS)] for at in range(LENGTH)]


def turn(kind: type[d.Text] | type[d.Thinking], last: Callable[[], Filter]) -> Turn:
    """A turn of one long answer, through the filters that stand before every engine."""
    model = models().get("claude-opus-4-5")
    assert model is not None
    request = CountRequest(model=model.id, messages=[MessageParam("user", "hi")])
    prompt = Prompt(model=model, request=request, system=(), items=(), max_tokens=LENGTH, thought=Thought())
    words: list[d.AnyDelta] = [kind(word) for word in said()]
    deltas = [d.Spent(10), *words, d.Spent(0, LENGTH), d.Stop("end_turn")]
    return Turn(prompt, Engine(deltas), filters=lambda _: [Meter(LENGTH, lambda: 10, tokens), last()])


async def seconds(one: Turn) -> float:
    """CPU time of a whole turn, its events encoded."""
    began = time.process_time()
    async for event in run(one):
        encode(event)
    return time.process_time() - began


def best(work: Callable[[], float]) -> float:
    return min(work() for _ in range(ROUNDS))


def signing() -> float:
    """Milliseconds of CPU to sign a long thought and restore it."""
    thinking = "".join(said())
    began = time.process_time()
    block = Thinking(thinking, SEAL.sign(Sealed(thinking, None, "msg_1", 0)))
    restored([MessageParam("user", "hi"), MessageParam("assistant", [block])], SEAL, lenient=False)
    return (time.process_time() - began) * 1e3


def binding() -> float:
    """Milliseconds of CPU for the digest that the thoughts of a long conversation are bound to."""
    call = ToolUse("toolu_1", "read", {"path": "src/a.py", "from": 1})
    result = ToolResult("toolu_1", "".join(said()[:1000]))
    turns = CONVERSATION // len(result.content) * [MessageParam("assistant", [call]), MessageParam("user", [result])]
    request = CountRequest(model="-", messages=[MessageParam("user", "hi"), *turns])
    began = time.process_time()
    Prefix(request, ()).settle()
    return (time.process_time() - began) * 1e3


def paths() -> dict[str, Turn]:
    def shown(display: str) -> Callable[[], Filter]:
        return lambda: Show(Thoughts(SEAL, "msg_1"), display)

    return {
        "text": turn(d.Text, Hide),
        **{f"thinking, {display}": turn(d.Thinking, shown(display)) for display in ("full", "summarized", "omitted")},
    }


def main() -> None:
    spent = best(signing)
    print(f"signing and restoring {tokens(''.join(said())):,} tokens: {spent:.2f} ms (goal under {SIGNED:.0f})")
    print(f"binding to a conversation of {CONVERSATION:,} bytes: {best(binding):.2f} ms (goal under {BOUND:.0f})")
    times: dict[str, float] = {}
    for _ in range(ROUNDS):  # in turn, so that what else the machine does falls on all alike
        for name in paths():
            took = asyncio.run(seconds(paths()[name]))
            times[name] = min(times.get(name, took), took)
    base = times["text"]
    for name, took in times.items():
        print(f"{name:22} {took / LENGTH * 1e6:5.2f} us a delta, ratio {took / base:.2f} (goal {SHARE:.2f})")


if __name__ == "__main__":
    main()
