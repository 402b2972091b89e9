"""HTTP toward engines: one pool of connections, time limits, and another try while nothing was said yet.

What a failed connection means is said here. What an engine says with an error status is a `Refused`, for the adapter
that knows its words. No message, and no line of the log, holds a key or the user part of an address.
"""

import asyncio
import base64
import email.utils
import logging
import math
import random
import time
from collections.abc import Mapping
from functools import partial
from typing import Self

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from sijo.backends.lines import Broken
from sijo.errors import ApiError, TimedOut, Unreachable

log = logging.getLogger("sijo.upstream")

TRIES = 3
PAUSE = 0.3
"""Seconds before the second try, give or take a half; twice that before the next."""
PATIENCE = 5.0
"""The longest `retry-after`, in seconds, that is waited for here and not by the client."""
CONNECT, SILENCE = 10.0, 600.0
"""Seconds to connect, and without a byte: a long prompt may take minutes before the first word."""
LONGEST = 3600.0
"""Seconds for a whole answer, however steadily it comes: one that says a little for ever is not silent."""
LINGER = 0.5
"""Seconds that an answer has to end after its last word, so that its connection can be used again."""
LARGEST = 4 * 1024 * 1024
"""Bytes of a reply that is read whole."""
AGAIN = frozenset({408, 429, 502, 503, 504, 529})
LACKING = frozenset({404, 405, 501})
"""What a server answers where it has no such endpoint."""
LONGEST_WAIT = 366 * 86_400.0
"""Seconds of a `retry-after` beyond which it is no time at all."""

AWAY = "The engine behind this model cannot be reached."
SLOW = "The engine behind this model took too long."
DISTRUSTED = "The engine's TLS certificate is not trusted."

Headers = Mapping[str, str]


class Refused(Exception):
    """The engine answered with an error status; `retry_after` is in seconds."""

    def __init__(self, status: int, headers: Headers, body: bytes) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.headers = headers
        self.body = body
        self.retry_after = seconds(headers.get("retry-after"))


class Reply:
    """An answer that has begun, to be read as it comes. `close` ends it at once, and the engine sees that."""

    def __init__(self, response: aiohttp.ClientResponse, longest: float) -> None:
        self._response = response
        self._timer = asyncio.get_running_loop().call_later(longest, self._expire)
        self.headers: Headers = response.headers
        self.read = response.content.readany
        """Some bytes, or none at the end. Errors are aiohttp's: read inside `async with`, which gives them meaning."""

    @property
    def streams(self) -> bool:
        """It comes in events, and not as one JSON document."""
        return not self.headers.get("content-type", "").startswith("application/json")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self.close()
        if isinstance(error, (aiohttp.ClientError, TimeoutError, OSError)):
            raise meaning(error, begun=True) from error

    async def finish(self) -> None:
        """Wait a little for the end of what has said its last word."""
        try:
            async with asyncio.timeout(LINGER):
                while await self.read():
                    pass
        except (aiohttp.ClientError, TimeoutError):  # nothing is lost but the connection
            self.close()

    async def whole(self) -> bytes:
        """All of it. Raises ApiError for what is too large."""
        parts, size = [], 0
        while part := await self.read():
            size += len(part)
            if size > LARGEST:
                raise ApiError("The engine sent more than can be read.")
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        self._timer.cancel()
        self._response.close()

    def _expire(self) -> None:
        """Time is up: whoever reads is told, as by aiohttp's own limits."""
        self._response.content.set_exception(aiohttp.ServerTimeoutError())


