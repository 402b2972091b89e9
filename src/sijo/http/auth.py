"""Who calls: the key, by `x-api-key` or `Authorization: Bearer`, and whether it is one of ours."""

import hashlib
import hmac
from collections.abc import Iterable

from sijo.errors import Unauthenticated
from sijo.http.call import Call


def digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


class Keys:
    """The keys that open the server, kept as digests.

    Without any key every caller on loopback is welcome; `required` still wants *some* key, as the hosted API does, so
    that a client that forgot its key finds out here.
    """

    def __init__(self, keys: Iterable[str] = (), *, required: bool = False) -> None:
        self._digests = tuple(digest(key) for key in keys)
        self.required = required or bool(self._digests)

    def check(self, call: Call) -> None:
        """Raises `Unauthenticated`. Both headers may come (some clients send both): either will do."""
        if not self.required:
            return
        sent = credentials(call)
        if not sent:
            raise Unauthenticated("x-api-key header is required")
        if self._digests and not any(self._known(key) for key in sent):
            raise Unauthenticated("invalid x-api-key")

    def _known(self, key: str) -> bool:
        sent = digest(key)
        return any(hmac.compare_digest(sent, own) for own in self._digests)


def credentials(call: Call) -> list[str]:
    """The keys that the request carries."""
    sent = []
    if key := (call.header(b"x-api-key") or "").strip():
        sent.append(key)
    if b"authorization" in call.headers:
        scheme, _, token = (call.header(b"authorization") or "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            sent.append(token.strip())
    return sent
