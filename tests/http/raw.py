"""HTTP by hand: exactly the bytes that a test wants to send, and the reply as it comes."""

import http.client
import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

HEADERS = {"x-api-key": "any", "anthropic-version": "2023-06-01", "content-type": "application/json"}
MODEL = "claude-haiku-4-5"
PATIENCE = 20.0
"""Seconds for a reply: a bound for a server that hangs, not a measure of one that works."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """What the envelope holds, once it was found whole: its `request_id` is the header's."""
        envelope = self.json
        assert envelope["type"] == "error" and set(envelope) == {"type", "error", "request_id"}
        assert envelope["request_id"] == self.headers["request-id"]
        assert self.headers["content-type"] == "application/json"
        error: dict[str, Any] = envelope["error"]
        return error


def connect(url: str) -> socket.socket:
    place = urlsplit(url)
    assert place.hostname is not None
    return socket.create_connection((place.hostname, place.port), timeout=PATIENCE)


def head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def receive(link: socket.socket, method: str = "POST") -> Reply:
    """The reply that is on its way."""
    reply = http.client.HTTPResponse(link, method=method)
    reply.begin()
    body = reply.read()
    return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, body)


def ask(
    url: str,
    path: str = "/v1/messages",
    body: bytes | Iterable[bytes] | None = None,
    *,
    method: str = "POST",
    headers: Mapping[str, str] = HEADERS,
) -> Reply:
    """One request on a connection of its own. A body that comes in pieces is sent in pieces, chunked."""
    with connect(url) as link:
        if isinstance(body, bytes):
            link.sendall(head(method, path, {**headers, "content-length": str(len(body))}) + body)
        elif body is None:
            link.sendall(head(method, path, headers))
        else:
            link.sendall(head(method, path, {**headers, "transfer-encoding": "chunked"}))
            try:
                for piece in body:
                    link.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                link.sendall(b"0\r\n\r\n")
            except (BrokenPipeError, ConnectionResetError):
                pass  # the server has heard enough
        return receive(link, method)


def hello(**fields: object) -> bytes:
    """The body of a small request."""
    messages = [{"role": "user", "content": "Hello, Claude"}]
    return json.dumps({"model": MODEL, "max_tokens": 256, "messages": messages, **fields}).encode()


def parse(text: bytes) -> list[tuple[str, Any]]:
    """The events of an event stream: each its name and its data."""
    events = []
    for part in text.decode().removesuffix("\n\n").split("\n\n"):
        name, data = part.split("\n")
        assert name.startswith("event: ") and data.startswith("data: "), part
        events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events
