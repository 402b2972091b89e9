"""Puts a message together from its events, as any client must: nothing of the server's own code is used."""

import json
from typing import Any

ADDED = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}
"""Deltas that are added to a field of the block, and that field."""


def folded(events: list[tuple[str, Any]]) -> dict[str, Any]:
    """The message. Fails where the events break the protocol: indices, order, deltas of the wrong kind."""
    events = [(name, data) for name, data in events if name != "ping"]
    assert [name for name, data in events] == [data["type"] for name, data in events]
    assert events[0][0] == "message_start" and [name for name, _ in events[-2:]] == ["message_delta", "message_stop"]
    message: dict[str, Any] = events[0][1]["message"]
    assert message["content"] == [] and message["stop_reason"] is None
    opened: dict[str, Any] | None = None
    pieces: list[str] = []
    for name, data in events[1:-2]:
        if name == "content_block_start":
            assert opened is None and data["index"] == len(message["content"])
            opened = data["content_block"]
            message["content"].append(opened)
        elif name == "content_block_delta":
            assert opened is not None and data["index"] == len(message["content"]) - 1
            add(opened, data["delta"], pieces)
        else:
            assert name == "content_block_stop" and data["index"] == len(message["content"]) - 1
            assert opened is not None
            if pieces:
                opened["input"] = json.loads("".join(pieces) or "{}")
            opened, pieces = None, []
    assert opened is None
    ending = events[-2][1]
    message.update(ending["delta"])
    message["usage"].update(ending["usage"])
    return message


def add(block: dict[str, Any], delta: dict[str, Any], pieces: list[str]) -> None:
    if delta["type"] == "input_json_delta":
        assert block["type"] == "tool_use"
        pieces.append(delta["partial_json"])
    else:
        field = ADDED[delta["type"]]
        assert set(delta) == {"type", field} and (block["type"] == "text") == (field == "text")
        block[field] += delta[field]


def order(events: list[tuple[str, Any]]) -> list[str]:
    """Names of events, deltas by their own type, runs of the same delta as one."""
    steps = [data["delta"]["type"] if name == "content_block_delta" else name for name, data in events]
    return [step for at, step in enumerate(steps) if not at or step != steps[at - 1] or not step.endswith("_delta")]
