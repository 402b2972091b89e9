"""What a real engine keeps of a prompt when a tool was found: a llama.cpp tells how much of it came from its cache."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import msgspec
import pytest

from sijo.backends.engines import engines
from sijo.backends.llama import LlamaServer
from sijo.backends.openai_chat import OpenAIChat
from sijo.backends.upstream import Upstream
from sijo.engine import deltas as d
from sijo.engine.lower import lower
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt
from sijo.tools.tool_search import BY_WORDS
from sijo.wire import blocks as b
from sijo.wire import results as r
from sijo.wire import tools as t
from sijo.wire.request import CountRequest, MessageParam
from tests.tiny import build

CONTEXT = 8192
MODEL = msgspec.structs.replace(next(iter(models())), overflow="stop")
REQUEST = CountRequest(model=MODEL.id, messages=[MessageParam("user", "go")])
LONG = "the people of paris look for water and oil " * 100
SEAM = 8
"""Tokens at the end of a prompt that may be cut otherwise once more follows them."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    path = build(tmp_path_factory.mktemp("found") / "call.gguf", template="call", context=CONTEXT)
    with LlamaServer(path, context=CONTEXT, alias="tiny", extra={"cpuparams.n_threads": 1}) as running:
        yield running


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    yield made
    await made.close()


def prompt(*items: Item) -> Prompt:
    field = {"type": "object", "properties": {"city": {"type": "string", "description": "The name of the city"}}}
    deferred = [
        t.Custom(name=f"find_{n}", description="Find the weather of a city", input_schema=field, defer_loading=True)
        for n in range(20)
    ]
    tools = [BY_WORDS, *deferred]
    first = Item("user", [b.Text(LONG)])
    return Prompt(MODEL, REQUEST, system=(), items=[first, *items], tools=tools, max_tokens=8, temperature=0.0)


def searched(id: str, *names: str) -> Item:
    found = r.ToolSearchResult(id, r.FoundTools([r.ToolReference(name) for name in names]))
    return Item("assistant", [b.ServerToolUse(id, "tool_search_tool_bm25", {"query": "weather"}), found])


async def told(backend: OpenAIChat, asked: Prompt) -> tuple[int, int]:
    """The tokens of a prompt, and how many of them came from the engine's cache."""
    async with aclosing(backend.generate(lower(asked, backend.abilities))) as deltas:
        spent = [delta async for delta in deltas if isinstance(delta, d.Spent)]
    cached = sum(each.cache_read for each in spent)
    return cached + sum(each.input for each in spent), cached


@pytest.mark.parametrize("found", ["inline", "listed"])
async def test_the_prefix_is_read_from_the_cache_where_a_found_tool_stands_inline(
    server: LlamaServer, upstream: Upstream, found: str
) -> None:
    row = engines()["llamacpp"].changed({"found": found})
    backend = OpenAIChat("tiny", server.url, "tiny", engine=row, key=server.key, context=CONTEXT, upstream=upstream)
    first, _ = await told(backend, prompt())
    assert first > 1000
    second, cached = await told(backend, prompt(searched("s1", "find_3", "find_4")))
    third, again = await told(backend, prompt(searched("s1", "find_3", "find_4"), searched("s2", "find_9")))
    assert first < second < third
    if found == "inline":
        assert cached >= first - SEAM
        assert again >= second - SEAM
    else:  # the tools stand before all else: what comes after them is new
        assert cached < first - 1000
        assert again < second - 1000
