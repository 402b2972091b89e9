"""Talks with engines: what is asked, and what an engine then writes on the connection, from first to last."""

import gzip
from typing import Any

from hypothesis import strategies as st

from tests.fuzz import chats, relayed
from tests.fuzz.shapes import Made
from tests.fuzz.upstream import KEY, Answer, Talk

CHATS = ("vllm", "sglang", "llamacpp", "ollama", "openai", "generic", "textual", "deepseek")
RELAYS = ("relay", "unsigned")
"""The engines of the server, by the names of their models."""
SLOW = 0.01
STATUSES = (
    *range(300, 309), *(400,) * 4, *range(400, 432), 451, 499, *(500,) * 3, *range(500, 512), 520, 524, 529, 599, 600,
    999, 201, 202, 204, 205, 206, 101, 304,
)  # fmt: skip
HEADERS: tuple[bytes, ...] = (
    b"retry-after: 0", b"retry-after: 60", b"retry-after: -5", b"retry-after: 1e300", b"retry-after: 0.001",
    b"retry-after: nan", b"retry-after: inf", b"retry-after: soon", b"retry-after: Wed, 21 Oct 2099 07:28:00 GMT",
    b"retry-after: Wed, 21 Oct 1999 07:28:00 GMT", b"retry-after: Wed, 21 Oct 0000 07:28:00 GMT", b"retry-after: \xff",
    b"retry-after: Fri, 31 Dec 9999 23:59:59 -2359", b"retry-after: 99999999", b"retry-after: 1234567.5",
    b"retry-after: " + b"9" * 400, b"x-should-retry: true", b"x-should-retry: false", b"x-should-retry: \xff",
    b"location: http://127.0.0.1:9/", b"location: \xff", b"location: //[", b"set-cookie: a=b; \xff", b"set-cookie: =",
    b"content-encoding: gzip", b"content-encoding: br", b"content-encoding: x", b"connection: close",
    b"connection: upgrade\r\nupgrade: websocket", b"transfer-encoding: gzip", b"link: <", b"x: " + b"a" * 9000,
    b"\r\n".join(b"x-%d: y" % number for number in range(300)), b"no header", b": x", b"x\xff: y", b"a\0b: c",
    b"trailer: x", b"content-length: -1", b"content-length: 1, 2", b"content-length: x", b"keep-alive: timeout=0",
    b"content-length: " + b"9" * 30, b"x-key: " + KEY.encode(), b"x: a\r\n b", b"strict-transport-security: max-age=1",
)  # fmt: skip
KINDS = (
    b"text/event-stream", b"text/event-stream; charset=utf-8", b"application/json", b"text/html", b"text/plain", b"",
    b"application/json; charset=utf-16", b"\xff", b"application/octet-stream", b"a" * 5000,
)  # fmt: skip
BARE: tuple[bytes, ...] = (
    b"", b"\r\n\r\n", b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200\r\n\r\n", b"HTTP/9.9 200 OK\r\n\r\n",
    b"SSH-2.0-x\r\n", b"HTTP/1.1 2000 OK\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"\x16\x03\x01\x02\x00", b"<html>",
    b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Processing\r\n\r\n" * 50, b"HTTP/1.0 200 OK\r\n\r\ndata: {}\n\n",
    b"HTTP/1.1 200 OK\r\nx: " + b"a" * 100_000, b"HTTP/1.1 200 " + b"a" * 100_000, b"HTTP/1.1 099 OK\r\n\r\n",
    b"HTTP/1.1 000 OK\r\n\r\n", b"HTTP/1.1 -1 OK\r\n\r\n", b"\0" * 4000,
    b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 500 Oh\r\n\r\n",
)  # fmt: skip
"""What some say in place of a reply."""
MISTAKES = chats.MISTAKES + relayed.MISTAKES
FIELDS: tuple[dict[str, Any], ...] = (
    {}, {}, {"stop_sequences": ["END", "</"]}, {"max_tokens": 1}, {"max_tokens": 5},
    {"model_thinks": True}, {"system": "Be brief."},
)  # fmt: skip
TOOL = {
    "name": "f",
    "description": "Does it.",
    "input_schema": {"type": "object", "properties": {"a": {"type": "integer"}}},
}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}
TOOLS: tuple[dict[str, Any], ...] = (
    {"tools": [TOOL]}, {"tools": [TOOL, {**TOOL, "name": "g"}]}, {"tools": [TOOL], "tool_choice": {"type": "any"}},
    {"tools": [{**TOOL, "eager_input_streaming": True}]}, {"tools": [{**TOOL, "strict": True, "input_schema": SCHEMA}]},
    {"tools": [TOOL], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
    {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
)  # fmt: skip


@st.composite
def answers(draw: st.DrawFn, relay: bool) -> Answer:
    """One answer, by HTTP or nearly."""
    how = draw(st.sampled_from(("stream",) * 12 + ("whole", "whole", "mistake", "status", "status", "status", "bare")))
    if how == "bare":
        return Answer((draw(st.sampled_from(BARE)),), draw(st.sampled_from(("close", "reset", "hang", "keep"))))
    side = relayed if relay else chats
    status, kind, body = 200, KINDS[0], b""
    match how:
        case "stream":
            body = draw(side.streams())
        case "whole":
            kind, body = KINDS[2], draw(relayed.messages() if relay else chats.completions())
        case "mistake":
            kind, body = draw(st.sampled_from(KINDS)), MISTAKES[draw(st.sampled_from(range(len(MISTAKES))))]
        case "status":
            kind, status = draw(st.sampled_from(KINDS[2:])), draw(st.sampled_from(STATUSES))
            body = MISTAKES[draw(st.sampled_from(range(len(MISTAKES))))]
    if draw(st.sampled_from((False,) * 15 + (True,))):
        kind = draw(st.sampled_from(KINDS))
    return draw(sent(status, kind, body))


@st.composite
def sent(draw: st.DrawFn, status: int, kind: bytes, body: bytes) -> Answer:
    """The reply on the connection: how its length is told, how it is cut, and how it ends."""
    odd = status != 200 or draw(st.sampled_from((False, False, False, True)))
    more = draw(st.lists(st.sampled_from(HEADERS), max_size=2)) if odd else []
    if b"content-encoding: gzip" in more and draw(st.booleans()):
        body = gzip.compress(body, mtime=0)
    framing = draw(st.sampled_from(("chunked", "length", "close")))
    if odd and status == 200:
        framing = draw(st.sampled_from((framing, "short", "long", "both", "bad chunk", "more", "cut")))
    pieces = tuple(piece for piece in (draw(cut(body)) if len(body) < 100_000 else (body,)) if piece)
    head = [b"HTTP/1.1 %d Whatever" % status, *more]
    head += [b"content-type: " + kind] if kind else []
    length = {"length": len(body), "short": len(body) // 2, "long": len(body) + 9, "both": len(body), "more": len(body)}
    if framing in length:
        head.append(b"content-length: %d" % length[framing])
    if framing in ("chunked", "both", "bad chunk", "cut"):
        head.append(b"transfer-encoding: chunked")
        pieces = tuple(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        pieces += {"bad chunk": (b"zz\r\n",), "cut": ()}.get(framing, (b"0\r\n\r\n",))
    if framing == "more":
        pieces += (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",)
    top = b"\r\n".join((*head, b"", b""))
    bare = status in (101, 204, 304)
    sound = bare or framing in ("chunked", "length", "both", "short", "more")  # then silence is no hanging
    ending = draw(st.sampled_from(("keep", "keep", "keep", "close", "reset") if sound else ("close", "close", "hang")))
    if odd and pieces and not bare and draw(st.sampled_from((False,) * 7 + (True,))):  # it breaks off before the end
        at = draw(st.integers(0, len(pieces) - 1))
        return Answer((top, *pieces[:at]), draw(st.sampled_from(("close", "reset", "hang"))))
    if odd and framing == "close" and draw(st.sampled_from((False,) * 40 + (True,))):
        return Answer((top, *pieces), "close", flood=draw(st.sampled_from((b"x", b": ", b"\n", b"data: "))) * 800_000)
    pause = draw(st.sampled_from((0.0, 0.0, 0.0, SLOW))) if len(pieces) < 20 else 0.0
    joined = pieces if draw(st.booleans()) else (b"".join(pieces),)
    return Answer(
        (top, *joined) if draw(st.booleans()) else (top + joined[0], *joined[1:]) if joined else (top,), ending, pause
    )


@st.composite
def cut(draw: st.DrawFn, body: bytes) -> list[bytes]:
    """The body in pieces: as it is, in a few, or in many small ones."""
    how = draw(st.sampled_from(("whole", "few", "few", "small")))
    if how == "whole" or not body:
        return [body]
    if how == "small" and len(body) < 1500:
        size = draw(st.sampled_from((1, 2, 3, 7)))
        return [body[at : at + size] for at in range(0, len(body), size)]
    at = sorted(draw(st.lists(st.integers(0, len(body)), max_size=6)))
    return [body[begin:end] for begin, end in zip([0, *at], [*at, len(body)], strict=True)]


@st.composite
def _talks(draw: st.DrawFn) -> Talk:
    relay = draw(st.sampled_from((False, False, True)))
    engine = draw(st.sampled_from(RELAYS if relay else CHATS))
    told = tuple(draw(st.lists(answers(relay), min_size=1, max_size=2)))
    path = draw(st.sampled_from(("/v1/messages",) * 12 + ("/v1/messages/count_tokens",)))
    fields = dict(draw(st.sampled_from(FIELDS)))
    if draw(st.sampled_from((False, True))):
        fields |= draw(st.sampled_from(TOOLS))
    thinks = fields.pop("model_thinks", False)
    if path.endswith("count_tokens"):
        fields = {"max_tokens": None, **{name: fields[name] for name in ("tools", "system") if name in fields}}
    else:
        fields["stream"] = draw(st.sampled_from((True, True, False)))
        if thinks and "tool_choice" not in fields:
            fields |= {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 4096}
    return Talk(engine, told, fields, path)


talks: Made = _talks()
