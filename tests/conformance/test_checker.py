"""The checker itself: it lets a legal stream pass and sees each way in which one can be wrong."""

import json
from typing import Any

import pytest

from tests.conformance.checker import check, events

USAGE = {"input_tokens": 3, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1}
MESSAGE: dict[str, Any] = {
    "type": "message", "id": "msg_1", "role": "assistant", "content": [], "stop_reason": None, "stop_sequence": None,
    "usage": USAGE,
}  # fmt: skip
START: dict[str, Any] = {"type": "message_start", "message": MESSAGE}
PING: dict[str, Any] = {"type": "ping"}
END: dict[str, Any] = {"type": "message_stop"}


def began(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def went(index: int, **delta: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def ended(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def over(reason: str, sequence: str | None = None) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": sequence}, "usage": USAGE}


THOUGHT = [
    began(0, type="thinking", thinking="", signature=""),
    PING,
    went(0, type="thinking_delta", thinking="a"),
    went(0, type="signature_delta", signature="s"),
    ended(0),
]
TEXT = [began(1, type="text", text=""), went(1, type="text_delta", text="a"), ended(1)]
CALL = [
    began(2, type="tool_use", id="toolu_1", name="f", input={}),
    went(2, type="input_json_delta", partial_json='{"a":'),
    went(2, type="input_json_delta", partial_json="1}"),
    ended(2),
]
LEGAL = [START, *THOUGHT, *TEXT, *CALL, over("tool_use"), END]


def test_a_legal_stream_passes() -> None:
    body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in LEGAL)
    assert events(body.encode()) == LEGAL
    check(LEGAL)


def test_a_failure_ends_a_stream_wherever_it_comes() -> None:
    failure = {"type": "error", "error": {"type": "api_error", "message": "Internal server error"}}
    for at in range(1, len(LEGAL)):
        check([*LEGAL[:at], failure], failed=True)
    with pytest.raises(AssertionError, match="after the end"):
        check([START, failure, END], failed=True)
    with pytest.raises(AssertionError, match="ended as error"):
        check([START, failure])


@pytest.mark.parametrize("at", range(len(LEGAL)))
def test_nothing_but_a_ping_or_a_piece_can_be_missing(at: int) -> None:
    rest = [*LEGAL[:at], *LEGAL[at + 1 :]]
    if LEGAL[at]["type"] == "ping":
        check(rest)
    else:
        with pytest.raises((AssertionError, ValueError)):
            check(rest)


@pytest.mark.parametrize("at", range(len(LEGAL)))
def test_nothing_but_a_ping_or_a_piece_can_come_twice(at: int) -> None:
    twice = [*LEGAL[: at + 1], *LEGAL[at:]]
    if LEGAL[at]["type"] == "ping" or LEGAL[at].get("delta", {}).get("type") in ("thinking_delta", "text_delta"):
        check(twice)
    else:
        with pytest.raises((AssertionError, ValueError)):
            check(twice)


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        ([START, *TEXT, over("end_turn"), END], "index should be 0"),
        ([START, *THOUGHT, went(0, type="text_delta", text="a")], "no such block is open"),
        ([START, *THOUGHT[:4], went(0, type="thinking_delta", thinking="a")], "nothing follows a signature"),
        ([START, began(0, type="text", text="a")], "not empty at the start"),
        ([START, began(0, type="text", text=""), went(0, type="thinking_delta", thinking="a")], "not for a block"),
        ([START, *THOUGHT, *TEXT, *CALL, over("end_turn"), END], "a call, and no tool_use"),
        ([START, *THOUGHT, *TEXT, over("tool_use"), END], "tool_use without a call"),
        ([START, *THOUGHT, *TEXT, over("stop_sequence"), END], "stop_sequence"),
        ([START, *THOUGHT, *TEXT, over("end_turn", "x"), END], "stop_sequence"),
        ([START, over("bored"), END], "bored"),
        ([START, over("end_turn")], "ended as ended"),
        ([PING, over("end_turn"), END], "within a block"),
        ([START, over("end_turn"), END, PING], "after the end"),
    ],
)
def test_it_says_what_is_wrong(stream: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        check(stream)


@pytest.mark.parametrize(
    "body",
    [
        b'event: ping\ndata: {"type":"ping"}\n',
        b'event: pong\ndata: {"type":"ping"}\n\n',
        b'data: {"type":"ping"}\n\n',
        b'event: ping\ndata: {"type":"ping"}\n\ndata: [DONE]\n\n',
        b"event: ping\ndata: \xff\n\n",
    ],
)
def test_bytes_that_are_no_event_are_seen(body: bytes) -> None:
    with pytest.raises((AssertionError, ValueError)):
        events(body)
