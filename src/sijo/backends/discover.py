"""Finds the engines that run on this machine: which they are, their models, and the windows that these really have.

Only the usual ports of 127.0.0.1 are asked, or one address that somebody named. Whatever answers there is a stranger:
it is an engine only if it says so in the way of one, and nothing of what it says is trusted further.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
from yarl import URL

from sijo.backends.engines import Row, engines, find
from sijo.backends.foreign import NO_JSON
from sijo.backends.upstream import Refused, Upstream, address
from sijo.errors import ApiError

BUDGET = 0.3
"""Seconds for all of it. Somebody waits for the prompt to come back."""
HOST = "127.0.0.1"
MOST = 1000
"""Models of one engine; what it lists beyond is not looked at."""


@dataclass(frozen=True, slots=True)
class Found:
    """An engine: its row, the base of its address, and its models with their windows in tokens, where it tells them."""

    engine: Row
    url: str
    models: Mapping[str, int | None] = field(default_factory=dict)


async def discover(upstream: Upstream, *, budget: float = BUDGET, ports: Iterable[int] | None = None) -> list[Found]:
    """The engines on this machine's usual ports, in the order of the data file, found in `budget` seconds."""
    usual = ports if ports is not None else [port for row in engines().rows.values() for port in row.ports]
    tasks = [asyncio.create_task(look(upstream, f"http://{HOST}:{port}/v1", budget=budget)) for port in usual]
    if not tasks:
        return []
    done, late = await asyncio.wait(tasks, timeout=budget)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [found for task in tasks if task in done and (found := task.result()) is not None]


async def look(upstream: Upstream, url: str, *, key: str | None = None, budget: float = 5.0) -> Found | None:
    """What answers at a base address, or None where that is no engine, or nothing. Raises ValueError for no address."""
    base, headers = address(url, key)
    if base.path in ("", "/"):
        base = base.with_path("/v1")
    asked = Asked(upstream, base, headers, budget)
    hosted = engines().hosted(base.host or "")
    row = hosted or await asked.engine()
    models = await asked.models(row) if row is not None else {}
    if row is None or (not models and hosted is None):
        return None
    return Found(row, str(base), models)


class Asked:
    """One address and what it answered so far: several rows ask for the same path."""

    def __init__(self, upstream: Upstream, base: URL, headers: Mapping[str, str], budget: float) -> None:
        self.upstream, self.base, self.headers, self.budget = upstream, base, headers, budget
        self._answers: dict[str, object] = {}

    async def engine(self) -> Row | None:
        """The row whose sign is found; the one at home on this port is tried first. Else the generic one, if there are
        models."""
        rows = sorted(engines().rows.values(), key=lambda row: self.base.port not in row.ports)
        for row in rows:
            if row.probe.path and _shows(row, await self.get(row.probe.path)):
                return row
        return engines()["generic"] if _ids(await self.listed()) else None

    async def models(self, row: Row) -> dict[str, int | None]:
        """The models that it lists, each with its window."""
        windows: dict[str, int | None] = {}
        for id in _ids(await self.listed()):
            windows[id] = None
            for place in row.context:
                window = find(await self.get(place.path), place.at, id)
                if isinstance(window, int) and window > 0:
                    windows[id] = window
                    break
        return windows

    async def listed(self) -> object:
        return await self.get(f"{self.base.path.rstrip('/')}/models")

    async def get(self, path: str) -> object:
        """The JSON at a path from the origin, or None. Asked once."""
        if path not in self._answers:
            self._answers[path] = None
            url = self.base.origin().with_path(path)
            try:
                reply = await self.upstream.get(url, self.headers, timeout=self.budget)
                self._answers[path] = msgspec.json.decode(reply)
            except (ApiError, Refused, *NO_JSON):  # nothing there, or nothing that is an engine's
                pass
        return self._answers[path]


def _shows(row: Row, answer: object) -> bool:
    value = find(answer, row.probe.at)
    return isinstance(value, str) and (value == row.probe.value or not row.probe.value)


def _ids(answer: object) -> list[str]:
    entries = find(answer, "data")
    if not isinstance(entries, list) or find(answer, "object") != "list":  # the Claude API has such a path, too
        return []
    ids = (find(entry, "id") for entry in entries[:MOST])
    return [id for id in ids if isinstance(id, str) and id]
