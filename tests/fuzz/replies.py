"""What a reply must be, whatever was asked. It shares no code with the server."""

import json
import re
from typing import Any

from tests.conformance.checker import REASONS, check, counted, events
from tests.http.raw import Reply

KINDS = {
    400: {"invalid_request_error"},
    401: {"authentication_error"},
    403: {"permission_error"},
    404: {"not_found_error"},
    405: {"invalid_request_error"},
    413: {"request_too_large"},
}
"""Statuses that a client can bring about, and the types of their errors."""
UNABLE = ("The model called no tool that could be called", "The model's answer did not match the schema")
"""What is said, with status 500 or at a stream's end, of an engine that always says the same, whatever is asked."""
ID = re.compile(r"req_[0-9A-Za-z]{24,26}")
TAKEN = re.compile(r"assistant after nothing$|'(?:name|id)': ''")
"""What the engine may be asked though it refuses it: a lenient server leaves it to the engine how a talk may begin, and
how calls may be named."""
NO_HTTP = (b"Invalid HTTP request received.", b"Request header fields too large.")
"""What is said where there was no request to answer."""


def judge(reply: Reply, method: str = "POST", *, sound: bool = True) -> None:
    """Raises AssertionError for a reply that no client should ever get. Not `sound`: what was asked may be no HTTP."""
    if reply.status == 500 and reply.error["message"].startswith(UNABLE):
        return
    assert reply.status in (200, *KINDS), f"status {reply.status}: {reply.body[:300]!r}"
    if not sound and reply.status == 400 and reply.body in (NO_HTTP if method != "HEAD" else (b"",)):
        return
    assert ID.fullmatch(reply.headers.get("request-id", "")), f"no request-id: {reply.headers}"
    if method == "HEAD":
        return
    if reply.status != 200:
        error = reply.error
        assert error["type"] in KINDS[reply.status], f"{error['type']} with status {reply.status}"
        assert error["message"].strip(), "an error without a word"
        words = error["message"]
        assert "picky:" not in words or TAKEN.search(words), f"the engine was asked what it cannot do: {words[:300]}"
        return
    kind = reply.headers.get("content-type", "")
    if kind.startswith("text/event-stream"):
        told = events(reply.body)
        last = told[-1]
        check(told, failed=last["type"] == "error" and last["error"]["message"].startswith(UNABLE))
    elif kind.startswith("application/json"):
        whole(reply.json)
    else:
        assert kind.startswith("text/plain") and b"# HELP" in reply.body, f"content-type {kind}"


def whole(value: dict[str, Any]) -> None:
    """A reply of one piece: a message, a count, a model or a list of these, or health."""
    if value.get("type") == "message":
        message(value)
    elif "input_tokens" in value:
        assert type(value["input_tokens"]) is int and value["input_tokens"] >= 0
    elif "data" in value:
        assert set(value) == {"data", "has_more", "first_id", "last_id"}
        assert all(model["type"] == "model" and model["id"] for model in value["data"])
    else:
        assert value.get("type") == "model" or value["status"] == "ok", f"unknown reply {json.dumps(value)[:300]}"


def message(value: dict[str, Any]) -> None:
    assert value["id"].startswith("msg_") and value["role"] == "assistant"
    reason, kinds = value["stop_reason"], [block["type"] for block in value["content"]]
    assert reason in REASONS, f"stop_reason {reason}"
    assert (value["stop_sequence"] is not None) == (reason == "stop_sequence")
    assert reason != "tool_use" or "tool_use" in kinds, "tool_use without a call"
    assert reason != "end_turn" or "tool_use" not in kinds, "a call, and no tool_use"
    counted(value["usage"])
    for block in value["content"]:
        assert block["type"] != "text" or block["text"], "an empty text, which could not be sent back"
        assert block["type"] != "tool_use" or isinstance(block["input"], dict), "an input that is no object"
