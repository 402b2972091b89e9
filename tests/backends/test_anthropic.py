"""A relay to a server that speaks the Messages API: what either side says goes through, and no key but its own."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace
from yarl import URL

from sijo.backends.anthropic import Anthropic, usual
from sijo.backends.upstream import Upstream
from sijo.engine import deltas as d
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt
from sijo.errors import ApiError, InvalidRequest, NotFound, Overloaded, RateLimited, Unauthenticated, Unreachable
from sijo.wire import blocks as b
from sijo.wire.base import Json
from sijo.wire.request import CountRequest, decode_count, decode_message
from tests.backends.events import (
    CLOSE,
    END,
    HELLO,
    HOLOGRAM,
    SAID,
    TEXT,
    Event,
    begin,
    ending,
    piece,
    plain,
    sse,
    start,
    strange,
)

BODY: Json = {"model": "claude-x", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}


@dataclass
class Answer:
    status: int = 200
    chunks: Sequence[bytes] = ()
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "text/event-stream; charset=utf-8"})
    holds: bool = False
    """After its chunks it stays silent until the client leaves."""
    lag: float = 0
    """Seconds between its last chunk and its end."""


class Hosted:
    """A server on a port that answers what it was given, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.callers: set[tuple[str, int]] = set()
        self.left = asyncio.Event()
        self.url = ""

    def says(self, *events: Event, **fields: Any) -> None:
        self.answers.append(Answer(chunks=[sse(*events)], **fields))

    def refuses(self, status: int, body: Any, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append(Answer(status, [json.dumps(body).encode()], {"content-type": "application/json", **named}))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((str(request.rel_url), headers, await request.json()))
        assert request.transport is not None
        self.callers.add(request.transport.get_extra_info("peername"))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        await response.prepare(request)
        for chunk in answer.chunks:
            await response.write(chunk)
        await asyncio.sleep(answer.lag)
        if answer.holds:
            try:
                await asyncio.Event().wait()
            finally:
                self.left.set()
        return response


@pytest.fixture
async def hosted() -> AsyncGenerator[Hosted]:
    server = Hosted()
    app = web.Application()
    app.router.add_post("/{path:.*}", server.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture
async def upstream() -> AsyncGenerator[Upstream]:
    upstream = Upstream(pause=0)
    yield upstream
    await upstream.close()


def prompt(
    *, counting: bool = False, betas: tuple[str, ...] = (), version: str = "2023-06-01", **fields: Any
) -> Prompt:
    body = {**BODY, **fields}
    if counting:
        del body["max_tokens"]
    request: CountRequest = (decode_count if counting else decode_message)(json.dumps(body).encode())
    items = [Item(m.role, m.content if isinstance(m.content, list) else [b.Text(m.content)]) for m in request.messages]
    return Prompt(models().generic("claude-x", 8000, 8000), request, [], items, betas=betas, version=version)


async def said(backend: Anthropic, prompt: Prompt) -> list[d.AnyDelta]:
    async with aclosing(backend.generate(prompt)) as deltas:
        return [delta async for delta in deltas]


async def test_a_request_goes_on_as_it_came(hosted: Hosted, upstream: Upstream) -> None:
    """With its betas and version, what no engine understands, and what is only there for the client."""
    hosted.says(*HELLO)
    body: dict[str, Any] = {
        "system": [{"type": "text", "text": "x-anthropic-billing-header: cc_version=1;"},
                   {"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "messages": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "RXU+/=="},
                {"type": "redacted_thinking", "data": "RW1+/=="},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"b": 1, "a": 1.5},
                 "caller": {"type": "direct"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "1"}]},
        ],
        "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 8},
                  {"name": "f", "input_schema": {"type": "object", "x-own": True}}],
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "metadata": {"user_id": "u"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "mcp_servers": [{"type": "url", "name": "s", "url": "https://s", "authorization_token": "t"}],
        "temperature": 1.0,
        "stop_sequences": ["x"],
    }  # fmt: skip
    asked = prompt(betas=("a-2025-01-01", "b-2026-01-01"), version="2026-10-21", **body)
    assert await said(Anthropic("up", hosted.url, upstream=upstream), asked) == SAID
    ((path, headers, sent),) = hosted.requests
    assert path == "/v1/messages"
    assert sent == {**BODY, **body, "stream": True}
    assert list(sent["messages"][1]["content"][2]["input"]) == ["b", "a"]
    assert headers["anthropic-version"] == "2026-10-21"
    assert headers["anthropic-beta"] == "a-2025-01-01,b-2026-01-01"
    assert headers["content-type"] == "application/json"
    assert not {"authorization", "x-api-key"} & headers.keys()


