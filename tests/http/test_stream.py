"""Event streams: their exact order, their likeness to whole replies, and how they end when something breaks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest

from tests.http.folding import folded, order
from tests.http.raw import HEADERS, MODEL, ask, connect, head, hello, parse
from tests.http.waiting import logged, until
from tests.serving import Running, serving

WEATHER = {
    "name": "get_weather",
    "description": "Get the current weather in a given location",
    "input_schema": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
}
PARIS = [{"role": "user", "content": "What's the weather in Paris?"}]
THINK = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2048}
STORY = [{"role": "user", "content": "Please write a long story about a river."}]
REQUESTS: dict[str, dict[str, Any]] = {
    "text": {},
    "korean": {"messages": [{"role": "user", "content": "안녕하세요, 자기소개를 해 주세요. 🎉"}]},
    "tool": {"tools": [WEATHER], "messages": PARIS},
    "tools": {"tools": [WEATHER], "messages": [{"role": "user", "content": "Weather in Paris and in Tokyo?"}]},
    "forced": {"tools": [WEATHER], "tool_choice": {"type": "tool", "name": "get_weather"}},
    "thinking": THINK,
    "thinking_tool": {**THINK, "tools": [WEATHER], "messages": PARIS},
    "cut": {"max_tokens": 7, "messages": STORY},
    "cut_in_a_thought": {**THINK, "max_tokens": 1025, "messages": STORY},
    "stop_sequence": {"stop_sequences": ["e"]},
    "prefill": {"messages": [{"role": "user", "content": "Name a colour."}, {"role": "assistant", "content": "The"}]},
    "nothing_more": {"max_tokens": 1},
}


def stream(running: Running, **fields: object) -> list[tuple[str, Any]]:
    reply = ask(running.url, body=hello(**fields, stream=True))
    assert (reply.status, reply.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    return parse(reply.body)


def configured(folder: Path, text: str) -> list[str]:
    file = folder / "sijo.toml"
    file.write_text(text)
    return ["--model", "simulator", "--config", str(file)]


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A model that thinks for a second before it says anything, and then speaks slowly."""
    folder = tmp_path_factory.mktemp("slow")
    flags = configured(folder, "[server]\nping = 0.1\n[simulator]\nfirst = 1.0\nrate = 40.0\n")
    with serving(folder, *flags) as running:
        yield running


@pytest.mark.parametrize("name", REQUESTS)
def test_a_stream_says_what_a_whole_reply_says(simulator: Running, name: str) -> None:
    whole = ask(simulator.url, body=hello(**REQUESTS[name])).json
    pieces = folded(stream(simulator, **REQUESTS[name]))
    for message in (whole, pieces):
        assert message.pop("id").startswith("msg_")
        for block in message["content"]:
            block.pop("id", None)
    for thought in (block for block in pieces["content"] + whole["content"] if block["type"] == "thinking"):
        assert thought.pop("signature")
    assert pieces == whole


