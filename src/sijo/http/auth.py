"""Who calls: the key, by `x-api-key` or `Authorization: Bearer`, whether it is one of ours, and whose it is."""

import time
from collections.abc import Callable, Iterable
from typing import Literal

from sijo.engine.caller import ANYBODY, Caller
from sijo.errors import InvalidRequest, PermissionDenied, Unauthenticated
from sijo.http.access import Access, Known
from sijo.http.call import Call
from sijo.store.keys import digest

ADMIN = "/v1/organizations"
"""What begins so is for admin keys, and all else for the others."""
WORKSPACE = b"anthropic-workspace-id"
FOR_ADMINS = "This endpoint requires an Admin API key."
NOT_FOR_ADMINS = "This endpoint does not accept an Admin API key."


class Keys:
    """The keys that open the server: those of the settings, and those of the database; digests, all of them.

    Without any key every caller is welcome, and an administrator who sits at this machine; `required` still wants
    *some* key, as the hosted API does, so that a client that forgot its key finds out here. A digest is found by a
    plain look-up: who does not have the key cannot choose its digest, and learns nothing from the time that takes.
    """

    def __init__(
        self,
        access: Access,
        keys: Iterable[str] = (),
        *,
        required: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.access, self.clock = access, clock
        self._own = {digest(key): Known(ANYBODY) for key in keys}
        self._required = required
        self._headers: dict[str | None, tuple[bytes, bytes]] = {}

    @property
    def locked(self) -> bool:
        """Only keys that are known open the server."""
        return bool(self._own) or self.access.any

    def check(self, call: Call) -> None:
        """Knows the caller afterwards. Both headers may come (some clients send both): either will do.

        Raises `Unauthenticated`; `PermissionDenied` for a key of the other kind; `InvalidRequest` for a workspace that
        is another's.
        """
        admin, locked = call.path.startswith(ADMIN), self.locked
        if locked or self._required:
            sent = credentials(call)
            if not sent:
                raise Unauthenticated("x-api-key header is required")
            if locked:
                call.caller = self.caller(sent, admin=admin)
        if not admin:
            self._place(call)
        elif not locked and not call.local:
            raise PermissionDenied(FOR_ADMINS)

    def caller(self, sent: Iterable[str], *, admin: bool) -> Caller:
        """Whose the first key is that is of the kind. Raises as `check` does."""
        found = None
        for key in sent:
            found = self._known(digest(key)) or found
            if found is not None and found.caller.admin == admin:
                return found.caller
        if found is not None:
            raise PermissionDenied(FOR_ADMINS if admin else NOT_FOR_ADMINS)
        raise Unauthenticated("invalid x-api-key")

    def _known(self, digest: str) -> Known | None:
        known = self.access.keys.get(digest) or self._own.get(digest)
        if known is not None and known.expires is not None and known.expires <= self.clock():
            return None
        return known

    def _place(self, call: Call) -> None:
        """Tell the workspace, and refuse who names another one."""
        workspace = call.caller.workspace
        header = self._headers.get(workspace)
        if header is None:
            header = self._headers[workspace] = (WORKSPACE, self.access.id_of(call.caller).encode())
        named = call.headers.get(WORKSPACE)
        if named is not None and named != header[1] and not (workspace is None and named == b"default"):
            raise InvalidRequest("anthropic-workspace-id: does not match the workspace of the API key")
        call.told.append(header)


class Scrapes:
    """Who may read the figures: they tell which models are asked, and how much.

    Everybody where they are `open`. Else who brings an admin key, or the key that opens nothing but them; and where
    they are `local`, whoever is at this machine without one.
    """

    def __init__(self, keys: Keys, who: Literal["local", "key", "open"] = "local", key: str | None = None) -> None:
        self.keys, self.who = keys, who
        self._own = digest(key) if key else None

    def check(self, call: Call) -> None:
        """Raises `Unauthenticated`, or `PermissionDenied` for a key of the other kind."""
        if self.who == "open" or (self.who == "local" and call.local):
            return
        sent = credentials(call)
        if not sent:
            raise Unauthenticated("x-api-key header is required")
        if all(digest(key) != self._own for key in sent):
            self.keys.caller(sent, admin=True)


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
