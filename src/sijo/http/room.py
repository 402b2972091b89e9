"""How many connections are open at once: who is closed for a newcomer, and how one is sent away when all are busy.

Descriptors are what a server runs out of first, and then it can open no file and reach no engine. What a connection
does while it is open is for `protocol`.
"""

import asyncio
import heapq
import logging
from collections.abc import Iterable
from typing import Protocol, cast
from weakref import WeakKeyDictionary

from uvicorn.server import ServerState

from sijo import ids
from sijo.errors import Overloaded
from sijo.http.exchange import STATUS
from sijo.http.sse import encode, failure

SHARE = 100
"""One in so many leaves at once, of those who wait longest: each time, all have to be looked at."""
AGAIN = 0.05
"""Seconds in which nobody is looked at again after all were found busy."""
LEAVING = 32
"""Newcomers who are told why they are sent away, at once; one above them is only hung up on."""
LINGER = 2.0
"""Seconds for such a one to ask, and to take the answer: to close before it is through with asking may lose it."""
QUIET = 60.0
"""Seconds between two lines of the log."""

logger = logging.getLogger("sijo.http")


class Guest(Protocol):
    """A connection, as it is seen here."""

    def since(self, now: float) -> float | None:
        """Since when it waits for a request; None for one that may not be closed."""

    def leave(self) -> None:
        """Close it, which takes no time."""


class Room:
    """All connections of a server, `most` of them at once; without a bound if that is None."""

    def __init__(self, state: ServerState, most: int | None, loop: asyncio.AbstractEventLoop) -> None:
        self.state, self.most, self.loop = state, most, loop
        self.leaving: set[Refused] = set()
        self._vain = self._silent = 0.0

    @classmethod
    def of(cls, state: ServerState, most: int | None, loop: asyncio.AbstractEventLoop) -> "Room":
        """The one of a server, which it has by its first connection."""
        room = ROOMS.get(state)
        if room is None:
            room = ROOMS[state] = cls(state, most, loop)
        return room

    def admits(self) -> bool:
        """Whether one more may come in; others who only wait are closed for that."""
        if self.most is None or len(self.state.connections) < self.most:
            return True
        now = self.loop.time()
        if now < self._vain:
            return False
        guests = cast(Iterable[Guest], self.state.connections)
        waiting = [(since, id(one), one) for one in guests if (since := one.since(now)) is not None]
        for _, _, one in (closed := heapq.nsmallest(max(1, self.most // SHARE), waiting)):
            self.state.connections.discard(one)  # it is as good as gone
            one.leave()
        if not closed:
            self._vain = now + AGAIN
        return bool(closed)

    def refuse(self, transport: asyncio.Transport) -> None:
        """Send one away."""
        now = self.loop.time()
        if now >= self._silent:
            self._silent = now + QUIET
            logger.warning("%d connections are busy, and no more are taken: [server] connections", self.most)
        if len(self.leaving) < LEAVING:
            transport.set_protocol(Refused(self, transport))
        else:
            transport.abort()


class Refused(asyncio.Protocol):
    """A connection that is answered, whatever it asks, and closed. It is not answered before it asks: some clients take
    what comes then for nobody's."""

    def __init__(self, room: Room, transport: asyncio.Transport) -> None:
        self.room, self.transport, self.told = room, transport, False
        room.leaving.add(self)
        self._timer = room.loop.call_later(LINGER, transport.abort)

    def data_received(self, data: bytes) -> None:
        if not self.told and not self.transport.is_closing():
            self.told = True
            self.transport.write(overloaded(self.room.state.default_headers))
            self.transport.write_eof()  # what it goes on to send is read, and thrown away

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self.room.leaving.discard(self)


def overloaded(common: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The whole reply to one who is sent away."""
    name = ids.new("req")
    body = encode(failure(Overloaded(), name))
    headers = (
        *common,
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"request-id", name.encode()),
        (b"connection", b"close"),
    )
    return b"\r\n".join((STATUS[Overloaded.status], *map(b": ".join, headers), b"", body))


ROOMS: WeakKeyDictionary[ServerState, Room] = WeakKeyDictionary()
