"""Counts and histograms of requests, added up in plain memory; their text form is made when somebody asks.

Several workers answer on one port, and a scrape reaches one of them. So each writes its figures into a folder every
second and before it answers a scrape, and the one that is asked adds up all files of this run. Figures of a worker that
died stay in the sum: a counter never goes back.
"""

import asyncio
import hashlib
import logging
import multiprocessing
import os
import secrets
import shutil
import time
from bisect import bisect_left
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import msgspec

from sijo.log.seen import Seen

BUCKETS = tuple(0.005 * 2**n for n in range(18))
"""Upper bounds in seconds: 5 ms to 11 minutes, each twice the one before."""
EVERY = 1.0
"""Seconds between two snapshots."""
ALIVE = 10.0
"""Seconds without a snapshot after which a worker is taken for dead: its open requests no longer count."""
STALE = 60.0
"""Seconds without a snapshot after which another run is taken for over, and its folder removed."""
KINDS = 32
"""Types of errors that a row tells apart: an upstream may have its own."""
OTHER, NONE = "other", "none"

logger = logging.getLogger("sijo.metrics")


class Histogram(msgspec.Struct):
    """How many values fell into each bucket (the last one has no bound), and their sum."""

    sum: float = 0.0
    counts: list[int] = msgspec.field(default_factory=lambda: [0] * (len(BUCKETS) + 1))

    def see(self, value: float) -> None:
        self.counts[bisect_left(BUCKETS, value)] += 1
        self.sum += value

    def add(self, other: "Histogram") -> None:
        self.counts = [mine + its for mine, its in zip(self.counts, other.counts, strict=True)]
        self.sum += other.sum


class Row(msgspec.Struct):
    """All requests with the same labels."""

    model: str
    backend: str
    status: int
    stream: bool
    requests: int = 0
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reused: int = 0
    duration: Histogram = msgspec.field(default_factory=Histogram)
    first: Histogram = msgspec.field(default_factory=Histogram)
    errors: dict[str, int] = {}
    mended: dict[str, int] = {}

    def add(self, other: "Row") -> None:
        self.requests += other.requests
        self.input += other.input
        self.output += other.output
        self.cache_read += other.cache_read
        self.cache_write += other.cache_write
        self.reused += other.reused
        self.duration.add(other.duration)
        self.first.add(other.first)
        for kind, count in other.errors.items():
            self.errors[kind] = self.errors.get(kind, 0) + count
        for what, count in other.mended.items():
            self.mended[what] = self.mended.get(what, 0) + count


Key = tuple[str, str, int, bool]


class Snapshot(msgspec.Struct):
    """The figures of a worker, or of all."""

    written: float
    open: int
    rows: list[Row]


class Metrics:
    """`known` are the models that get a label of their own; any other name is `other`, so that clients cannot make the
    figures grow without bound. `folder` is where workers meet; None for the only worker.
    """

    def __init__(self, known: Collection[str] = (), folder: Path | None = None) -> None:
        self.open = 0
        self._known = frozenset(known)
        self._rows: dict[Key, Row] = {}
        self._folder = None if folder is None else folder / run_name()
        self._file = f"{os.getpid()}-{secrets.token_hex(4)}.json"
        self._timer: asyncio.TimerHandle | None = None
        self._failing = False

    def begin(self) -> None:
        """A request has come."""
        self.open += 1

    def end(self, seen: Seen, ended: float) -> None:
        """It is over."""
        self.open -= 1
        model = seen.model
        if model not in self._known:
            model = NONE if model is None else OTHER
        key = (model, seen.backend or NONE, seen.status, seen.stream)
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = Row(*key)
        row.requests += 1
        row.duration.see(ended - seen.began)
        if seen.stream and seen.first is not None:
            row.first.see(seen.first - seen.began)
        if seen.output_tokens is not None:  # without output it was only a count, and nothing was spent
            row.input += seen.input_tokens or 0
            row.output += seen.output_tokens
            row.cache_read += seen.cache_read or 0
            row.cache_write += seen.cache_written or 0
            row.reused += seen.reused or 0
        if seen.error is not None:
            kind = seen.error if seen.error in row.errors or len(row.errors) < KINDS else OTHER
            row.errors[kind] = row.errors.get(kind, 0) + 1
        for what, count in seen.mended.items():
            row.mended[what] = row.mended.get(what, 0) + count

    def render(self) -> tuple[bytes, str]:
        """The figures of all workers in Prometheus' text form, and its content type."""
        from sijo.log.exposition import expose  # slow to import, and many never ask

        return expose(self.totals())

    def totals(self) -> Snapshot:
        """The sum over all workers of this run."""
        if self._folder is None:
            return self._snapshot()
        # Written before it is read: what this answer says of this worker, the next worker's answer says at least.
        self._save()
        now, rows, open = time.time(), dict[Key, Row](), 0
        for part in [self._snapshot(), *self._others()]:
            open += part.open if now - part.written < ALIVE else 0
            for row in part.rows:
                key = (row.model, row.backend, row.status, row.stream)
                rows.setdefault(key, Row(*key)).add(row)
        return Snapshot(now, open, list(rows.values()))

    def start(self) -> None:
        """Begins to write snapshots, if there are several workers. OSError if the folder cannot be made."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        self._tick()

    def close(self) -> None:
        """Writes the last snapshot."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._save()

    def _tick(self) -> None:
        self._save()
        self._timer = asyncio.get_running_loop().call_later(EVERY, self._tick)

    def _snapshot(self) -> Snapshot:
        return Snapshot(time.time(), self.open, list(self._rows.values()))

    def _save(self) -> None:
        assert self._folder is not None
        path = self._folder / self._file
        try:
            path.with_suffix(".new").write_bytes(msgspec.json.encode(self._snapshot()))
            path.with_suffix(".new").replace(path)
        except OSError as error:  # a full disk must not stop the server; said once, not every second
            if not self._failing:
                logger.warning("figures of this worker cannot be written to %s: %s", path, error.strerror)
            self._failing = True
        else:
            self._failing = False

    def _others(self) -> list[Snapshot]:
        assert self._folder is not None
        files = [path for path in self._folder.glob("*.json") if path.name != self._file]
        return [msgspec.json.decode(path.read_bytes(), type=Snapshot) for path in files]

    def _sweep(self) -> None:
        """Removes what earlier runs left. Another server on the same folder writes every second: it is left alone."""
        assert self._folder is not None
        for run in self._folder.parent.iterdir():
            with suppress(FileNotFoundError):  # the other workers sweep too
                written = max(path.stat().st_mtime for path in (run, *run.glob("*")))
                if run != self._folder and time.time() - written > STALE:
                    shutil.rmtree(run)


def run_name() -> str:
    """A name that the workers of a server share, and no two servers: from the key that `multiprocessing` deals out."""
    return hashlib.sha256(b"sijo metrics" + multiprocessing.current_process().authkey).hexdigest()[:16]
