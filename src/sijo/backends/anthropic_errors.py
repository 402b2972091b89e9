"""The errors of a Messages API upstream: type, status, message and details as it gave them.

Only what is no error of the API, such as a proxy's page or another server's own shape, is put into the API's terms.
"""

from typing import Any

from sijo.backends.foreign import cleaned, decoded, deep, scrubbed, words
from sijo.errors import BY_STATUS, BY_TYPE, ApiError, InvalidRequest, Overloaded

AWAY = frozenset({502, 503})
LONGEST_TYPE = 64


def refused(
    status: int,
    body: bytes,
    *,
    retry_after: float | None = None,
    should_retry: bool | None = None,
    key: str | None = None,
) -> ApiError:
    """The error that a reply with an error status means. `key` is what no message may show."""
    error = told(decoded(body), status=status, key=key)
    error.retry_after, error.should_retry = retry_after, should_retry
    return error


def told(value: Any, *, status: int | None = None, key: str | None = None) -> ApiError:
    """The error of an envelope, with the status that it came with, or that goes with its type."""
    inner = value.get("error", value) if isinstance(value, dict) else value
    inner = "" if deep(inner) else scrubbed(inner, key)
    otherwise = f"The upstream answered with status {status or 500}."
    if isinstance(inner, dict) and isinstance(inner.get("type"), str) and isinstance(inner.get("message"), str):
        kind = BY_TYPE.get(inner["type"]) or BY_STATUS.get(status or 0, ApiError)
        error = kind(inner["message"] if inner["message"].strip() else otherwise)
        if 0 < len(inner["type"]) <= LONGEST_TYPE:  # a newer one than those known here
            error.type = inner["type"]
        error.status = status if status and 400 <= status <= 599 else error.status
        error.details = inner["details"] if isinstance(inner.get("details"), dict) else None
        return error
    return foreign(status or 500)(cleaned(message(inner), key) or otherwise)


def foreign(status: int) -> type[ApiError]:
    """What a status means where nothing else tells."""
    if status in AWAY:
        return Overloaded
    return BY_STATUS.get(status, InvalidRequest if 400 <= status < 500 else ApiError)


def message(value: Any) -> str:
    """The message in an error of another shape, or nothing."""
    if isinstance(value, dict):
        value = value.get("message") or value.get("detail") or ""
    return words(value)
