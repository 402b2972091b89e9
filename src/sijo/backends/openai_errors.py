"""An engine's error, as an `ApiError` that means the same.

Engines word and wrap their errors each in their own way. What a client relies on, such as the words for a prompt that
is too long, is said in the API's words; other messages go on as they are, without what is not the client's business.
"""

import re
from typing import Any, Self

import msgspec

from sijo.backends.engines import engines
from sijo.backends.foreign import LONGEST, cleaned, decoded, deep, words
from sijo.engine import context as window
from sijo.errors import (
    ApiError,
    BillingError,
    InvalidRequest,
    NotFound,
    Overloaded,
    RateLimited,
    RequestTooLarge,
    TimedOut,
)

BLIND = "Could not process image"
"""Words at which clients take the image out of the conversation and go on."""
REFUSED = "The engine refused this server's credentials."
_BUSY = {"rate_limit_exceeded", "rate_limit_error", "too_many_requests"}
_STATUS = re.compile("[45][0-9][0-9]")
_POOR = {"insufficient_quota", "insufficient_balance"}


class Overflow(msgspec.Struct, frozen=True):
    """The prompt does not fit: tokens of it, and how many would, where the engine told."""

    used: int | None = None
    limit: int | None = None
    exact: bool = True
    """`used` is the count, not only what it is at least."""


class Fault(msgspec.Struct, frozen=True):
    """What an engine said was wrong: `status` is HTTP's, also where it was told in the middle of a stream."""

    status: int
    message: str = ""
    code: str = ""
    param: str = ""
    retry_after: float | None = None

    @classmethod
    def read(cls, status: int, body: bytes, *, retry_after: float | None = None, key: str | None = None) -> Self:
        """From a reply with an error status."""
        message, code, param = _parts(decoded(body))
        return cls(status, cleaned(message, key), code, param, retry_after)

    @classmethod
    def told(cls, value: object, key: str | None = None) -> Self:
        """From an error inside a reply, where only its code may tell the status."""
        message, code, param = ("", "", "") if deep(value) else _parts({"error": value})
        status = int(code) if _STATUS.fullmatch(code) else 500
        if code in _BUSY or code in _POOR:
            status = 429
        return cls(status, cleaned(message, key), code, param)

    @property
    def overflow(self) -> Overflow | None:
        """Whether it says that the prompt, or prompt and answer together, are too long."""
        if self.status in (401, 403, 404, 429):
            return None
        text = f"{self.message} {self.code}"
        for pattern in engines().answer.patterns:
            if found := pattern.search(text):
                told = found.groupdict()
                used, limit = (int(told[name]) if told.get(name) else None for name in ("used", "limit"))
                return Overflow(used, limit, "at least" not in found[0])
        return None

    def error(self, *, max_tokens: int = 0, context: int | None = None) -> ApiError:
        """What the client is told. `max_tokens` is what was asked of the engine, `context` its window, if known."""
        if overflow := self.overflow:
            return too_long(overflow.used, overflow.limit or context, max_tokens)
        message = self.message or f"The engine answered with status {self.status}."
        if self.status == 402 or self.code in _POOR:
            return BillingError("The engine's account has no credit left.", should_retry=False)
        if engines().answer.eyeless.search(message):
            return InvalidRequest(f"{BLIND}: {message}")
        match self.status:
            case 401 | 403:
                return ApiError(REFUSED, should_retry=False)
            case 404 if "model" in message.lower():
                return NotFound(message)
            case 404 | 405:
                return ApiError("The engine has no such endpoint: its address may be wrong.", should_retry=False)
            case 408 | 504:
                return TimedOut(message)
            case 413:
                return RequestTooLarge()
            case 429:
                return RateLimited(message, retry_after=self.retry_after)
            case 502 | 503 | 529:
                return Overloaded(message, retry_after=self.retry_after)
            case status if 400 <= status < 500 or "not supported" in message:  # so llama.cpp of images, with a 500
                return InvalidRequest(message)
            case _:
                return ApiError(message)


def too_long(used: int | None, limit: int | None, max_tokens: int = 0) -> InvalidRequest:
    """The API's two ways to say that it does not fit: the prompt alone, or together with `max_tokens`."""
    if used is None or limit is None:
        return InvalidRequest("prompt is too long")
    if used >= limit or used + max_tokens <= limit:
        return window.too_long(max(used, limit + 1), limit)
    return window.no_room(used, max_tokens, limit)


def _parts(value: Any) -> tuple[str, str, str]:
    """Message, code and parameter, from any of the shapes: an `error` object or text, the same flat, or `detail`."""
    if not isinstance(value, dict):
        return (value if isinstance(value, str) else ""), "", ""
    inner = value.get("error", value)
    if not isinstance(inner, dict):
        return str(inner), "", ""
    message = words(inner.get("message", inner.get("detail", "")))
    code = inner.get("code") or inner.get("type") or ""
    return message, str(code)[:LONGEST], str(inner.get("param") or "")
