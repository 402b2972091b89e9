"""The adapter for OpenAI-compatible engines against a real one: a llama.cpp that serves a tiny model."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sijo.backends.discover import look
from sijo.backends.engines import engines
from sijo.backends.llama import LlamaServer
from sijo.backends.openai_chat import OpenAIChat
from sijo.backends.upstream import Upstream
from sijo.engine import deltas as d
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt, Thought
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire import tools as t
from sijo.wire.request import AnyTool, JsonFormat, decode_count
from tests.tiny import build

CONTEXT = 1024
GUARD = 60.0
MODEL = msgspec.structs.replace(next(iter(models())), overflow="stop")
REQUEST = decode_count(b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}')
CITY = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 8}}, "required": ["city"]}
WEATHER = t.Custom(name="weather", input_schema={**CITY, "additionalProperties": False}, description="Tells it.")


def served(template: str, folder: Path) -> Iterator[LlamaServer]:
    path = build(folder / f"{template}.gguf", template=template)
    with LlamaServer(path, context=CONTEXT, parallel=2, alias="tiny") as server:
        yield server


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    yield from served("plain", tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def calling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    yield from served("call", tmp_path_factory.mktemp("call"))


@pytest.fixture(scope="module")
def thinking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    yield from served("think", tmp_path_factory.mktemp("think"))


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    yield made
    await made.close()


def chat(server: LlamaServer, upstream: Upstream) -> OpenAIChat:
    row = engines()["llamacpp"]
    return OpenAIChat("tiny", server.url, "tiny", engine=row, key=server.key, context=CONTEXT, upstream=upstream)


def prompt(*said: str, **fields: Any) -> Prompt:
    roles = ("user", "assistant")
    items = [Item(roles[at % 2], [b.Text(words)]) for at, words in enumerate(said)]
    return Prompt(
        model=MODEL, request=REQUEST, system=[], **{"items": items, "max_tokens": 40, "temperature": 0.0, **fields}
    )


async def told(backend: OpenAIChat, asked: Prompt) -> list[d.AnyDelta]:
    async with asyncio.timeout(GUARD), aclosing(backend.generate(asked)) as deltas:
        return [delta async for delta in deltas]


def joined(deltas: list[d.AnyDelta], kind: type[d.Text] | type[d.Thinking] = d.Text) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, kind))


async def test_it_says_something_and_what_that_took(plain: LlamaServer, upstream: Upstream) -> None:
    backend = chat(plain, upstream)
    deltas = await told(backend, prompt("hello the weather"))
    spent = [delta for delta in deltas if isinstance(delta, d.Spent)]
    assert joined(deltas)
    assert sum(each.input + each.cache_read for each in spent) == await backend.count(prompt("hello the weather"))
    assert 0 < sum(each.output for each in spent) <= 40
    assert isinstance(deltas[-1], d.Stop)


async def test_its_window_is_found_out(plain: LlamaServer, upstream: Upstream) -> None:
    found = await look(upstream, plain.url, key=plain.key)
    assert found is not None
    assert (found.engine.name, found.models) == ("llamacpp", {"tiny": CONTEXT})


async def test_a_prompt_that_is_too_long_is_refused_in_the_apis_words(plain: LlamaServer, upstream: Upstream) -> None:
    backend, long = chat(plain, upstream), prompt("hello " * 2000)
    count = await backend.count(long)
    with pytest.raises(InvalidRequest) as caught:
        await told(backend, long)
    assert caught.value.message == f"prompt is too long: {count} tokens > {CONTEXT} maximum"


async def test_a_prefill_is_not_said_again(plain: LlamaServer, upstream: Upstream) -> None:
    deltas = await told(chat(plain, upstream), prompt("hello", "of the weather and"))
    assert not joined(deltas).startswith("of the")


async def test_a_schema_is_kept(plain: LlamaServer, upstream: Upstream) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "integer", "maximum": 99, "minimum": 0}},
        "required": ["a"],
    }
    format = JsonFormat({**schema, "additionalProperties": False})
    answer = msgspec.json.decode(
        joined(await told(chat(plain, upstream), prompt("hello", format=format, max_tokens=90)))
    )
    assert set(answer) == {"a"}


async def test_a_forced_call_has_its_input(calling: LlamaServer, upstream: Upstream) -> None:
    deltas = await told(chat(calling, upstream), prompt("hello", tools=[WEATHER], choice=AnyTool(), max_tokens=400))
    assert [delta.name for delta in deltas if isinstance(delta, d.ToolCall)][:1] == ["weather"]
    assert any(isinstance(delta, d.ToolInput) for delta in deltas)
    assert deltas[-1] in (d.Stop("tool_use"), d.Stop("max_tokens"))


async def test_thinking_is_switched_on_and_off(thinking: LlamaServer, upstream: Upstream) -> None:
    backend = chat(thinking, upstream)
    on = await told(backend, prompt("hello", thought=Thought("adaptive")))
    off = await told(backend, prompt("hello", thought=Thought("off")))
    assert joined(on, d.Thinking)
    assert joined(off) and not joined(off, d.Thinking)


async def test_a_result_goes_back(calling: LlamaServer, upstream: Upstream) -> None:
    items = [
        Item("user", [b.Text("hello")]),
        Item("assistant", [b.Text("see"), b.ToolUse("toolu_1", "weather", {"city": "Oslo"})]),
        Item("user", [b.ToolResult("toolu_1", "sunny"), b.Text("and")]),
    ]
    backend = chat(calling, upstream)
    without = await backend.count(prompt(items=items[:1], tools=[WEATHER]))
    whole = await backend.count(prompt(items=items, tools=[WEATHER]))
    assert without is not None and whole is not None and whole > without
    assert await told(backend, prompt(items=items, tools=[WEATHER]))
