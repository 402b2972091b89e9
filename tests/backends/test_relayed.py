"""From an upstream's events to the message that a client gets: the same one, whatever it holds."""

from typing import Any

import msgspec
import pytest

from sijo.backends.anthropic_stream import Reader
from sijo.engine import deltas as d
from sijo.engine.assemble import Assembler
from sijo.engine.turn import blank
from sijo.wire import blocks as b
from tests.backends.events import CLOSE, END, HOLOGRAM, TEXT, Event, begin, ending, piece, start

CALLER = {"type": "code_execution_20260120", "tool_id": "srvtoolu_1"}
STREAMS: list[tuple[str, list[Event], list[Event]]] = [
    ("text", [*TEXT, *TEXT], [{"type": "text", "text": "Hello"}] * 2),
    ("thinking that is counted", [
        start("thinking", thinking="", signature=""), piece("thinking_delta", thinking="h", estimated_tokens=5),
        piece("thinking_delta", thinking="m", estimated_tokens=9), piece("signature_delta", signature="s"), CLOSE],
     [{"type": "thinking", "thinking": "hm", "signature": "s"}]),
    ("a call by code", [start("tool_use", id="t", name="f", input={}, caller=CALLER),
                        piece("input_json_delta", partial_json='{"a":'), piece("input_json_delta", partial_json="1}"),
                        CLOSE],
     [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}, "caller": CALLER}]),
    ("a call of an MCP server", [start("mcp_tool_use", id="t", name="f", server_name="s", input={}),
                                 piece("input_json_delta", partial_json='{"a":1}'), CLOSE],
     [{"type": "mcp_tool_use", "id": "t", "name": "f", "server_name": "s", "input": {"a": 1}}]),
    ("a compaction", [start("compaction", content=None),
                      piece("compaction_delta", content="sum", encrypted_content="e"), CLOSE],
     [{"type": "compaction", "content": "sum", "encrypted_content": "e"}]),
    ("a block that is not known", [start(**HOLOGRAM), CLOSE], [HOLOGRAM]),
    ("a block that is not known, in pieces", [
        start("hologram", depth=0, words="a"), piece("depth_delta", depth=1), piece("words_delta", words="b"),
        piece("words_delta", words="c"), CLOSE], [{"type": "hologram", "depth": 1, "words": "abc"}]),
    ("a field that is not known", [start("text", text="", mood="glad"), piece("text_delta", text="H"),
                                   piece("text_delta", text="i"), CLOSE],
     [{"type": "text", "text": "Hi", "mood": "glad"}]),
    ("a call with a field that is not known", [start("tool_use", id="t", name="f", input={}, mood="glad"),
                                               piece("input_json_delta", partial_json='{"a":1}'), CLOSE],
     [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}, "mood": "glad"}]),
    ("a piece that is not known", [TEXT[0], TEXT[1], piece("mood_delta", mood="glad"), TEXT[2], CLOSE],
     [{"type": "text", "text": "Hello", "mood": "glad"}]),
]  # fmt: skip


def relayed(*events: Event) -> tuple[list[Any], Any]:
    """The events that go out, and the message that they make."""
    reader, out = Reader(), Assembler(blank())
    deltas = [delta for event in events for delta in reader.feed(msgspec.json.encode(event))]
    sent = [event for delta in deltas for event in out.feed(delta)] + list(out.finish())
    return msgspec.json.decode(msgspec.json.encode(sent)), msgspec.json.decode(msgspec.json.encode(out.message))


@pytest.mark.parametrize(("events", "content"), [row[1:] for row in STREAMS], ids=[row[0] for row in STREAMS])
def test_the_message_is_the_upstreams(events: list[Event], content: list[Event]) -> None:
    sent, built = relayed(begin(), *events, ending(), END)
    assert built["content"] == content
    heard = [event for event in sent if event["type"].startswith("content_block")]
    wanted = [event for event in events if event.get("delta", {}).get("partial_json") != ""]
    assert [event["type"] for event in heard if event.get("delta", {}).get("partial_json") != ""] == [
        event["type"] for event in wanted
    ]
    assert [event["delta"] for event in heard if "delta" in event] == [
        event["delta"] for event in wanted if "delta" in event
    ]


def test_what_was_told_of_the_message_reaches_it() -> None:
    started, ended = begin(service_tier="priority"), ending("refusal", safeguard_results=[1], container={"id": "c"})
    started["message"]["id"] = "msg_01UP"
    ended["delta"]["stop_details"] = {"type": "refusal", "category": None, "token": "t"}
    ended["usage"] |= {"iterations": [{"type": "message"}], "server_tool_use": {"web_search_requests": 1}}
    sent, built = relayed(started, *TEXT, ended, END)
    assert (sent[0]["message"]["id"], sent[0]["message"]["usage"]["service_tier"]) == ("msg_01UP", "priority")
    assert built["stop_details"]["token"] == "t"
    assert built["container"] == sent[-2]["delta"]["container"] == {"id": "c"}
    assert sent[-2]["delta"]["safeguard_results"] == [1]
    assert sent[-2]["usage"]["iterations"] == built["usage"]["iterations"] == [{"type": "message"}]


def test_what_is_told_of_the_message_does_not_begin_it() -> None:
    assert list(Assembler(blank()).feed(d.About({"id": "msg_2"}))) == []


def test_a_call_that_came_whole_keeps_its_input() -> None:
    out = Assembler(blank())
    out.feed(d.Whole(b.ToolUse("t", "f", {"a": 1})))
    assert msgspec.to_builtins(out.message.content[0])["input"] == {"a": 1}
