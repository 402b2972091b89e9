"""A connection: bytes in, exchanges out, one after the other. What uvicorn's server expects of a protocol.

It is our own because most of what a short reply costs is spent here. It knows HTTP/1.1 and no websockets; the parser is
httptools'. A client that is gone leaves no request behind, however many it had sent at once. And one that begins a
request has to end its head in time, and before it is without end.
"""

import asyncio
import logging
from collections import deque
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from sijo.http.exchange import Exchange
from sijo.http.room import Room

logger = logging.getLogger("sijo.http")
NEVER = float("inf")
ASGI = {"version": "3.0", "spec_version": "2.3"}
FRAMING = (b"content-length", b"transfer-encoding")
REFUSED = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d"


class Protocol(asyncio.Protocol):
    """Bodies have a time limit of their own (`body.SLOW`); the silence after a reply has uvicorn's keep-alive."""

    HEAD = 60.0
    """Seconds from when a request may begin to the end of its head."""
    BARE = 256 * 1024
    """Bytes that may come with neither the end of a head nor a part of a body among them: they are all kept."""
    AHEAD = 8
    """Requests that may wait while one is answered; then no more is read, and so nobody sees the client go."""
    MOST = 256
    """Requests that may wait at all: thousands come in what was read at once, and each takes far more room here."""
    BODY = 64 * 1024
    """Bytes of a body that are kept until the app asks for them; then no more is read."""
    BEGUN = 1.0
    """Seconds for the head of a request before which no newcomer takes its place, where there is no room for both."""
    UNTAKEN = 120.0
    """Seconds in which a client takes nothing of what waits for it: it would hold an engine, and memory, for good."""

    transport: asyncio.Transport
    full: asyncio.Event | None = None
    """There while the client takes no more; set when it does again."""
    _exchange: Exchange | None = None
    """The newest one, whose body may still come."""
    _answered: Exchange | None = None
    _task: asyncio.Task[None] | None = None
    _called: asyncio.Future[None] | None = None
    """What the task waits for between two exchanges."""
    stopped = False
    """No more is read for now."""
    _timer: asyncio.TimerHandle | None = None
    _held: asyncio.TimerHandle | None = None
    """Until when something must be taken."""
    _due = _armed = 0.0
    _idle = False
    _bare = 0
    _dated: object = None
    _common: tuple[bytes, ...] = ()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if not config.loaded:
            config.load()
        self.app, self.root, self.silence = config.loaded_app, config.root_path, config.timeout_keep_alive
        self.state, self.app_state = server_state, app_state
        self.loop = _loop or asyncio.get_running_loop()
        self.room = Room.of(server_state, config.limit_concurrency, self.loop)
        self.waiting: deque[Exchange] = deque()
        self.parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # one that was sent ahead is no error

    # ---- the transport ----

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        if not self.room.admits():
            self.parser = None
            self.room.refuse(transport)
            return
        self.state.connections.add(self)  # type: ignore[arg-type]
        self.scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        self.server, self.client = (_address(transport.get_extra_info(name)) for name in ("sockname", "peername"))
        self._expect(self.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        self.state.connections.discard(self)
        for timer in (self._timer, self._held):
            if timer is not None:
                timer.cancel()
        if self._answered is not None and not self._answered.complete:
            self._answered.gone = True
            self._answered.wake()
        if self._called is not None:
            self._called.cancel()
        self.resume_writing()
        self.waiting.clear()
        self.parser = None  # which holds this protocol

    def data_received(self, data: bytes) -> None:
        self._bare += len(data)
        assert self.parser is not None
        try:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as stop:
                self._stay(data, stop)
        except httptools.HttpParserError:
            logger.warning("refused what is no HTTP request")
            self._refuse(b"Invalid HTTP request received.")
            return
        if self._idle and not self._answering():
            self._idle = False
            self._expect(self.HEAD)
        if self._bare > self.BARE:
            self._refuse(b"Request header fields too large.")

    def pause_writing(self) -> None:
        self.full = self.full or asyncio.Event()
        self._hold()

    def resume_writing(self) -> None:
        if self.full is not None:
            self.full.set()
            self.full = None
        if self._held is not None and not self.transport.is_closing():
            self._held.cancel()
            self._held = None

    # ---- the parser ----

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._bare = 0
        assert self.parser is not None
        version = self.parser.get_http_version()
        path, raw, query = _split(self.url)
        scope = {
            "type": "http",
            "asgi": ASGI,
            "http_version": version,
            "method": self.parser.get_method().decode("ascii"),
            "scheme": self.scheme,
            "path": self.root + path,
            "raw_path": raw,
            "query_string": query,
            "root_path": self.root,
            "headers": self.headers,
            "client": self.client,
            "server": self.server,
            "state": self.app_state.copy(),
        }
        keep = version != "1.0" and self.parser.should_keep_alive()
        self.headers = []  # what may follow the body is none: it went past all that looked at the head
        self._exchange = exchange = Exchange(self, scope, keep)
        if self._answering():
            if len(self.waiting) >= self.MOST:
                raise ValueError("too many requests at once")  # which the parser passes on
            self.waiting.append(exchange)
            self.pace()
        else:
            self._start(exchange)

    def on_body(self, body: bytes) -> None:
        self._bare = 0
        exchange = self._exchange
        assert exchange is not None
        if not exchange.complete:
            exchange.parts.append(body)
            exchange.size += len(body)
            exchange.wake()
            if exchange.size > self.BODY:
                self.pace()

    def on_message_complete(self) -> None:
        assert self._exchange is not None
        self._exchange.more = False
        self._exchange.wake()

    def _stay(self, data: bytes, stop: httptools.HttpParserUpgrade) -> None:
        """Go on after a request to change to another protocol: there is none, so it was taken like any other.

        The parser believes that it has no body, and what follows is another protocol's. If one was announced and it
        were left to be read as the next request, one could hide in it from a proxy: a parser that begins behind the
        head reads it, and the connection ends with the reply.
        """
        while True:
            exchange, data = self._exchange, data[stop.args[0] :]
            assert exchange is not None
            assert self.parser is not None
            framing = [b": ".join(line) for line in exchange.scope["headers"] if line[0] in FRAMING]
            if framing:
                exchange.more, exchange.keep_alive = True, False
                self.parser = httptools.HttpRequestParser(Rest(self))
                data = b"\r\n".join((b"POST / HTTP/1.1", *framing, b"", data))
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as another:
                stop = another

    # ---- the exchanges ----

    def _answering(self) -> bool:
        return (answered := self._answered) is not None and not answered.complete

    def _start(self, exchange: Exchange) -> None:
        self._answered, self._idle, self._due = exchange, False, NEVER
        if self._task is None:
            self._task = self.loop.create_task(self._answer())
            self._task.add_done_callback(_failed)
        elif self._called is not None and not self._called.done():
            self._called.set_result(None)
        self.state.tasks.add(self._task)

    async def _answer(self) -> None:
        """Let the app answer one exchange after the other: a task for each would cost what it costs to read its head.

        What the app raises ends the connection, and is logged. A reply that it did not end is cut off.
        """
        try:
            while (exchange := self._answered) is not None:
                await self.app(exchange.scope, exchange.receive, exchange.send)
                if not exchange.complete:
                    return
                if exchange is self._answered:  # else the next one was there before the app was done
                    self.state.tasks.discard(self._task)
                    self._called = self.loop.create_future()
                    await self._called
        finally:
            self.state.tasks.discard(self._task)
            if self._answered is not None:
                self._answered.cut()
            self._hang_up()

    def ended(self, exchange: Exchange) -> None:
        """The reply is written: on with the next, if there is one."""
        self.state.total_requests += 1
        if exchange.size:  # nobody will take it; kept, it would hold up what the client still sends
            exchange.parts, exchange.size = [], 0
        if self.transport.is_closing():
            return
        if not exchange.keep_alive:
            self._hang_up()
        elif self.waiting:
            self._start(self.waiting.popleft())
        else:
            self._idle = True
            self._expect(self.silence)
        if self.stopped:
            self.pace()

    def pace(self) -> None:
        """Read no further while too much waits to be answered, or to be taken by the app; else go on."""
        much = len(self.waiting) >= self.AHEAD or (self._exchange is not None and self._exchange.size > self.BODY)
        if much is not self.stopped and not self.transport.is_closing():
            self.stopped = much
            (self.transport.pause_reading if much else self.transport.resume_reading)()

    def common(self) -> tuple[bytes, ...]:
        """The lines that every reply has: the date, which the server renews each second."""
        if self._dated is not self.state.default_headers:
            self._dated = self.state.default_headers
            self._common = tuple(map(b": ".join, self.state.default_headers))
        return self._common

    def shutdown(self) -> None:
        """The server is to end: so is the connection, after what is being answered."""
        if self._exchange is None or self._exchange.complete:
            self._hang_up()
        else:
            self._exchange.keep_alive = False

    # ---- limits ----

    def since(self, now: float) -> float | None:
        """Since when it waits for a request; None for one that is asked or closed, or has something to take."""
        if self._answering() or self.transport.is_closing() or self.transport.get_write_buffer_size():
            return None
        since = self._due - (self.silence if self._idle else self.HEAD)
        return since if self._idle or since <= now - self.BEGUN else None

    def leave(self) -> None:
        """Make room for another."""
        self.transport.abort()

    def _expect(self, seconds: float) -> None:
        """A request is to come within so many seconds. A timer that is set already is left to find that out."""
        self._due = self.loop.time() + seconds
        if self._timer is not None and self._armed > self._due:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._armed = self._due
            self._timer = self.loop.call_at(self._due, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._due <= self.loop.time():
            self._hang_up()
        elif not self._answering():
            self._armed = self._due
            self._timer = self.loop.call_at(self._due, self._ring)

    def _refuse(self, words: bytes) -> None:
        """Refuse what is no request: with words while nobody else is speaking, else by hanging up."""
        if self.transport.is_closing():
            return
        if (answered := self._answered) is not None and not answered.complete:
            if answered.begun:
                self.transport.abort()
                return
            answered.gone = True
            answered.wake()
        self.transport.write(b"\r\n".join((REFUSED % len(words), *self.common(), b"connection: close", b"", words)))
        self._hang_up()

    def _hang_up(self) -> None:
        """Close, once what was written is taken."""
        self.transport.close()
        if self.parser is not None and self.transport.get_write_buffer_size():
            self._hold()

    def _hold(self) -> None:
        """Something waits to be taken."""
        if self._held is None:
            size = self.transport.get_write_buffer_size()
            self._held = self.loop.call_later(self.UNTAKEN, self._untaken, size)

    def _untaken(self, size: int) -> None:
        """Time is up: who has taken none of it is no client any more."""
        self._held = None
        if self.transport.get_write_buffer_size() < size:
            self._hold()
        else:
            self.transport.abort()


class Rest:
    """What a parser tells that reads the body of one request, and nothing behind it."""

    def __init__(self, link: Protocol) -> None:
        self._link: Protocol | None = link

    def on_body(self, body: bytes) -> None:
        if self._link is not None:
            self._link.on_body(body)

    def on_message_complete(self) -> None:
        if self._link is not None:
            self._link.on_message_complete()
            self._link = None


def _failed(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("a request was not answered to its end", exc_info=error)


def _split(url: bytes) -> tuple[str, bytes, bytes]:
    """The path, as it is meant and as it was sent, and the query. Raises a ValueError that the parser passes on."""
    if url.startswith(b"/") and b"#" not in url:
        raw, _, query = url.partition(b"?")
    else:
        parsed = httptools.parse_url(url)
        raw, query = parsed.path or b"", parsed.query or b""
    path = raw.decode("ascii")
    return (unquote(path) if "%" in path else path), raw, query


def _address(found: object) -> tuple[str, int] | None:
    """Host and port; None for what has no such (a Unix socket)."""
    return (str(found[0]), int(found[1])) if isinstance(found, tuple) and len(found) >= 2 else None
