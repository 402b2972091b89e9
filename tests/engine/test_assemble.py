"""Deltas in, events out: the assembler's rules, as tables."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from sijo.engine import deltas as d
from sijo.engine.assemble import Assembler, tool_input
from sijo.engine.turn import blank
from sijo.wire import blocks as b
from sijo.wire import events as e
from sijo.wire.base import Json
from sijo.wire.opaque import opaque


def assembled(deltas: Sequence[d.AnyDelta], expected: int = 0) -> tuple[list[Any], Any]:
    """The events as plain data without the frame of the message, and the message as plain data."""
    out = Assembler(blank(), expected=expected)
    events = [event for delta in deltas for event in out.feed(delta)] + list(out.finish())
    return msgspec.to_builtins(events), msgspec.to_builtins(out.message)


def short(event: dict[str, Any]) -> str:
    """One event in a word, such as `0:start text` or `0:text_delta`."""
    match event["type"]:
        case "content_block_start":
            return f"{event['index']}:start {event['content_block']['type']}"
        case "content_block_delta":
            return f"{event['index']}:{event['delta']['type']}"
        case "content_block_stop":
            return f"{event['index']}:stop"
        case other:
            return str(other).removeprefix("message_")


SEQUENCES: list[tuple[str, list[d.AnyDelta], str]] = [
    ("nothing", [], "start, delta, stop"),
    ("text", [d.Text("a"), d.Text("b")], "start, 0:start text, 0:text_delta, 0:text_delta, 0:stop, delta, stop"),
    (
        "thinking, then text",
        [d.Thinking("hm"), d.Signature("s"), d.Text("a")],
        "start, 0:start thinking, 0:thinking_delta, 0:signature_delta, 0:stop, 1:start text, 1:text_delta, 1:stop, "
        "delta, stop",
    ),
    (
        "a signature without a thought",
        [d.Signature("s")],
        "start, 0:start thinking, 0:thinking_delta, 0:signature_delta, 0:stop, delta, stop",
    ),
    (
        "two thoughts in a row",
        [d.Thinking("1"), d.Signature("s"), d.Thinking("2"), d.Signature("t")],
        "start, 0:start thinking, 0:thinking_delta, 0:signature_delta, 0:stop, 1:start thinking, 1:thinking_delta, "
        "1:signature_delta, 1:stop, delta, stop",
    ),
    (
        "two calls",
        [d.ToolCall("t1", "f"), d.ToolInput("{}"), d.ToolCall("t2", "g"), d.Stop("tool_use")],
        "start, 0:start tool_use, 0:input_json_delta, 0:input_json_delta, 0:stop, 1:start tool_use, "
        "1:input_json_delta, 1:stop, delta, stop",
    ),
    (
        "a server's call and its result",
        [d.ToolCall("s1", "web_search", server=True), d.Whole(b.Text("whole"))],
        "start, 0:start server_tool_use, 0:input_json_delta, 0:stop, 1:start text, 1:stop, delta, stop",
    ),
    ("closed text", [d.Text("a"), d.Close(), d.Text("b")],
     "start, 0:start text, 0:text_delta, 0:stop, 1:start text, 1:text_delta, 1:stop, delta, stop"),
    ("usage alone does not begin the message", [d.Spent(input=3), d.Text("a")],
     "start, 0:start text, 0:text_delta, 0:stop, delta, stop"),
]  # fmt: skip


@pytest.mark.parametrize(("deltas", "events"), [row[1:] for row in SEQUENCES], ids=[row[0] for row in SEQUENCES])
def test_events_follow_from_deltas(deltas: list[d.AnyDelta], events: str) -> None:
    assert ", ".join(map(short, assembled(deltas)[0])) == events


def test_nothing_is_said_before_the_first_delta() -> None:
    out = Assembler(blank())
    assert list(out.feed(d.Spent(input=5))) == []
    assert isinstance(next(iter(out.feed(d.Text("a")))), e.MessageStart)


def test_pieces_of_what_is_not_known_stand_where_no_text_or_list_was() -> None:
    block = opaque({"type": "new", "a": [1], "b": "x", "citations": 7})
    pieces: list[Json] = [{"type": "new_delta", "a": "y", "b": "y"}, {"type": "cited", "citation": {"type": "z"}}]
    _, message = assembled([d.Open(block), *(d.Piece(opaque(piece)) for piece in pieces)])
    assert message["content"] == [{"type": "new", "a": "y", "b": "xy", "citations": [{"type": "z"}]}]


def test_the_message_is_what_the_events_told() -> None:
    _, built = assembled(
        [d.Thinking("I "), d.Thinking("think"), d.Signature("sig"), d.Text("Hel"), d.Text("lo"), d.ToolCall("t", "f"),
         d.ToolInput('{"a"'), d.ToolInput(":1}"), d.Stop("tool_use")]
    )  # fmt: skip
    assert built["content"] == [
        {"type": "thinking", "thinking": "I think", "signature": "sig"},
        {"type": "text", "text": "Hello"},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
    ]
    assert built["stop_reason"] == "tool_use"


def test_block_starts_are_empty_whatever_follows() -> None:
    events, _ = assembled([d.Text("a"), d.ToolCall("t", "f"), d.ToolInput('{"a":1}')])
    starts = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    assert starts == [{"type": "text", "text": ""}, {"type": "tool_use", "id": "t", "name": "f", "input": {}}]


def test_tokens_add_up_and_the_start_tells_what_is_known_by_then() -> None:
    events, built = assembled(
        [d.Spent(input=10, cache_read=5, cache_5m=2), d.Text("a"), d.Spent(output=7, thinking=3), d.Spent(output=1)]
    )
    started = events[0]["message"]["usage"]
    assert (started["input_tokens"], started["cache_read_input_tokens"], started["output_tokens"]) == (10, 5, 1)
    assert started["cache_creation"] == {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 0}
    assert events[-2]["usage"]["output_tokens"] == 8
    assert built["usage"]["output_tokens_details"] == {"thinking_tokens": 3}


def test_an_expected_input_is_announced_and_the_engines_own_count_replaces_it() -> None:
    events, built = assembled([d.Text("a"), d.Spent(input=11)], expected=9)
    assert events[0]["message"]["usage"]["input_tokens"] == 9
    assert events[-2]["usage"]["input_tokens"] == built["usage"]["input_tokens"] == 11


def test_no_stop_is_the_end_of_the_turn() -> None:
    assert assembled([d.Text("a")])[1]["stop_reason"] == "end_turn"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        ('{"a": 1}', {"a": 1}),
        ('{"a": "cut he', {"a": "cut he"}),
        ('{"a": [1, 2', {"a": [1, 2]}),
        ('{"path": "x\\n"}', {"path": "x\n"}),
        ("[1]", {"INVALID_JSON": "[1]"}),
        ("nonsense", {"INVALID_JSON": "nonsense"}),
    ],
)
def test_cut_or_broken_input_keeps_what_was_there(text: str, value: dict[str, Any]) -> None:
    assert tool_input(text) == value
