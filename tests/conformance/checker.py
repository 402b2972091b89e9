"""Reads a stream as it stood on the wire, and says what about it is not legal. It shares no code with the server."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Event = dict[str, Any]

DELTAS: Mapping[str, frozenset[str]] = {
    "text": frozenset({"text_delta", "citations_delta"}),
    "thinking": frozenset({"thinking_delta", "signature_delta"}),
    "tool_use": frozenset({"input_json_delta"}),
    "server_tool_use": frozenset({"input_json_delta"}),
    "mcp_tool_use": frozenset({"input_json_delta"}),
    "compaction": frozenset({"compaction_delta"}),
}
"""What may follow in a block that begins empty; any other block comes whole."""
EMPTY: Mapping[str, Mapping[str, object]] = {
    "text": {"text": ""},
    "thinking": {"thinking": "", "signature": ""},
    "tool_use": {"input": {}},
    "server_tool_use": {"input": {}},
}
REASONS = frozenset(
    {"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded"}
)
CUT = frozenset({"max_tokens", "model_context_window_exceeded"})
"""Reasons after which the last call's input may be incomplete."""
COUNTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


def events(body: bytes) -> list[Event]:
    """The events of a stream. Raises AssertionError for a byte that is out of place."""
    assert body.endswith(b"\n\n"), f"the stream ends in the middle of an event: {body[-80:]!r}"
    found = []
    for frame in body.decode("utf-8").removesuffix("\n\n").split("\n\n"):
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert data.startswith("data: ") and name == f"event: {event['type']}", f"no event: {frame!r}"
        found.append(event)
    return found


def check(found: Sequence[Event], *, failed: bool = False, whole: bool = True) -> None:
    """Raises AssertionError for what is not legal. `failed`: an error must end it; not `whole`: the client left."""
    reader = Reader()
    for at, event in enumerate(found):
        try:
            reader.read(event)
        except AssertionError as error:
            raise AssertionError(f"event {at}, {json.dumps(event)[:200]}: {error}") from None
    if whole:
        assert reader.state == ("error" if failed else "stopped"), f"the stream ended as {reader.state}"


class Reader:
    """Follows a stream: `state` goes from new to begun, ended, stopped; or to error."""

    def __init__(self) -> None:
        self.state = "new"
        self.index = -1
        self.kinds: list[str] = []
        self.counts: Mapping[str, int] = {}
        self._open: Event | None = None
        self._parts: list[str] = []
        self._last = ""
        self._calls: list[str] = []
        self._inputs: list[str] = []

    def read(self, event: Event) -> None:
        kind = event["type"]
        assert self.state not in ("stopped", "error"), "after the end"
        if kind == "ping":
            assert event == {"type": "ping"}
        elif kind == "error":
            assert set(event) <= {"type", "error", "request_id"} and event["error"]["message"]
            self.state = "error"
        else:
            getattr(self, kind)(event)

    def message_start(self, event: Event) -> None:
        assert self.state == "new", "a second start"
        self.state = "begun"
        message = event["message"]
        assert message["type"] == "message" and message["role"] == "assistant"
        assert message["id"].startswith("msg_")
        assert message["content"] == []
        assert message["stop_reason"] is None and message["stop_sequence"] is None
        self.counts = counted(message["usage"])
        assert self.counts["output_tokens"] > 0

    def content_block_start(self, event: Event) -> None:
        assert self.state == "begun" and self._open is None, "a block begins where none can"
        self.index += 1
        assert event["index"] == self.index, f"index should be {self.index}"
        block = event["content_block"]
        for name, empty in EMPTY.get(block["type"], {}).items():
            assert block[name] == empty, f"{name} is not empty at the start"
        if block["type"] == "tool_use":
            assert block["id"] and block["name"]
            self._calls.append(block["id"])
            assert len(set(self._calls)) == len(self._calls), "two calls of one id"
        self.kinds.append(block["type"])
        self._open, self._parts, self._last = block, [], ""

    def content_block_delta(self, event: Event) -> None:
        assert self._open is not None and event["index"] == self.index, "no such block is open"
        delta = event["delta"]
        assert delta["type"] in DELTAS.get(self._open["type"], ()), f"not for a block of type {self._open['type']}"
        assert self._last != "signature_delta", "nothing follows a signature"
        self._last = delta["type"]
        self._parts.append(str(next(value for name, value in delta.items() if name != "type")))

    def content_block_stop(self, event: Event) -> None:
        assert self._open is not None and event["index"] == self.index, "no such block is open"
        whole, kind = "".join(self._parts), self._open["type"]
        if kind == "text":
            assert whole, "an empty text, which could not be sent back"
        if kind == "thinking":
            assert self._last == "signature_delta" and self._parts[-1], "thinking that is not signed"
            assert len(self._parts) > 1, "a signature without any thinking_delta before it"
        if kind in ("tool_use", "server_tool_use"):
            self._inputs.append(whole)
        self._open = None

    def message_delta(self, event: Event) -> None:
        assert self.state == "begun" and self._open is None, "the message ends within a block"
        self.state = "ended"
        delta, counts = event["delta"], counted(event["usage"])
        reason = delta["stop_reason"]
        assert reason in REASONS
        assert (delta["stop_sequence"] is not None) == (reason == "stop_sequence")
        assert counts["output_tokens"] >= 0
        if reason == "tool_use":
            assert "tool_use" in self.kinds, "tool_use without a call"
        if reason == "end_turn":
            assert "tool_use" not in self.kinds, "a call, and no tool_use"
        cut = reason in CUT and self.kinds[-1:] == ["tool_use"]
        for text in self._inputs[:-1] if cut else self._inputs:
            assert isinstance(json.loads(text or "{}"), dict), f"an input that is no object: {text}"

    def message_stop(self, event: Event) -> None:
        assert self.state == "ended", "message_stop without message_delta"
        assert event == {"type": "message_stop"}
        self.state = "stopped"


def counted(usage: Mapping[str, Any]) -> dict[str, int]:
    """The counts of a usage, each a number that is there."""
    counts = {name: usage[name] for name in COUNTS}
    assert all(type(count) is int and count >= 0 for count in counts.values()), f"usage {usage}"
    return counts
