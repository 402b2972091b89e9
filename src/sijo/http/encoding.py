"""Unpacks a request's body that came compressed, and no more of it than a body may have. How it came is for `body`."""

import asyncio
import io
import zlib

from sijo.errors import InvalidRequest, RequestTooLarge

GZIP, ZLIB, RAW = 31, 15, -15
"""What zlib takes for the three forms of its streams."""
CODINGS = {b"gzip": GZIP, b"x-gzip": GZIP, b"deflate": ZLIB}
STEP = 64 * 1024
"""Bytes of a step, of what goes in and of what comes out."""
SMALL = 1024
"""Bytes that unpack to a megabyte at most, for deflate packs a thousand to one: more than these are for a thread."""


def coding_of(named: bytes) -> int | None:
    """The form that a `content-encoding` names; None for none. Raises `InvalidRequest` for one that is not served."""
    name = named.strip().lower()
    if name in (b"", b"identity"):
        return None
    if name not in CODINGS:
        raise InvalidRequest(
            f"content-encoding: {named.decode('latin-1')[:40]!r} is not supported",
            details={"error_code": "request_body_encoding_unsupported"},
        )
    return CODINGS[name]


async def unpacked(packed: bytes, coding: int, limit: int) -> bytes:
    """The body as it was meant. Raises `InvalidRequest`, or `RequestTooLarge` for more than `limit` bytes."""
    if len(packed) > SMALL:
        return await asyncio.to_thread(unpack, packed, coding, limit)
    return unpack(packed, coding, limit)


def unpack(packed: bytes, coding: int, limit: int) -> bytes:
    """What `unpacked` does. A stream is one whole: neither does it lack its end, nor does anything come behind it."""
    if coding == ZLIB and not headed(packed):
        coding = RAW  # which some clients take `deflate` for
    stream, out = zlib.decompressobj(coding), io.BytesIO()
    for start in range(0, len(packed), STEP):
        part, full = packed[start : start + STEP], True
        while (full or part) and not stream.eof:
            try:
                piece = stream.decompress(part, STEP)
            except zlib.error:
                raise invalid() from None
            if out.tell() + len(piece) > limit:
                raise RequestTooLarge(details={"error_code": "request_body_too_large_after_decoding"})
            out.write(piece)
            part, full = stream.unconsumed_tail, len(piece) == STEP
        if stream.eof:
            if stream.unused_data or start + STEP < len(packed):
                raise invalid()
            return out.getvalue()
    raise invalid()


def headed(packed: bytes) -> bool:
    """Whether it begins as zlib's own form does (RFC 1950, 2.2)."""
    return packed[:1] != b"" and packed[0] & 15 == 8 and int.from_bytes(packed[:2]) % 31 == 0


def invalid() -> InvalidRequest:
    return InvalidRequest(
        "The request body is not valid for its content-encoding.",
        details={"error_code": "request_body_encoding_invalid"},
    )
