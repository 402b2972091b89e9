"""An engine for tests: speaks as an OpenAI-compatible server does, and keeps what it is asked."""

import json
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
WINDOW = 40_000
MODEL = {"id": "local", "object": "model", "owned_by": "vllm", "max_model_len": WINDOW}
TEXT = [{"content": "All "}, {"content": "done."}]


def called(name: str, /, **given: object) -> Json:
    """A piece of an answer: a whole call of a tool."""
    function = {"name": name, "arguments": json.dumps(given)}
    return {"tool_calls": [{"index": 0, "id": f"call_{name}", "type": "function", "function": function}]}


class Engine(ThreadingHTTPServer):
    """An OpenAI-compatible server: keeps each body that it is sent, and says its `answers` one by one,
    the last one again and again; or refuses with `refusal`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.bodies: list[bytes] = []
        self.answers: Sequence[Sequence[Json]] = [TEXT]
        self.refusal: tuple[int, str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def last(self) -> Json:
        found: Json = json.loads(self.bodies[-1])
        return found

    def reset(self) -> None:
        self.bodies, self.answers, self.refusal = [], [TEXT], None


class Answers(BaseHTTPRequestHandler):
    server: Engine

    def do_GET(self) -> None:
        found = {"object": "list", "data": [MODEL]} if self.path == "/v1/models" else None
        self._send(200 if found else 404, "application/json", json.dumps(found or {}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path != "/v1/chat/completions":
            self._send(404, "application/json", b"{}")
            return
        self.server.bodies.append(body)
        if self.server.refusal is not None:
            status, words = self.server.refusal
            self._send(status, "application/json", json.dumps({"error": {"message": words, "code": status}}).encode())
            return
        answers = self.server.answers
        pieces = answers[min(len(self.server.bodies), len(answers)) - 1]
        reason = "tool_calls" if any("tool_calls" in piece for piece in pieces) else "stop"
        chunks: list[Json] = [{"choices": [{"index": 0, "delta": piece}]} for piece in pieces]
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        chunks.append({"choices": [], "usage": {"prompt_tokens": 900, "completion_tokens": 9, "total_tokens": 909}})
        lines = [json.dumps({"id": "c", "object": "chat.completion.chunk", "model": "local", **c}) for c in chunks]
        stream = "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"])
        self._send(200, "text/event-stream", stream.encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what was asked is kept in `bodies`."""
