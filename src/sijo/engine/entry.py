"""A turn as it is accounted for: who had it, what was used, and what each part of that costs."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from sijo.engine.caller import Caller
from sijo.engine.estimate import tokens
from sijo.engine.prices import Prices
from sijo.engine.turn import Turn
from sijo.errors import ApiError
from sijo.wire import blocks as b
from sijo.wire import events as e

SHORT, LONG = "0-200k", "200k-1M"
"""The classes of context windows, as reports name them."""
STANDARD = "standard"
UNKNOWN_GEO = "not_available"
MOST = 10**8
"""A count beyond this is none: what a relay tells is not trusted. At `prices.HIGHEST` its cost fits 64 bits."""
BESIDE = ("compaction", "advisor_message")
"""Steps of a turn that its counts leave out."""
COUNTED = (
    "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation",
)  # fmt: skip
NO_DETAILS: Mapping[str, Any] = {"output_tokens_details": None}
LONGEST = 200
"""Characters of a name from outside."""


class Entry(msgspec.Struct, kw_only=True, gc=False):
    """One turn. `at` is when its request came, in Unix seconds; `duration` and `first` are seconds from there on.

    `usage` is what the client was told; `code_seconds` what containers are charged for that ended with this turn.
    """

    at: float
    request: str
    message: str
    workspace: str | None
    key: str | None
    model: str
    engine: str
    usage: e.Usage
    stop: str | None
    status: int
    error: str | None
    duration: float
    first: float | None
    code_seconds: int = 0


class Priced(msgspec.Struct, frozen=True, gc=False):
    """The kinds of what is used that have a price."""

    input: int = 0
    write_5m: int = 0
    write_1h: int = 0
    read: int = 0
    output: int = 0
    searches: int = 0


class Used(Priced, frozen=True, gc=False):
    """How much of each kind, in whole tokens, calls and seconds; of what is free or is part of another kind, too."""

    thinking: int = 0
    fetches: int = 0
    code_seconds: int = 0

    @property
    def total(self) -> int:
        """All input, cached or not."""
        return self.input + self.write_5m + self.write_1h + self.read


class Cost(Priced, frozen=True, gc=False):
    """Picodollars, by what they were for. Containers are not in it: what of them is free shows by the month only."""

    @property
    def total(self) -> int:
        return self.input + self.write_5m + self.write_1h + self.read + self.output + self.searches


class Ledger(Protocol):
    """Who takes entries."""

    def add(self, entry: Entry, /) -> None:
        """Keep a turn, soon: this neither waits nor fails."""
        ...


def entry(turn: Turn, call: "Over", failed: ApiError | None = None) -> Entry | None:
    """The entry of a turn that is over by now, well or not; None for one that nothing was used for."""
    message = turn.message
    usage = message.usage if message.stop_reason is not None else begun(message, turn.input)
    if usage is None:
        return None
    duration = time.perf_counter() - call.began
    return Entry(
        at=time.time() - duration,
        request=call.id,
        message=message.id,
        workspace=call.caller.workspace,
        key=call.caller.key,
        model=message.model,
        engine=turn.backend.name,
        usage=usage,
        stop=message.stop_reason,
        status=call.status if failed is None else failed.status,
        error=call.error if failed is None else failed.type,
        duration=duration,
        first=None if call.first is None else call.first - call.began,
    )


class Over(Protocol):
    """What is known of a request that is over. Times are `time.perf_counter()`."""

    id: str
    caller: Caller
    began: float
    first: float | None
    status: int
    error: str | None


def begun(message: e.Message, expected: Callable[[], int]) -> e.Usage | None:
    """What was used of a turn that was cut off: engines tell it at the end, so what was said is counted here."""
    usage = message.usage
    output = max(whole(usage.output_tokens), tokens("\n".join(map(said, message.content))) if message.content else 0)
    input = used(usage).total
    if not output and not input:
        return None
    input_tokens = usage.input_tokens if input else expected()
    return msgspec.structs.replace(usage, output_tokens=output, input_tokens=input_tokens)


def said(block: Any) -> str:
    """What a model wrote of a block."""
    match block:
        case b.Text():
            return block.text
        case b.Thinking():
            return block.thinking
        case b.ToolUse() | b.ServerToolUse() | b.McpToolUse():
            return f"{block.name} {msgspec.json.encode(block.input).decode()}"
        case _:
            return ""


def parts(one: Entry) -> Iterator[Entry]:
    """The turn, and after it what was done for it beside the message and is not in the message's counts: compactions,
    and what an advisor said, which may be another model."""
    yield one
    steps = one.usage.iterations
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict) and step.get("type") in BESIDE:
            counts = {name: step.get(name) for name in COUNTED}
            usage = msgspec.structs.replace(one.usage, iterations=None, server_tool_use=None, **NO_DETAILS, **counts)
            yield msgspec.structs.replace(one, model=plain(step.get("model"), one.model), usage=usage, code_seconds=0)


def used(usage: e.Usage, code_seconds: int = 0) -> Used:
    """The counts of a reply's `usage`. A write without a lifetime counts as one of five minutes."""
    searches = fetches = thinking = write_5m = write_1h = 0
    if usage.cache_creation_input_tokens:
        write_1h = part(usage.cache_creation, "ephemeral_1h_input_tokens")
        write_5m = max(0, whole(usage.cache_creation_input_tokens) - write_1h)
    if usage.server_tool_use is not None:
        searches = part(usage.server_tool_use, "web_search_requests")
        fetches = part(usage.server_tool_use, "web_fetch_requests")
    if usage.output_tokens_details is not None:
        thinking = part(usage.output_tokens_details, "thinking_tokens")
    return Used(
        whole(usage.input_tokens),
        write_5m,
        write_1h,
        whole(usage.cache_read_input_tokens),
        whole(usage.output_tokens),
        searches,
        thinking,
        fetches,
        code_seconds,
    )


def cost(one: Entry, amount: Used, prices: Prices) -> Cost:
    """What a turn's parts cost, at the prices of its day."""
    usage, total = one.usage, amount.total
    rates = prices.rates(
        one.model, one.at, tier=usage.service_tier, geo=usage.inference_geo, fast=usage.speed == "fast", total=total
    )
    return Cost(
        amount.input * rates.input,
        amount.write_5m * rates.write_5m,
        amount.write_1h * rates.write_1h,
        amount.read * rates.read,
        amount.output * rates.output,
        amount.searches * prices.search,
    )


def whole(value: object) -> int:
    """A count, or 0 for what is none."""
    return value if isinstance(value, int) and 0 < value < MOST else 0


def part(value: object, name: str) -> int:
    """A count in a part of the usage, which a relay passes on as plain JSON."""
    if isinstance(value, Mapping):
        return whole(value.get(name))
    return whole(getattr(value, name, 0))


def plain(text: object, otherwise: str = "") -> str:
    """A name from outside, as every database takes it."""
    return _plain(text[: LONGEST + 1]) if isinstance(text, str) and text else otherwise


@lru_cache(1024)
def _plain(text: str) -> str:
    if text.isascii() and text.isprintable() and len(text) <= LONGEST:
        return text
    return text[:LONGEST].replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
