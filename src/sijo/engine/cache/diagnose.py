"""Why a prefix could not be reused: the request against the one that the client names, by what was kept of that one.

Only digests and counts are kept, and only of requests that ask for it.
"""

import hashlib
from collections.abc import Iterable

import msgspec

from sijo.engine.cache.layout import Layout
from sijo.engine.cache.settings import of_messages, of_system
from sijo.engine.cache.walk import Walk, written
from sijo.engine.prompt import Prompt
from sijo.wire.base import Json
from sijo.wire.request import Diagnostics

UNAVAILABLE: Json = {"type": "unavailable"}
"""What is said where there is nothing to compare with, or nothing that the API has a word for."""
KEPT = 24 * 3600
"""Seconds for which a request can be compared with."""
BYTES = 16
_encode_lines = msgspec.json.Encoder().encode_lines


class Fingerprint(msgspec.Struct, array_like=True, frozen=True):
    """`tokens` are those of the prefix up to the last breakpoint, or of the whole prompt where there is none; `blocks`
    how many the messages had."""

    model: str
    system: bytes
    tools: bytes
    settings: bytes
    messages: bytes
    blocks: int
    tokens: int


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Fingerprint).decode


def asked(prompt: Prompt) -> Diagnostics | None:
    """What the request says of it, if anything."""
    return getattr(prompt.request, "diagnostics", None)


def fingerprint(prompt: Prompt, layout: Layout) -> Fingerprint:
    """What is kept of a request."""
    walk = Walk(prompt)
    settings = of_system(prompt, walk.sights) + b"\n" + of_messages(prompt, walk.sights)
    return Fingerprint(
        model=f"{prompt.model.id} {prompt.request.speed or 'standard'}",
        system=digest(map(written, prompt.system)),
        tools=digest(written(tool) for tool in prompt.tools if not getattr(tool, "defer_loading", False)),
        settings=digest([settings]),
        messages=spoken(walk, len(walk.blocks) - walk.messages),
        blocks=len(walk.blocks) - walk.messages,
        tokens=layout.upto(layout.marks[-1][0]) if layout.marks else layout.tokens,
    )


def reason(before: Fingerprint | None, here: Fingerprint, prompt: Prompt, read: int) -> Json | None:
    """The API's reason, in the order in which it looks: None where this request goes on from the one before. `read` are
    the tokens that were read from the cache all the same."""
    if before is None:
        return {"type": "previous_message_not_found"}
    missed = max(0, before.tokens - read)
    for field in ("model", "system", "tools"):
        if getattr(before, field) != getattr(here, field):
            return {"type": f"{field}_changed", "cache_missed_input_tokens": missed}
    walk = Walk(prompt)
    if before.blocks > here.blocks or spoken(walk, before.blocks) != before.messages:
        return {"type": "messages_changed", "cache_missed_input_tokens": missed}
    return UNAVAILABLE if before.settings != here.settings else None


def spoken(walk: Walk, blocks: int) -> bytes:
    """The digest of the first blocks of the messages."""
    walk.marked(None)
    begins, end = walk.messages + 2, walk.messages + blocks
    return digest([_encode_lines(walk.lines[begins : walk.ends[end - 1] if blocks else begins])])


def digest(parts: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()[:BYTES]
