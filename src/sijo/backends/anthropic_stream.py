"""The events of a Messages API, as deltas: one to one in meaning. Sans-I/O: whoever has the connection feeds it.

What the upstream says in a form that is newer than this server goes on as it is (`Open`, `Piece`, `About`, an opaque
block). What it leaves out stays out, but for the reason to stop. Its errors are read in `anthropic_errors`.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, TypeVar, cast

import msgspec

from sijo.backends.anthropic_errors import told
from sijo.backends.foreign import NO_JSON, counted, deep
from sijo.backends.lines import Broken
from sijo.engine import deltas as d
from sijo.errors import ApiError
from sijo.wire import blocks as b
from sijo.wire import events as e
from sijo.wire.base import Json
from sijo.wire.opaque import Opaque, known, opaque
from sijo.wire.sources import Citation

log = logging.getLogger("sijo.anthropic")
T = TypeVar("T")
BLOCK, PIECE, CITATION = (
    cast(type[b.Block], b.Block),
    cast(type[e.BlockDeltas], e.BlockDeltas),
    cast(type[Citation], Citation),
)
ALIEN = "The upstream sent something that is no event of the Messages API."
CUT = "The upstream broke off in the middle of its answer."
SENSELESS = (*NO_JSON, AttributeError, KeyError, TypeError, ValueError)
NOTHING = frozenset({b"", b"[DONE]"})
decode = msgspec.json.Decoder().decode
Deltas = Sequence[d.AnyDelta]

BLANK: Mapping[str, Sequence[Json]] = {
    "text": [{"text": ""}],
    "thinking": [{"thinking": "", "signature": ""}, {"thinking": ""}],
}
"""What a block starts with that says nothing yet: its first delta opens it by itself."""
CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
WORDS: Mapping[tuple[str, str], tuple[str, Callable[[str], d.AnyDelta]]] = {
    ("text", "text_delta"): ("text", d.Text),
    ("thinking", "thinking_delta"): ("thinking", d.Thinking),
    ("thinking", "signature_delta"): ("signature", d.Signature),
    **{(call, "input_json_delta"): ("partial_json", d.ToolInput) for call in CALLS},
}
"""What has a delta of its own: the block that it is in and its type -> its one field, and the delta."""
MESSAGE = frozenset({"type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "usage"})
ENDING = frozenset({"stop_reason", "stop_sequence", "stop_details"})
SETTLED = MESSAGE | {"id", "delta"}
"""What the end of a message says nothing new of."""
COUNTED = frozenset({
    "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation", "output_tokens",
    "output_tokens_details",
})  # fmt: skip
"""Fields that are read here; the others are passed on in `About`."""


class Reader:
    """Reads one answer: `feed` it each event's data, then `end`. `done` says that the message is complete.

    Both raise the `ApiError` that the upstream tells, and one of their own for what makes no sense.
    """

    def __init__(self, *, signed: bool = True, key: str | None = None) -> None:
        """`signed`: pass on signatures. `key` is what no message may show."""
        self.signed = signed
        self.key = key
        self.done = False
        self._block: Block | None = None
        self._called = False
        self._tally = Tally()
        self._stop: d.Stop | None = None
        self._details: Deltas = ()
        self._steps: Mapping[str, Callable[[Json], Deltas]] = {
            "message_start": self._message,
            "content_block_start": self._start,
            "content_block_delta": self._delta,
            "content_block_stop": lambda _: self._close(),
            "message_delta": self._ending,
            "message_stop": lambda _: self._finish(),
            "ping": lambda _: (),
        }

    def feed(self, data: bytes) -> Deltas:
        """What follows from one event."""
        if self.done or data.strip() in NOTHING:
            return ()
        try:
            return self._event(decode(data))
        except SENSELESS as error:
            raise ApiError(ALIEN) from error

    def whole(self, data: bytes) -> Deltas:
        """What follows from an answer that came in one piece, though a stream was asked for."""
        try:
            message = decode(data)
            if message.get("type") != "message":
                raise told(message, key=self.key) if "error" in message else ApiError(ALIEN)
            events = [{"type": "message_start", "message": message}]
            events += [event for block in message["content"] for event in parts(block)]
            ending = {name: message.get(name) for name in ENDING}
            events += [{"type": "message_delta", "delta": ending, "usage": message.get("usage")}]
            return [delta for event in events for delta in self._event(event)] + list(self.end())
        except SENSELESS as error:
            raise ApiError(ALIEN) from error

    def end(self) -> Deltas:
        """What follows from the end of the stream. One that ends in the middle is an error."""
        if self.done:
            return ()
        if self._stop is None:
            raise Broken(CUT)
        return self._finish()

    def _event(self, event: Json) -> Deltas:
        kind: str = event.get("type", "error" if "error" in event else "")
        step = self._steps.get(kind)
        if step is not None:
            return step(event)
        if kind == "error":
            raise told(event, key=self.key)
        if not kind:
            raise KeyError("type")
        unknown(kind[:100])
        return ()

    def _message(self, event: Json) -> Deltas:
        message = event["message"]
        usage = message.get("usage") or event.get("usage") or {}
        facts = given(message, MESSAGE)
        if not str(facts.get("id", "")).startswith("msg_"):
            facts.pop("id", None)
        return [*self._tally.begin(usage), *about(facts, usage)]

    def _start(self, event: Json) -> Deltas:
        closed = self._close()
        self._block = block = Block(event["content_block"])
        self._called = self._called or block.kind == "tool_use"
        return [*closed, *block.start()]

    def _delta(self, event: Json) -> Deltas:
        delta, block = event["delta"], self._block
        if block is None:
            raise ValueError("a piece of no block")
        if not self.signed and delta["type"] == "signature_delta":
            return ()
        return block.delta(delta)

    def _close(self) -> Deltas:
        block, self._block = self._block, None
        return () if block is None else block.stop()

    def _ending(self, event: Json) -> Deltas:
        delta, usage = event.get("delta") or {}, event.get("usage") or {}
        facts = given(event, SETTLED) | given(delta, SETTLED)
        if delta.get("stop_reason"):  # some servers have an empty one when they do not know
            details = delta.get("stop_details")
            read = None if details is None else exact(details, e.StopDetails)
            if isinstance(read, Opaque):
                self._details, read = (d.About({"stop_details": details}),), None
            reason, sequence = delta["stop_reason"], delta.get("stop_sequence")
            if not isinstance(reason, str) or not isinstance(sequence, str | None):
                raise TypeError("a reason to stop is a word")
            self._stop = d.Stop(cast(e.StopReason, reason), sequence, read)
        return [*self._close(), *self._tally.go_on(usage), *about(facts, usage)]

    def _finish(self) -> Deltas:
        if self.done:
            return ()
        self.done = True
        stop = self._stop or d.Stop("tool_use" if self._called else "end_turn")
        return [*self._close(), *self._tally.end(), stop, *self._details]


class Block:
    """The block that is open: what its start said, and whether that was passed on."""

    def __init__(self, start: Json) -> None:
        self.kind: str = start["type"]
        if deep(start):
            raise ValueError("a block that is too deep")
        self.input = ""
        self.begun = False
        if self.kind in CALLS and start.get("input"):
            # Clients want a call's input in pieces and nothing of it in its start, where some servers put all of it.
            self.input = msgspec.json.encode(start["input"]).decode()
            start = {**start, "input": {}}
        self._start = start
        said = given(start, {"type"})
        called = said.keys() == {"id", "name", "input"} and self.kind in ("tool_use", "server_tool_use")
        self.plain = called or said in BLANK.get(self.kind, ())

    @cached_property
    def part(self) -> b.Block | Opaque:
        """Its start, as a struct."""
        return known(self._start, BLOCK)

    def start(self) -> Deltas:
        """A call begins at once; whatever else may still come whole, or begin with its first piece."""
        if self.kind not in CALLS:
            return ()
        self.begun = True
        if not self.plain:
            return (d.Open(self.part),)
        id, name = self._start["id"], self._start["name"]
        if not isinstance(id, str) or not isinstance(name, str):
            raise TypeError("a call without id or name")
        return (d.ToolCall(id, name, server=self.kind == "server_tool_use"),)

    def delta(self, delta: Json) -> Deltas:
        own = self._own(delta) if self.plain or not isinstance(self.part, Opaque) else None
        said = own or d.Piece(exact(delta, PIECE))
        if self.begun:
            return (said,)
        self.begun = True
        return (said,) if own and self.plain else (d.Open(self.part), said)

    def _own(self, delta: Json) -> d.AnyDelta | None:
        """The piece as the delta that is made for it, if that says all of it."""
        kind = delta["type"]
        words = WORDS.get((self.kind, kind))
        if len(delta) != 2 or (words is None and (self.kind, kind) != ("text", "citations_delta")):
            return None
        if words is None:
            return d.Cited(cast(Citation, known(delta["citation"], CITATION)))
        text = delta[words[0]]
        if not isinstance(text, str):
            raise TypeError(f"{kind} holds no text")
        if text and kind == "input_json_delta":
            self.input = ""
        return words[1](text)

    def stop(self) -> Deltas:
        if not self.begun:
            return (d.Whole(self.part),)
        if not self.input:
            return (d.Close(),)
        own = self.plain or not isinstance(self.part, Opaque)
        return (d.ToolInput(self.input) if own else d.Piece(e.InputDelta(self.input)), d.Close())


class Tally:
    """What was spent so far, as the upstream counts it: in totals that may be told again, and corrected."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._told: dict[str, int] = {}

    def begin(self, usage: Json) -> Deltas:
        """The input. The output of a message that has not begun is only a beginning, and not told yet."""
        self._read(usage)
        return self._spent({name: count for name, count in self._counts.items() if name not in ("output", "thinking")})

    def go_on(self, usage: Json) -> Deltas:
        self._read(usage)
        return self._spent(self._counts)

    def end(self) -> Deltas:
        return self._spent(self._counts)

    def _spent(self, counts: Mapping[str, int]) -> Deltas:
        """What is new in the counts."""
        new: Any = {name: count - self._told.get(name, 0) for name, count in counts.items()}
        self._told |= counts
        return (d.Spent(**new),) if any(new.values()) else ()

    def _read(self, usage: Json) -> None:
        counts, split = self._counts, usage.get("cache_creation") or {}
        details = usage.get("output_tokens_details") or {}
        read = {
            "input": usage.get("input_tokens"),
            "cache_read": usage.get("cache_read_input_tokens"),
            "cache_5m": split.get("ephemeral_5m_input_tokens"),
            "cache_1h": split.get("ephemeral_1h_input_tokens"),
            "output": usage.get("output_tokens"),
            "thinking": details.get("thinking_tokens"),
        }
        counts |= {name: count for name, told in read.items() if (count := counted(told)) is not None}
        created = counted(usage.get("cache_creation_input_tokens"))
        if created is not None:  # what no split assigns was cached for as long as is usual
            counts["cache_5m"] = max(created - counts.get("cache_1h", 0), 0)


