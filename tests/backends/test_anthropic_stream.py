"""The events of an upstream and the deltas that they become: nothing is lost, and what makes no sense is an error."""

import json
from typing import Any

import msgspec
import pytest

from sijo.backends.anthropic_errors import refused, told
from sijo.backends.anthropic_stream import Reader
from sijo.engine import deltas as d
from sijo.errors import ApiError, NotFound, Overloaded, RateLimited
from sijo.wire import blocks as b
from sijo.wire import events as e
from sijo.wire import results as r
from sijo.wire.base import Caller
from sijo.wire.opaque import Opaque, opaque
from sijo.wire.sources import CharLocation
from tests.backends.events import (
    CLOSE,
    END,
    HOLOGRAM,
    PING,
    SAID,
    TEXT,
    Event,
    begin,
    ending,
    piece,
    plain,
    start,
    strange,
)


def read(*events: Event, signed: bool = True) -> list[d.AnyDelta]:
    """The deltas of a stream from its first event to its end."""
    reader = Reader(signed=signed)
    deltas = [delta for event in events for delta in reader.feed(json.dumps(event).encode())]
    return [*deltas, *reader.end()]


def inside(*events: Event) -> list[d.AnyDelta]:
    """The deltas of what stands between the start and the end of a message."""
    deltas = read(begin(), *events, ending(), END)
    assert plain(deltas[-2:]) == plain([d.Spent(output=1), d.Stop("end_turn")])
    return deltas[:-2]


CITATION = {"type": "char_location", "cited_text": "c", "document_index": 0, "document_title": None,
            "start_char_index": 0, "end_char_index": 1}  # fmt: skip
HIT = {"type": "web_search_result", "url": "https://x", "title": "x", "encrypted_content": "e", "page_age": None}

