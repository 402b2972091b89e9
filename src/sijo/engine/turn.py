"""One turn: a prompt, the model, the server tools, and the events that come out. The only loop there is."""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Protocol

from sijo import ids
from sijo.engine.abilities import Abilities
from sijo.engine.assemble import Assembler
from sijo.engine.deltas import AnyDelta
from sijo.engine.filters import Filter, through
from sijo.engine.prompt import Item, Prompt, Thought
from sijo.engine.thinking.speak import speak
from sijo.engine.thinking.summary import summarized
from sijo.wire import blocks as b
from sijo.wire import events as e

ROUNDS = 10


class Backend(Protocol):
    """What answers a prompt."""

    name: str
    abilities: Abilities

    def generate(self, prompt: Prompt, /) -> AsyncGenerator[AnyDelta]:
        """Continue the prompt. Raises an `ApiError` that keeps what the engine meant; closing it stops the engine."""
        ...

    async def count(self, prompt: Prompt, /) -> int | None:
        """The prompt's tokens by the engine's own tokenizer, or None where it has none to ask."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class ServerTool(Protocol):
    """A tool that runs here, inside the request."""

    name: str

    def run(self, call: b.ServerToolUse, turn: "Turn", /) -> AsyncGenerator[AnyDelta]:
        """Answer the call, with a result block; failures are results too."""
        ...


@dataclass(slots=True)
class Turn:
    """A turn to run, once.

    `expected` is the count of input tokens to announce before the engine has told its own; `filters` makes those that
    the model's words pass, new for each time it speaks.
    """

    prompt: Prompt
    backend: Backend
    tools: Mapping[str, ServerTool] = field(default_factory=dict)
    filters: Callable[[], Sequence[Filter]] = tuple
    expected: int = 0
    rounds: int = ROUNDS
    summarizer: Backend | None = None
    resumed: Sequence[b.ServerToolUse] = ()
    tier: str = "standard"
    geo: str = "not_available"
    id: str = field(default_factory=lambda: ids.new("msg"))
    message: e.Message = field(init=False)

    def __post_init__(self) -> None:
        usage = e.Usage(
            input_tokens=0,
            cache_creation_input_tokens=0,
            cache_read_input_tokens=0,
            cache_creation=e.CacheCreation(),
            output_tokens=0,
            service_tier=self.tier,
            inference_geo=self.geo,
        )
        self.message = e.Message(
            id=self.id,
            role="assistant",
            model=self.prompt.model.id,
            content=[],
            stop_reason=None,
            stop_sequence=None,
            stop_details=None,
            usage=usage,
            diagnostics=None,
        )


def speakers(turn: Turn, out: Assembler) -> Iterator[AsyncGenerator[AnyDelta]]:
    """Who speaks next: tools that the client has just answered, the model, then the server tools that it called,
    until nobody has anything to add. Plain code: every rule about rounds is here, and none of the I/O."""
    calls: Sequence[b.ServerToolUse] = turn.resumed
    content = turn.message.content
    for _ in range(turn.rounds):
        for call in calls:
            yield turn.tools[call.name].run(call, turn)
        if out.waiting:
            return
        seen = len(content)
        spoken = speak(turn.backend, continued(turn.prompt, content))
        if turn.summarizer is not None and sums_up(turn.prompt.thought):
            spoken = summarized(spoken, turn.prompt, turn.summarizer)
        filters = turn.filters()
        yield through(filters, spoken) if filters else spoken
        calls = [call for call in out.server_calls(seen) if call.name in turn.tools] if turn.tools else ()
        if not calls:
            return
    turn.message.stop_reason = "pause_turn"


def sums_up(thought: Thought) -> bool:
    """Whether there may be thinking of which a summary is to be shown."""
    return thought.mode != "off" and thought.display == "summarized"


def continued(prompt: Prompt, content: Sequence[b.Block]) -> Prompt:
    """The prompt with what this turn has said so far."""
    if not content:
        return prompt
    return replace(prompt, items=[*prompt.items, Item("assistant", list(content))])


async def run(turn: Turn) -> AsyncGenerator[e.Event]:
    """Let each speaker finish in order; what they say becomes events."""
    out = Assembler(turn.message, expected=turn.expected)
    feed = out.feed
    try:
        for speaker in speakers(turn, out):
            async with aclosing(speaker) as deltas:
                async for delta in deltas:
                    for event in feed(delta):
                        yield event
        for event in out.finish():
            yield event
    finally:
        out.leave()


async def collect(turn: Turn) -> e.Message:
    """The reply in one piece: the same turn, its events dropped, what it assembled kept.

    It goes the way of `run` without being led through it: a generator more would be felt in each short answer.
    """
    out = Assembler(turn.message, expected=turn.expected)
    feed = out.feed
    try:
        for speaker in speakers(turn, out):
            try:
                async for delta in speaker:
                    feed(delta)
            finally:
                await speaker.aclose()
        out.end()
    finally:
        out.leave()
    return turn.message
