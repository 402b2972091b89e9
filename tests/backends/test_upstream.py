"""The adapter for OpenAI-compatible engines against a real socket: streams, errors, silence, and lost connections."""

import asyncio
import logging
import tomllib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing
from itertools import chain, cycle
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sijo.backends.engines import Row, engines
from sijo.backends.lines import Broken
from sijo.backends.openai_chat import OpenAIChat
from sijo.backends.upstream import Upstream, address, seconds
from sijo.engine import deltas as d
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt, Thought
from sijo.errors import ApiError, InvalidRequest, Overloaded, RateLimited, TimedOut, Unreachable
from sijo.wire import blocks as b
from sijo.wire.request import AnyTool, decode_count
from sijo.wire.tools import Custom
from tests.backends.raw import (
    CLOSE,
    HANG,
    HEAD,
    PAUSE,
    Asked,
    Engine,
    Step,
    Steps,
    chunked,
    engine,
    plain,
    refusal,
    stream,
)

STREAMS = Path(__file__).parent / "streams"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((STREAMS / "expected.toml").read_text())
KEY = "sk-very-secret"
GUARD = 20.0
"""Seconds after which a test that waits for something has failed."""
MODEL = msgspec.structs.replace(next(iter(models())), overflow="stop")
REQUEST = decode_count(b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}')


def prompt(**fields: Any) -> Prompt:
    whole = {"model": MODEL, "system": [], "items": [Item("user", [b.Text("Hi")])], "max_tokens": 100, **fields}
    return Prompt(request=REQUEST, **whole)


def says(text: str, finish: str | None = None) -> bytes:
    return (
        b"data: " + msgspec.json.encode({"choices": [{"delta": {"content": text}, "finish_reason": finish}]}) + b"\n\n"
    )


def chats(to: Engine) -> list[Any]:
    """What was asked of the model; some engines are asked for their template, too."""
    return [asked.body for asked in to.asked if asked.path.endswith("/chat/completions")]


DONE = b"data: [DONE]\n\n"
HELLO = stream(says("Hello"), says(" there", "stop"), DONE)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream(pause=0.001)
    yield made
    await made.close()


def chat(to: Engine, upstream: Upstream, name: str = "generic", **settings: Any) -> OpenAIChat:
    row: Row = engines()[name]
    return OpenAIChat("test", settings.pop("url", to.url), "m", engine=row, upstream=upstream, **settings)


async def told(backend: OpenAIChat, asked: Prompt | None = None) -> tuple[list[d.AnyDelta], ApiError | None]:
    """Everything it says, and the error that ends it."""
    out: list[d.AnyDelta] = []
    async with asyncio.timeout(GUARD), aclosing(backend.generate(asked or prompt())) as deltas:
        try:
            async for delta in deltas:
                out.append(delta)
        except ApiError as error:
            return out, error
    return out, None


async def error(backend: OpenAIChat, asked: Prompt | None = None) -> ApiError:
    out, error = await told(backend, asked)
    assert out == []
    assert error is not None
    return error


def text(deltas: list[d.AnyDelta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, d.Text))


@pytest.mark.parametrize("name", EXPECTED)
async def test_a_recorded_stream_over_the_wire(upstream: Upstream, name: str) -> None:
    data, expected = (STREAMS / f"{name}.txt").read_bytes(), EXPECTED[name]
    pieces = [data[at : at + 100] for at in range(0, len(data), 100)]
    async with engine(stream(*pieces)) as to:
        backend = chat(to, upstream, name.split("_")[1])
        deltas, error = await told(backend, prompt(stops=tuple(expected.get("stops", ()))))
    assert text(deltas) == expected.get("text", "")
    assert (error.type if error else None) == expected.get("error")
    if error is None:
        assert isinstance(deltas[-1], d.Stop)
        assert deltas[-1].reason == expected["stop_reason"]


async def test_a_connection_is_used_again(upstream: Upstream) -> None:
    async with engine(HELLO) as to:
        for _ in range(3):
            deltas, _ = await told(chat(to, upstream))
            assert text(deltas) == "Hello there"
        assert (to.connections, len(to.asked)) == (1, 3)


async def test_an_engine_that_never_ends_its_answer_is_not_waited_for(upstream: Upstream) -> None:
    async with engine([HEAD, chunked(says("Hi", "stop") + DONE), HANG]) as to:
        deltas, error = await told(chat(to, upstream))
        assert (text(deltas), error) == ("Hi", None)