BLOCKS: list[tuple[str, list[Event], list[d.AnyDelta]]] = [
    ("text", TEXT, [d.Text("Hel"), d.Text("lo"), d.Close()]),
    ("two texts stay two", [*TEXT, *TEXT], [d.Text("Hel"), d.Text("lo"), d.Close()] * 2),
    ("an empty text", [start("text", text=""), CLOSE], [d.Whole(b.Text(""))]),
    ("a text that begins in its start", [start("text", text="He", citations=None), piece("text_delta", text="y"),
                                         CLOSE],
     [d.Open(b.Text("He")), d.Text("y"), d.Close()]),
    ("citations", [start("text", text="", citations=[]), piece("citations_delta", citation=CITATION),
                   piece("text_delta", text="x"), CLOSE],
     [d.Open(b.Text("", citations=[])), d.Cited(CharLocation("c", 0, None, 0, 1)), d.Text("x"), d.Close()]),
    ("thinking", [start("thinking", thinking="", signature=""), piece("thinking_delta", thinking="hm"),
                  piece("signature_delta", signature="c2ln"), CLOSE],
     [d.Thinking("hm"), d.Signature("c2ln"), d.Close()]),
    ("thinking without a place for its signature", [start("thinking", thinking=""),
                                                    piece("thinking_delta", thinking="hm"), CLOSE],
     [d.Thinking("hm"), d.Close()]),
    ("thinking that is omitted", [start("thinking", thinking="", signature=""), piece("signature_delta", signature="s"),
                                  CLOSE], [d.Signature("s"), d.Close()]),
    ("thinking that is counted", [start("thinking", thinking="", signature=""),
                                  piece("thinking_delta", thinking="hm", estimated_tokens=50),
                                  piece("signature_delta", signature="s"), CLOSE],
     [d.Open(b.Thinking("", "")), d.Piece(e.ThinkingDelta("hm", 50)), d.Signature("s"), d.Close()]),
    ("redacted thinking", [start("redacted_thinking", data="x"), CLOSE], [d.Whole(b.RedactedThinking("x"))]),
    ("a call", [start("tool_use", id="toolu_1", name="f", input={}), piece("input_json_delta", partial_json=""),
                piece("input_json_delta", partial_json='{"a"'), piece("input_json_delta", partial_json=":1}"), CLOSE],
     [d.ToolCall("toolu_1", "f"), d.ToolInput(""), d.ToolInput('{"a"'), d.ToolInput(":1}"), d.Close()]),
    ("a call whose input stands in its start", [start("tool_use", id="t", name="f", input={"a": 1}), CLOSE],
     [d.ToolCall("t", "f"), d.ToolInput('{"a":1}'), d.Close()]),
    ("a call whose input comes twice", [start("tool_use", id="t", name="f", input={"a": 1}),
                                        piece("input_json_delta", partial_json='{"a":1}'), CLOSE],
     [d.ToolCall("t", "f"), d.ToolInput('{"a":1}'), d.Close()]),
    ("a call by code", [start("tool_use", id="t", name="f", input={},
                              caller={"type": "code_execution_20260120", "tool_id": "srvtoolu_1"}),
                        piece("input_json_delta", partial_json="{}"), CLOSE],
     [d.Open(b.ToolUse("t", "f", {}, Caller("code_execution_20260120", "srvtoolu_1"))), d.ToolInput("{}"), d.Close()]),
    ("a server's call and its result", [
        start("server_tool_use", id="srvtoolu_1", name="web_search", input={}),
        piece("input_json_delta", partial_json='{"query":"x"}'), CLOSE,
        start("web_search_tool_result", tool_use_id="srvtoolu_1", content=[HIT]), CLOSE],
     [d.ToolCall("srvtoolu_1", "web_search", server=True), d.ToolInput('{"query":"x"}'), d.Close(),
      d.Whole(r.WebSearchResult("srvtoolu_1", [r.SearchHit("https://x", "x", "e")]))]),
    ("a call of an MCP server", [start("mcp_tool_use", id="mcptoolu_1", name="f", server_name="s", input={}),
                                 piece("input_json_delta", partial_json="{}"), CLOSE],
     [d.Open(b.McpToolUse("mcptoolu_1", "f", "s", {})), d.ToolInput("{}"), d.Close()]),
    ("a compaction", [start("compaction", content=None),
                      piece("compaction_delta", content="sum", encrypted_content="e"), CLOSE],
     [d.Open(b.Compaction()), d.Piece(e.CompactionDelta("sum", "e")), d.Close()]),
    ("a fallback", [start("fallback", **{"from": {"model": "a"}, "to": {"model": "b"}}), CLOSE],
     [d.Whole(b.Fallback(b.FallbackModel("a"), b.FallbackModel("b")))]),
    ("a container's upload", [start("container_upload", file_id="file_1"), CLOSE],
     [d.Whole(b.ContainerUpload("file_1"))]),
    ("a block without its stop", [*TEXT[:3], start("text", text=""), piece("text_delta", text="!"), CLOSE],
     [d.Text("Hel"), d.Text("lo"), d.Close(), d.Text("!"), d.Close()]),
    ("pings anywhere", [PING, TEXT[0], PING, *TEXT[1:], PING], [d.Text("Hel"), d.Text("lo"), d.Close()]),
    ("an event that is not known", [{"type": "weather_report", "sun": True}], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "deltas"), [row[1:] for row in BLOCKS], ids=[row[0] for row in BLOCKS])
def test_events_are_deltas_of_the_same_meaning(events: list[Event], deltas: list[d.AnyDelta]) -> None:
    assert plain(inside(*events)) == plain(deltas)


