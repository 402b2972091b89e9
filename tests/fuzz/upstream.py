"""An engine on loopback that says, byte for byte, what was made up for each talk, and knows who still listens."""

import asyncio
import contextlib
import json
import re
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.connections import Connections
from tests.http.raw import hello

NAME = re.compile(rb"talk-(\d+)-")
KEY = "sk-engine-7f3a9c51d2"
"""What the server sends to the engine, and nobody else may see."""
FLOOD = 48
"""Pieces of a flood: more than the server takes of one line."""
NUMBERS = b'{"count":3,"input_tokens":3,"tokens":[1,2,3],"prompt":"<think>"}'


@dataclass(frozen=True)
class Answer:
    """What is written, in pieces, and what then becomes of the connection: keep, close, reset or hang."""

    pieces: tuple[bytes, ...]
    ending: str = "keep"
    pause: float = 0.0
    flood: bytes = b""
    """Comes again and again after the pieces, for a while."""

    def __repr__(self) -> str:
        shown = b"".join(self.pieces)
        cut = f" ... {len(shown)} bytes" if len(shown) > 3000 else ""
        return f"Answer({shown[:3000]!r}{cut}, {self.ending}, pause={self.pause}, flood={self.flood[:20]!r})"


@dataclass(frozen=True)
class Talk:
    """One request of a client's to the model of an engine, and the engine's answers, the last one again and again."""

    engine: str
    answers: tuple[Answer, ...]
    fields: dict[str, Any] = field(default_factory=dict)
    path: str = "/v1/messages"

    def body(self, number: int) -> bytes:
        """What the client sends; the number is how the engine knows it again."""
        words = [{"role": "user", "content": f"talk-{number}- Is it so?"}]
        body = {**json.loads(hello()), "model": self.engine, "messages": words, **self.fields}
        return json.dumps({name: value for name, value in body.items() if value is not None}).encode()


class Upstream(Connections):
    """Answers by talks. `busy`: answers that have not come to their end, and the server has not left either."""

    def __init__(self) -> None:
        super().__init__()
        self.talks: dict[int, Sequence[Answer]] = {}
        self.busy: list[Answer] = []
        self.port = 0
        self._made = 0
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self.serve, "127.0.0.1", 0, limit=1 << 24)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self.stop()

    def add(self, answers: Sequence[Answer]) -> int:
        """The number of a talk with these answers."""
        self._made += 1
        self.talks[self._made] = answers
        return self._made

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        size = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        body = await reader.readexactly(int(size[1])) if size else b""
        answer = self._next(body)
        self.busy.append(answer)
        try:
            return await self._said(answer, reader, writer)
        finally:
            self.busy.remove(answer)

    def _next(self, body: bytes) -> Answer:
        found = NAME.search(body)
        answers = self.talks.get(int(found[1])) if found else None
        if found is None or not answers:
            return Answer((b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(NUMBERS), NUMBERS))
        if len(answers) > 1:
            self.talks[int(found[1])] = answers[1:]
        return answers[0]

    async def _said(self, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        for piece in (*answer.pieces, *(answer.flood,) * (FLOOD if answer.flood else 0)):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(answer.pause)
        match answer.ending:
            case "keep":
                return True
            case "close":
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
            case "hang":
                await reader.read()
            case "reset":
                link = writer.get_extra_info("socket")
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


@contextlib.contextmanager
def upstream() -> Iterator[Upstream]:
    """An engine that listens in a thread of its own: a server asks it also while nobody plays."""
    made, loop = Upstream(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(made.open(), loop).result()
    try:
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(made.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
