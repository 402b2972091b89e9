"""What all requests of a conversation have in common: by it they are led to the engine that has their prefix."""

import hashlib
from collections.abc import Iterator

import msgspec

from sijo.engine import lower
from sijo.engine.cache.walk import written
from sijo.engine.prompt import Prompt

BYTES = 16
_encode, _decode = msgspec.json.encode, msgspec.json.decode


def family(prompt: Prompt) -> bytes:
    """A digest of the workspace, the tools, the system prompt and what the user said first.

    Of the request as it came: what is added for an engine, such as a countdown, moves from turn to turn.
    """
    return hashlib.sha256(b"".join(shared(prompt))).digest()[:BYTES]


def shared(prompt: Prompt) -> Iterator[bytes]:
    request = prompt.request
    yield prompt.salt.encode() + b"\n" + request.model.encode() + b"\n"
    for tool in request.tools:
        yield unmarked(bytes(tool))
    first = lower.merged(request.messages[:1])
    for block in (*lower.system_blocks(request.system), *(first[0].content if first else ())):
        yield written(block)


def unmarked(tool: bytes) -> bytes:
    """A tool without its mark for the cache, which may move on to another."""
    if b'"cache_control"' not in tool:
        return tool
    fields = _decode(tool)
    fields.pop("cache_control", None)
    return _encode(fields)
