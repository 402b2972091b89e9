"""An HTTP transport that keeps a copy of each reply: the SDK reads a stream, and the checker reads the same bytes."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

KEPT = 50


@dataclass
class Reply:
    """What came, as far as somebody read it."""

    status: int
    headers: httpx2.Headers
    parts: list[bytes] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)


class Copied(httpx2.SyncByteStream):
    def __init__(self, stream: Any, reply: Reply) -> None:
        self.stream, self.reply = stream, reply

    def __iter__(self) -> Iterator[bytes]:
        for part in self.stream:
            self.reply.parts.append(part)
            yield part

    def close(self) -> None:
        self.stream.close()


class Tap(httpx2.HTTPTransport):
    """`replies` are the last ones, newest last."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: deque[Reply] = deque(maxlen=KEPT)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        reply = Reply(response.status_code, response.headers)
        self.replies.append(reply)
        response.stream = Copied(response.stream, reply)
        return response
