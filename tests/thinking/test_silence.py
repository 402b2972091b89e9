"""Nothing of what was thought, and no key, is ever in a log or a trace, at level debug and when things fail too."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import anthropic
import pytest

from tests.serving import Running, serving
from tests.thinking.ask import KEEPS, MANUAL, Json, ask, kinds, refused, request, said, thoughts

MARKER, CLIENT_KEY, ENGINE_KEY = "zymurgy", "sk-client-3f9a", "sk-engine-77b1"
ASKED = "Think of it."
SCRIPT = f"""
[[rules]]
match.text = "{ASKED}"
answers = {{ blocks = [{{ thinking = "It is {MARKER}." }}, {{ redacted = "{MARKER} again" }}, {{ text = "Done." }}] }}
"""
CONFIG = """
[server]
keys = ["{client}"]

[log]
level = "debug"

[trace]
endpoint = "{collector}"

[simulator]
scripts = ["{script}"]

[[engine]]
name = "simulator"
kind = "simulator"

[[engine]]
name = "far"
kind = "vllm"
url = "{collector}/v1"
model = "far"
key = "{key}"

[models]
"claude-*" = "simulator"
"*" = "far"
"""


class Other(ThreadingHTTPServer):
    """A collector of traces, and an engine that thinks the marker, says it in broken JSON, or refuses with it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.spans: list[bytes] = []
        self.bodies: list[bytes] = []
        self.mood = "well"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    server: Other

    def do_GET(self) -> None:
        self._send(200, json.dumps({"object": "list", "data": [{"id": "far", "owned_by": "vllm"}]}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path.endswith("/traces"):
            self.server.spans.append(body)
            self._send(200, b"", "application/x-protobuf")
        elif not self.path.endswith("/chat/completions"):
            self._send(404, b"{}")
        elif self.server.mood == "refuses":
            self._send(400, json.dumps({"error": {"message": f"no {MARKER}: {ENGINE_KEY}", "code": 400}}).encode())
        else:
            self.server.bodies.append(body)
            self._send(200, b"".join(self._chunks()), "text/event-stream")

    def _chunks(self) -> Iterator[bytes]:
        yield chunk({"reasoning": f"It is {MARKER}."})
        if self.server.mood == "breaks":
            yield f'data: {{"{MARKER}: \n\n'.encode()
        yield chunk({"content": "Done."}, "stop")
        yield b"data: [DONE]\n\n"

    def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def chunk(delta: Json, finish: str | None = None) -> bytes:
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta, 'finish_reason': finish}]})}\n\n".encode()


@pytest.fixture
def other() -> Iterator[Other]:
    with Other() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.05,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def server(tmp_path: Path, other: Other) -> Iterator[Running]:
    script, config = tmp_path / "script.toml", tmp_path / "sijo.toml"
    script.write_text(SCRIPT)
    config.write_text(CONFIG.format(client=CLIENT_KEY, collector=other.url, script=script, key=ENGINE_KEY))
    with serving(tmp_path, "--config", str(config)) as running:
        yield running


def test_no_thought_and_no_key_is_in_a_log_or_a_trace(server: Running, other: Other, tmp_path: Path) -> None:
    client = anthropic.Anthropic(base_url=server.url, api_key=CLIENT_KEY, max_retries=0)
    signatures = []
    for model in (KEEPS, "far"):
        message = ask(client, ASKED, model=model, thinking=MANUAL)
        assert kinds(message)[0] == "thinking"
        assert MARKER in thoughts(message)[0].thinking
        signatures.append(thoughts(message)[0].signature)
        with client.messages.stream(**request(ASKED, model=model, thinking=MANUAL)) as stream:
            assert MARKER in "".join(event.thinking for event in stream if event.type == "thinking")
        turn = said(message)
        ask(client, ASKED, turn, ASKED, model=model, thinking=MANUAL)
        turn["content"][0]["thinking"] += MARKER
        assert "cannot be modified" in refused(client, ASKED, turn, ASKED, model=model, thinking=MANUAL)
    for other.mood in ("breaks", "refuses"):
        with pytest.raises(anthropic.APIError):
            ask(client, ASKED, model="far", thinking=MANUAL)
    with pytest.raises(anthropic.AuthenticationError):
        ask(client.with_options(api_key=f"{CLIENT_KEY}-{MARKER}"), ASKED, thinking=MANUAL)
    client.close()
    assert server.stop() == 0
    logged = server.log.read_bytes()
    told = b"".join(other.spans)
    assert logged.count(b'"sijo.access"') > 8
    assert b"chat claude-opus-4-5" in told
    sealing = (tmp_path / "data" / "thinking.key").read_text().split()
    for secret in (MARKER, CLIENT_KEY, ENGINE_KEY, *signatures, *sealing):
        assert secret.encode() not in logged
        assert secret.encode() not in told
