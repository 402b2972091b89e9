"""What every struct of the wire shares: closed to unknown fields, silent about defaults."""

from typing import Any, Literal

import msgspec


class Part(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A piece of a message or a request: it comes in, and it may go out again, unchanged.

    Fields without a default are always written, so that an empty `text` still shows; optional ones show when set.
    """


class Out(msgspec.Struct):
    """An object that only goes out: every field is written, null or not."""


Json = dict[str, Any]
CallerType = Literal["direct", "code_execution_20250825", "code_execution_20260120", "code_execution_20260521"]


class CacheControl(Part):
    """Marks the end of a prefix to cache. `scope`, which a beta opens, says for whom: nobody shares anything here."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None
    scope: str | None = None


class Caller(Part):
    """Who called a tool: the model itself (`direct`), or code that it runs (then `tool_id` names that call)."""

    type: CallerType
    tool_id: str | None = None


class CitationsConfig(Part):
    enabled: bool = False