async def test_without_betas_there_is_no_header_for_them(hosted: Hosted, upstream: Upstream) -> None:
    hosted.says(*HELLO)
    await said(Anthropic("up", hosted.url, upstream=upstream), prompt())
    assert "anthropic-beta" not in hosted.requests[0][1]


async def test_the_model_is_the_clients_or_the_upstreams(hosted: Hosted, upstream: Upstream) -> None:
    hosted.says(*HELLO)
    for model in (None, "qwen3"):
        await said(Anthropic("up", hosted.url, model, upstream=upstream), prompt())
    assert [sent["model"] for _, _, sent in hosted.requests] == ["claude-x", "qwen3"]


@pytest.mark.parametrize(
    ("ending", "path"),
    [
        ("", "/v1/messages"),
        ("/", "/v1/messages"),
        ("/v1", "/v1/messages"),
        ("/v1/", "/v1/messages"),
        ("/v1/messages", "/v1/messages"),
        ("/proxy/anthropic", "/proxy/anthropic/v1/messages"),
        ("/proxy/v1?team=a%20b", "/proxy/v1/messages?team=a%20b"),
    ],
)
async def test_a_base_may_name_a_part_of_the_path(hosted: Hosted, upstream: Upstream, ending: str, path: str) -> None:
    hosted.says(*HELLO)
    await said(Anthropic("up", hosted.url + ending, upstream=upstream), prompt())
    assert hosted.requests[0][0] == path


BOTH = {"x-api-key": "sk-own", "authorization": "Bearer sk-own"}


@pytest.mark.parametrize(
    ("key", "auth", "sent"),
    [
        ("sk-own", None, BOTH),
        ("sk-own", "both", BOTH),
        ("sk-own", "x-api-key", {"x-api-key": "sk-own"}),
        ("sk-own", "bearer", {"authorization": "Bearer sk-own"}),
        ("sk-ant-oat01-own", None, {"authorization": "Bearer sk-ant-oat01-own"}),
        (None, None, {}),
    ],
)
async def test_the_key_is_the_upstreams(
    hosted: Hosted, upstream: Upstream, key: str | None, auth: Any, sent: dict[str, str]
) -> None:
    hosted.says(*HELLO)
    await said(Anthropic("up", hosted.url, key=key, auth=auth, upstream=upstream), prompt())
    headers = hosted.requests[0][1]
    assert {name: headers[name] for name in ("x-api-key", "authorization") if name in headers} == sent


async def test_hosted_claude_gets_its_key_in_its_own_header(upstream: Upstream) -> None:

    assert usual(URL("https://api.anthropic.com/v1"), "sk-ant-api03-x") == "x-api-key"
    assert usual(URL("https://notanthropic.com"), "sk-ant-api03-x") == "both"
    with pytest.raises(ValueError, match="http"):
        Anthropic("up", "api.anthropic.com", upstream=upstream)


async def test_what_a_turn_has_said_since_is_sent_too(hosted: Hosted, upstream: Upstream) -> None:
    hosted.says(*HELLO)
    backend = Anthropic("up", hosted.url, upstream=upstream)
    asked, more = prompt(), Item("assistant", [b.Text("so far")])
    begun = prompt(messages=[*BODY["messages"], {"role": "assistant", "content": "The"}])
    for one in (asked, replace(asked, items=[*asked.items, more]), begun, replace(begun, items=[*begun.items, more])):
        await said(backend, one)
    said_since = {"role": "assistant", "content": [{"type": "text", "text": "so far"}]}
    assert [sent["messages"][1:] for _, _, sent in hosted.requests] == [
        [],
        [said_since],
        [{"role": "assistant", "content": "The"}],
        [{"role": "assistant", "content": "The"}, said_since],
    ]


async def test_an_upstream_that_does_not_sign_gets_the_thinking_that_was_restored(
    hosted: Hosted, upstream: Upstream
) -> None:
    hosted.says(*HELLO)
    backend = Anthropic("up", hosted.url, signs=False, upstream=upstream)
    assert not backend.abilities.signs
    asked = prompt()
    restored = [*asked.items, Item("assistant", [b.Thinking("all of it", "ours")]), Item("user", [b.Text("and?")])]
    await said(backend, replace(asked, items=restored))
    assert hosted.requests[0][2]["messages"][1]["content"][0]["thinking"] == "all of it"