NEWER: list[tuple[str, list[Event], list[d.AnyDelta]]] = [
    ("a block", [start(**HOLOGRAM), CLOSE], [d.Whole(strange(HOLOGRAM))]),
    ("a block that comes in pieces", [start("hologram", depth=0), piece("depth_delta", depth=1),
                                      piece("text_delta", text="x"), CLOSE],
     [d.Open(opaque({"type": "hologram", "depth": 0})), d.Piece(opaque({"type": "depth_delta", "depth": 1})),
      d.Piece(e.TextDelta("x")), d.Close()]),
    ("a field of a block", [start("text", text="", mood="glad"), piece("text_delta", text="x"), CLOSE],
     [d.Open(opaque({"type": "text", "text": "", "mood": "glad"})), d.Piece(e.TextDelta("x")), d.Close()]),
    ("a field of a call whose input stands in its start", [
        start("tool_use", id="t", name="f", input={"a": 1}, mood="glad"), CLOSE],
     [d.Open(opaque({"type": "tool_use", "id": "t", "name": "f", "input": {}, "mood": "glad"})),
      d.Piece(e.InputDelta('{"a":1}')), d.Close()]),
    ("a piece of a text", [TEXT[0], piece("mood_delta", mood="glad"), *TEXT[1:]],
     [d.Open(b.Text("")), d.Piece(opaque({"type": "mood_delta", "mood": "glad"})), *SAID[1:4]]),
    ("a field of a piece", [TEXT[0], TEXT[1], piece("text_delta", text="!", mood="glad"), CLOSE],
     [d.Text("Hel"), d.Piece(opaque({"type": "text_delta", "text": "!", "mood": "glad"})), d.Close()]),
    ("a citation", [TEXT[0], TEXT[1], piece("citations_delta", citation={"type": "dream_location", "night": 1}), CLOSE],
     [d.Text("Hel"), d.Cited(strange({"type": "dream_location", "night": 1})), d.Close()]),
    ("a tool of the server", [start("server_tool_use", id="s", name="time_travel", input={}), CLOSE,
                              start("time_travel_tool_result", tool_use_id="s", content={"year": 1}), CLOSE],
     [d.ToolCall("s", "time_travel", server=True), d.Close(),
      d.Whole(strange({"type": "time_travel_tool_result", "tool_use_id": "s", "content": {"year": 1}}))]),
]  # fmt: skip


@pytest.mark.parametrize(("events", "deltas"), [row[1:] for row in NEWER], ids=[row[0] for row in NEWER])
def test_what_is_newer_than_this_server_is_not_lost(events: list[Event], deltas: list[d.AnyDelta]) -> None:
    assert plain(inside(*events)) == plain(deltas)


def test_what_is_not_known_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        inside({"type": "eclipse"}, start("aurora", colour="green"), piece("shimmer_delta", by=1), CLOSE)
    for word in ("eclipse", "aurora", "shimmer"):
        assert sum(word in record.getMessage() for record in caplog.records) == 1


def test_a_block_that_is_not_known_encodes_to_what_it_was() -> None:
    block = opaque(HOLOGRAM)
    assert isinstance(block, Opaque)
    assert json.loads(msgspec.json.encode(block)) == HOLOGRAM
    with pytest.raises(ValueError, match="no type"):
        opaque({"depth": 1})


