"""The access log: one line of JSON for each request, written in batches so that no request waits for it."""

import asyncio
import logging
import sys
import time
from typing import BinaryIO

import msgspec

from sijo.log.lines import encode, plain, stamp
from sijo.log.seen import Seen

DELAY = 0.1
"""Seconds that a line waits at most."""
BATCH = 256
"""Lines that wait at most."""
ATOMIC = 4096
"""Bytes that a pipe takes in one piece (Linux): several workers share stderr, and their lines must not mingle."""
LONGEST = 200

logger = logging.getLogger("sijo.access")


class Access(msgspec.Struct, tag_field="logger", tag="sijo.access", omit_defaults=True):
    """What a line says. Times in milliseconds; what is not known is left out."""

    time: str
    id: str
    method: str
    path: str
    status: int
    stream: bool
    duration_ms: float
    first_ms: float | None = None
    model: str | None = None
    backend: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    engine_cached_tokens: int | None = None
    stop: str | None = None
    error: str | None = None


class AccessLog:
    """Lines to a stream of bytes, stderr if none is given. Used from one event loop."""

    def __init__(self, stream: BinaryIO | None = None) -> None:
        self._stream = sys.stderr.buffer if stream is None else stream
        self._waiting: list[tuple[Seen, float]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def write(self, seen: Seen, ended: float) -> None:
        """Takes a request that is over. Nobody may change `seen` any more: it is read later."""
        waiting = self._waiting
        waiting.append((seen, ended))
        if self._closed or len(waiting) >= BATCH:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self.flush)

    def flush(self) -> None:
        """Writes all that waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        epoch = time.time() - time.perf_counter()
        piece, room = list[bytes](), ATOMIC
        try:
            for seen, ended in waiting:
                line = encode(access(seen, ended, epoch))
                room -= len(line) + 1
                if room < 0:
                    self._put(piece)
                    piece, room = [], ATOMIC - len(line) - 1
                piece.append(line)
            self._put(piece)
        except OSError as error:  # a request must not fail because nobody reads the log
            logger.error("access lines lost, of a batch of %d: %s", len(waiting), error.strerror)

    def close(self) -> None:
        """Writes all that waits; what still comes is written at once."""
        self._closed = True
        self.flush()

    def _put(self, piece: list[bytes]) -> None:
        if piece:
            piece.append(b"")
            self._stream.write(b"\n".join(piece))
            self._stream.flush()


def access(seen: Seen, ended: float, epoch: float) -> Access:
    """The line of a request. `epoch`: what to add to `perf_counter()` for Unix seconds."""
    began, first = seen.began, seen.first
    return Access(
        time=stamp(ended + epoch),
        id=seen.id,
        method=plain(seen.method, LONGEST),
        path=plain(seen.path, LONGEST),
        status=seen.status,
        stream=seen.stream,
        duration_ms=round((ended - began) * 1000, 2),
        first_ms=None if first is None else round((first - began) * 1000, 2),
        model=None if seen.model is None else plain(seen.model, LONGEST),
        backend=seen.backend,
        input_tokens=seen.input_tokens,
        output_tokens=seen.output_tokens,
        cache_read_tokens=seen.cache_read,
        cache_write_tokens=seen.cache_written,
        engine_cached_tokens=seen.reused,
        stop=seen.stop,
        error=seen.error,
    )
