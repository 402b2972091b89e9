"""What becomes of a connection whose client does not behave, or goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sijo.http.protocol import Protocol

PATIENCE = 15.0
LENGTH = [(b"content-length", b"1")]
GET = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n"


class Hasty(Protocol):
    HEAD = 0.1


class App:
    """Begins a reply to each request; `/later` ends it after a while, the others when the client is gone."""

    def __init__(self) -> None:
        self.begun = self.told = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun += 1
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"o", "more_body": True})
        if scope["path"] == "/later":
            await asyncio.sleep(3 * Hasty.HEAD)
            await send({"type": "http.response.body", "body": b"k"})
            return
        while (await receive())["type"] != "http.disconnect":
            pass
        self.told += 1


@asynccontextmanager
async def served(app: ASGIApp, kind: type[Protocol] = Protocol) -> AsyncIterator[int]:
    """The port on which the app is served."""
    config = uvicorn.Config(app, port=0, http=kind, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        async with asyncio.timeout(PATIENCE):
            await running


@pytest.mark.parametrize(("first", "then"), [(GET * 3, b""), (GET, GET), (GET * 2, GET * 2)])
async def test_a_client_that_sent_several_requests_and_goes_leaves_none_behind(first: bytes, then: bytes) -> None:
    app = App()
    async with served(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(first)
        async with asyncio.timeout(PATIENCE):
            await reader.readuntil(b"\r\n\r\no")
        writer.write(then)
        writer.close()
    assert (app.begun, app.told) == (1, 1)  # the server has ended, so nothing is left


async def test_requests_that_come_together_are_answered_in_their_order() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            said = scope["path"].encode() + (await receive())["body"]
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": said})

    async with served(app) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for at in range(20):
            writer.write(f"POST /{at}?x HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\n!".encode())
        for at in range(20):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n") and b"transfer-encoding: chunked" in head
            assert await reader.readuntil(b"\r\n0\r\n\r\n") == f"{len(str(at)) + 2}\r\n/{at}!\r\n0\r\n\r\n".encode()
        writer.close()


OLD = b"GET / HTTP/1.0\r\nhost: h\r\n\r\n"
"""As nginx asks, where nothing else is set."""


async def test_an_older_client_gets_no_chunks_and_the_end_of_the_connection() -> None:
    async def app(scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for part in (b"data: 1\n\n", b"data: 2\n\n"):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    async with served(app) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(OLD)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert b"transfer-encoding" not in head and b"\r\nconnection: close" in head
    assert body == b"data: 1\n\ndata: 2\n\n"


async def test_an_older_client_is_told_by_a_reset_that_a_reply_was_cut() -> None:
    async def app(scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})

    async with served(app) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(OLD)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


async def test_a_body_is_asked_for_where_the_client_waits_for_that() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            length = b"%d" % len((await receive())["body"])
            headers = [(b"content-length", b"1")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": length})

    async with served(app) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc")
        assert (await reader.readuntil(b"\r\n\r\n3")).startswith(b"HTTP/1.1 200 OK")
        writer.close()


async def test_an_older_client_is_not_told_to_go_on() -> None:
    """It would take that for the reply (RFC 9110, 10.1.1)."""
    called = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            called.set()
            await receive()
            await send({"type": "http.response.start", "status": 200, "headers": LENGTH})
            await send({"type": "http.response.body", "body": b"x"})

    async with served(app) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n")
        await called.wait()
        writer.write(b"abc")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")
        writer.close()


BAD: dict[str, list[Message]] = {
    "nothing": [],
    "no_body": [{"type": "http.response.start", "status": 200, "headers": []}],
    "no_start": [{"type": "http.response.body", "body": b"x"}],
    "header": [
        {"type": "http.response.start", "status": 200, "headers": [(b"x", b"y\r\nset-cookie: z"), *LENGTH]},
        {"type": "http.response.body", "body": b"x"},
    ],
    "too_long": [
        {"type": "http.response.start", "status": 200, "headers": LENGTH},
        {"type": "http.response.body", "body": b"xy"},
    ],
    "too_short": [
        {"type": "http.response.start", "status": 200, "headers": LENGTH},
        {"type": "http.response.body", "body": b""},
    ],
}


@pytest.mark.parametrize("said", BAD.values(), ids=BAD)
async def test_a_bad_reply_is_no_reply(said: list[Message], caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for message in said:
                await send(message)

    async with served(app) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        assert await reader.read() == b""
        writer.close()
    raised = [record.exc_info for record in caplog.records if record.name == "sijo.http"]
    assert len(raised) == (said[-1]["type"] == "http.response.body" if said else 0)


async def test_a_connection_without_a_request_is_closed() -> None:
    async with served(App(), Hasty) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        writer.close()


async def test_a_head_that_comes_byte_by_byte_has_no_more_time_than_another() -> None:
    async with served(App(), Hasty) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nx: ")
        with suppress(ConnectionError):  # what is written to one who has hung up
            while await soon(reader) is None:
                writer.write(b"a")
        writer.close()


async def soon(reader: asyncio.StreamReader) -> bytes | None:
    """What is there within a moment: nothing after a goodbye, None for silence."""
    with suppress(TimeoutError):
        async with asyncio.timeout(Hasty.HEAD / 5):
            return await reader.read(1)
    return None


async def test_an_answer_has_all_the_time_that_it_needs() -> None:
    async with served(App(), Hasty) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET.replace(b"/ ", b"/later "))
        assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200 OK")
        writer.close()


HEADS = {
    "header": b"GET / HTTP/1.1\r\nhost: h\r\nx: ",
    "path": b"GET /",
    "trailer": GET.replace(b"\r\n\r\n", b"\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: "),
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
async def test_what_has_no_end_is_not_kept(head: bytes) -> None:
    async with served(App()) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        sent = 0
        with suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(bytes([97]) * 65536)
                await writer.drain()
                sent += 65536
                assert sent < 64 * Protocol.BARE
        with suppress(ConnectionError):
            said = await reader.read()
            assert said == b"" or said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 200"))
        writer.close()


async def test_a_long_body_in_small_pieces_has_an_end() -> None:
    async with served(App()) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET.replace(b"/ ", b"/later ").replace(b"\r\n\r\n", b"\r\ntransfer-encoding: chunked\r\n\r\n"))
        for _ in range(20):
            writer.write(b"1\r\na\r\n" * (Protocol.BARE // 64))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200 OK")
        writer.close()


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the path and the body."""
    said, more = scope["path"].encode(), True
    while more:
        message = await receive()
        said, more = said + message.get("body", b""), message.get("more_body", False)
    length = (b"content-length", b"%d" % len(said))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": said})