USAGES: list[tuple[str, list[Event], list[d.Spent]]] = [
    ("all of it", [
        begin(input_tokens=1, cache_read_input_tokens=2, cache_creation_input_tokens=7,
              cache_creation={"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4}, output_tokens=1),
        ending(usage={"input_tokens": 1, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 7,
                      "output_tokens": 50, "output_tokens_details": {"thinking_tokens": 20}})],
     [d.Spent(input=1, cache_read=2, cache_5m=3, cache_1h=4), d.Spent(output=50, thinking=20)]),
    ("totals that grow", [begin(input_tokens=10, output_tokens=1),
                          ending(None, {"input_tokens": 30, "output_tokens": 5}),
                          ending(usage={"input_tokens": 70, "output_tokens": 9})],
     [d.Spent(input=10), d.Spent(input=20, output=5), d.Spent(input=40, output=4)]),
    ("totals that are corrected", [begin(input_tokens=10), ending(usage={"input_tokens": 7, "output_tokens": 5})],
     [d.Spent(input=10), d.Spent(input=-3, output=5)]),
    ("a cache without a split", [begin(input_tokens=1, cache_creation_input_tokens=5), ending()],
     [d.Spent(input=1, cache_5m=5), d.Spent(output=1)]),
    ("a cache that grows", [begin(cache_creation_input_tokens=5, cache_creation={"ephemeral_1h_input_tokens": 5}),
                            ending(usage={"cache_creation_input_tokens": 8, "output_tokens": 2})],
     [d.Spent(cache_1h=5), d.Spent(cache_5m=3, output=2)]),
    ("nulls", [begin(input_tokens=1, cache_read_input_tokens=None, cache_creation=None),
               ending(usage={"input_tokens": None, "output_tokens": 3, "output_tokens_details": None})],
     [d.Spent(input=1), d.Spent(output=3)]),
    ("the beginning of an output, where no more is told", [begin(input_tokens=1, output_tokens=4), END],
     [d.Spent(input=1), d.Spent(output=4)]),
    ("beside the message", [{**begin(), "usage": {"input_tokens": 3}}, ending()],
     [d.Spent(input=3), d.Spent(output=1)]),
    ("counts that cannot be", [begin(input_tokens=-5, cache_read_input_tokens=True, cache_creation_input_tokens=10**30),
                               ending(usage={"input_tokens": 2**63, "output_tokens": -1})], []),
    ("a cache with more in its split", [begin(cache_creation_input_tokens=1,
                                              cache_creation={"ephemeral_1h_input_tokens": 5}), ending()],
     [d.Spent(cache_1h=5), d.Spent(output=1)]),
    ("nothing", [begin(), {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}], []),
]  # fmt: skip


@pytest.mark.parametrize(("events", "spent"), [row[1:] for row in USAGES], ids=[row[0] for row in USAGES])
def test_totals_are_told_as_what_is_added(events: list[Event], spent: list[d.Spent]) -> None:
    assert [delta for delta in read(*events) if isinstance(delta, d.Spent)] == spent


STOPS: list[tuple[str, list[Event], list[d.AnyDelta]]] = [
    ("a reason", [ending("max_tokens"), END], [d.Stop("max_tokens")]),
    ("a sequence", [ending("stop_sequence", stop_sequence="\n\n"), END], [d.Stop("stop_sequence", "\n\n")]),
    ("a refusal", [ending("refusal", stop_details={"type": "refusal", "category": "cyber", "explanation": None}), END],
     [d.Stop("refusal", None, e.StopDetails("cyber"))]),
    ("a refusal that says more", [
        ending("refusal", stop_details={"type": "refusal", "category": None, "token": "t"}), END],
     [d.Stop("refusal"), d.About({"stop_details": {"type": "refusal", "category": None, "token": "t"}})]),
    ("a reason that is not known", [ending("bored"), END], [d.Stop("bored")]),  # type: ignore[arg-type]
    ("the last of several", [ending("end_turn"), ending("pause_turn"), END], [d.Stop("pause_turn")]),
    ("no end after the reason", [ending("tool_use")], [d.Stop("tool_use")]),
    ("no reason before the end", [*TEXT, END], [d.Stop("end_turn")]),
    ("an empty reason", [*TEXT, ending(""), END], [d.Stop("end_turn")]),
    ("no reason after a call", [start("tool_use", id="t", name="f", input={}), CLOSE, END], [d.Stop("tool_use")]),
    ("no reason after a server's call", [start("server_tool_use", id="t", name="f", input={}), CLOSE, END],
     [d.Stop("end_turn")]),
    ("more after the end", [ending("max_tokens"), END, *TEXT, ending("end_turn"), END], [d.Stop("max_tokens")]),
]  # fmt: skip


@pytest.mark.parametrize(("events", "last"), [row[1:] for row in STOPS], ids=[row[0] for row in STOPS])
def test_an_answer_ends_for_the_reason_that_is_told(events: list[Event], last: list[d.AnyDelta]) -> None:
    deltas = read(begin(), *events)
    assert deltas[-len(last) :] == last
    assert sum(isinstance(delta, d.Stop) for delta in deltas) == 1


def test_what_is_told_of_the_message_is_passed_on() -> None:
    started = begin(input_tokens=1, service_tier="priority", inference_geo="us", speed=None)
    started["message"] |= {"id": "msg_01UP", "diagnostics": None, "container": {"id": "container_1"}}
    ended = ending(usage={"output_tokens": 2, "server_tool_use": {"web_search_requests": 1}, "iterations": [{}]},
                   container={"id": "container_1"}, safeguard_results=[])  # fmt: skip
    ended["context_management"] = {"applied_edits": []}
    assert [delta.facts for delta in read(started, ended, END) if isinstance(delta, d.About)] == [
        {
            "id": "msg_01UP",
            "container": {"id": "container_1"},
            "usage": {"service_tier": "priority", "inference_geo": "us"},
        },
        {
            "context_management": {"applied_edits": []},
            "container": {"id": "container_1"},
            "safeguard_results": [],
            "usage": {"server_tool_use": {"web_search_requests": 1}, "iterations": [{}]},
        },
    ]


def test_the_end_of_a_message_says_nothing_new_of_its_beginning() -> None:
    ended = ending()
    ended["delta"] |= {"content": [{"type": "text", "text": "lost"}], "role": "user", "usage": 7, "id": "msg_2"}
    assert not [delta for delta in read(begin(), *TEXT, ended, END) if isinstance(delta, d.About)]


def test_signatures_of_a_server_that_does_not_sign_are_left_out() -> None:
    events = [start("thinking", thinking="", signature=""), piece("thinking_delta", thinking="hm"),
              piece("signature_delta", signature=""), CLOSE]  # fmt: skip
    deltas = read(begin(), *events, ending(), END, signed=False)
    assert deltas[:2] == [d.Thinking("hm"), d.Close()]


SENSELESS = [
    b"{",
    b"[]",
    b"null",
    b'"error"',
    b'{"type": []}',
    b'{"type": "message_start"}',
    b'{"type": "content_block_start", "content_block": {}}',
    b'{"type": "content_block_start", "content_block": {"type": "tool_use", "id": 7, "name": "f", "input": {}}}',
    b'{"index": 1}',
    b'{"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x"}}',
    b'{"type": "message_delta", "delta": [1]}',
    b'{"type": "\xff"}',
    b'{"type": "message_delta", "delta": {"stop_reason": 7}}',
    b'{"type": "message_delta", "delta": {"stop_reason": "stop_sequence", "stop_sequence": ["x"]}}',
    b'{"type": "error", "error": %s%s}' % (b"[" * 5000, b"]" * 5000),
    *(
        b'{"type": "content_block_start", "content_block": {"type": "new", "a": %s%s}}' % (b"[" * deep, b"]" * deep)
        for deep in (300, 900, 5000)
    ),
    b'{"type": "message_start", "message": {"container": %s%s}}' % (b"[" * 900, b"]" * 900),
]


@pytest.mark.parametrize("data", SENSELESS)
def test_what_makes_no_sense_is_an_error_of_ours(data: bytes) -> None:
    with pytest.raises(ApiError) as raised:
        Reader().feed(data)
    assert (raised.value.type, raised.value.status) == ("api_error", 500)


@pytest.mark.parametrize(
    "delta",
    [
        {"type": "text_delta", "text": None},
        {"type": "text_delta", "words": "x"},
        {},
        None,
        {"type": "new", "a": json.loads("[" * 300 + "]" * 300)},
    ],
    ids=lambda delta: str(delta)[:40],
)
def test_a_piece_that_makes_no_sense_is_an_error_of_ours(delta: Any) -> None:
    reader = Reader()
    reader.feed(json.dumps(TEXT[0]).encode())
    with pytest.raises(ApiError, match="no event of the Messages API"):
        reader.feed(json.dumps({"type": "content_block_delta", "delta": delta}).encode())


@pytest.mark.parametrize("events", [[], [begin()], [begin(), TEXT[0]], [begin(), *TEXT]], ids=len)
def test_a_stream_that_is_cut_is_an_error(events: list[Event]) -> None:
    with pytest.raises(ApiError, match="broke off"):
        read(*events)


ENVELOPES: list[tuple[Event, type[ApiError], str, int]] = [
    ({"type": "overloaded_error", "message": "Overloaded"}, Overloaded, "overloaded_error", 529),
    ({"type": "rate_limit_error", "message": "m"}, RateLimited, "rate_limit_error", 429),
    ({"type": "not_found_error", "message": "m"}, NotFound, "not_found_error", 404),
    ({"type": "api_error", "message": "m"}, ApiError, "api_error", 500),
    ({"type": "request_too_large", "message": "m"}, ApiError, "request_too_large", 413),
    ({"type": "cosmic_ray_error", "message": "m"}, ApiError, "cosmic_ray_error", 500),
]


@pytest.mark.parametrize(("error", "kind", "type", "status"), ENVELOPES)
def test_an_error_in_the_middle_keeps_its_type(error: Event, kind: type[ApiError], type: str, status: int) -> None:
    reader = Reader()
    for event in (begin(), *TEXT[:2]):
        reader.feed(json.dumps(event).encode())
    with pytest.raises(kind) as raised:
        reader.feed(json.dumps({"type": "error", "error": error}).encode())
    assert (raised.value.type, raised.value.status, raised.value.message) == (type, status, error["message"])


REFUSALS: list[tuple[int, Any, str, int, str]] = [
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens: Field required"}},
     "invalid_request_error", 400, "max_tokens: Field required"),
    (400, {"type": "error", "error": {"type": "billing_error", "message": "m"}}, "billing_error", 400, "m"),
    (422, {"type": "error", "error": {"type": "invalid_request_error", "message": "m"}},
     "invalid_request_error", 422, "m"),
    (412, {"type": "error", "error": {"type": "memory_precondition_failed_error", "message": "m"}},
     "memory_precondition_failed_error", 412, "m"),
    (503, {"type": "error", "error": {"type": "api_error", "message": "m"}}, "api_error", 503, "m"),
    (400, {"error": {"code": 400, "type": "invalid_request_error", "message": "m"}}, "invalid_request_error", 400, "m"),
    (404, {"detail": "Not Found"}, "not_found_error", 404, "Not Found"),
    (422, {"detail": [{"loc": ["body"]}]}, "invalid_request_error", 400, '[{"loc":["body"]}]'),
    (401, {"error": "Unauthorized"}, "authentication_error", 401, "Unauthorized"),
    (500, b"Internal Server Error", "api_error", 500, "Internal Server Error"),
    (502, b"<html>Bad Gateway</html>", "overloaded_error", 529, "The upstream answered with status 502."),
    (429, b"", "rate_limit_error", 429, "The upstream answered with status 429."),
    (302, b"", "api_error", 500, "The upstream answered with status 302."),
    (999, {"error": {"type": "new_error", "message": "m"}}, "new_error", 500, "m"),
    (500, {"error": {"type": "", "message": " "}}, "api_error", 500, "The upstream answered with status 500."),
    (500, b'{"error": "\xff"}', "api_error", 500, '{"error": "\ufffd"}'),
    (400, b"[" * 300 + b"]" * 300, "invalid_request_error", 400, "The upstream answered with status 400."),
    (429, b"[" * 5000, "rate_limit_error", 429, "The upstream answered with status 429."),
    (500, b"see https://user:pass@host/", "api_error", 500, "see https://" + "host/"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "type", "as_status", "message"), REFUSALS)
def test_an_error_status_means_what_it_meant(status: int, body: Any, type: str, as_status: int, message: str) -> None:
    error = refused(status, body if isinstance(body, bytes) else json.dumps(body).encode())
    assert (error.type, error.status, error.message) == (type, as_status, message)


def test_details_are_kept_and_the_key_is_not_shown() -> None:
    details = {"error_code": "ramp_limit_exceeded"}
    error = told({"error": {"type": "rate_limit_error", "message": "key sk-1 is slow", "details": details}}, key="sk-1")
    assert (error.message, error.details) == ("key *** is slow", details)
    spoken = {"type": "sk-1_error", "message": "at http://me:pw@host/", "details": {"sk-1": ["sk-1", 7]}}
    error = told({"error": spoken}, key="sk-1")
    assert (error.type, error.message, error.details) == ("***_error", "at http://host/", {"***": ["***", 7]})
