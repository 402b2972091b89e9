"""
The API's errors, one class for each `error.type` (and the HTTP status that goes with it):

* ApiError                500 api_error               something broke on our side
  x InvalidRequest        400 invalid_request_error   the client's body or headers are wrong
  x Unauthenticated       401 authentication_error    no credential, or one that is not known
  x BillingError          402 billing_error           the account cannot pay
  x PermissionDenied      403 permission_error        the credential may not do this
  x NotFound              404 not_found_error         no such path, object or model
  x Conflict              409 conflict_error          somebody changed it meanwhile
  x RequestTooLarge       413 request_too_large       the body is over the endpoint's limit
  x RateLimited           429 rate_limit_error        try again after `retry_after` seconds
  x TimedOut              504 timeout_error           the engine took too long
  x Overloaded            529 overloaded_error        the engine is busy or away; try again
    + Unreachable                                     it is away, and was not asked: another can be

An engine's failure becomes one of these where its status is still known (`backends/upstream.py`), and keeps its meaning
from there to the client. `details` is the machine-readable part of the envelope, with its `error_code`.
"""

from collections.abc import Mapping


class ApiError(Exception):
    """Something broke on our side. Also the base of all the others."""

    status: int = 500
    type: str = "api_error"

    def __init__(
        self,
        message: str = "Internal server error",
        *,
        retry_after: float | None = None,
        should_retry: bool | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.should_retry = should_retry
        self.details = details


class InvalidRequest(ApiError):
    """The client's body or headers are wrong: the message names the field's path."""

    status, type = 400, "invalid_request_error"


class Unauthenticated(ApiError):
    """No credential, or one that is not known."""

    status, type = 401, "authentication_error"


class BillingError(ApiError):
    """The account cannot pay."""

    status, type = 402, "billing_error"


class PermissionDenied(ApiError):
    """The credential is good and may not do this."""

    status, type = 403, "permission_error"


class NotFound(ApiError):
    """No such path, object or model."""

    status, type = 404, "not_found_error"


class Conflict(ApiError):
    """Somebody changed it meanwhile, or it must be unique."""

    status, type = 409, "conflict_error"


class RequestTooLarge(ApiError):
    """The body is over the endpoint's limit."""

    status, type = 413, "request_too_large"

    def __init__(
        self,
        message: str = "Request exceeds the maximum allowed number of bytes.",
        *,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, details=details)


class RateLimited(ApiError):
    """Over a limit: try again after `retry_after` seconds."""

    status, type = 429, "rate_limit_error"


class TimedOut(ApiError):
    """The engine took too long."""

    status, type = 504, "timeout_error"


class Overloaded(ApiError):
    """The engine is busy or away: try again."""

    status, type = 529, "overloaded_error"

    def __init__(self, message: str = "Overloaded", *, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after=retry_after)


class Unreachable(Overloaded):
    """The engine is away, and was not asked: another can be. To a client it is no other than overloaded."""


TREE: tuple[type[ApiError], ...] = (
    InvalidRequest, Unauthenticated, BillingError, PermissionDenied, NotFound, Conflict, RequestTooLarge, RateLimited,
    TimedOut, Overloaded,
)  # fmt: skip
BY_STATUS: Mapping[int, type[ApiError]] = {kind.status: kind for kind in TREE}
BY_TYPE: Mapping[str, type[ApiError]] = {"api_error": ApiError, **{kind.type: kind for kind in TREE}}
