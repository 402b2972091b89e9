"""Reads a request's body, no further than its limit and no longer than a client may take."""

import asyncio
from collections.abc import Awaitable

from starlette.types import Message, Receive

from sijo.errors import InvalidRequest, RequestTooLarge
from sijo.http.call import Call
from sijo.http.encoding import coding_of, unpacked

MESSAGES_LIMIT = 32 * 1024 * 1024
"""Bytes of a Messages or count_tokens body."""
JSON, CHARSETS = b"application/json", (b"utf-8", b"utf8", b"us-ascii")
SLOW = 60.0
"""Seconds for a whole body to arrive."""


class Left(Exception):
    """The client left before its request was whole."""


def typed(call: Call) -> None:
    """Hold a caller to say that it sends JSON. Raises `InvalidRequest`."""
    told = call.headers.get(b"content-type")
    if told == JSON:
        return
    if not told:
        raise InvalidRequest("content-type: header is required")
    kind, *parameters = (part.strip() for part in told.lower().split(b";"))
    if kind != JSON:
        raise InvalidRequest("content-type: must be application/json")
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        if name == b"charset" and value.strip(b'"') not in CHARSETS:
            raise InvalidRequest("content-type: charset must be utf-8", details={"error_code": "unsupported_charset"})


def read(call: Call, receive: Receive, limit: int = MESSAGES_LIMIT) -> Awaitable[bytes]:
    """The body, unpacked where it came compressed; `limit` is for both, as it came and as it was meant.

    Raises `RequestTooLarge`, `InvalidRequest` for an encoding or a pace that is not served, or `Left`.
    """
    if b"content-encoding" in call.headers and (coding := coding_of(call.headers[b"content-encoding"])) is not None:
        return _packed(call, receive, limit, coding)
    return _read(call, receive, limit)


async def _packed(call: Call, receive: Receive, limit: int, coding: int) -> bytes:
    return await unpacked(await _read(call, receive, limit), coding, limit)


async def _read(call: Call, receive: Receive, limit: int) -> bytes:
    length = call.headers.get(b"content-length")
    if length is not None and length.isdigit() and int(length) > limit:
        raise RequestTooLarge
    part = there(receive)
    if part is not None and part["type"] == "http.request" and not part.get("more_body", False):
        body: bytes = part.get("body", b"")
        if len(body) > limit:
            raise RequestTooLarge
        return body
    try:
        async with asyncio.timeout(SLOW):
            return await _rest(part or await receive(), receive, limit)
    except TimeoutError:
        raise InvalidRequest(
            "The request body took too long to arrive.", details={"error_code": "request_body_timeout"}
        ) from None


def there(receive: Receive) -> Message | None:
    """The next message if it can be had without waiting, else None: then it is still to be received.

    The body of most requests came with its head. To set a timer for such a one would cost more than to read it.
    """
    steps = receive().__await__()
    try:
        next(steps)
    except StopIteration as done:
        message: Message = done.value
        return message
    steps.close()
    return None


async def _rest(part: object, receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        assert isinstance(part, dict)
        if part["type"] == "http.disconnect":
            raise Left
        chunk = part.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise RequestTooLarge
        parts.append(chunk)
        if not part.get("more_body", False):
            return b"".join(parts)
        part = await receive()
