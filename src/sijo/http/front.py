"""What every request passes: an id, a key, its version and betas; errors as the API's envelope; a line in the log.

A pure ASGI callable around the routes. What went wrong inside is decided here, once: before the first byte it is a
reply, after it the stream has told already.
"""

import logging
from collections.abc import Awaitable, Iterable, Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sijo.engine.betas import Betas
from sijo.errors import ApiError, InvalidRequest, NotFound, Overloaded, Unauthenticated
from sijo.http.auth import Keys
from sijo.http.body import Left
from sijo.http.call import VERSIONS, WEB, Call
from sijo.http.sse import encode, failure
from sijo.log import Observer
from sijo.store import Busy, StoreError

logger = logging.getLogger("sijo.http")
OPEN_PATHS = frozenset({"/", "/health", "/metrics", "/api/hello"})
"""No part of the API: what they want of a caller, if anything, is said there."""
CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"*, authorization"),
    (b"access-control-allow-methods", b"GET, POST, DELETE, OPTIONS"),
    (b"access-control-expose-headers", b"request-id, retry-after, x-should-retry"),
]
MISSING = "The requested resource could not be found."
ASTRAY = {
    "/v1/v1/": "This client adds /v1 to its base URL by itself: leave it out there.",
    "/messages": "This client adds no /v1 to its base URL: let that end with /v1.",
    "/chat/completions": "This is the Messages API, not OpenAI's: choose Anthropic as the client's provider.",
    "/v1/chat/completions": "This is the Messages API, not OpenAI's: choose Anthropic as the client's provider.",
}
"""How the paths begin that clients ask for with a wrong base URL or provider, and what to do."""
CORS_REFUSED = "CORS requests are not allowed for this Organization: set `browsers = true` under [server] to allow them"


class Front:
    """Around the routes."""

    def __init__(
        self,
        routes: ASGIApp,
        *,
        exact: Mapping[tuple[str, str], ASGIApp],
        keys: Keys,
        betas: Betas,
        observer: Observer,
        strict: bool,
        browsers: bool = False,
        extra: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        self.routes, self.exact = routes, exact
        self.keys, self.betas, self.observer = keys, betas, observer
        self.strict, self.browsers, self.extra = strict, browsers, list(extra)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.routes(scope, receive, send)
            return
        call = Call(scope)
        headers = call.told
        headers += (b"request-id", call.id.encode()), *self.extra

        def out(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                message["headers"] = [*message.get("headers", ()), *headers]
            return send(message)

        scope["call"] = call
        scope["app"] = self  # with an app around it, a route raises on a wrong method and does not answer by itself
        self.observer.begin()
        try:
            if b"origin" in call.headers and await self._cross(call, out, headers):
                return
            if call.path not in OPEN_PATHS:
                self._admit(call)
            answer = self.exact.get((call.method, call.path), self.routes)
            await answer(scope, receive, out)
        except ApiError as error:
            await reply(call, error, out)
        except HTTPException as error:
            known = NotFound(missing(call.path)) if error.status_code == 404 else InvalidRequest(error.detail)
            await reply(call, known, out, status=error.status_code)
        except StoreError as error:  # what only administrators ask for is read while they wait
            logger.warning("what was asked for cannot be had of the database: %s", error)
            await reply(call, Overloaded() if isinstance(error, Busy) else ApiError(), out)
        except Left:
            call.status = call.status or 499
        finally:
            if not call.status:  # a bug of ours: the envelope, and not a word of what went wrong inside
                await reply(call, ApiError(), out)
            self.observer.end(call, call.header(b"traceparent"))

    def _admit(self, call: Call) -> None:
        self.keys.check(call)
        version = call.header(b"anthropic-version")
        if version is None:
            if self.strict:
                raise InvalidRequest("anthropic-version: header is required")
        elif version in VERSIONS:
            call.version = version
        elif self.strict:
            raise InvalidRequest(f'anthropic-version: "{version[:40]}" is not a valid version')
        if b"anthropic-beta" in call.headers:
            call.betas = self.betas.parse(beta_values(call), strict=self.strict)

    async def _cross(self, call: Call, send: Send, headers: list[tuple[bytes, bytes]]) -> bool:
        """A web page calls. True when that is all: a preflight was answered."""
        if not self.browsers:
            if self.strict or call.headers[b"origin"].lower().startswith(WEB):
                raise Unauthenticated(CORS_REFUSED)
            return False
        headers += CORS
        if call.method != "OPTIONS":
            return False
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return True


def missing(path: str) -> str:
    """The words for a path that is not served: the API's, and how to mend what is a common slip."""
    return next((f"{MISSING} {mended}" for begins, mended in ASTRAY.items() if path.startswith(begins)), MISSING)


def beta_values(call: Call) -> Iterable[str]:
    """The header's values; it may be repeated, and each holds a list."""
    return [value.decode("latin-1") for name, value in call.raw if name == b"anthropic-beta"]


async def reply(call: Call, error: ApiError, send: Send, *, status: int | None = None) -> None:
    """The error as a JSON reply."""
    call.error = error.type
    body = encode(failure(error, call.id))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    status = status or error.status
    if error.retry_after is not None:
        headers.append((b"retry-after", f"{error.retry_after:.3f}".rstrip("0").rstrip(".").encode()))
    retry = error.should_retry if error.should_retry is not None else (False if status == 400 else None)
    if retry is not None:
        headers.append((b"x-should-retry", b"true" if retry else b"false"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