async def test_an_engine_that_does_not_stream_is_read_whole(upstream: Upstream) -> None:
    async with engine(plain({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]})) as to:
        deltas, _ = await told(chat(to, upstream))
        assert (text(deltas), deltas[-1]) == ("Hi", d.Stop("end_turn"))


@pytest.mark.parametrize(
    "first",
    [
        refusal(503),
        refusal(502),
        refusal(504),
        refusal(408),
        refusal(429, retry_after="0"),
        [CLOSE],
        [b"HTTP/1.1 2", CLOSE],
    ],
)
async def test_what_may_be_over_in_a_moment_is_tried_again(upstream: Upstream, first: Steps) -> None:
    async with engine(first, HELLO) as to:
        deltas, _ = await told(chat(to, upstream))
        assert text(deltas) == "Hello there"
        assert len(to.asked) == 2
        assert to.bodies[0] == to.bodies[1]


@pytest.mark.parametrize(
    ("answer", "kind", "tries"),
    [
        (refusal(503, "The request queue is full."), Overloaded, 3),
        ([CLOSE], Unreachable, 3),
        (refusal(429), RateLimited, 1),
        (refusal(429, retry_after="60"), RateLimited, 1),
        (refusal(500), ApiError, 1),
        (refusal(400), InvalidRequest, 1),
        (refusal(401), ApiError, 1),
        (plain(b"<html>", 302, location="/v1/elsewhere"), ApiError, 1),
    ],
)
async def test_what_an_engine_refuses_keeps_its_meaning(
    upstream: Upstream, answer: Steps, kind: type[ApiError], tries: int
) -> None:
    async with engine(answer) as to:
        assert type(await error(chat(to, upstream))) is kind
        assert len(to.asked) == tries


async def test_the_client_is_told_when_to_try_again(upstream: Upstream) -> None:
    async with engine(refusal(429, retry_after="60")) as to:
        assert (await error(chat(to, upstream))).retry_after == 60


async def test_an_engine_that_is_away_is_overloaded(upstream: Upstream) -> None:
    async with engine(HELLO) as to:
        away = chat(to, upstream)
    found = await error(away)
    assert type(found) is Unreachable
    assert str(to.port) not in found.message


@pytest.mark.parametrize("ending", [[CLOSE], [chunked(b"data: {"), CLOSE], [b"5\r\nda", CLOSE]])
async def test_an_answer_that_breaks_off_is_an_error_and_never_asked_again(upstream: Upstream, ending: Steps) -> None:
    async with engine([HEAD, chunked(says("Hel")), *ending]) as to:
        deltas, error = await told(chat(to, upstream))
        assert (text(deltas), type(error), len(to.asked)) == ("Hel", Broken, 1)


@pytest.mark.parametrize("rest", [b"zz\r\n", chunked(b"data: {") + b"zz\r\n", b"5\r\nda: {}..", b"\0"])
async def test_a_body_that_is_no_http_any_more_is_an_answer_that_breaks_off(upstream: Upstream, rest: bytes) -> None:
    async with engine([HEAD, chunked(says("Hel")), PAUSE, rest, HANG]) as to:
        deltas, error = await told(chat(to, upstream))
        assert (text(deltas), type(error), len(to.asked)) == ("Hel", Broken, 1)


@pytest.mark.parametrize(
    "answer",
    [
        [HANG],
        [HEAD, HANG],
        [HEAD, chunked(says("Hel")), HANG],
        [b"HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\n", HANG],
        [b"HTTP/1.1 100 Continue\r\n\r\n", HANG],
    ],
)
async def test_an_engine_that_falls_silent_took_too_long(answer: Steps) -> None:
    upstream = Upstream(connect=0.5, silence=0.1)
    async with engine(answer) as to:
        _, error = await told(chat(to, upstream))
        assert type(error) is TimedOut
        assert len(to.asked) == 1
    await upstream.close()


LONG = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999999\r\n\r\n"


def trickle() -> Iterator[Step]:
    """An answer without end, a word at a time."""
    yield HEAD
    while True:
        yield chunked(says("and "))
        yield PAUSE


