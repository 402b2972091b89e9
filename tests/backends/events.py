"""Events of the Messages API, to put streams together."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from sijo.engine import deltas as d
from sijo.wire.opaque import opaque

Event = dict[str, Any]


def begin(**usage: Any) -> Event:
    message: Event = {"id": "m1", "type": "message", "role": "assistant", "model": "claude-x", "content": [],
               "stop_reason": None, "stop_sequence": None, "usage": usage or None}  # fmt: skip
    return {"type": "message_start", "message": message}


def start(type: str, **fields: Any) -> Event:
    return {"type": "content_block_start", "index": 0, "content_block": {"type": type, **fields}}


def piece(type: str, **fields: Any) -> Event:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": type, **fields}}


def ending(reason: str | None = "end_turn", usage: Event | None = None, **fields: Any) -> Event:
    delta = {"stop_reason": reason, "stop_sequence": None, **fields}
    return {"type": "message_delta", "delta": delta, "usage": usage or {"output_tokens": 1}}


CLOSE: Event = {"type": "content_block_stop", "index": 0}
END: Event = {"type": "message_stop"}
PING: Event = {"type": "ping"}
TEXT = [start("text", text=""), piece("text_delta", text="Hel"), piece("text_delta", text="lo"), CLOSE]
HELLO = [begin(input_tokens=9, output_tokens=1), *TEXT, ending(usage={"output_tokens": 2}), END]
SAID: list[d.AnyDelta] = [
    d.Spent(input=9), d.Text("Hel"), d.Text("lo"), d.Close(), d.Spent(output=2), d.Stop("end_turn"),
]  # fmt: skip


def sse(*events: Event) -> bytes:
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (event["type"].encode(), json.dumps(event).encode()) for event in events
    )


HOLOGRAM: Event = {"type": "hologram", "depth": 3, "re-rendered": [1, {"a": None}]}


def strange(value: Event) -> Any:
    """A part that is opaque, where the types say that there is none."""
    return opaque(value)


def plain(deltas: Sequence[d.AnyDelta]) -> list[tuple[str, Any]]:
    """Comparable: a block that is opaque is equal to no other."""
    return [(type(delta).__name__, msgspec.to_builtins(delta)) for delta in deltas]
