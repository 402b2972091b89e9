"""The TypeScript SDK, newest release, in Node: a basic call and a stream."""

import json
import os
import subprocess
from typing import Any

from tests.http.installed import HERE, typescript
from tests.serving import Running


def node(script: str, running: Running, key: str) -> Any:
    """What a script prints. It is read from stdin, so that its imports are looked for in the working folder."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
    environ = {**others, "ANTHROPIC_BASE_URL": running.url, "ANTHROPIC_API_KEY": key}
    code = (HERE / "typescript" / script).read_text()
    command = ["node", "--input-type=module"]
    done = subprocess.run(
        command, input=code, cwd=typescript(), env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_basic(locked: Running, key: str) -> None:
    got = node("basic.js", locked, key)
    assert got["first"]["stop_reason"] == "end_turn" and got["first"]["content"][0]["type"] == "text"
    assert got["requestID"].startswith("req_")
    assert "Alice" in got["second"]["content"][0]["text"]
    assert got["counted"]["input_tokens"] == got["second"]["usage"]["input_tokens"] > 0
    assert got["model"]["id"] == "claude-haiku-4-5-20251001"


def test_errors(locked: Running, key: str) -> None:
    missing, bad = node("basic.js", locked, key)["failures"]
    assert (missing["name"], missing["status"]) == ("NotFoundError", 404)
    assert missing["body"]["error"] == {"type": "not_found_error", "message": "model: claude-nonexistent"}
    assert missing["requestID"] == missing["body"]["request_id"]
    assert (bad["name"], bad["status"]) == ("BadRequestError", 400)
    assert bad["body"]["error"]["message"] == "max_tokens: must be greater than or equal to 0"


def test_stream(locked: Running, key: str) -> None:
    got = node("stream.js", locked, key)
    kinds = [kind for at, kind in enumerate(got["events"]) if kind != got["events"][at - 1]]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[2:5] == ["thinking_delta", "signature_delta", "content_block_stop"]
    assert kinds[-5:] == [
        "content_block_start", "input_json_delta", "content_block_stop", "message_delta", "message_stop",
    ]  # fmt: skip
    final, whole = got["final"], got["whole"]
    assert got["thought"] == final["content"][0]["thinking"] == whole["content"][0]["thinking"] != ""
    call = final["content"][-1]
    assert call["type"] == "tool_use" and "San Francisco" in call["input"]["location"]
    assert call["input"] == whole["content"][-1]["input"]
    assert (final["stop_reason"], final["usage"]["output_tokens"]) == ("tool_use", whole["usage"]["output_tokens"])
    assert got["text"] == got["final_text"] != ""
