"""One request of a connection and the reply to it: what the app is given as `receive` and `send`.

The head of a reply waits for the first part of its body, and both leave in one piece: to write twice would cost a short
reply more than to encode it. When a request may begin, and how long it may take, is for `protocol`.
"""

import asyncio
import http
import socket
import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.types import Message, Scope

if TYPE_CHECKING:
    from sijo.http.protocol import Protocol

START, BODY = "http.response.start", "http.response.body"
PHRASES = {status.value: status.phrase for status in http.HTTPStatus}
STATUS = {status: f"HTTP/1.1 {status} {PHRASES.get(status, '')}".encode() for status in range(100, 600)}
"""The first line of a reply; some of the API's statuses, such as 529, have no phrase."""
BODILESS = (204, 304)
RESET = struct.pack("ii", 1, 0)
"""Linger, for no time: a close that drops what was not yet taken, and tells the other side so."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Exchange:
    """`keep_alive`: the connection stays open after it."""

    gone = begun = complete = False
    """The client has left; the reply has begun; it is whole."""
    _silent = _chunked = False
    _left: int | None = None
    """Bytes of an announced length that are still to come."""
    _head = b""
    _given = False
    _moved: asyncio.Event | None = None

    more = True
    """More of the body is to come; of what has come, `size` bytes wait to be received."""
    size = 0

    def __init__(self, link: "Protocol", scope: Scope, keep_alive: bool) -> None:
        self.link, self.scope, self.keep_alive = link, scope, keep_alive
        self.parts: list[bytes] = []

    def wake(self) -> None:
        """Something has come of what `receive` waits for."""
        if self._moved is not None:
            self._moved.set()

    async def receive(self) -> Message:
        """What has come of the body by now, or, once it was given whole, that the client has left."""
        while not self.gone and not self.complete:
            if self.parts or not (self.more or self._given):
                body, self.parts = b"".join(self.parts), []
                self.size, self._given = 0, not self.more
                if self.link.stopped:
                    self.link.pace()
                return {"type": "http.request", "body": body, "more_body": self.more}
            if self._moved is None:
                self._moved = asyncio.Event()
                self._go_on()
            self._moved.clear()
            await self._moved.wait()
        return {"type": "http.disconnect"}

    def _go_on(self) -> None:
        """Some clients send their body only when told to; older ones know no such word."""
        if not self.more or self.begun or self.scope["http_version"] == "1.0":
            return
        if dict(self.scope["headers"]).get(b"expect", b"").lower() == b"100-continue":
            self.link.transport.write(CONTINUE)

    async def send(self, message: Message) -> None:
        """Write a part of the reply. To a client that has left nothing is written, without a word."""
        if self.link.full is not None and not self.gone:
            await self.link.full.wait()
        if self.gone:
            return
        kind = message["type"]
        if kind == BODY and self.begun and not self.complete:
            self._write(message.get("body", b""), message.get("more_body", False))
        elif kind == START and not self.begun:
            self._begin(message["status"], message.get("headers", ()))
        else:
            raise RuntimeError(f"{kind} is not what comes next in this reply")

    def _begin(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        lines = [STATUS[status], *self.link.common(), *map(b": ".join, headers)]
        length = dict(headers).get(b"content-length")
        self.begun = True
        self._silent = status in BODILESS or self.scope["method"] == "HEAD"
        if length is not None:
            self._left = int(length)
        elif not self._silent and self.scope["http_version"] != "1.0":  # which knows no chunks: the close is its end
            self._chunked = True
            lines.append(b"transfer-encoding: chunked")
        if not self.keep_alive:
            lines.append(b"connection: close")
        lines += (b"", b"")
        self._head = head = b"\r\n".join(lines)
        if not head.count(b"\n") == head.count(b"\r") == len(lines) - 1:
            raise RuntimeError("a header of the reply holds the end of a line")

    def cut(self) -> None:
        """The connection is about to close. Where its end is that of the body, only a reset says that more was due."""
        framed = self._chunked or self._silent or self._left is not None
        if self.begun and not (framed or self.complete or self.gone):
            self.link.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def _write(self, body: bytes, more: bool) -> None:
        if self._silent:
            body = b""
        elif self._chunked:
            body = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            if not more:
                body += b"0\r\n\r\n"
        elif self._left is not None:
            self._left -= len(body)
            if self._left < 0 or (self._left and not more):
                raise RuntimeError("the reply is not as long as its content-length says")
        if self._head:
            body, self._head = self._head + body, b""
        if body:
            self.link.transport.write(body)
        if not more:
            self.complete = True
            self.wake()
            self.link.ended(self)
