"""The simulator: a backend that answers by scripts and, where no script does, by rules. No model, no network, no cost.

The same request gets the same answer. It does what people try first: it remembers what it was told, calls the fitting
tool with input that is valid, thinks when asked to, counts. docs/simulator.md says how to script it.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Self

from sijo.backends.simulator.answer import Answer, Delay, Fault, Piece
from sijo.backends.simulator.pace import Clock
from sijo.backends.simulator.play import Played, play, recited
from sijo.backends.simulator.scene import Scene
from sijo.backends.simulator.script import Book, Match, Rule, Script, ScriptError, load
from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.count import prompt_tokens
from sijo.engine.estimate import tokens
from sijo.engine.faults import Cut, Garbage
from sijo.engine.prompt import Prompt

__all__ = ["Answer", "Delay", "Fault", "Match", "Piece", "Rule", "Script", "ScriptError", "Simulator"]

TOGETHER = 50
"""Deltas in a row before other streams get their turn."""


class Simulator:
    """Answers by `scripts` (files, folders of them, or scripts made in code), else by rules.

    `seed` chooses among answers that are equally good; `pace` holds every answer back that has no delay of its own.
    Raises `ScriptError` where a script cannot be used.
    """

    name = "simulator"
    abilities = Abilities(
        documents=True,
        search_results=True,
        system_anywhere=True,
        thinking=True,
        everything=True,
        exact=True,
    )

    def __init__(self, scripts: Sequence[Path | Script] = (), *, seed: int = 0, pace: Delay | None = None) -> None:
        loaded = [script for given in scripts for script in ([given] if isinstance(given, Script) else load(given))]
        self.book = Book(loaded)
        self._recited = {id(answer): known for answer in self.book.fixed() if (known := recited(answer))}
        self.seed = seed
        self.pace = pace
        from sijo.backends.simulator import talk  # a hundred patterns, for which other engines need not wait

        talk.prepare()
        self._talk = talk.answer

    @classmethod
    def of(cls, scripts: Sequence[str], *, seed: int = 0, first: float = 0.0, rate: float = 0.0) -> Self:
        """A simulator as settings describe it: paths, `first` in seconds, `rate` in tokens a second."""
        pace = Delay(first=first, rate=rate) if first or rate else None
        return cls([Path(path).expanduser() for path in scripts], seed=seed, pace=pace)

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        """The answer, delta by delta. Raises what a script wants: an error of the API, `Cut` or `Garbage`."""
        scene = Scene(prompt, self.seed)
        answer = self.book.answer(scene) or self._talk(scene)
        delay, fault = answer.delay or self.pace, answer.fault
        clock = Clock(delay) if delay else None
        played = self._recited.get(id(answer))
        if played is None or prompt.stops or played.output > prompt.max_tokens:
            played = play(answer, scene)
        deltas = played.deltas if fault is None else played.deltas[: fault.after]
        if deltas or fault is None:
            yield _input(answer, prompt)
        for at, delta in enumerate(deltas, 1):
            if clock is not None:
                await clock.tick()
            if at % TOGETHER == 0:
                await asyncio.sleep(0)
            yield delta
        if fault is not None:
            if deltas:
                yield d.Spent(output=len(deltas))
            await _fail(fault, clock)
        yield _output(answer, played)
        yield played.stop

    async def count(self, prompt: Prompt, /) -> int | None:
        """The tokens that `generate` reports for the prompt."""
        return prompt_tokens(prompt, tokens)

    async def close(self) -> None:
        """There is nothing to let go of."""


async def _fail(fault: Fault, clock: Clock | None) -> None:
    if clock is not None:
        await clock.tick()
    match fault.kind:
        case "cut":
            raise Cut
        case "garbage":
            raise Garbage(fault.bytes.encode())
        case "hang":
            await asyncio.get_running_loop().create_future()
        case "error":
            raise fault.error()


def _input(answer: Answer, prompt: Prompt) -> d.Spent:
    usage = answer.usage
    if usage is None:
        return d.Spent(_counted(prompt))
    given = usage.input if usage.input is not None else _counted(prompt)
    told = usage.input is not None or bool(usage.cache_read or usage.cache_5m or usage.cache_1h)
    return d.Spent(given, cache_read=usage.cache_read, cache_5m=usage.cache_5m, cache_1h=usage.cache_1h, told=told)


def _counted(prompt: Prompt) -> int:
    """The tokens of a prompt, counted again where this turn has already added to it."""
    if prompt.counted is not None and prompt.items and prompt.items[-1].role != "assistant":
        return prompt.counted
    return prompt_tokens(prompt, tokens)


def _output(answer: Answer, played: Played) -> d.Spent:
    usage = answer.usage
    output = usage.output if usage and usage.output is not None else played.output
    thinking = usage.thinking if usage and usage.thinking is not None else played.thinking
    return d.Spent(output=output, thinking=thinking)
