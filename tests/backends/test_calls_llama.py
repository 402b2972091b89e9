"""Tools in words, over a real llama.cpp: a tiny model of random weights, which is fond of the mark of a call."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest

from sijo.backends.engines import engines
from sijo.backends.llama import LlamaServer
from sijo.backends.openai_chat import OpenAIChat
from sijo.backends.upstream import Upstream
from sijo.engine import deltas as d
from sijo.engine.calls import Tally, Written, checked, conventions
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt
from sijo.errors import ApiError
from sijo.wire import blocks as b
from sijo.wire import tools as t
from sijo.wire.request import JsonFormat, decode_count
from tests.tiny import build

CONTEXT = 2048
MODEL = msgspec.structs.replace(next(iter(models())), overflow="stop")
REQUEST = decode_count(b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}')
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = t.Custom(name="weather", input_schema=SCHEMA, description="Tells it.")
HI = Item("user", [b.Text("hello weather")])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    path = build(tmp_path_factory.mktemp("calls") / "call.gguf", template="call")
    with LlamaServer(path, context=CONTEXT, alias="tiny") as server:
        yield server


@pytest.fixture
async def backend(server: LlamaServer) -> AsyncIterator[Written]:
    upstream = Upstream()
    row = engines()["llamacpp"].changed({"tools": False, "schema": "none", "grammar": ""})
    chat = OpenAIChat("tiny", server.url, "tiny", engine=row, key=server.key, context=CONTEXT, upstream=upstream)
    yield Written(chat, conventions()["hermes"])
    await upstream.close()


def prompt(**fields: Any) -> Prompt:
    made = {"items": [HI], "tools": [WEATHER], "max_tokens": 60, "temperature": 0.8, "system": []}
    return Prompt(model=MODEL, request=REQUEST, **{**made, **fields})


async def heard(backend: Written, asked: Prompt) -> tuple[list[d.AnyDelta], ApiError | None]:
    deltas: list[d.AnyDelta] = []
    try:
        async for delta in checked(backend, asked, Tally()):
            deltas.append(delta)
    except ApiError as error:
        return deltas, error
    return deltas, None


async def test_it_is_told_of_tools_and_they_are_counted(backend: Written) -> None:
    without = await backend.count(prompt(tools=[]))
    told = await backend.count(prompt())
    assert without is not None and told is not None and told > without + 50


async def test_calls_and_results_go_back(backend: Written) -> None:
    items = [HI, Item("assistant", [b.ToolUse("toolu_1", "weather", {"city": "Oslo"})])]
    items.append(Item("user", [b.ToolResult("toolu_1", "sunny"), b.Text("and")]))
    before, after = await backend.count(prompt()), await backend.count(prompt(items=items))
    assert before is not None and after is not None and after > before


async def test_no_noise_becomes_a_call(backend: Written) -> None:
    """What random weights put between the marks is no call: it is text, asked again, cut off, or refused."""
    for _ in range(6):
        deltas, error = await heard(backend, prompt())
        assert error is None or "called no tool that could be called" in error.message
        calls = [delta for delta in deltas if isinstance(delta, d.ToolCall)]
        assert all(call.name == "weather" for call in calls)
        stops = [delta.reason for delta in deltas if isinstance(delta, d.Stop)]
        assert ("tool_use" in stops) <= bool(calls)


async def test_no_noise_becomes_a_document(backend: Written) -> None:
    asked = prompt(tools=[], format=JsonFormat({**SCHEMA, "additionalProperties": False}), max_tokens=200)
    deltas, error = await heard(backend, asked)
    cut = d.Stop("max_tokens") in deltas  # an answer that was cut off is told as it is
    assert cut or (error is not None and "did not match the schema" in error.message)
    assert cut or not any(isinstance(delta, d.Text) for delta in deltas)
