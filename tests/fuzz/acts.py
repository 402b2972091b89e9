"""What clients do on a connection, good ones and bad ones: bytes in pieces, pauses, and leaving before the end."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from tests.fuzz.bodies import MODELS, bodies
from tests.fuzz.breaking import broken, spoiled, written
from tests.fuzz.shapes import texts
from tests.http.raw import HEADERS, head
from tests.wire.bad_bodies import COUNTED

MESSAGES, COUNT, MODEL_LIST = "/v1/messages", "/v1/messages/count_tokens", "/v1/models"
HANGS, HANGS_MODEL = "Hang there.", "claude-mythos-preview"
"""Words after which the simulator says no more, and a model that does not come to an end: for clients that leave."""


@dataclass(frozen=True)
class Act:
    """One connection. `asked`: the methods of its requests, each of which gets a reply; none where it may be no HTTP.

    `leaves`: after so many bytes of the replies the client is gone, `rudely` by a reset. `sips`: it reads slowly.
    """

    pieces: tuple[bytes, ...]
    asked: tuple[str, ...] = ()
    pause: float = 0.0
    leaves: int | None = None
    rudely: bool = False
    sips: bool = False


PATHS = (
    "/", "/health", "/metrics", "/api/hello", "/v1/messages/", "//v1/messages", "/v1/messages/batches",
    "/V1/messages", "/v1/%6dessages", "/v1/models/", "/v1", "/%00", "/%ff%fe", "/../../etc/passwd",
    "/v1/models/../../x", "/" + "a" * 6000, "/v1/models?limit=0", "/v1/models?limit=1&after_id=claude-opus-5",
    "/v1/models?before_id=zz&limit=1000", "/v1/models?limit=%C2%B2", "/v1/models?limit=" + "9" * 5000,
    "/v1/models?lifecycle[]=retired&lifecycle[]=%ff", "/v1/models?" + "a=1&" * 2000, "/v1/messages?beta=true",
    "/v1/messages?" + "%" * 50, "/v1/messages;x=1", "/.",
)  # fmt: skip
METHODS = ("GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "QUERY")
BETAS = (
    "interleaved-thinking-2025-05-14", "fine-grained-tool-streaming-2025-05-14", "structured-outputs-2025-11-13",
    "computer-use-2025-01-24,computer-use-2025-11-24", "context-1m-2025-08-07", "no-such-beta-2030-01-01", ",,", "",
    "output-128k-2025-02-19, context-management-2025-06-27", "é", "x" * 3000, "mcp-client-2025-04-04",
)  # fmt: skip
ALTERED: tuple[tuple[str, str | None], ...] = (
    ("x-api-key", None), ("x-api-key", ""), ("x-api-key", "\xff\xfe"), ("authorization", "Bearer any"),
    ("authorization", "Basic " + "a" * 500), ("authorization", "bearer"), ("anthropic-version", None),
    ("anthropic-version", "2026-10-21"), ("anthropic-version", "2023-01-01"), ("anthropic-version", "\xb2"),
    ("anthropic-version", "2023-06-01, 2023-06-01"), ("content-type", None), ("content-type", "text/plain"),
    ("content-type", "application/json; charset=utf-16"), ("content-type", "\xff"), ("content-encoding", "gzip"),
    ("content-encoding", "deflate"),
        ("content-encoding", "identity"), ("content-encoding", "\xff" * 100), ("origin", "https://example.invalid"),
    ("origin", "null"), ("origin", "app://x"), ("traceparent", "00-" + "a" * 32 + "-" + "b" * 16 + "-01"),
    ("traceparent", "zz"), ("traceparent", "\xff"), ("expect", "100-continue"), ("expect", "x"),
    ("accept", "text/html"), ("accept-encoding", "gzip, br"), ("host", ""), ("host", "[::1"), ("cookie", "a" * 8000),
    ("x" * 300, "1"), ("connection", "keep-alive"), ("te", "trailers"), ("x-stainless-timeout", "nan"),
    ("user-agent", "\x80\xff"), ("upgrade", "h2c"), ("forwarded", "for=1"), ("x-forwarded-for", "\xff, 1"),
    ("range", "bytes=0-1"), ("if-none-match", "*"), ("x-http-method-override", "DELETE"),
    ("content-range", "bytes 0-1/2"),
)  # fmt: skip


@st.composite
def headers(draw: st.DrawFn) -> dict[str, str]:
    """The usual ones, most of the time with something else about them."""
    found = dict(HEADERS)
    if draw(st.sampled_from((False, False, True))):
        for name, value in draw(st.lists(st.sampled_from(ALTERED), max_size=3)):
            found.pop(name, None)
            if value is not None:
                found[name] = value
    if draw(st.sampled_from((False, False, False, True))):
        found["anthropic-beta"] = draw(st.sampled_from(BETAS))
    return found


@st.composite
def payloads(draw: st.DrawFn, path: str) -> bytes:
    """A body: good or not, in JSON or nearly."""
    value: Any = draw(bodies)
    if path == COUNT and draw(st.booleans()):
        value = {name: part for name, part in value.items() if name in COUNTED}
    how = draw(st.sampled_from(("good", "good", "good", "broken", "broken", "broken", "spoiled")))
    if how == "broken":
        value = draw(broken(value))
    body: bytes = draw(written(value))
    return draw(spoiled(body)) if how == "spoiled" else body


@st.composite
def targets(draw: st.DrawFn) -> tuple[str, str]:
    """Method and path of a request without a body, or of one that nobody expects."""
    path = draw(st.sampled_from((*PATHS, MESSAGES, COUNT, MODEL_LIST)) | st.just("id") | st.just("any"))
    if path in ("id", "any"):
        name = draw(st.sampled_from(MODELS) if path == "id" else texts)
        path = f"{MODEL_LIST}/{quote(name, safe='/', errors='surrogatepass')}"
    return draw(st.sampled_from(METHODS)), path


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, bytes]:
    """A whole request: its method and its bytes, which are sound HTTP."""
    path = draw(st.sampled_from((MESSAGES, MESSAGES, MESSAGES, COUNT, "")))
    found = draw(headers())
    if not path:
        method, path = draw(targets())
        if method not in ("POST", "PUT", "PATCH"):
            return method, head(method, path, found)
    else:
        method = "POST"
    body = draw(payloads(path))
    if draw(st.sampled_from((False, False, False, True))):
        size = draw(st.sampled_from((1, 7, 100, 10_000)))
        size = max(size, len(body) // 50)
        parts = [body[at : at + size] for at in range(0, len(body), size)]
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        return method, head(method, path, {**found, "transfer-encoding": "chunked"}) + chunks
    return method, head(method, path, {**found, "content-length": str(len(body))}) + body


@st.composite
def pieces(draw: st.DrawFn, whole: bytes) -> tuple[bytes, ...]:
    """The bytes, cut anywhere."""
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=3)))
    return tuple(whole[start:end] for start, end in zip((0, *cuts), (*cuts, len(whole)), strict=True))


PAUSES = st.sampled_from((0.0, 0.0, 0.001, 0.03))


@st.composite
def sound(draw: st.DrawFn) -> Act:
    """Requests in good HTTP, several on one connection without waiting for replies."""
    several = draw(st.lists(requests(), min_size=1, max_size=draw(st.sampled_from((1, 1, 1, 1, 4)))))
    whole = b"".join(request for _, request in several)
    asked = tuple(method for method, _ in several)
    return Act(draw(pieces(whole)), asked, draw(PAUSES), sips=draw(st.sampled_from((False, False, False, True))))


@st.composite
def leaving(draw: st.DrawFn) -> Act:
    """A client that goes: within its request, right after it, or within the reply."""
    _, whole = draw(requests())
    if draw(st.booleans()):
        stream = draw(st.sampled_from((b"true", b"false")))
        body = b'{"model":"%s","max_tokens":999,"stream":%s,' % (HANGS_MODEL.encode(), stream)
        body += b'"messages":[{"role":"user","content":"%s"}]}' % HANGS.encode()
        whole = head("POST", MESSAGES, {**HEADERS, "content-length": str(len(body))}) + body
        whole += draw(st.sampled_from((b"", b"", whole, b"GET / HTTP/1.1\r\n", b"\x00")))
    if draw(st.sampled_from((False, False, True))):
        whole = whole[: draw(st.integers(0, len(whole)))]
    leaves = draw(st.sampled_from((0, 0, 1, 200, 700, 2000)))
    return Act(draw(pieces(whole)), (), draw(PAUSES), leaves, draw(st.booleans()))


LINES = (
    b"POST /v1/messages HTTP/1.0\r\n", b"POST /v1/messages HTTP/2.0\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\r\n\r\n", b"OPTIONS * HTTP/1.1\r\n", b"CONNECT localhost:1 HTTP/1.1\r\n",
    b"GET http://h/v1/models HTTP/1.1\r\n", b"GET /\r\n", b"GET \xff HTTP/1.1\r\n", b"GET /\xe9 HTTP/1.1\r\n",
    b"GET /a b HTTP/1.1\r\n", b"FOO / HTTP/1.1\r\n", b"\x16\x03\x01", b"get / HTTP/1.1\r\n", b"GET ? HTTP/1.1\r\n",
    b"GET # HTTP/1.1\r\n", b"GET // HTTP/1.1\r\n", b"GET http:// HTTP/1.1\r\n",
)  # fmt: skip
FRAMING = (
    b"content-length: 5\r\ncontent-length: 6\r\n", b"content-length: -1\r\n", b"content-length: +5\r\n",
    b"content-length: \xb2\r\n", b"content-length: 99999999\r\n", b"content-length: 99999999999999999999999\r\n",
    b"transfer-encoding: chunked\r\ncontent-length: 5\r\n", b"transfer-encoding: gzip, chunked\r\n",
    b" folded: 1\r\n", b"transfer-encoding: chunked, identity\r\n", b"transfer-encoding:\x0bchunked\r\n",
    b"content-length: 0x5\r\n", b"connection: upgrade\r\nupgrade: websocket\r\n",
    b"connection: upgrade\r\nupgrade: h2c\r\n", b": empty\r\n", b"connection: close\r\n",
    b"expect: 100-continue\r\ncontent-length: 5\r\n", b"no colon\r\n", b"a\x00b: 1\r\n", b"a: \x001\r\n",
    b"x: " + b"a" * 100_000 + b"\r\n", b"x: 1\r\n" * 3000, b"a: 1\n", b"content-length: 5 5\r\n",
)  # fmt: skip
USUAL = b"host: localhost\r\nx-api-key: any\r\nanthropic-version: 2023-06-01\r\n"
AFTER = (b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffff\r\n", b"-1\r\n", b"5;a=\"\r\n",
         b"0\r\na: b\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 70_000)  # fmt: skip


@st.composite
def unsound(draw: st.DrawFn) -> Act:
    """What may be no HTTP at all."""
    if draw(st.booleans()):
        whole = draw(spoiled(draw(requests())[1]))
    else:
        lines = (b"POST /v1/messages HTTP/1.1\r\n", b"POST /v1/messages/count_tokens HTTP/1.1\r\n", *LINES)
        framing = b"".join(draw(st.lists(st.sampled_from(FRAMING), max_size=2)))
        whole = draw(st.sampled_from(lines)) + USUAL + framing + b"\r\n" + draw(st.sampled_from(AFTER))
    return Act(draw(pieces(whole)), (), draw(PAUSES))


acts: st.SearchStrategy[Act] = st.sampled_from((*[sound()] * 6, leaving(), unsound())).flatmap(lambda kind: kind)
