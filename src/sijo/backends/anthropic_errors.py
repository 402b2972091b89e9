"""The errors of a Messages API upstream: type, status, message and details as it gave them.

Only what is no error of the API, such as a proxy's page or another server's own shape, is put into the API's terms.
"""

from typing import Any

import msgspec

from sijo.backends.upstream import cleaned, decoded, without
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
    if isinstance(inner, dict) and isinstance(inner.get("type"), str) and isinstance(inner.get("message"), str):
        kind = BY_TYPE.get(inner["type"]) or BY_STATUS.get(status or 0, ApiError)
        error = kind(without(inner["message"], key))
        if len(inner["type"]) <= LONGEST_TYPE:  # a newer one than those known here
            error.type = inner["type"]
        error.status = status if status and 400 <= status < 600 else error.status
        if isinstance(inner.get("details"), dict):
            error.details = msgspec.json.decode(without(msgspec.json.encode(inner["details"]).decode(), key))
        return error
    message = words(inner) or f"The upstream answered with status {status or 500}."
    return foreign(status or 500)(cleaned(message, key))


def foreign(status: int) -> type[ApiError]:
    """What a status means where nothing else tells."""
    if status in AWAY:
        return Overloaded
    return BY_STATUS.get(status, InvalidRequest if 400 <= status < 500 else ApiError)


def words(value: Any) -> str:
    """The message in an error of another shape, or nothing."""
    if isinstance(value, dict):
        value = value.get("message") or value.get("detail") or ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