@pytest.mark.parametrize("kind", ["stream", "comments", "whole"])
async def test_an_engine_that_goes_on_for_ever_took_too_long(kind: str) -> None:
    upstream = Upstream(silence=GUARD, longest=0.3)
    answers: dict[str, Callable[[Asked], Iterable[Step]]] = {
        "stream": lambda _: trickle(),
        "comments": lambda _: chain([HEAD], cycle([chunked(b": ping\n\n"), PAUSE])),
        "whole": lambda _: chain([LONG], cycle([b" ", PAUSE])),
    }
    async with engine(reply=answers[kind]) as to:
        out, error = await told(chat(to, upstream))
        assert type(error) is TimedOut and error.message == "The engine behind this model took too long."
        assert bool(out) == (kind == "stream")
        assert len(to.asked) == 1
    await upstream.close()


async def test_an_answer_that_is_over_has_no_end_before_it() -> None:
    short = Upstream(longest=0.05)
    async with engine(HELLO) as to:
        for _ in range(2):
            assert (await told(chat(to, short)))[1] is None
            await asyncio.sleep(0.1)
        assert to.connections == 1
    await short.close()


async def test_closing_the_answer_stops_the_engine(upstream: Upstream) -> None:
    async with engine([HEAD, chunked(says("Hel")), HANG]) as to:
        deltas: AsyncGenerator[d.AnyDelta] = chat(to, upstream).generate(prompt())
        assert await anext(deltas) == d.Text("Hel")
        assert not to.left.is_set()
        await deltas.aclose()
        await asyncio.wait_for(to.left.wait(), GUARD)


@pytest.mark.parametrize("answer", [[HANG], [HEAD, HANG]])
async def test_a_client_who_leaves_before_the_first_word_stops_the_engine(upstream: Upstream, answer: Steps) -> None:
    async with engine(answer) as to:
        waiting = asyncio.create_task(told(chat(to, upstream)))
        await asyncio.wait_for(to.heard.wait(), GUARD)
        waiting.cancel()
        await asyncio.wait_for(to.left.wait(), GUARD)


