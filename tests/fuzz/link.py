"""Plays acts against servers on loopback, many at once, and judges every reply."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Sequence

from tests.fuzz.acts import Act
from tests.fuzz.replies import judge
from tests.http.raw import Reply

PATIENCE = 10.0
"""Seconds for an answer."""
QUIET = 0.05
"""Seconds of silence after which a client that may have sent no HTTP says that nothing more will come."""
SIP, SLOWNESS = 512, 0.005


class Wrong(AssertionError):
    """What a server did that it never should; the message holds what was sent."""


async def play(every: Sequence[Act], ports: Sequence[int]) -> None:
    """Each act on each server, all at once. Raises `Wrong` for the first that was answered badly."""
    pairs = [(act, port) for act in every for port in ports]
    found = await asyncio.gather(*(connection(act, port) for act, port in pairs), return_exceptions=True)
    for (act, port), error in zip(pairs, found, strict=True):
        if isinstance(error, AssertionError):
            raise Wrong(f"{error}\n  server {ports.index(port)} (port {port}), sent: {act}") from error
        if error is not None:
            raise error


async def connection(act: Act, port: int) -> None:
    """One connection, from its first byte to its end."""
    link = socket.socket()
    link.setblocking(False)
    if act.sips:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.get_running_loop().sock_connect(link, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=link, limit=SIP if act.sips else 1 << 16)
    try:
        async with asyncio.timeout(PATIENCE + act.pause * len(act.pieces)):
            await send(act, writer)
            await hear(act, reader, writer)
    except TimeoutError:
        raise AssertionError(f"no end within {PATIENCE:g} s") from None
    finally:
        if act.rudely:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def send(act: Act, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):  # a server that has heard enough may close: the reply tells
        for piece in act.pieces:
            writer.write(piece)
            await writer.drain()
            if act.pause:
                await asyncio.sleep(act.pause)


async def hear(act: Act, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if act.leaves is not None:
        await some(reader, act.leaves)
    elif act.asked:
        for method in act.asked:
            reply = await read(Sipped(reader) if act.sips else reader, method)
            judge(reply, method)
            if reply.headers.get("connection") == "close":
                return
    else:
        await anything(act, reader, writer)


async def some(reader: asyncio.StreamReader, size: int) -> None:
    """So many bytes of what comes, if they come at all before it is quiet."""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while size > 0:
            data = await asyncio.wait_for(reader.read(size), QUIET)
            if not data:
                return
            size -= len(data)


async def anything(act: Act, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The end of the connection, and the first reply before it, if there is a whole one."""
    data = b""
    with contextlib.suppress(OSError):  # the server may be first to go
        with contextlib.suppress(TimeoutError):
            while piece := await asyncio.wait_for(reader.read(1 << 16), QUIET):
                data += piece
        writer.write_eof()
        while piece := await reader.read(1 << 16):
            data += piece
    if not data:
        return
    heard = asyncio.StreamReader(limit=1 << 20)
    heard.feed_data(data)
    heard.feed_eof()
    method = b"".join(act.pieces).lstrip(b"\r\n").partition(b" ")[0].decode("latin-1")
    try:
        reply = await read(heard, method)
    except asyncio.IncompleteReadError:
        return
    judge(reply, method, sound=False)


class Sipped(asyncio.StreamReader):
    """A reader that takes little at a time, and that slowly."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__()
        self.reader = reader

    async def readuntil(self, separator: bytes = b"\n") -> bytes:  # type: ignore[override]
        return await self.reader.readuntil(separator)

    async def readexactly(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            if len(data) < 20 * SIP:
                await asyncio.sleep(SLOWNESS)
            data += await self.reader.readexactly(min(SIP, n - len(data)))
        return data


async def read(reader: asyncio.StreamReader, method: str) -> Reply:
    """One reply, strictly read. Raises IncompleteReadError where it ends too early."""
    line, headers = await top(reader)
    while line.startswith("HTTP/1.1 1"):
        line, headers = await top(reader)
    assert line.startswith("HTTP/1.1 "), f"no reply: {line[:100]!r}"
    status = int(line[9:12])
    if method == "HEAD" or status in (204, 304):
        return Reply(status, headers, b"")
    if headers.get("transfer-encoding") == "chunked":
        assert "content-length" not in headers
        return Reply(status, headers, await chunks(reader))
    return Reply(status, headers, await reader.readexactly(int(headers["content-length"])))


async def top(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    """The status line and the headers."""
    lines = []
    while line := (await reader.readuntil(b"\r\n"))[:-2].decode("latin-1"):
        lines.append(line)
    pairs = [line.partition(": ") for line in lines[1:]]
    headers = {name.lower(): value for name, _, value in pairs}
    assert len(headers) == len(pairs), f"a header twice: {lines}"
    return (lines or [""])[0], headers


async def chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readuntil(b"\r\n"))[:-2], 16):
        parts.append(await reader.readexactly(size))
        assert await reader.readexactly(2) == b"\r\n"
    assert await reader.readexactly(2) == b"\r\n"
    return b"".join(parts)
