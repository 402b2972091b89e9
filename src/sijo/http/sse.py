"""The last step: events become bytes here and nowhere else."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec
from starlette.types import Message as Part
from starlette.types import Receive, Send

from sijo.engine.faults import Cut, Garbage
from sijo.errors import ApiError
from sijo.http.drive import drive
from sijo.http.watch import Watch
from sijo.wire import events as e

PING = b'event: ping\ndata: {"type":"ping"}\n\n'
PING_EVERY = 10.0
"""Seconds of silence after which a `ping` is sent; clients give up after 300."""
BATCH = 64
"""Events that are ready at once leave together, up to this many."""

encode = msgspec.json.Encoder().encode
NAMES = {
    kind: b"event: " + str(kind.__struct_config__.tag).encode() + b"\ndata: "
    for kind in (
        e.MessageStart, e.BlockStart, e.BlockDelta, e.BlockStop, e.MessageDelta, e.MessageStop, e.Failure,
    )
}  # fmt: skip
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # nginx in front would collect events, and its gzip even all of them
]


def frame(event: e.Event) -> bytes:
    """An event as it stands on the wire."""
    return NAMES[type(event)] + encode(event) + b"\n\n"


def failure(error: ApiError, request_id: str | None = None) -> e.Failure:
    """The envelope of an error."""
    details = dict(error.details) if error.details else None
    return e.Failure(e.ErrorBody(error.type, error.message, details), request_id)


class EventStream:
    """An ASGI response that streams a turn, pings while it is silent, and closes it when the client leaves.

    The 200 is sent with the first bytes, event or ping, so a model that fails at once still answers with its status:
    then the `ApiError` is raised to the caller. Later it becomes an `error` event, and nothing follows it.
    """

    def __init__(
        self,
        events: AsyncGenerator[e.Event],
        *,
        ping_every: float = PING_EVERY,
        begun: Callable[[], None] | None = None,
    ) -> None:
        self.events = events
        self.ping_every = ping_every
        self.begun = begun
        self.left = False
        self.error: ApiError | None = None
        self._ready: list[bytes] = []
        self._writes = self._seen = 0

    async def __call__(self, receive: Receive, send: Send) -> None:
        self._send = send
        self._watch = Watch(receive, self.ping_every, self._tick)
        try:
            await self._body()
        except asyncio.CancelledError:
            if not self._watch.left:
                raise
            self.left = True
        finally:
            self._watch.stop()

    async def _body(self) -> None:
        ready, framed = self._ready, 0
        async with aclosing(self.events) as events:
            step = events.__anext__
            try:
                while True:
                    event = await drive(step(), self._flush)
                    ready.append(frame(event))
                    framed += 1
                    if framed == 2 and type(event) is e.BlockStart:
                        ready.append(PING)  # where the hosted API has it
                    if framed == 1 and self.begun is not None:
                        self.begun()
                    if len(ready) >= BATCH:
                        await self._flush()
            except StopAsyncIteration:
                pass
            except ApiError as error:
                if not framed and not self._writes:
                    raise
                self.error = error
                ready.append(frame(failure(error)))
            except Garbage as fault:
                ready.append(fault.payload)
            except Cut:
                await self._flush()
                return  # without an end: the server closes the connection
        await self._write(b"".join(ready), last=True)

    async def _flush(self) -> None:
        """Send what is ready; called right before the turn waits for something."""
        await self._watch.start()
        if self._ready:
            body = b"".join(self._ready)
            self._ready.clear()
            await self._write(body)

    async def _write(self, body: bytes, *, last: bool = False) -> None:
        self._writes += 1
        if self._writes == 1:
            await self._send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        part: Part = {"type": "http.response.body", "body": body, "more_body": not last}
        await self._send(part)

    async def _tick(self) -> None:
        """Ping, if nothing was written since the last time."""
        if self._seen == self._writes:
            await self._write(PING)
        self._seen = self._writes
