"""A guide's samples for the command line: run by a shell, with the real `curl`; only the address and the key differ."""

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.http.samples.images import png
from tests.serving import Running

HEADERS = """--header "x-api-key: $ANTHROPIC_API_KEY" \\
     --header "anthropic-version: 2023-06-01" \\
     --header "content-type: application/json" \\
"""
WEATHER = """{
         "name": "get_weather",
         "description": "Get the current weather in a given location",
         "input_schema": {
           "type": "object",
           "properties": {"location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"}},
           "required": ["location"]
         }
       }"""
HELLO = '{"model": "claude-haiku-4-5", "max_tokens": 1024, "messages": [{"role": "user", "content": "Hello, world"}]}'


class Shell:
    """Runs a sample's script."""

    def __init__(self, running: Running, key: str, folder: Path) -> None:
        clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        self.environ = {**clean, "BASE_URL": running.url, "ANTHROPIC_API_KEY": key}
        self.folder = folder

    def text(self, script: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def json(self, script: str) -> Any:
        return json.loads(self.text(script))

    def messages(self, body: str) -> Any:
        return self.json(f"curl -sS $BASE_URL/v1/messages \\\n     {HEADERS} --data '{body}'")

    def stream(self, body: str) -> list[tuple[str, Any]]:
        """The events of a streamed reply, by `curl -N`: each is its name and its data."""
        text = self.text(f"curl -sSN $BASE_URL/v1/messages \\\n     {HEADERS} --data '{body}'")
        events = []
        for part in text.removesuffix("\n\n").split("\n\n"):
            name, data = part.split("\n")
            assert name.startswith("event: ") and data.startswith("data: ")
            events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
        assert all(name == data["type"] for name, data in events)
        return events


@pytest.fixture
def shell(locked: Running, key: str, tmp_path: Path) -> Shell:
    return Shell(locked, key, tmp_path)


def test_basic(shell: Shell) -> None:
    got = shell.messages(HELLO)
    assert set(got) == {
        "id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "usage",
        "diagnostics",
    }  # fmt: skip
    assert (got["type"], got["role"], got["model"]) == ("message", "assistant", "claude-haiku-4-5-20251001")
    assert set(got["content"][0]) == {"type", "text"} and got["content"][0]["text"]
    assert (got["stop_reason"], got["stop_sequence"]) == ("end_turn", None)
    assert got["usage"]["input_tokens"] > 0 and got["usage"]["output_tokens"] > 0
    assert got["usage"]["cache_read_input_tokens"] == got["usage"]["cache_creation_input_tokens"] == 0


def test_headers_of_the_reply(shell: Shell) -> None:
    text = shell.text(f"curl -sS -D - -o body.json $BASE_URL/v1/messages \\\n     {HEADERS} --data '{HELLO}'")
    status, *lines = text.replace("\r", "").strip().split("\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    assert status == "HTTP/1.1 200 OK" and headers["content-type"] == "application/json"
    assert headers["request-id"].startswith("req_")
    assert int(headers["content-length"]) == (shell.folder / "body.json").stat().st_size


def test_key_as_bearer(shell: Shell) -> None:
    got = shell.json(f"""
        curl -sS $BASE_URL/v1/messages --header "Authorization: Bearer $ANTHROPIC_API_KEY" \\
             --header "anthropic-version: 2026-10-21" --header "content-type: application/json" --data '{HELLO}'
    """)
    assert got["stop_reason"] == "end_turn"


def test_many_turns(shell: Shell) -> None:
    got = shell.messages("""{
       "model": "claude-haiku-4-5", "max_tokens": 1024,
       "system": "You are a friendly assistant.",
       "messages": [
         {"role": "user", "content": "내 이름은 철수야."},
         {"role": "assistant", "content": "안녕하세요, 철수님!"},
         {"role": "user", "content": "내 이름이 뭐라고 했지?"}
       ]
     }""")
    assert "철수" in got["content"][0]["text"]


def test_prefill(shell: Shell) -> None:
    got = shell.messages("""{
       "model": "claude-haiku-4-5", "max_tokens": 1,
       "messages": [
         {"role": "user", "content": "What is latin for Ant? (A) Apoidea, (B) Rhopalocera, (C) Formicidae"},
         {"role": "assistant", "content": "The answer is ("}
       ]
     }""")
    assert got["stop_reason"] == "max_tokens" and got["usage"]["output_tokens"] == 1


def test_stream(shell: Shell) -> None:
    body = HELLO.replace('"max_tokens"', '"stream": true, "max_tokens"')
    events = shell.stream(body)
    names = [name for name, _ in events]
    deltas = len(names) - 6
    assert deltas > 0
    assert names == [
        "message_start", "content_block_start", "ping", *["content_block_delta"] * deltas, "content_block_stop",
        "message_delta", "message_stop",
    ]  # fmt: skip
    text = "".join(data["delta"]["text"] for name, data in events if name == "content_block_delta")
    assert text == shell.messages(HELLO)["content"][0]["text"]


def test_headers_of_a_stream(shell: Shell) -> None:
    body = HELLO.replace('"max_tokens"', '"stream": true, "max_tokens"')
    text = shell.text(f"curl -sSN -D - -o /dev/null $BASE_URL/v1/messages \\\n     {HEADERS} --data '{body}'").lower()
    assert "content-type: text/event-stream; charset=utf-8" in text
    assert "cache-control: no-cache" in text and "x-accel-buffering: no" in text and "request-id: req_" in text


def test_tool(shell: Shell) -> None:
    question = "What is the weather like in San Francisco?"
    head = f'"model": "claude-haiku-4-5", "max_tokens": 1024, "tools": [{WEATHER}]'
    first = shell.messages(f'{{{head}, "messages": [{{"role": "user", "content": "{question}"}}]}}')
    call = next(block for block in first["content"] if block["type"] == "tool_use")
    assert first["stop_reason"] == "tool_use" and "San Francisco" in call["input"]["location"]
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "15 degrees"}
    second = shell.messages(f'''{{
       {head},
       "messages": [
         {{"role": "user", "content": "{question}"}},
         {{"role": "assistant", "content": [{json.dumps(call)}]}},
         {{"role": "user", "content": [{json.dumps(result)}]}}
       ]
     }}''')
    assert second["stop_reason"] == "end_turn" and "15" in second["content"][0]["text"]


def test_stream_of_a_tool(shell: Shell) -> None:
    events = shell.stream(f"""{{
       "model": "claude-haiku-4-5", "max_tokens": 1024, "stream": true, "tools": [{WEATHER}],
       "tool_choice": {{"type": "any"}},
       "messages": [{{"role": "user", "content": "What is the weather like in San Francisco?"}}]
     }}""")
    assert events[1][1]["content_block"]["input"] == {} and events[2][0] == "ping"
    pieces = [data["delta"]["partial_json"] for name, data in events if name == "content_block_delta"]
    assert pieces[0] == "" and "San Francisco" in json.loads("".join(pieces))["location"]
    assert events[-2][1]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert set(events[-2][1]["usage"]) >= {
        "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens",
    }  # fmt: skip


def test_stream_of_a_thought(shell: Shell) -> None:
    events = shell.stream("""{
       "model": "claude-haiku-4-5", "max_tokens": 4096, "stream": true,
       "thinking": {"type": "enabled", "budget_tokens": 2048},
       "messages": [{"role": "user", "content": "What is 27 * 453?"}]
     }""")
    steps = [data["delta"]["type"] if name == "content_block_delta" else name for name, data in events]
    order = [step for at, step in enumerate(steps) if at == 0 or step != steps[at - 1]]
    assert order == [
        "message_start",
        "content_block_start", "ping", "thinking_delta", "signature_delta", "content_block_stop",
        "content_block_start", "text_delta", "content_block_stop",
        "message_delta", "message_stop",
    ]  # fmt: skip
    assert steps.count("signature_delta") == 1
    assert events[1][1]["content_block"] == {"type": "thinking", "thinking": "", "signature": ""}


def test_image(shell: Shell) -> None:
    (shell.folder / "ant.png").write_bytes(base64.b64decode(png("red")))
    got = shell.json(f"""
        IMAGE_BASE64=$(base64 < ant.png | tr -d '\\n')
        curl -sS $BASE_URL/v1/messages {HEADERS} --data @- <<EOF
        {{
          "model": "claude-haiku-4-5", "max_tokens": 1024,
          "messages": [{{"role": "user", "content": [
            {{"type": "image", "source": {{"type": "base64", "media_type": "image/png", "data": "$IMAGE_BASE64"}}}},
            {{"type": "text", "text": "What is in the above image?"}}
          ]}}]
        }}
EOF
    """)
    assert got["stop_reason"] == "end_turn" and got["content"][0]["text"]


def test_count_tokens(shell: Shell) -> None:
    body = HELLO.replace('"max_tokens": 1024, ', "")
    got = shell.json(f"curl -sS $BASE_URL/v1/messages/count_tokens \\\n     {HEADERS} --data '{body}'")
    assert got == {"input_tokens": shell.messages(HELLO)["usage"]["input_tokens"]}


def test_models(shell: Shell) -> None:
    got = shell.json(f'curl -sS "$BASE_URL/v1/models?limit=3" {HEADERS} -X GET')
    assert set(got) == {"data", "has_more", "first_id", "last_id"} and len(got["data"]) == 3 and got["has_more"]
    assert (got["first_id"], got["last_id"]) == (got["data"][0]["id"], got["data"][2]["id"])
    more = shell.json(f'curl -sS "$BASE_URL/v1/models?limit=3&after_id={got["last_id"]}" {HEADERS} -X GET')
    assert not {one["id"] for one in got["data"]} & {one["id"] for one in more["data"]}
    one = shell.json(f"curl -sS $BASE_URL/v1/models/claude-haiku-4-5 {HEADERS} -X GET")
    assert (one["type"], one["id"]) == ("model", "claude-haiku-4-5-20251001")


def test_errors(shell: Shell) -> None:
    def fails(script: str) -> tuple[int, str, str]:
        body, _, status = shell.text(f"curl -sS -w '\\n%{{http_code}}' {script}").rpartition("\n")
        envelope = json.loads(body)
        assert envelope["type"] == "error" and envelope["request_id"].startswith("req_")
        return int(status), envelope["error"]["type"], envelope["error"]["message"]

    url = "$BASE_URL/v1/messages"
    version = '--header "anthropic-version: 2023-06-01"'
    assert fails(f"{url} {version} --header 'x-api-key: sk-wrong' --data '{HELLO}'") == (
        401, "authentication_error", "invalid x-api-key",
    )  # fmt: skip
    assert fails(f"{url} {version} --data '{HELLO}'") == (401, "authentication_error", "x-api-key header is required")
    assert fails(f"{url} {HEADERS} --data '{HELLO.replace('haiku', 'haikku')}'") == (
        404, "not_found_error", "model: claude-haikku-4-5",
    )  # fmt: skip
    many = HELLO.replace("1024", '"many"')
    assert fails(f"{url} {HEADERS} --data '{many}'") == (
        400, "invalid_request_error", "max_tokens: Input should be a valid integer",
    )  # fmt: skip
    assert fails(f"{url}/nowhere {HEADERS} --data '{HELLO}'")[:2] == (404, "not_found_error")
    assert fails(f'{url} --header "x-api-key: $ANTHROPIC_API_KEY" --data \'{HELLO}\'') == (
        400, "invalid_request_error", "anthropic-version: header is required",
    )  # fmt: skip
