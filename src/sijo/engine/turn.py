"""One turn: a prompt, the model, the server tools, and the events that come out. The only loop there is."""

import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Protocol

import msgspec
from msgspec.structs import replace

from sijo import ids
from sijo.engine.abilities import Abilities
from sijo.engine.assemble import Assembler
from sijo.engine.cache import Account, Reuse
from sijo.engine.calls import Tally, checked
from sijo.engine.deferred import found_in
from sijo.engine.deltas import AnyDelta, Wait, Whole
from sijo.engine.filters import Filter, through
from sijo.engine.formats import holding
from sijo.engine.lower import lower
from sijo.engine.prompt import Item, Prompt, Thought
from sijo.engine.servertool import Call, Session, pending
from sijo.engine.thinking.decide import next_thought
from sijo.engine.thinking.summary import summarized
from sijo.engine.unwrap import reached
from sijo.errors import ApiError, Overloaded, RateLimited, TimedOut
from sijo.wire import blocks as b
from sijo.wire import events as e
from sijo.wire.request import AnyTool as MustCall
from sijo.wire.request import Auto, Named

logger = logging.getLogger("sijo.turn")
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


def blank() -> e.Message:
    """A message of which nothing was said yet."""
    usage = e.Usage(
        input_tokens=0,
        cache_creation_input_tokens=0,
        cache_read_input_tokens=0,
        cache_creation=e.CacheCreation(),
        output_tokens=0,
    )
    return e.Message(
        id="",
        role="assistant",
        model="",
        content=[],
        stop_reason=None,
        stop_sequence=None,
        stop_details=None,
        usage=usage,
        diagnostics=None,
    )


def unfiltered(_: Prompt) -> Sequence[Filter]:
    """What is said leaves as it is."""
    return ()


class Turn(msgspec.Struct):
    """A turn to run, once.

    `prompt` is what was prepared for the backend, `asked` the same before anything was lowered, where they differ.
    `expected` is the count of input tokens to announce before the engine has told its own; `filters` makes those that
    the model's words pass, new for each time it speaks, by the prompt that it is given then. `sessions` are the tools
    that run here, and `resumed` the calls of them that an earlier request left without a result; `tally` counts what
    was repaired and asked again.
    """

    prompt: Prompt
    backend: Backend
    asked: Prompt | None = None
    sessions: Sequence[Session] = ()
    filters: Callable[[Prompt], Sequence[Filter]] = unfiltered
    expected: int = 0
    rounds: int = ROUNDS
    summarizer: Backend | None = None
    resumed: Sequence[Call] = ()
    account: Account | None = None
    """Who divides the input between the cache and the caller; without one it is told as the backend tells it."""
    reuse: Reuse | None = None
    tier: str = "standard"
    geo: str = "not_available"
    speed: str | None = None
    """Told only where it was asked for."""
    cites: bool = False
    """The answer may cite, and its texts say so as they begin."""
    id: str = msgspec.field(default_factory=partial(ids.new, "msg"))
    tally: Tally = msgspec.field(default_factory=Tally)
    message: e.Message = msgspec.field(default_factory=blank)
    out: Assembler | None = None
    """What is made of its deltas, once it runs."""

    def input(self) -> int:
        """Tokens of the input by a count of our own."""
        return self.expected if self.account is None else self.account.input()

    def __post_init__(self) -> None:
        self.message.id, self.message.model = self.id, self.prompt.model.id
        usage = self.message.usage
        usage.service_tier, usage.inference_geo, usage.speed = self.tier, self.geo, self.speed

    @property
    def tools(self) -> Mapping[str, Session]:
        """The tools that run here, by the names that the model calls."""
        return {function.name: session for session in self.sessions for function in session.functions}


GOES_ON = ("tool_use", "end_turn")
"""Reasons to stop after which calls are answered. A call that was cut off is not."""