def parts(block: Json) -> list[Json]:
    """The events of a block that came in one piece."""
    kind = block["type"]
    fields = [(field, f"{field}_delta") for field in ("text", "thinking", "signature") if block.get(field)]
    if kind not in BLANK or {name for name in block if block[name]} != {"type", *(field for field, _ in fields)}:
        return [{"type": "content_block_start", "content_block": block}, {"type": "content_block_stop"}]
    pieces = [{"type": "content_block_delta", "delta": {"type": name, field: block[field]}} for field, name in fields]
    start = {"type": "content_block_start", "content_block": {"type": kind, **BLANK[kind][0]}}
    return [start, *pieces, {"type": "content_block_stop"}]


def exact(value: Json, kind: type[T]) -> T | Opaque:
    """The part as a struct that holds all of it, or as it is. Raises ValueError for what is too deep."""
    if deep(value):
        raise ValueError("a part that is too deep")
    part = known(value, kind)
    return part if given(msgspec.to_builtins(part), ()) == given(value, ()) else opaque(value)


def given(value: Json, without: Collection[str]) -> Json:
    """The fields that are there and not null, but for some."""
    return {name: field for name, field in value.items() if field is not None and name not in without}


def about(facts: Json, usage: Json) -> Deltas:
    """What was told of the message beside its content and its counts, if anything was."""
    if rest := given(usage, COUNTED):
        facts = {**facts, "usage": rest}
    if not facts:
        return ()
    if deep(facts):
        raise ValueError("it is too deep")
    return (d.About(facts),)


@lru_cache(64)
def unknown(kind: str) -> None:
    """Say it once."""
    log.warning("the upstream sends events of a type that is not known here, and not passed on: %r", kind)
