"""A new tool of the server is a file, and a line where the server is put together. Nothing else knows this one."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path
from typing import Any

import anthropic
import pytest

from sijo.engine import deltas as d
from sijo.engine.prompt import Prompt
from sijo.engine.rules import Facts
from sijo.engine.servertool import Call, ServerTool, Session
from sijo.engine.turn import Turn
from sijo.errors import InvalidRequest, Overloaded
from sijo.wire import blocks as b
from sijo.wire import results as r
from sijo.wire import tools as t
from sijo.wire.sources import PlainText
from tests.cli.engine import TEXT, Engine, called
from tests.tools.served import engine, engined, running, simulated

Json = dict[str, Any]
PAGES = {"https://a.example": "Otters hold hands.", "https://b.example": "Seals do not."}
FETCH: Any = {"type": "web_fetch_20250910", "name": "web_fetch", "max_uses": 2}
WEATHER: Any = {"name": "get_weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
MODEL = "claude-opus-4-5"


class Pages(ServerTool):
    """Fetches pages from a table: a stand-in for the web, with a rule, a state for each request, and failures."""

    types = (t.WebFetch,)

    def __init__(self) -> None:
        self.closed = False
        self.hangs, self.left = threading.Event(), threading.Event()

    def check(self, entry: t.AnyTool, path: str, tools: Sequence[t.AnyTool], facts: Facts, /) -> None:
        assert isinstance(entry, t.WebFetch)
        if entry.allowed_domains and entry.blocked_domains:
            raise InvalidRequest(f"{path}: only one of allowed_domains and blocked_domains can be given")

    def open(self, entry: t.AnyTool, prompt: Prompt, /) -> Session:
        assert isinstance(entry, t.WebFetch)
        return Fetching(self, entry.max_uses or 100)

    async def close(self) -> None:
        self.closed = True


class Fetching(Session):
    functions = (
        t.Custom(
            name="web_fetch",
            description="Fetch a page.",
            input_schema={"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]},
        ),
    )

    def __init__(self, tool: Pages, uses: int) -> None:
        self.tool, self.left = tool, uses

    async def run(self, call: Call, turn: Turn, /) -> AsyncGenerator[d.AnyDelta]:
        self.left -= 1
        url = call.input.get("url")
        if url == "https://busy.example":
            raise Overloaded
        if url == "https://slow.example":
            self.tool.hangs.set()
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self.tool.left.set()
        if self.left < 0:
            yield d.Whole(self.failed(call, "max_uses_exceeded"))
        elif url not in PAGES:
            yield d.Whole(self.failed(call, "url_not_accessible"))
        else:
            document = r.FetchedDocument(PlainText("text/plain", PAGES[url]))
            yield d.Whole(r.WebFetchResult(call.id, r.Fetched(url, document)))

    def failed(self, call: Call, code: str, /) -> b.Block:
        return r.WebFetchResult(call.id, r.FetchError(code))


SCRIPT = """
[[rules]]
match.text = "two pages"
answers = { blocks = [
  { text = "Let me look." },
  { tool = "web_fetch", input = { url = "https://a.example" } },
  { tool = "web_fetch", input = { url = "https://c.example" } },
] }

[[rules]]
match.text = "busy"
answers = { blocks = [{ tool = "web_fetch", input = { url = "https://busy.example" } }] }

[[rules]]
match.text = "slow"
answers = { blocks = [{ tool = "web_fetch", input = { url = "https://slow.example" } }] }

[[rules]]
match.text = "both"
answers = { blocks = [
  { tool = "web_fetch", input = { url = "https://a.example" } },
  { tool = "get_weather", input = { city = "Oslo" } },
] }

[[rules]]
match.text = "forever"
answers = { blocks = [{ tool = "web_fetch", input = { url = "https://a.example" } }] }

[[rules]]
match = { result = { name = "web_fetch", content = "Otters" }, tools = ["again"] }
answers = { blocks = [{ tool = "web_fetch", input = { url = "https://a.example" } }] }

