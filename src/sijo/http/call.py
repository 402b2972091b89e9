"""One request as it passes through: who asks, under which version and betas, and what came of it."""

import ipaddress
import time
from collections.abc import Mapping, Sequence

from starlette.types import Scope

from sijo import ids
from sijo.engine.caller import ANYBODY, Caller

VERSIONS = ("2023-06-01", "2026-10-21")

PROXIED = (b"forwarded", b"x-forwarded-for", b"x-real-ip")
"""What proxies say of those whom they speak for."""
WEB = (b"http://", b"https://", b"null")
"""Origins that are pages of the web, not programs that bring their own (`app://`, `file://`). A page calls itself
`null` whenever it wants to: in a frame with `sandbox`, or under `referrer-policy: no-referrer`."""
LOCALHOST = "localhost"


def loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own."""
    try:
        return host.lower() == LOCALHOST or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
        """Whether it comes from this machine, by one of its names: a page may have given its own name to this address,
        and a proxy here speaks for others. Nor is it a page, which may be let in, but never sits here."""
        if self._client is None or not loopback(self._client[0]) or any(name in self.headers for name in PROXIED):
            return False
        if self.headers.get(b"origin", b"").lower().startswith(WEB):
            return False
        host = self.header(b"host") or LOCALHOST
        return loopback(host[1:].partition("]")[0] if host[0] == "[" else host.partition(":")[0])

    def header(self, name: bytes) -> str | None:
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")