@pytest.mark.parametrize("size", [1, 7, 64])
async def test_however_the_bytes_come_they_say_the_same(hosted: Hosted, upstream: Upstream, size: int) -> None:
    events = [
        begin(input_tokens=9),
        start("text", text=""),
        piece("text_delta", text="é😀\u2028\\n"),
        CLOSE,
        ending(),
        END,
    ]
    whole = b"retry: 5\r\n: comment\r\n\r\n" + sse(*events).replace(b"\n", b"\r\n") + b"data: [DONE]\r\n\r\n"
    hosted.answers = [Answer(chunks=[whole[at : at + size] for at in range(0, len(whole), size)])]
    deltas = await said(Anthropic("up", hosted.url, upstream=upstream), prompt())
    assert deltas == [d.Spent(input=9), d.Text("é😀\u2028\\n"), d.Close(), d.Spent(output=1), d.Stop("end_turn")]


async def test_the_last_event_needs_no_blank_line(hosted: Hosted, upstream: Upstream) -> None:
    events = [begin(), *TEXT, ending("max_tokens")]
    hosted.answers = [Answer(chunks=[sse(*events).rstrip(b"\n")])]
    assert (await said(Anthropic("up", hosted.url, upstream=upstream), prompt()))[-1] == d.Stop("max_tokens")


async def test_answers_that_follow_each_other_share_a_connection(hosted: Hosted, upstream: Upstream) -> None:
    hosted.says(*HELLO, lag=0.02)
    for _ in range(3):
        assert await said(Anthropic("up", hosted.url, upstream=upstream), prompt()) == SAID
    assert len(hosted.callers) == 1