[[rules]]
match.result.name = "web_fetch"
answers = "It says: {result}"
"""


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, pages: Pages) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("toy")
    (folder / "script.toml").write_text(SCRIPT)
    with running(folder, simulated(folder / "script.toml"), [pages]) as address:
        yield address
    assert pages.closed


@pytest.fixture
def client(url: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=url, api_key="any", max_retries=0) as made:
        yield made


def asked(said: str | list[Any], *more: Any, **fields: Any) -> Json:
    messages = said if isinstance(said, list) else [{"role": "user", "content": said}]
    return {"model": MODEL, "max_tokens": 1000, "messages": messages, "tools": [FETCH, *more], **fields}


def kinds(message: Any) -> list[str]:
    return [block.type for block in message.content]


@pytest.mark.parametrize("streamed", [False, True])
def test_it_answers_inside_the_request(client: anthropic.Anthropic, streamed: bool) -> None:
    if streamed:
        with client.messages.stream(**asked("two pages")) as stream:
            message: Any = stream.get_final_message()
    else:
        message = client.messages.create(**asked("two pages"))
    assert kinds(message) == ["text", *["server_tool_use"] * 2, *["web_fetch_tool_result"] * 2, "text"]
    _, one, two, first, second, said = message.content
    assert (first.tool_use_id, second.tool_use_id) == (one.id, two.id)
    assert one.id.startswith("srvtoolu_")
    assert one.input == {"url": "https://a.example"}
    assert first.content.content.source.data == PAGES["https://a.example"]
    assert second.content.error_code == "url_not_accessible"
    assert message.stop_reason == "end_turn"
    assert said.text.startswith("It says: ")
    again = asked([*asked("two pages")["messages"], {"role": "assistant", "content": message.content}])
    again["messages"].append({"role": "user", "content": "Hello"})
    assert client.messages.create(**again).stop_reason == "end_turn"


def test_what_fails_is_said_in_the_result(client: anthropic.Anthropic) -> None:
    message: Any = client.messages.create(**asked("busy"))
    assert message.content[1].content.error_code == "too_many_requests"
    assert message.stop_reason == "end_turn"


def test_its_own_rules_hold(client: anthropic.Anthropic) -> None:
    wrong = {**FETCH, "allowed_domains": ["a.example"], "blocked_domains": ["b.example"]}
    with pytest.raises(anthropic.BadRequestError, match=r"tools\.0: only one of allowed_domains"):
        client.messages.create(**asked("hi") | {"tools": [wrong]})


def test_what_it_remembers_is_of_one_request(client: anthropic.Anthropic) -> None:
    again: Any = {"name": "again", "input_schema": {"type": "object"}}
    for _ in range(2):
        message: Any = client.messages.create(**asked("forever", again))
        codes = [getattr(block.content, "error_code", None) for block in message.content if hasattr(block, "content")]
        assert codes == [None, None, "max_uses_exceeded"]


def test_a_turn_that_pauses_goes_on(client: anthropic.Anthropic) -> None:
    again: Any = {"name": "again", "input_schema": {"type": "object"}}
    ask = asked("forever", again) | {"tools": [{**FETCH, "max_uses": 50}, again]}
    first: Any = client.messages.create(**ask)
    assert first.stop_reason == "pause_turn"
    assert kinds(first).count("server_tool_use") == 10
    assert kinds(first).count("web_fetch_tool_result") == 9
    second: Any = client.messages.create(
        **ask | {"messages": [*ask["messages"], {"role": "assistant", "content": first.content}]}
    )
    assert kinds(second)[0] == "web_fetch_tool_result"
    assert second.content[0].tool_use_id == first.content[-1].id


@pytest.mark.parametrize("streamed", [False, True])
def test_the_client_answers_first_and_the_pending_result_leads(client: anthropic.Anthropic, streamed: bool) -> None:
    ask = asked("both", WEATHER)
    first: Any = client.messages.create(**ask)
    assert first.stop_reason == "tool_use"
    assert kinds(first) == ["server_tool_use", "tool_use"]
    result = {"type": "tool_result", "tool_use_id": first.content[1].id, "content": "rain"}
    said = [*ask["messages"], {"role": "assistant", "content": first.content}]
    then = ask | {"messages": [*said, {"role": "user", "content": [result]}]}
    if streamed:
        with client.messages.stream(**then) as stream:
            second: Any = stream.get_final_message()
    else:
        second = client.messages.create(**then)
    assert kinds(second) == ["web_fetch_tool_result", "text"]
    assert second.content[0].tool_use_id == first.content[0].id
    wrong = ask | {"messages": [*said, {"role": "user", "content": [result, {"type": "text", "text": "well?"}]}]}
    with pytest.raises(anthropic.BadRequestError, match="was found without a corresponding `web_fetch_tool_result`"):
        client.messages.create(**wrong)


def test_a_client_who_leaves_stops_it(url: str, pages: Pages) -> None:
    with (
        anthropic.Anthropic(base_url=url, api_key="any", max_retries=0) as client,
        client.messages.stream(**asked("slow")) as stream,
    ):
        for event in stream:
            if event.type == "content_block_stop":
                break
        assert pages.hangs.wait(20)
        assert not pages.left.is_set()
    assert pages.left.wait(20)


def test_before_an_engine_it_is_an_ordinary_tool(tmp_path: Path) -> None:
    with engine() as fake, running(tmp_path, engined(fake), [Pages()]) as address:
        fake.answers = [[called("web_fetch", url="https://b.example")], TEXT]
        with anthropic.Anthropic(base_url=address, api_key="any", max_retries=0) as client:
            message: Any = client.messages.create(**asked("go", WEATHER))
            assert kinds(message) == ["server_tool_use", "web_fetch_tool_result", "text"]
            assert message.usage.output_tokens == 18
            first, second = map(json.loads, fake.bodies)
            assert [tool["function"]["name"] for tool in first["tools"]] == ["web_fetch", "get_weather"]
            assert second["messages"][: len(first["messages"])] == first["messages"]
            call, result = second["messages"][-2:]
            assert call["tool_calls"][0]["function"] == {
                "name": "web_fetch",
                "arguments": '{"url":"https://b.example"}',
            }
            assert result["role"] == "tool" and "Seals do not." in result["content"]
            mixed(client, fake)


def mixed(client: anthropic.Anthropic, fake: Engine) -> None:
    """A call here beside one of the client's: the engine sees both, then both results, in one piece."""
    both = called("web_fetch", url="https://a.example")["tool_calls"] + called("get_weather", city="Oslo")["tool_calls"]
    both[1]["index"] = 1
    fake.reset()
    fake.answers = [[{"tool_calls": both}], TEXT]
    ask = asked("go", WEATHER)
    first: Any = client.messages.create(**ask)
    result = {"type": "tool_result", "tool_use_id": first.content[1].id, "content": "rain"}
    said = [*ask["messages"], {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    second: Any = client.messages.create(**ask | {"messages": said})
    assert kinds(second) == ["web_fetch_tool_result", "text"]
    calls, *results = fake.last["messages"][-3:]
    assert [call["function"]["name"] for call in calls["tool_calls"]] == ["web_fetch", "get_weather"]
    assert [one["tool_call_id"] for one in results] == [first.content[1].id, first.content[0].id]
