"""Deltas in, wire events out, and the message built on the way. No I/O and nothing to await.

Two rules hold whatever comes in:
1. at most one block is open; what cannot continue it closes it first, and indices count up from 0;
2. `message_start` comes with the first thing said, not earlier: until then a failure is still a plain HTTP error.

What is done with each delta is a row in `STEPS`. Everything about *which* deltas come is for others.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import jiter
import msgspec

from sijo.engine import deltas as d
from sijo.wire import blocks as b
from sijo.wire import events as e
from sijo.wire.base import Json
from sijo.wire.opaque import Opaque, known

NOTHING: tuple[e.Event, ...] = ()
SILENT = (d.Spent, d.About)
"""Deltas with which no message begins."""
Events = Sequence[e.Event]


class Assembler:
    """Builds `message` from deltas. `expected` is how many input tokens to announce if none were reported yet; with
    `cites` a text begins with its citations, of which there are none yet."""

    def __init__(self, message: e.Message, *, expected: int = 0, cites: bool = False) -> None:
        self.message = message
        self.expected, self.cites = expected, cites
        self.waiting = False
        self.started = False
        self.index = -1
        self._open: b.Block | Opaque | None = None
        self._parts: list[str] = []  # joined once, at the block's end: `+=` for each delta is quadratic
        self._pieces: list[Json] = []
        self._ending: Json = {}
        self._length = 0

    @property
    def said(self) -> int:
        """Characters so far: of text, of thinking, of the input of calls."""
        return self._length + sum(map(len, self._parts))

    def feed(self, delta: d.AnyDelta) -> Events:
        """The events that follow from one delta, in order; often one, sometimes none."""
        kind = type(delta)
        if self.started or kind in SILENT:
            return STEPS[kind](self, delta)
        return [self._start(), *STEPS[kind](self, delta)]

    def finish(self) -> Events:
        """The events that end the message."""
        events: list[e.Event] = [] if self.started else [self._start()]
        events += self.end()
        message, usage = self.message, self.message.usage
        ending = e.Ending(message.stop_reason, message.stop_sequence, message.stop_details, message.container)
        totals = e.DeltaUsage(
            input_tokens=usage.input_tokens,
            cache_creation_input_tokens=usage.cache_creation_input_tokens,
            cache_read_input_tokens=usage.cache_read_input_tokens,
            output_tokens=usage.output_tokens,
            output_tokens_details=usage.output_tokens_details,
            server_tool_use=usage.server_tool_use,
            iterations=usage.iterations,
        )
        if self._ending:
            ending = cast(e.Ending, {**msgspec.to_builtins(ending), **self._ending})
        events += [e.MessageDelta(ending, totals, message.context_management), e.MessageStop()]
        return events

    def end(self) -> Events:
        """Complete the message; the events that close its last block."""
        if self.message.stop_reason is None:
            self.message.stop_reason = "end_turn"
        return self._end()

    def leave(self) -> None:
        """Keep what was said of a message that was cut off: it has no stop reason. After its end this is nothing."""
        self._end()

    def _start(self) -> e.MessageStart:
        self.started = True
        usage = msgspec.structs.replace(self.message.usage, output_tokens=1)
        if not (usage.input_tokens or usage.cache_read_input_tokens or usage.cache_creation_input_tokens):
            usage.input_tokens = self.expected
        start = msgspec.structs.replace(self.message, content=[], usage=usage, context_management=None)
        return e.MessageStart(start)

    def _text(self, delta: d.Text) -> Events:
        begun = NOTHING if type(self._open) is b.Text else self._begin(b.Text(""))
        self._parts.append(delta.text)
        event = e.BlockDelta(self.index, e.TextDelta(delta.text))
        return [*begun, event] if begun else (event,)

    def _thinking(self, delta: d.Thinking) -> Events:
        begun: Events = NOTHING if type(self._open) is b.Thinking else self._begin(b.Thinking("", ""))
        self._parts.append(delta.text)
        return [*begun, e.BlockDelta(self.index, e.ThinkingDelta(delta.text))]

    def _signature(self, delta: d.Signature) -> Events:
        begun: Events = NOTHING
        if not isinstance(self._open, b.Thinking):
            begun = [*self._begin(b.Thinking("", "")), e.BlockDelta(self.index, e.ThinkingDelta(""))]
        assert isinstance(self._open, b.Thinking)
        self._open.signature = delta.value
        return [*begun, e.BlockDelta(self.index, e.SignatureDelta(delta.value)), *self._end()]

    def _cited(self, delta: d.Cited) -> Events:
        begun: Events = NOTHING if isinstance(self._open, b.Text) else self._begin(b.Text(""))
        assert isinstance(self._open, b.Text)
        self._open.citations = [*(self._open.citations or []), delta.citation]
        return [*begun, e.BlockDelta(self.index, e.CitationsDelta(delta.citation))]

    def _call(self, delta: d.ToolCall) -> Events:
        if delta.server:
            block: b.Block = b.ServerToolUse(delta.id, cast(b.ServerToolName, delta.name), {})
        else:
            block = b.ToolUse(delta.id, delta.name, {})
        return [*self._begin(block), e.BlockDelta(self.index, e.InputDelta(""))]

    def _input(self, delta: d.ToolInput) -> Events:
        if not delta.json:
            return NOTHING
        self._parts.append(delta.json)
        return (e.BlockDelta(self.index, e.InputDelta(delta.json)),)

    def _whole(self, delta: d.Whole) -> Events:
        return [*self._begin(delta.block), *self._end()]

    def _opened(self, delta: d.Open) -> Events:
        return self._begin(delta.block)

    def _close(self, _: d.Close) -> Events:
        return self._end()

    def _piece(self, delta: d.Piece) -> Events:
        piece = delta.delta
        if isinstance(piece, e.ThinkingDelta) and isinstance(self._open, b.Thinking):
            self._parts.append(piece.thinking)
        else:
            self._pieces.append(msgspec.to_builtins(piece))
        return (e.BlockDelta(self.index, cast(e.BlockDeltas, piece)),)

    def _about(self, delta: d.About) -> Events:
        for name, value in delta.facts.items():
            if name == "usage":
                for field in value.keys() & set(e.Usage.__struct_fields__):
                    setattr(self.message.usage, field, value[field])
            elif name in e.Message.__struct_fields__:
                setattr(self.message, name, value)
            else:
                self._ending[name] = value
        return NOTHING

    def _spent(self, delta: d.Spent) -> Events:
        usage = self.message.usage
        usage.input_tokens += delta.input
        usage.output_tokens += delta.output
        if delta.cache_read:
            usage.cache_read_input_tokens += delta.cache_read
        if delta.cache_5m or delta.cache_1h:
            old = usage.cache_creation  # `message_start` has it: it is not changed
            five, hour = old.ephemeral_5m_input_tokens + delta.cache_5m, old.ephemeral_1h_input_tokens + delta.cache_1h
            usage.cache_creation = e.CacheCreation(five, hour)
            usage.cache_creation_input_tokens += delta.cache_5m + delta.cache_1h
        if delta.thinking:
            details = usage.output_tokens_details or e.OutputDetails()
            usage.output_tokens_details = e.OutputDetails(details.thinking_tokens + delta.thinking)
        return NOTHING

    def _wait(self, _: d.Wait) -> Events:
        self.waiting, self.message.stop_reason = True, "tool_use"
        return self._end()

    def _stop(self, delta: d.Stop) -> Events:
        self.message.stop_reason = delta.reason
        self.message.stop_sequence = delta.sequence
        self.message.stop_details = delta.details
        return self._end()

    def _begin(self, block: b.Block | Opaque) -> Events:
        ended = self._end() if self._open is not None else NOTHING
        self._open = block
        self.message.content.append(block)  # type: ignore[arg-type]
        self.index += 1
        start = msgspec.structs.replace(block)
        if self.cites and type(start) is b.Text:
            start.citations = []
        return [*ended, e.BlockStart(self.index, start)]  # type: ignore[arg-type]

    def _end(self) -> Events:
        block = self._open
        if block is None:
            return NOTHING
        self._open = None
        if self._parts:
            whole, self._parts = "".join(self._parts), []
            self._length += len(whole)
            match block:
                case b.Text():
                    block.text += whole
                case b.Thinking():
                    block.thinking += whole
                case b.ToolUse() | b.ServerToolUse() | b.McpToolUse() if whole:
                    block.input = tool_input(whole)
                case _:
                    pass
        if self._pieces:
            self.message.content[-1] = grown(block, self._pieces)
            self._pieces = []
        return (e.BlockStop(self.index),)


Step = Callable[[Assembler, Any], Events]
STEPS: Mapping[type, Step] = {
    d.Text: Assembler._text,
    d.Thinking: Assembler._thinking,
    d.Signature: Assembler._signature,
    d.Cited: Assembler._cited,
    d.ToolCall: Assembler._call,
    d.ToolInput: Assembler._input,
    d.Whole: Assembler._whole,
    d.Open: Assembler._opened,
    d.Piece: Assembler._piece,
    d.About: Assembler._about,
    d.Close: Assembler._close,
    d.Spent: Assembler._spent,
    d.Wait: Assembler._wait,
    d.Stop: Assembler._stop,
}


def grown(block: b.Block | Opaque, pieces: Sequence[Json]) -> b.Block:
    """The block with pieces that have no delta of their own here: texts are added to those of the same name, citations
    to the list, anything else stands in its place. So does a text where no text was."""
    whole, texts = msgspec.to_builtins(block), dict[str, list[str]]()
    for piece in pieces:
        for name, value in piece.items():
            if name == "citation":
                before = whole.get("citations")
                whole["citations"] = [*(before if isinstance(before, list) else ()), value]
            elif isinstance(value, str) and name != "type":
                begun = whole.get(name)
                texts.setdefault(name, [begun if isinstance(begun, str) else ""]).append(value)
            elif name not in ("type", "estimated_tokens"):
                whole[name] = value
    whole |= {name: "".join(parts) for name, parts in texts.items()}
    if "partial_json" in texts:
        whole["input"] = tool_input(whole.pop("partial_json"))
    return cast(b.Block, known(whole, cast(type[b.Block], b.Block)))


def tool_input(text: str) -> dict[str, Any]:
    """The input of a call as an object; cut JSON, as `max_tokens` leaves it, gives what was there.

    What is no JSON object at all is kept, under the name that the API uses for it.
    """
    if not text.strip():
        return {}
    try:
        value = jiter.from_json(text.encode(), partial_mode="trailing-strings")
    except ValueError:
        return {"INVALID_JSON": text}
    return value if isinstance(value, dict) else {"INVALID_JSON": text}
