"""An HTTP server that writes, byte for byte, what a test tells it to, and remembers what it was asked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tests.connections import Connections

HANG, CLOSE, PAUSE = object(), object(), object()
"""Say nothing more until the client leaves; leave oneself; let the client read what was said. Events are waited for."""
Step = bytes | object
Steps = Sequence[Step]


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


class Engine(Connections):
    """`reply` says what to do about each request, one after the other on as many connections as there are."""

    def __init__(self, reply: Callable[[Asked], Iterable[Step]]) -> None:
        super().__init__()
        self.reply = reply
        self.asked: list[Asked] = []
        self.port = 0
        self.heard = asyncio.Event()
        """Something was asked."""
        self.left = asyncio.Event()
        """The client has left while it was waiting."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def bodies(self) -> list[Any]:
        return [asked.body for asked in self.asked]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        asked = await read(reader)
        self.asked.append(asked)
        self.heard.set()
        for step in self.reply(asked):
            if step is CLOSE:
                writer.close()
                return False
            if step is PAUSE:
                await asyncio.sleep(0.02)
                continue
            if step is HANG:
                await reader.read()
                self.left.set()
                return False
            if isinstance(step, asyncio.Event):
                await step.wait()
                continue
            assert isinstance(step, bytes)
            writer.write(step)
            await writer.drain()
            await asyncio.sleep(0)
        return True


async def read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value for line in head[1:] if line for name, _, value in [line.partition(": ")]}
    raw = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, path, headers, msgspec.json.decode(raw) if raw else None)


@contextlib.asynccontextmanager
async def engine(*answers: Steps, reply: Callable[[Asked], Iterable[Step]] | None = None) -> AsyncIterator[Engine]:
    """A server on a free port that gives these answers in order, the last one again and again."""
    waiting = list(answers)
    made = Engine(reply or (lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0]))
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.stop()


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def stream(*pieces: bytes) -> Steps:
    return [HEAD, *(chunked(piece) for piece in pieces), END]


def plain(body: object, status: int = 200, kind: str = "application/json", **headers: str) -> Steps:
    """A whole reply; a body that is no bytes is JSON."""
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    lines = {"content-type": kind, "content-length": str(len(data)), **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return [f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + data]


def refusal(status: int, message: str = "no", **headers: str) -> Steps:
    return plain({"error": {"message": message}}, status, **headers)
