"""Who asks: the workspace that a request belongs to, and the key that opened the door."""

import msgspec


class Caller(msgspec.Struct, frozen=True):
    """`workspace` is None for the default workspace, `key` None where no key of our own was used."""

    workspace: str | None = None
    key: str | None = None
    admin: bool = False


ANYBODY = Caller()
"""The caller where there are no keys."""
