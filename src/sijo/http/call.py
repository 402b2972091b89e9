"""One request as it passes through: who asks, under which version and betas, and what came of it."""

import ipaddress
import time
from collections.abc import Mapping, Sequence

from starlette.types import Scope

from sijo import ids
from sijo.engine.caller import ANYBODY, Caller

VERSIONS = ("2023-06-01", "2026-10-21")


class Call:
    """What is known of a request, filled in on the way; the access line is written from it."""

    version: str = VERSIONS[0]
    betas: frozenset[str] = frozenset()
    caller: Caller = ANYBODY
    status: int = 0
    model: str | None = None
    backend: str | None = None
    stream: bool = False
    first: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read: int | None = None
    cache_written: int | None = None
    reused: int | None = None
    mended: Mapping[str, int] = {}
    stop: str | None = None
    error: str | None = None

    def __init__(self, scope: Scope) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self.headers: Mapping[bytes, bytes] = dict(self.raw)
        self.id = ids.new("req")
        self.began = time.perf_counter()
        self.told: list[tuple[bytes, bytes]] = []
        """Headers of the reply, whatever it will be."""
        self._client = scope.get("client")

    @property
    def local(self) -> bool:
        """Whether it comes from this machine."""
        return self._client is not None and ipaddress.ip_address(self._client[0]).is_loopback

    def header(self, name: bytes) -> str | None:
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")
