"""What a client sees when a turn breaks: before its first byte, in its midst, for good or for a moment."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest

from tests.http.folding import order
from tests.http.raw import HEADERS, MODEL, Reply, ask, connect, head, hello, parse
from tests.http.waiting import logged
from tests.serving import Running, serving

SCRIPT = """
[[rules]]
match = { text = "break at once" }
answers = { text = "never said", fault = { status = 529, retry_after = 7 } }

[[rules]]
match = { text = "break later" }
answers = { text = "One two three four five.", fault = { type = "overloaded_error", after = 3 } }

[[rules]]
match = { text = "break inside a tool" }
answers = { blocks = [{ tool = "look", input = { a = "some words" } }], fault = { status = 500, after = 4 } }

[[rules]]
match = { text = "cut" }
answers = { text = "One two three four five.", fault = { kind = "cut", after = 3 } }

[[rules]]
match = { text = "garbage" }
answers = { text = "One two three.", fault = { kind = "garbage", after = 2, bytes = "event: x\\ndata: {oops\\n\\n" } }

[[rules]]
match = { text = "break for long" }
answers = { text = "never said", fault = { status = 529, retry_after = 1234567.5 } }

[[rules]]
match = { text = "hang" }
answers = { text = "One two three.", fault = { kind = "hang", after = 2 } }

[[rules]]
match = { text = "recover" }
answers = [
    { text = "", fault = { status = 429, retry_after = 0.05 } },
    { text = "", fault = { status = 529 } },
    "Here I am.",
]
"""


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("scripted")
    script = folder / "faults.toml"
    script.write_text(SCRIPT)
    settings = folder / "sijo.toml"
    settings.write_text("[server]\nping = 0.1\n")
    with serving(folder, "--model", "simulator", "--config", str(settings), "--scripts", str(script)) as running:
        yield running


def said(running: Running, text: str, **fields: object) -> Reply:
    return ask(running.url, body=hello(messages=[{"role": "user", "content": text}], **fields))


@pytest.mark.parametrize("streamed", [True, False])
def test_before_the_first_byte_it_is_a_reply(scripted: Running, streamed: bool) -> None:
    reply = said(scripted, "break at once", stream=streamed)
    assert (reply.status, reply.error) == (529, {"type": "overloaded_error", "message": "Overloaded"})
    assert reply.headers["retry-after"] == "7"


def test_when_to_try_again_is_a_plain_number(scripted: Running) -> None:
    assert said(scripted, "break for long").headers["retry-after"] == "1234567.5"


def test_after_it_an_error_event_is_the_last(scripted: Running) -> None:
    reply = said(scripted, "break later", stream=True)
    assert reply.status == 200
    events = parse(reply.body)
    assert order(events) == ["message_start", "content_block_start", "ping", "text_delta", "error"]
    data = events[-1][1]
    assert data["type"] == "error" and data["error"] == {"type": "overloaded_error", "message": "Overloaded"}
    line = logged(scripted, reply.headers["request-id"])
    assert (line["status"], line["error"]) == (200, "overloaded_error")


def test_without_a_stream_it_is_a_reply_however_late(scripted: Running) -> None:
    reply = said(scripted, "break later")
    assert (reply.status, reply.error["type"]) == (529, "overloaded_error")


def test_inside_a_tool_call(scripted: Running) -> None:
    events = parse(said(scripted, "break inside a tool", stream=True).body)
    assert events[-1][1]["error"] == {"type": "api_error", "message": "Internal server error"}
    assert "content_block_stop" not in order(events)


def test_the_sdk_raises_in_the_midst_of_a_stream(scripted: Running) -> None:
    seen: list[str] = []
    messages: list[anthropic.types.MessageParam] = [{"role": "user", "content": "break later"}]
    with (
        anthropic.Anthropic(base_url=scripted.url, api_key="any", max_retries=0) as client,
        client.messages.stream(model=MODEL, max_tokens=64, messages=messages) as stream,
        pytest.raises(anthropic.APIStatusError) as caught,
    ):
        seen.extend(stream.text_stream)
    assert seen and "One two three four five.".startswith("".join(seen))
    assert "overloaded_error" in str(caught.value)


def test_the_sdk_tries_again(scripted: Running) -> None:
    with anthropic.Anthropic(base_url=scripted.url, api_key="any", max_retries=3) as client:
        message = client.messages.create(
            model=MODEL, max_tokens=64, messages=[{"role": "user", "content": "please recover"}]
        )
    assert message.content[0].type == "text" and message.content[0].text == "Here I am."


@pytest.mark.parametrize("streamed", [True, False])
def test_a_connection_that_is_cut(scripted: Running, streamed: bool) -> None:
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        said(scripted, "cut", stream=streamed)
    assert ask(scripted.url, "/health", method="GET").status == 200


def test_garbage_in_a_stream(scripted: Running) -> None:
    body = said(scripted, "garbage", stream=True).body
    assert body.endswith(b"event: x\ndata: {oops\n\n") and b"message_stop" not in body


def test_garbage_is_seen_by_the_sdk(tmp_path: Path) -> None:
    """Also where the script does not say which: what has no name in a stream, the SDK passes over."""
    script = tmp_path / "garbage.toml"
    script.write_text('[[rules]]\nanswers = { text = "One two three.", fault = { kind = "garbage", after = 2 } }\n')
    with serving(tmp_path, "--model", "simulator", "--scripts", str(script)) as running:
        client = anthropic.Anthropic(base_url=running.url, api_key="any", max_retries=0)
        with (
            client,
            pytest.raises(json.JSONDecodeError),
            client.messages.stream(model=MODEL, max_tokens=100, messages=[{"role": "user", "content": "Hi"}]) as stream,
        ):
            stream.get_final_message()


def test_pings_go_on_while_a_model_hangs(scripted: Running) -> None:
    body = hello(messages=[{"role": "user", "content": "hang"}], stream=True)
    seen = b""
    with connect(scripted.url) as link:
        link.sendall(head("POST", "/v1/messages", {**HEADERS, "content-length": str(len(body))}) + body)
        while seen.count(b"event: ping") < 4:
            seen += link.recv(65536)
    assert seen.count(b"text_delta") == 2
    line: dict[str, Any] = logged(scripted, seen.partition(b"request-id: ")[2].partition(b"\r\n")[0].decode())
    assert line["error"] == "client_left"