def speakers(turn: Turn, out: Assembler) -> Iterator[AsyncGenerator[AnyDelta]]:
    """Who speaks next: tools that the client has just answered, the model, then the server tools that it called,
    until nobody has anything to add. Plain code: every rule about rounds is here, and none of the I/O."""
    for session in turn.sessions:
        if (begun := session.begin(turn)) is not None:
            yield begun
            new = lower(turn.asked or turn.prompt, turn.backend.abilities)
            turn.prompt = retold(turn.prompt, new, new.items)
    tools: Mapping[str, Session] = turn.tools if turn.sessions else {}
    calls: Sequence[Call] = turn.resumed
    message = turn.message
    for _ in range(turn.rounds):
        for call in calls:
            yield answered(tools[call.name], call, turn)
            if out.waiting:
                return
        seen = len(message.content)
        prompt = continued(turn) if message.content else turn.prompt
        if message.content and prompt.max_tokens < 1:
            message.stop_reason = "max_tokens"
            return
        spoken = checked(reached(holding(turn.backend, prompt), prompt, turn.asked), prompt, turn.tally, turn.asked)
        if turn.summarizer is not None and sums_up(prompt.thought):
            spoken = summarized(spoken, prompt, turn.summarizer)
        filters = turn.filters(prompt)
        if turn.account is not None:
            yield turn.account.told(spoken, filters, list(message.content), turn.id)
        else:
            yield through(filters, spoken) if filters else spoken
        if not tools or message.stop_reason not in GOES_ON:
            return
        said = message.content[seen:]
        calls = list(pending(said, tools))
        if any(isinstance(block, b.ToolUse) for block in said):  # the client answers first; its reply resumes the rest
            message.stop_reason = "tool_use"
            return
        if not calls:
            return
    message.stop_reason = "pause_turn"


async def answered(session: Session, call: Call, turn: Turn) -> AsyncGenerator[AnyDelta]:
    """A server tool's answer to a call. What fails is an answer too: the model is told, and goes on."""
    done = False
    try:
        async with aclosing(session.run(call, turn)) as deltas:
            async for delta in deltas:
                if type(delta) is Wait or (type(delta) is Whole and getattr(delta.block, "tool_use_id", "") == call.id):
                    done = True
                yield delta
    except (ApiError, TimeoutError) as error:
        logger.warning("%s failed: %s", call.name, error)
        code = fault(error)
    else:
        code = "unavailable"
    if not done:
        yield Whole(session.failed(call, code))


def fault(error: ApiError | TimeoutError) -> str:
    """The word for a failure, of `servertool.FAULTS`."""
    if isinstance(error, RateLimited | Overloaded):
        return "too_many_requests"
    return "execution_time_exceeded" if isinstance(error, TimeoutError | TimedOut) else "unavailable"


def sums_up(thought: Thought) -> bool:
    """Whether there may be thinking of which a summary is to be shown."""
    return thought.mode != "off" and thought.display == "summarized"


def continued(turn: Turn) -> Prompt:
    """The prompt with what this turn has said so far, and with the tokens that are left to say more.

    Only what is new is lowered: all before stays as it was, and so does the engine's cache of it. A tool that had to be
    called has been.
    """
    asked, done = turn.asked or turn.prompt, turn.message
    item = Item("assistant", list(done.content))
    new = replace(asked, items=[item], window=0, known=(*asked.known, *found_in(asked.items)))
    new = lower(new, turn.backend.abilities)
    choice = turn.prompt.choice
    if isinstance(choice, MustCall | Named):
        choice = Auto(disable_parallel_tool_use=choice.disable_parallel_tool_use)
    return replace(
        retold(turn.prompt, new, [*turn.prompt.items, *new.items]),
        choice=choice,
        thought=next_thought(asked.thought, replace(new, choice=choice)),
        max_tokens=turn.prompt.max_tokens - done.usage.output_tokens,
    )


def retold(prompt: Prompt, new: Prompt, items: Sequence[Item]) -> Prompt:
    """The prompt with these items, and with the tools as they are since."""
    return replace(prompt, items=items, tools=new.tools, caller=new.caller, found=new.found, counted=None)


async def run(turn: Turn) -> AsyncGenerator[e.Event]:
    """Let each speaker finish in order; what they say becomes events."""
    out = turn.out = Assembler(turn.message, expected=turn.expected, cites=turn.cites)
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
    out = turn.out = Assembler(turn.message, expected=turn.expected)
    out.started = True  # nobody is to be told so
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