async def test_the_key_goes_to_the_engine_and_nowhere_else(
    upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = refusal(400, f"bad header: Bearer {KEY}")
    async with engine(refusal(503), echo) as to:
        found = await error(chat(to, upstream, key=KEY))
        assert {asked.headers["authorization"] for asked in to.asked} == {f"Bearer {KEY}"}
    assert KEY not in found.message
    assert KEY not in caplog.text
    broken = b'data: {"error":{"message":"cannot use ' + KEY.encode() + b'"}}\n\n'
    async with engine(stream(says("Hi"), broken)) as to:
        _, late = await told(chat(to, upstream, key=KEY))
        assert late is not None
        assert late.message == "cannot use ***"


async def test_a_password_in_the_address_is_sent_as_a_header(
    upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with engine([CLOSE]) as to:
        found = await error(chat(to, upstream, url=f"http://me:{KEY}@127.0.0.1:{to.port}/v1"))
        assert to.asked[0].headers["authorization"].startswith("Basic ")
    assert KEY not in f"{found} {found.__cause__} {caplog.text}"


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x/v1", "http://", "file:///etc/passwd"])
def test_an_address_is_http(url: str) -> None:
    with pytest.raises(ValueError, match="http"):
        address(url)


def test_a_key_that_no_header_can_hold_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="printable"):
        address("http://127.0.0.1/v1", "a\r\nb")


async def test_an_error_without_end_is_not_read_to_its_end(upstream: Upstream) -> None:
    head = b"HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n"
    async with engine([head, *[chunked(b"x" * 1_000_000)] * 8, HANG]) as to:
        assert type(await error(chat(to, upstream))) is ApiError


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2", 2.0),
        ("-1", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("x", None),
        ("inf", None),
        ("1e300", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date(value: str, told: float | None) -> None:
    assert seconds(value) == told


# Requests that are refused for a reason that can be cured.


BUDGET = "thinking_token_budget is set but reasoning_config is not configured."
TOLD = b"data: " + msgspec.json.encode({"error": {"message": BUDGET, "code": 400}}) + b"\n\n"


@pytest.mark.parametrize("no", [refusal(400, BUDGET), stream(TOLD, DONE)], ids=["at once", "in the answer"])
async def test_a_field_that_is_not_taken_is_left_out_from_then_on(upstream: Upstream, no: Steps) -> None:
    async with engine(reply=lambda asked: no if "thinking_token_budget" in asked.body else HELLO) as to:
        backend = chat(to, upstream, "vllm")
        for _ in range(2):
            deltas, _ = await told(backend, prompt(thought=Thought("enabled", 2048)))
            assert text(deltas) == "Hello there"
        assert ["thinking_token_budget" in body for body in chats(to)] == [True, False, False]


async def test_one_cure_does_not_undo_another(upstream: Upstream) -> None:
    def reply(asked: Asked) -> Steps:
        if "thinking_token_budget" in asked.body:
            return refusal(400, BUDGET)
        parsed = asked.body.get("tool_choice") == "none" or not asked.path.endswith("/chat/completions")
        return HELLO if parsed else refusal(400, '"auto" tool choice requires --tool-call-parser to be set')

    async with engine(reply=reply) as to:
        tool = Custom(name="weather", input_schema={"type": "object"})
        deltas, _ = await told(chat(to, upstream, "vllm"), prompt(thought=Thought("enabled", 2048), tools=[tool]))
        assert text(deltas) == "Hello there"


@pytest.mark.parametrize(
    ("choice", "words", "sent"),
    [
        (None, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set', None),
        (AnyTool(), 'tool_choice="required" requires --tool-call-parser to be set', "required"),
    ],
)
async def test_tools_are_told_where_no_parser_reads_the_calls(
    upstream: Upstream, choice: AnyTool | None, words: str, sent: str | None
) -> None:
    """The template shows them to the model, and its calls are found in its text."""

    def reply(asked: Asked) -> Steps:
        return HELLO if asked.body.get("tool_choice") == "none" else refusal(400, words)

    async with engine(reply=reply) as to:
        backend = chat(to, upstream, "vllm")
        for _ in range(2):
            await told(backend, prompt(tools=[Custom(name="weather", input_schema={"type": "object"})], choice=choice))
        assert [body.get("tool_choice") for body in chats(to)] == [sent, "none", "none"]
        await told(backend, prompt())
        assert "tool_choice" not in to.bodies[-1]


async def test_a_cure_is_for_all_who_were_refused(upstream: Upstream) -> None:
    """Some are refused together, before the first of them has changed anything."""
    waiting, everybody = 3, asyncio.Event()

    def reply(asked: Asked) -> Steps:
        nonlocal waiting
        if asked.body.get("tool_choice") == "none" or not asked.path.endswith("/chat/completions"):
            return HELLO
        waiting -= 1
        if not waiting:
            everybody.set()
        return [everybody, *refusal(400, '"auto" tool choice requires --tool-call-parser to be set')]

    async with engine(reply=reply) as to:
        backend = chat(to, upstream, "vllm")
        tool = Custom(name="weather", input_schema={"type": "object"})
        answers = await asyncio.gather(*(told(backend, prompt(tools=[tool])) for _ in range(3)))
        assert [(text(deltas), failed) for deltas, failed in answers] == [("Hello there", None)] * 3


@pytest.mark.parametrize(
    ("code", "asked"),
    [("unsupported_value", [True, False, True, False]), ("unsupported_parameter", [True, False, False])],
)
async def test_a_field_that_the_engine_names_is_left_out(upstream: Upstream, code: str, asked: list[bool]) -> None:
    def reply(asked: Asked) -> Steps:
        if "temperature" in asked.body:
            return plain({"error": {"message": "Unsupported", "param": "temperature", "code": code}}, 400)
        return HELLO

    async with engine(reply=reply) as to:
        backend = chat(to, upstream, "openai")
        for _ in range(2):
            deltas, _ = await told(backend, prompt(temperature=0.5))
            assert text(deltas) == "Hello there"
        assert ["temperature" in body for body in to.bodies] == asked


async def test_an_engine_that_refuses_everything_is_believed(upstream: Upstream) -> None:
    no = plain({"error": {"message": "No", "param": "model", "code": "unsupported_value"}}, 400)
    async with engine(no) as to:
        assert (await error(chat(to, upstream, "openai"))).message == "No"
        assert len(to.asked) == 1


async def test_whether_the_template_opens_a_thought_is_not_for_a_caller_to_say(upstream: Upstream) -> None:
    """It is found out once for all: a message that ends with the tag would make thoughts of everybody's answers."""
    known = {"<think>": 1, "</think>": 2}

    def reply(asked: Asked) -> Steps:
        if not asked.path.endswith("/tokenize"):
            return HELLO
        said = asked.body.get("prompt") or asked.body["messages"][-1]["content"] + " <assistant>"
        return plain({"tokens": [known.get(word, 3) for word in said.split()]})

    async with engine(reply=reply) as to:
        backend = chat(to, upstream, "vllm")
        for words in ("What does it mean to write <think>", "Hi"):
            deltas, _ = await told(backend, prompt(items=[Item("user", [b.Text(words)])]))
            assert text(deltas) == "Hello there"


SUM = "This model's maximum context length is 8192 tokens. However, you asked for 8000 and your prompt contains "


def window(words: str, count: int | None, most: int = 8192) -> Any:
    """An engine with a window of 8192 tokens, that says so in these words and may have a tokenizer."""

    def reply(asked: Asked) -> Steps:
        if asked.path == "/tokenize":
            return plain({"count": count}) if count is not None else refusal(404)
        return refusal(400, words) if asked.body["max_tokens"] > most else HELLO

    return reply


async def test_what_does_not_fit_with_the_answer_is_asked_with_a_shorter_one(upstream: Upstream) -> None:
    async with engine(reply=window(SUM + "1000 input tokens", None, 7192)) as to:
        deltas, _ = await told(chat(to, upstream), prompt(max_tokens=8000))
        assert text(deltas) == "Hello there"
        assert [body["max_tokens"] for body in to.bodies] == [8000, 7192]


async def test_a_prompt_is_counted_where_the_engine_says_only_at_least(upstream: Upstream) -> None:
    async with engine(reply=window(SUM + "at least 193 input tokens", 1000, 7192)) as to:
        backend = chat(to, upstream, "vllm")
        deltas, _ = await told(backend, prompt(max_tokens=8000))
        assert text(deltas) == "Hello there"
        assert to.bodies[-1]["max_tokens"] == 7192
        assert backend.context == 8192


async def test_a_prompt_that_turns_out_too_long_is_refused_with_its_true_length(upstream: Upstream) -> None:
    async with engine(reply=window(SUM + "at least 193 input tokens", 9000, 0)) as to:
        found = await error(chat(to, upstream, "vllm"), prompt(max_tokens=8000))
        assert found.message == "prompt is too long: 9000 tokens > 8192 maximum"


async def test_a_model_that_does_not_stop_at_its_window_says_what_does_not_fit(upstream: Upstream) -> None:
    old = msgspec.structs.replace(MODEL, overflow="error")
    async with engine(reply=window(SUM + "1000 input tokens", None, 0)) as to:
        found = await error(chat(to, upstream), prompt(max_tokens=8000, model=old))
        assert found.message.startswith("input length and `max_tokens` exceed context limit: 1000 + 8000 > 8192")
        assert len(to.asked) == 1


async def test_what_cannot_be_counted_is_told_as_it_is(upstream: Upstream) -> None:
    async with engine(reply=window(SUM + "at least 193 input tokens", None, 0)) as to:
        found = await error(chat(to, upstream, "vllm"), prompt(max_tokens=8000))
        assert found.message.startswith("input length and `max_tokens` exceed context limit: 193 + 8000 > 8192")


# Counting.


@pytest.mark.parametrize(
    ("name", "answer", "count"),
    [
        ("vllm", plain({"count": 7, "max_model_len": 100, "tokens": []}), 7),
        ("llamacpp", plain({"object": "response.input_tokens", "input_tokens": 7}), 7),
        ("vllm", refusal(404), None),
        ("vllm", plain(b"<html>", kind="text/html"), None),
        ("vllm", plain(b'{"count": "\xff"}'), None),
        ("vllm", plain(b"[" * 5000), None),
        ("vllm", plain({"count": -7}), None),
        ("vllm", plain({"count": True}), None),
        ("llamacpp", refusal(400, "request (1414 tokens) exceeds the available context size (256 tokens)"), 1414),
        ("ollama", plain({"count": 7}), None),
    ],
)
async def test_a_prompt_is_counted_where_there_is_a_tokenizer(
    upstream: Upstream, name: str, answer: Steps, count: int | None
) -> None:
    async with engine(answer) as to:
        assert await chat(to, upstream, name).count(prompt()) == count
        assert [asked.path for asked in to.asked] == [engines()[name].tokenize.path] * bool(
            engines()[name].tokenize.path
        )


async def test_a_tokenizer_that_is_busy_says_so(upstream: Upstream) -> None:
    async with engine(refusal(503)) as to:
        with pytest.raises(Overloaded):
            await chat(to, upstream, "vllm").count(prompt())