def test_order_of_text(simulator: Running) -> None:
    events = stream(simulator)
    assert order(events) == [
        "message_start",
        "content_block_start", "ping", "text_delta", "content_block_stop",
        "message_delta", "message_stop",
    ]  # fmt: skip
    assert events[1][1] == {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    assert events[2][1] == {"type": "ping"} and events[-1][1] == {"type": "message_stop"}
    start = events[0][1]["message"]
    assert start["usage"]["input_tokens"] > 0 and start["usage"]["output_tokens"] >= 1
    ending = events[-2][1]
    assert ending["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}
    assert ending["usage"]["input_tokens"] == start["usage"]["input_tokens"]


def test_order_of_a_thought_and_a_tool(simulator: Running) -> None:
    events = stream(simulator, **REQUESTS["thinking_tool"])
    steps = order(events)
    assert steps[:6] == [
        "message_start",
        "content_block_start", "ping", "thinking_delta", "signature_delta", "content_block_stop",
    ]  # fmt: skip
    assert steps[-5:] == [
        "content_block_start", "input_json_delta", "content_block_stop", "message_delta", "message_stop",
    ]  # fmt: skip
    assert steps.count("ping") == 1
    [call] = [data["content_block"] for name, data in events if name == "content_block_start"][-1:]
    assert call == {"type": "tool_use", "id": call["id"], "name": "get_weather", "input": {}}
    first = next(data for name, data in events if name == "content_block_delta" and "partial_json" in data["delta"])
    assert first["delta"]["partial_json"] == ""


def test_a_client_that_asks_for_an_old_shape_gets_no_done(simulator: Running) -> None:
    assert b"[DONE]" not in ask(simulator.url, body=hello(stream=True)).body


def test_pings_while_the_model_is_silent(slow: Running) -> None:
    events = stream(slow)
    spoken = next(at for at, (name, _) in enumerate(events) if name == "content_block_delta")
    assert [name for name, _ in events[:spoken]].count("ping") >= 3
    assert folded(events)["stop_reason"] == "end_turn"


def test_the_sdk_reads_over_pings(slow: Running) -> None:
    with (
        anthropic.Anthropic(base_url=slow.url, api_key="any", max_retries=0) as client,
        client.messages.stream(
            model=MODEL, max_tokens=64, messages=[{"role": "user", "content": "Hello, Claude"}]
        ) as stream,
    ):
        assert "".join(stream.text_stream) == stream.get_final_text() != ""


@pytest.mark.parametrize("streamed", [True, False])
def test_a_client_who_leaves_stops_the_turn(slow: Running, streamed: bool) -> None:
    body = hello(stream=streamed, messages=STORY, max_tokens=4096)
    before = left(slow)
    with connect(slow.url) as link:
        link.sendall(head("POST", "/v1/messages", {**HEADERS, "content-length": str(len(body))}) + body)
        if streamed:
            while b"text_delta" not in link.recv(65536):
                pass
    until(lambda: True if left(slow) == before + 1 else None, "the turn of a client who left ends")


def left(running: Running) -> int:
    """How many requests ended because the client left, by the access log."""
    return sum('"error":"client_left"' in line for line in running.lines())


def test_what_a_client_who_left_leaves_behind(slow: Running) -> None:
    body = hello(stream=True, messages=STORY, max_tokens=4096)
    with connect(slow.url) as link:
        link.sendall(head("POST", "/v1/messages", {**HEADERS, "content-length": str(len(body))}) + body)
        seen = b""
        while b"text_delta" not in seen:
            seen += link.recv(65536)
    request_id = seen.partition(b"request-id: ")[2].partition(b"\r\n")[0].decode()
    line = logged(slow, request_id)
    assert (line["status"], line["error"], line.get("stop")) == (200, "client_left", None)
    assert line["output_tokens"] < 500

    def none_open() -> bool | None:
        text = ask(slow.url, "/metrics", method="GET").body.decode()
        return True if "\nsijo_open_requests 1.0\n" in text else None  # the one that asks

    until(none_open, "nothing is open any more")


def test_sigterm_lets_a_stream_end(tmp_path: Path) -> None:
    flags = configured(tmp_path, "[simulator]\nrate = 40.0\n")
    with serving(tmp_path, *flags) as running:
        body = hello(stream=True)
        with connect(running.url) as link:
            link.sendall(head("POST", "/v1/messages", {**HEADERS, "content-length": str(len(body))}) + body)
            seen = b""
            while b"text_delta" not in seen:
                seen += link.recv(65536)
            assert b"message_stop" not in seen
            running.process.terminate()
            while piece := link.recv(65536):
                seen += piece
        assert b"event: message_stop" in seen
        assert running.process.wait(20) == 0


def test_sigterm_waits_no_longer_than_it_may(tmp_path: Path) -> None:
    flags = configured(tmp_path, "[server]\ngrace = 1\n[simulator]\nrate = 1.0\n")
    with serving(tmp_path, *flags) as running:
        body = hello(stream=True, messages=STORY, max_tokens=4096)
        with connect(running.url) as link:
            link.sendall(head("POST", "/v1/messages", {**HEADERS, "content-length": str(len(body))}) + body)
            seen = b""
            while b"text_delta" not in seen:
                seen += link.recv(65536)
            running.process.terminate()
            running.process.wait(20)
            while piece := link.recv(65536):
                seen += piece
        assert b"event: message_stop" not in seen
        request_id = seen.partition(b"request-id: ")[2].partition(b"\r\n")[0].decode()
        line = logged(running, request_id)
    assert (line["status"], line["error"], line.get("stop")) == (200, "server_stopped", None)


def test_context_edits_are_answered_at_the_end(simulator: Running) -> None:
    edits = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
    with anthropic.Anthropic(base_url=simulator.url, api_key="any", max_retries=0) as client:
        asked: dict[str, Any] = {
            "model": "claude-haiku-4-5",
            "max_tokens": 2000,
            "messages": [{"role": "user", "content": "hi"}],
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "context_management": edits,
            "betas": ["context-management-2025-06-27"],
        }
        whole = client.beta.messages.create(**asked)
        events = list(client.beta.messages.create(**asked, stream=True))
    assert whole.context_management is not None
    assert whole.context_management.applied_edits == []
    start, delta = events[0], next(event for event in events if event.type == "message_delta")
    assert start.type == "message_start"
    assert start.message.context_management is None
    assert delta.context_management is not None