async def test_an_upstream_that_does_not_stream_is_read_all_the_same(hosted: Hosted, upstream: Upstream) -> None:
    content = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "text", "text": "Hello", "citations": None},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
        HOLOGRAM,
    ]
    message = {**begin(input_tokens=9, output_tokens=2)["message"], "content": content, "stop_reason": "tool_use"}
    hosted.refuses(200, message)
    deltas = await said(Anthropic("up", hosted.url, upstream=upstream), prompt())
    assert plain(deltas) == plain([
        d.Spent(input=9), d.Thinking("hm"), d.Signature("s"), d.Close(), d.Text("Hello"), d.Close(),
        d.ToolCall("t", "f"), d.ToolInput('{"a":1}'), d.Close(), d.Whole(strange(HOLOGRAM)),
        d.Spent(output=2), d.Stop("tool_use"),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("body", "words"),
    [({"error": {"type": "api_error", "message": "busy"}}, "busy"), ({"ok": 1}, "no event"), ([], "no ev")],
)
async def test_an_answer_that_is_no_message_is_an_error(
    hosted: Hosted, upstream: Upstream, body: Any, words: str
) -> None:
    hosted.refuses(200, body)
    with pytest.raises(ApiError, match=words):
        await said(Anthropic("up", hosted.url, upstream=upstream), prompt())


async def test_a_refusal_keeps_all_that_it_said(hosted: Hosted, upstream: Upstream) -> None:
    details = {"error_code": "ramp_limit_exceeded"}
    error = {"type": "rate_limit_error", "message": "Slow down", "details": details}
    hosted.refuses(
        429, {"type": "error", "error": error, "request_id": "req_1"}, retry_after="17", x_should_retry="true"
    )
    with pytest.raises(RateLimited) as raised:
        await said(Anthropic("up", hosted.url, upstream=upstream), prompt())
    told = raised.value
    assert (told.status, told.message, told.details) == (429, "Slow down", details)
    assert (told.retry_after, told.should_retry) == (17, True)


@pytest.mark.parametrize("status", [302, 600, 999])
async def test_a_status_that_there_is_not_is_not_told(hosted: Hosted, upstream: Upstream, status: int) -> None:
    hosted.refuses(status, {"type": "error", "error": {"type": "made_up_error", "message": "odd"}})
    with pytest.raises(ApiError, match="odd") as raised:
        await said(Anthropic("up", hosted.url, upstream=upstream), prompt())
    assert raised.value.status == 500


async def test_a_key_that_is_wrong_is_told_and_not_shown(hosted: Hosted, upstream: Upstream) -> None:
    error = {"type": "authentication_error", "message": "invalid x-api-key sk-own", "details": {"sent": ["sk-own"]}}
    hosted.refuses(401, {"type": "error", "error": error}, x_should_retry="false")
    with pytest.raises(Unauthenticated, match=r"invalid x-api-key \*\*\*") as raised:
        await said(Anthropic("up", hosted.url, key="sk-own", upstream=upstream), prompt())
    assert raised.value.should_retry is False
    assert raised.value.details == {"sent": ["***"]}


async def test_what_was_said_before_an_error_is_said(hosted: Hosted, upstream: Upstream) -> None:
    hosted.says(
        begin(input_tokens=9), *TEXT[:2], {"type": "error", "error": {"type": "overloaded_error", "message": "O"}}
    )
    heard: list[d.AnyDelta] = []
    backend = Anthropic("up", hosted.url, upstream=upstream)
    with pytest.raises(Overloaded):
        heard.extend([delta async for delta in listening(backend.generate(prompt()), heard)])
    assert heard == [d.Spent(input=9), d.Text("Hel")]


async def listening(deltas: AsyncGenerator[d.AnyDelta], heard: list[d.AnyDelta]) -> AsyncGenerator[d.AnyDelta]:
    """Passes on nothing, and keeps all."""
    async for delta in deltas:
        heard.append(delta)
    for _ in ():
        yield d.Close()


async def test_an_upstream_that_is_cut_is_an_error(hosted: Hosted, upstream: Upstream) -> None:
    hosted.says(begin(), *TEXT[:2])
    with pytest.raises(ApiError, match="broke off"):
        await said(Anthropic("up", hosted.url, upstream=upstream), prompt())


@pytest.mark.parametrize("chunks", [[], [b": wait\n\n"], [b"event: message_start\n"]])
async def test_an_upstream_that_breaks_off_before_its_first_word_is_away(
    hosted: Hosted, upstream: Upstream, chunks: list[bytes]
) -> None:
    """So a client tries again, and another upstream of the same model is asked."""
    hosted.answers = [Answer(chunks=chunks)]
    with pytest.raises(Unreachable):
        await said(Anthropic("up", hosted.url, upstream=upstream), prompt())


async def test_who_leaves_stops_the_upstream(hosted: Hosted, upstream: Upstream) -> None:
    hosted.says(begin(input_tokens=9), *TEXT[:2], holds=True)
    async with aclosing(Anthropic("up", hosted.url, upstream=upstream).generate(prompt())) as deltas:
        assert [await anext(deltas), await anext(deltas)] == [d.Spent(input=9), d.Text("Hel")]
        assert not hosted.left.is_set()
    await asyncio.wait_for(hosted.left.wait(), 10)


async def test_an_answer_is_heard_as_it_comes(hosted: Hosted, upstream: Upstream) -> None:
    """The last word of the message is heard though the connection stays open."""
    hosted.says(*HELLO, holds=True)
    async with aclosing(Anthropic("up", hosted.url, upstream=upstream).generate(prompt())) as deltas:
        assert [await anext(deltas) for _ in SAID] == SAID


async def test_tokens_are_counted_by_the_upstream(hosted: Hosted, upstream: Upstream) -> None:
    hosted.refuses(200, {"input_tokens": 42})
    backend = Anthropic("up", hosted.url + "/v1?team=a", "qwen3", key="sk-own", upstream=upstream)
    tools = [{"name": "f", "input_schema": {"type": "object"}}]
    assert await backend.count(prompt(counting=True, tools=tools, system="s", betas=("x-2025-01-01",))) == 42
    assert await backend.count(prompt(tools=tools, system="s", temperature=0.5, metadata={"user_id": "u"})) == 42
    expected = {"model": "qwen3", "messages": BODY["messages"], "tools": tools, "system": "s"}
    for path, headers, sent in hosted.requests:
        assert path == "/v1/messages/count_tokens?team=a"
        assert sent == expected
        assert headers["x-api-key"] == "sk-own"
    assert hosted.requests[0][1]["anthropic-beta"] == "x-2025-01-01"


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, {"detail": "Not Found"}), (405, {}), (200, {"input_tokens": "many"}), (200, {"input_tokens": -1})],
)
async def test_what_cannot_count_says_nothing(hosted: Hosted, upstream: Upstream, status: int, body: Any) -> None:
    hosted.refuses(status, body)
    assert await Anthropic("up", hosted.url, upstream=upstream).count(prompt(counting=True)) is None


async def test_a_count_that_is_refused_is_refused(hosted: Hosted, upstream: Upstream) -> None:
    backend = Anthropic("up", hosted.url, upstream=upstream)
    hosted.refuses(404, {"type": "error", "error": {"type": "not_found_error", "message": "model: claude-x"}})
    hosted.refuses(400, {"type": "error", "error": {"type": "invalid_request_error", "message": "m"}})
    hosted.refuses(200, [])
    for kind in (NotFound, InvalidRequest, ApiError):
        with pytest.raises(kind):
            await backend.count(prompt(counting=True))
