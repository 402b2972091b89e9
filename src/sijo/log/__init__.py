"""What can be seen of a running server: access lines, metrics, traces, and the program's own log.

`Observer` is told when a request begins and ends, and hands on what `Seen` says of it. Nobody here ever sees a prompt,
a reply, a key or the text of an error; who serves `/metrics`, and what fills `Seen` in, is for others.
"""

import multiprocessing
import time
from collections.abc import Collection
from pathlib import Path
from typing import Self

from sijo.config import Log, Trace
from sijo.log.access import AccessLog
from sijo.log.lines import setup
from sijo.log.metrics import Metrics
from sijo.log.seen import Seen
from sijo.log.traces import Traces, wanted

__all__ = ["AccessLog", "Metrics", "Observer", "Seen", "Traces", "setup"]


class Observer:
    """Everything that watches requests. `access` and `traces` may be None: switched off."""

    def __init__(self, access: AccessLog | None, metrics: Metrics, traces: Traces | None) -> None:
        self.access = access
        self.metrics = metrics
        self.traces = traces

    @classmethod
    def of(cls, log: Log, trace: Trace, folder: Path, known: Collection[str] = ()) -> Self:
        """As the settings have it. `folder` is the data folder, through which several workers add up their figures;
        `known` are the models that metrics name (any other counts as `other`).

        Raises ConfigError when traces are wanted and cannot be made: `sijo[otel]` is not installed, or no URL.
        """
        one_of_many = multiprocessing.parent_process() is not None
        return cls(
            AccessLog() if log.access else None,
            Metrics(known, folder / "metrics" if one_of_many else None),
            Traces(trace.endpoint) if wanted(trace.endpoint) else None,
        )

    def begin(self) -> None:
        """A request has come."""
        self.metrics.begin()

    def end(self, seen: Seen, traceparent: str | None = None) -> None:
        """It is over, well or not. `traceparent` is the request's W3C header, if it had one."""
        ended = time.perf_counter()
        self.metrics.end(seen, ended)
        if self.access is not None:
            self.access.write(seen, ended)
        if self.traces is not None:
            self.traces.end(seen, ended, traceparent)

    async def start(self) -> None:
        """Starts what runs by the clock."""
        self.metrics.start()

    async def close(self) -> None:
        """Writes and sends what still waits. Requests that end later are still written, each at once."""
        if self.access is not None:
            self.access.close()
        self.metrics.close()
        if self.traces is not None:
            await self.traces.close()