class Upstream:
    """The connections to all engines. Made anywhere, used in one event loop, closed there."""

    def __init__(
        self,
        *,
        connect: float = CONNECT,
        silence: float = SILENCE,
        longest: float = LONGEST,
        tries: int = TRIES,
        pause: float = PAUSE,
    ) -> None:
        self.longest = longest
        self.tries = tries
        self.pause = pause
        self._limits = aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=silence)
        self._patience = connect + silence  # aiohttp looks for no name, and after a 1xx for no reply, by these limits
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: URL, body: bytes, headers: Headers) -> Reply:
        """Send a body (JSON) and wait for the answer to begin, with more than one try where that may help.

        Raises Refused for an error status, and an ApiError where there is no answer.
        """
        for left in reversed(range(self.tries)):
            try:
                return await self._once("POST", url, body, headers)
            except Refused as refused:
                if not left or not passing(refused):
                    raise
                wait = refused.retry_after
                log.info("%s answered %s, trying again", url.host, refused.status)
            except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is one, too
                if not left or not lost(error):
                    raise meaning(error) from error
                # the first time it is most likely a connection that the engine has closed since
                wait = 0.0 if left == self.tries - 1 else None
                log.debug("%s: %s, trying again", url.host, type(error).__name__)
            pause = self.pause * 2 ** (self.tries - 1 - left) * random.uniform(0.5, 1.5)  # noqa: S311
            await asyncio.sleep(pause if wait is None else wait)
        raise AssertionError("at least one try")

    async def get(self, url: URL, headers: Headers, *, timeout: float) -> bytes:
        """A whole reply, in one try and `timeout` seconds. Raises like `post`."""
        try:
            async with asyncio.timeout(timeout), await self._once("GET", url, None, headers) as reply:
                return await reply.whole()
        except (aiohttp.ClientError, OSError) as error:
            raise meaning(error) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _once(self, method: str, url: URL, body: bytes | None, headers: Headers) -> Reply:
        if self._session is None:
            self._session = session(self._limits)
        async with asyncio.timeout(self._patience):
            response = await self._session.request(method, url, data=body, headers=headers, allow_redirects=False)
        reply = Reply(response, self.longest)
        if response.status == 200:
            return reply
        async with asyncio.timeout(CONNECT), reply:
            raise Refused(response.status, response.headers, await reply.whole())


class Handler(ResponseHandler):
    """aiohttp's side of a connection. Where a body ends to be HTTP, aiohttp closes the connection and leaves whoever
    waits for more of it to wait for ever, past all limits: here it is told."""

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        if isinstance(exc, HttpProcessingError) and self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(aiohttp.ClientPayloadError(str(exc)))
        super().set_exception(exc, *cause)


class Connector(aiohttp.TCPConnector):
    """Connections of that kind; without a bound, the gates have theirs."""

    def __init__(self) -> None:
        super().__init__(limit=0, keepalive_timeout=60)
        self._factory = partial(Handler, loop=self._loop)  # type: ignore[assignment]


def session(limits: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
    """No cookies, no proxy or password from the environment, no redirect, no compression, no bound on connections."""
    return aiohttp.ClientSession(
        connector=Connector(),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=limits,
        headers={"Accept-Encoding": "identity", "User-Agent": "sijo"},
        auto_decompress=False,
        trust_env=False,
    )


def passing(refused: Refused) -> bool:
    """Whether a refusal may be over in a moment. An engine over its rate limit is asked again only if it says when."""
    if refused.headers.get("x-should-retry") == "false":
        return False
    if refused.retry_after is not None:
        return refused.status in AGAIN and refused.retry_after <= PATIENCE
    return refused.status in AGAIN and refused.status != 429


def lost(error: Exception) -> bool:
    """Whether a connection was lost, or not had, rather than too slow or not to be trusted."""
    return not isinstance(error, (TimeoutError, aiohttp.ClientSSLError, aiohttp.InvalidURL))


def meaning(error: Exception, *, begun: bool = False) -> ApiError:
    """A failed connection in the API's terms."""
    if isinstance(error, TimeoutError):
        return TimedOut(SLOW)
    if isinstance(error, aiohttp.ClientSSLError):
        return ApiError(DISTRUSTED, should_retry=False)
    return Broken() if begun else Unreachable(AWAY)


def seconds(value: str | None) -> float | None:
    """A `retry-after`: seconds, or a date."""
    if value is None:
        return None
    try:
        given = float(value)
    except ValueError:
        try:
            given = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (TypeError, ValueError, OverflowError):
            return None
    return max(given, 0.0) if math.isfinite(given) and given <= LONGEST_WAIT else None


def address(url: str, key: str | None = None) -> tuple[URL, dict[str, str]]:
    """An engine's address without user and password, and the headers that say who asks: they come from `key`, else
    from the address. Raises ValueError for what is no http address."""
    parsed = URL(url)
    if key is not None and not (key.isascii() and key.isprintable()):
        raise ValueError("an engine's key is printable ASCII")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("an engine's address begins with http:// or https://")
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    elif parsed.user:
        pair = f"{parsed.user}:{parsed.password or ''}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return parsed.with_user(None), headers
