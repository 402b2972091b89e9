"""A connection as uvicorn serves it, with three things seen to that it leaves open.

A client that is gone leaves no request behind, however many it had sent at once. And one that begins a request has to
end its head in time, and before it is without end.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle


class Protocol(HttpToolsProtocol):
    """Bodies have a limit of their own (`body.SLOW`), and so has the silence after a reply (uvicorn's keep-alive)."""

    HEAD = 60.0
    """Seconds from when a request may begin to the end of its head."""
    BARE = 256 * 1024
    """Bytes that may come with neither the end of a head nor a part of a body among them: they are all kept."""
    AHEAD = 8
    """Requests that may wait while one is answered; then no more is read, and so nobody sees the client go."""

    _answered: RequestResponseCycle | None = None
    _late: asyncio.TimerHandle | None = None
    _bare = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        self._bare += len(data)
        super().data_received(data)
        self._expect()
        if self._bare > self.BARE:
            self._overflow()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._late is not None:
            self._late.cancel()
        # uvicorn tells the last request that came: of several sent at once, that is not the one being answered
        cycle = self._answered
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        self._bare = 0
        super().on_headers_complete()
        if 0 < len(self.pipeline) < self.AHEAD:
            self.flow.resume_reading()

    def on_body(self, body: bytes) -> None:
        self._bare = 0
        super().on_body(body)

    def _overflow(self) -> None:
        """Refuse what has no end: with words while nobody else is speaking, else by hanging up."""
        if self.transport.is_closing():
            return
        if self._answering():
            self.transport.abort()
        else:
            self.send_400_response("Request header fields too large.")

    def _answering(self) -> bool:
        return self._answered is not None and not self._answered.response_complete

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def _expect(self) -> None:
        """Start the clock if no request is being answered, and stop it if one is."""
        answering = self._answering()
        if answering and self._late is not None:
            self._late.cancel()
            self._late = None
        elif not answering and self._late is None:
            self._late = self.loop.call_later(self.HEAD, self.timeout_keep_alive_handler)