UPGRADE = b"host: h\r\nconnection: upgrade\r\nupgrade: h2c\r\n"
BODIES = {
    "length": (b"content-length: %d\r\n" % len(GET), GET),
    "chunked": (b"transfer-encoding: chunked\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(GET), GET)),
}


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("kind", BODIES)
async def test_a_body_is_no_request_where_another_protocol_was_wished_for(kind: str, apart: bool) -> None:
    framing, body = BODIES[kind]
    async with served(echo) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for part in (b"POST /a HTTP/1.1\r\n" + UPGRADE + framing + b"\r\n", body + GET):
            writer.write(part)
            if apart:
                await writer.drain()
                await asyncio.sleep(0.05)
        reply = await reader.read()
        writer.close()
    assert reply.count(b"HTTP/1.1 200 OK") == 1
    assert reply.endswith(b"\r\n\r\n/a" + GET)


async def test_what_comes_behind_the_wish_for_another_protocol_is_answered() -> None:
    async with served(echo) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"".join(b"GET /%d HTTP/1.1\r\n%b\r\n" % (at, UPGRADE) for at in range(3)))
        for at in range(3):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")
            assert await reader.readexactly(2) == b"/%d" % at
        writer.close()


async def test_no_more_requests_wait_than_there_is_room_for() -> None:
    app = App()
    async with served(app) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET * 8 * Protocol.MOST)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
    assert (app.begun, app.told) in ((0, 0), (1, 1))


class Strict(Protocol):
    UNTAKEN = 0.1


@pytest.mark.parametrize("whole", [False, True])
async def test_who_takes_nothing_of_an_answer_is_left(whole: bool) -> None:
    left, lost, size = asyncio.Event(), asyncio.Event(), 32 << 20

    class Watched(Strict):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.set()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(size), "more_body": not whole})
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    async with served(app, Watched) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
        await lost.wait()
        await left.wait()
        assert len(await reader.read()) < size
        writer.close()


async def test_who_takes_an_answer_slowly_has_all_of_it() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(16 << 20)})

    async with served(app, Strict) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
        size = 0
        while part := await reader.read(1 << 20):
            size += len(part)
            await asyncio.sleep(Strict.UNTAKEN / 20)
        writer.close()
    assert size > 16 << 20


async def test_what_follows_a_body_is_no_header() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            while (await receive())["more_body"]:
                pass
            said = b",".join(name for name, _ in scope["headers"])
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": said})

    async with served(app) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n")
        writer.write(b"1\r\na\r\n0\r\nhost: localhost\r\nx-api-key: k\r\n\r\n")
        assert b"\r\nhost,transfer-encoding,connection\r\n" in await reader.read()
        writer.close()


async def test_an_older_client_is_told_nothing_in_chunks() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for part in (b"o", b"k"):
                await send({"type": "http.response.body", "body": part, "more_body": part == b"o"})

    async with served(app) as port, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET.replace(b"/1.1", b"/1.0"))
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert body == b"ok"
    assert b"transfer-encoding" not in head and b"connection: close" in head
