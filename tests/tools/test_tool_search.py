"""Tool search with the official SDK: on the simulator and before an engine, streaming and not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import msgspec
import pytest

from sijo.config import EngineSection, Settings
from sijo.engine.deferred import CALLER
from tests.cli.engine import TEXT, called
from tests.replies import piece
from tests.tools.served import engine, engined, running, simulated

Json = dict[str, Any]
MODEL = "claude-opus-4-5"
REGEX: Any = {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"}
BM25: Any = {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"}


def tool(name: str, description: str, **fields: str) -> Any:
    properties = {key: {"type": "string", "description": said} for key, said in fields.items()}
    schema = {"type": "object", "properties": properties, "required": list(fields)[:1]}
    return {"name": name, "description": description, "input_schema": schema, "defer_loading": True}


WEATHER = tool("get_weather", "Get the current weather in a location", location="City and country")
DEFERRED = [
    tool("send_email", "Send an email", to="Address of the recipient", body="The message"),
    WEATHER,
    tool("createInvoice", "Bill a customer", customer="Who pays", amount="How much, in euros"),
    tool("이메일_보내기", "받는 사람에게 이메일을 보냅니다", 주소="받는 사람의 주소") | {"name": "mail_ko"},
    tool("list_files", "List the files of a folder", path="The folder"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("plain"), simulated()) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=url, api_key="any", max_retries=0) as made:
        yield made


def asked(said: str | list[Any], *tools: Any, **fields: Any) -> Json:
    messages = said if isinstance(said, list) else [{"role": "user", "content": said}]
    return {"model": MODEL, "max_tokens": 1000, "messages": messages, "tools": list(tools), **fields}


def say(client: anthropic.Anthropic, ask: Json, streamed: bool) -> Any:
    if not streamed:
        return client.messages.create(**ask)
    with client.messages.stream(**ask) as stream:
        return stream.get_final_message()


def kinds(message: Any) -> list[str]:
    return [block.type for block in message.content]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("finder", [REGEX, BM25, {**BM25, "type": "tool_search_tool_bm25"}])
@pytest.mark.parametrize(
    ("said", "name"), [("What is the weather in Paris?", "get_weather"), ("서울 날씨는?", "get_weather")]
)
def test_the_simulator_searches_then_calls(
    client: anthropic.Anthropic, finder: Any, streamed: bool, said: str, name: str
) -> None:
    ask = asked(said, finder, *DEFERRED)
    message = say(client, ask, streamed)
    assert kinds(message) == ["server_tool_use", "tool_search_tool_result", "tool_use"]
    search, found, call = message.content
    assert search.name == finder["name"] and search.id.startswith("srvtoolu_")
    assert found.tool_use_id == search.id
    assert [one.tool_name for one in found.content.tool_references] == [name]
    assert call.name == name and call.id.startswith("toolu_") and call.input["location"]
    assert message.stop_reason == "tool_use"
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "rain, 12 degrees"}
    said_so = [{"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]
    after = say(client, ask | {"messages": [*ask["messages"], *said_so]}, streamed)
    assert after.stop_reason == "end_turn" and "rain" in after.content[0].text


def test_what_is_not_found_is_not_counted(client: anthropic.Anthropic) -> None:
    few = client.messages.count_tokens(model=MODEL, tools=[BM25, WEATHER], messages=asked("hi")["messages"])
    more = client.messages.count_tokens(model=MODEL, tools=[BM25, *DEFERRED], messages=asked("hi")["messages"])
    assert few.input_tokens == more.input_tokens
    hello = client.messages.create(**asked("hi", BM25, *DEFERRED))
    assert hello.usage.input_tokens == few.input_tokens
    assert kinds(hello) == ["text"]


def test_a_search_may_be_forced(client: anthropic.Anthropic) -> None:
    choice: Any = {"type": "tool", "name": "tool_search_tool_bm25"}
    message: Any = client.messages.create(**asked("Bill the customer", BM25, *DEFERRED, tool_choice=choice))
    assert kinds(message)[:2] == ["server_tool_use", "tool_search_tool_result"]
    names = [one.tool_name for one in message.content[1].content.tool_references]
    assert names[0] == "createInvoice"


def test_a_tool_that_was_found_must_stay(client: anthropic.Anthropic) -> None:
    ask = asked("What is the weather in Paris?", BM25, *DEFERRED)
    message = client.messages.create(**ask)
    call = message.content[-1]
    assert call.type == "tool_use"
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "rain"}
    said = [*ask["messages"], {"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]
    without = [one for one in ask["tools"] if one is not WEATHER]
    with pytest.raises(anthropic.BadRequestError, match="Tool reference 'get_weather' not found in available tools"):
        client.messages.create(**ask | {"messages": said, "tools": without})


def test_there_is_a_bound(client: anthropic.Anthropic) -> None:
    many = [{"name": f"t{n}", "input_schema": {"type": "object"}, "defer_loading": True} for n in range(10_001)]
    with pytest.raises(anthropic.BadRequestError, match=r"at most 10000 tools .* Found 10001"):
        client.messages.create(**asked("hi", BM25, *many))


# ---- what the model asks, as a script says it ----


@pytest.fixture(scope="module")
def searching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[anthropic.Anthropic]:
    """A server whose model searches as the user says, in JSON."""
    folder = tmp_path_factory.mktemp("searching")
    rules: list[Json] = [{"match": {"result": {"name": one["name"]}}, "answers": "so"} for one in (REGEX, BM25)]
    for at, (name, given, _) in enumerate(SEARCHES):
        answer = {"blocks": [{"tool": name, "input": given}]}
        rules.append({"match": {"text": {"exact": f"search {at}"}}, "answers": answer})
    (folder / "script.yaml").write_text(json.dumps({"rules": rules}))
    with (
        running(folder, simulated(folder / "script.yaml")) as address,
        anthropic.Anthropic(base_url=address, api_key="any", max_retries=0) as made,
    ):
        yield made


R, B = REGEX["name"], BM25["name"]
WRONG = "Invalid regular expression pattern"
SEARCHES: list[tuple[str, Json, list[str] | tuple[str, str]]] = [
    (R, {"pattern": "weather"}, ["get_weather"]),
    (R, {"pattern": "WEATHER"}, ["get_weather"]),
    (R, {"pattern": "^get_"}, ["get_weather"]),
    (R, {"pattern": "^weather"}, []),
    (R, {"pattern": "^bill a"}, ["createInvoice"]),
    (R, {"pattern": "euros$"}, ["createInvoice"]),
    (R, {"pattern": "recipient|folder"}, ["send_email", "list_files"]),
    (R, {"pattern": "mail"}, ["send_email", "mail_ko"]),
    (R, {"pattern": ".", "limit": 2}, ["send_email", "get_weather"]),
    (R, {"pattern": "이메일"}, ["mail_ko"]),
    (R, {"pattern": "받는\\s사람"}, ["mail_ko"]),
    (R, {"pattern": "\\bfiles\\b"}, ["list_files"]),
    (R, {"pattern": "\\Asend"}, ["send_email"]),
    (R, {"pattern": "send(?=_email)"}, ["send_email"]),
    (R, {"pattern": "(e)\\1"}, []),
    (R, {"pattern": "send[^x]*customer"}, []),
    (R, {"pattern": "nothing like it"}, []),
    (R, {"pattern": "("}, ("invalid_tool_input", f"{WRONG}: missing ) at position 1")),
    (R, {"pattern": "[a"}, ("invalid_tool_input", f"{WRONG}: unterminated character set at position 2")),
    (R, {"pattern": "a" * 201}, ("invalid_tool_input", "pattern: 201 characters, and 200 are the most")),
    (R, {"pattern": "a" * 200}, []),
    (R, {}, ("invalid_tool_input", "pattern: a non-empty string is required")),
    (R, {"pattern": 7}, ("invalid_tool_input", "pattern: a non-empty string is required")),
    (R, {"pattern": "a", "limit": 0}, ("invalid_tool_input", "limit: an integer from 1 to 10000 is required")),
    (R, {"pattern": "a", "limit": "5"}, ("invalid_tool_input", "limit: an integer from 1 to 10000 is required")),
    (B, {"query": "what's the temperature outside in a city"}, ["get_weather"]),
    (B, {"query": "invoices"}, ["createInvoice"]),
    (B, {"query": "이메일 보내 줘"}, ["mail_ko"]),
    (B, {"query": "send mail", "limit": 1}, ["send_email"]),
    (B, {"query": "quantum chromodynamics"}, []),
    (B, {"query": "?!"}, []),
    (B, {"query": "a" * 501}, ("invalid_tool_input", "query: 501 characters, and 500 are the most")),
    (B, {"pattern": "a"}, ("invalid_tool_input", "query: a non-empty string is required")),
    (B, {"query": "mail", "limit": 10_001}, ("invalid_tool_input", "limit: an integer from 1 to 10000 is required")),
]


@pytest.mark.parametrize("at", range(len(SEARCHES)), ids=[f"{given!s:.60}" for _, given, _ in SEARCHES])
def test_a_search_finds(searching: anthropic.Anthropic, at: int) -> None:
    message: Any = searching.messages.create(**asked(f"search {at}", REGEX, BM25, *DEFERRED))
    assert kinds(message) == ["server_tool_use", "tool_search_tool_result", "text"]
    content = message.content[1].content
    expected = SEARCHES[at][2]
    if isinstance(expected, tuple):
        assert (content.type, content.error_code, content.error_message) == ("tool_search_tool_result_error", *expected)
    else:
        assert content.type == "tool_search_tool_search_result"
        assert [one.tool_name for one in content.tool_references] == expected


# ---- before an engine ----


@pytest.mark.parametrize("streamed", [False, True])
def test_before_an_engine_a_found_tool_is_called_through_one_that_is_always_there(
    tmp_path: Path, streamed: bool
) -> None:
    here = {"name": "here", "input_schema": {"type": "object"}}
    with engine() as fake, running(tmp_path, engined(fake)) as address:
        fake.answers = [
            [{"content": "Let me see. "}, called(B, query="weather in a city")],
            [called(CALLER, name="get_weather", input={"location": "Paris"})],
            TEXT,
        ]
        with anthropic.Anthropic(base_url=address, api_key="any", max_retries=0) as client:
            ask = asked("What is the weather in Paris?", BM25, here, *DEFERRED)
            message = say(client, ask, streamed)
            assert kinds(message) == ["text", "server_tool_use", "tool_search_tool_result", "tool_use"]
            assert (message.content[-1].name, message.content[-1].input) == ("get_weather", {"location": "Paris"})
            result = {"type": "tool_result", "tool_use_id": message.content[-1].id, "content": "rain"}
            then = [{"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]
            after = say(client, ask | {"messages": [*ask["messages"], *then]}, streamed)
            assert kinds(after) == ["text"]
        first, second, third = map(json.loads, fake.bodies)
    assert [one["function"]["name"] for one in first["tools"]] == [B, "here", CALLER]
    assert first["tools"] == second["tools"] == third["tools"]
    assert second["messages"][: len(first["messages"])] == first["messages"]
    assert third["messages"][: len(second["messages"])] == second["messages"]
    told = second["messages"][-1]
    assert (
        told["role"] == "tool" and '"name":"get_weather"' in told["content"] and "City and country" in told["content"]
    )
    call = third["messages"][-2]["tool_calls"][0]["function"]
    assert json.loads(call["arguments"]) == {"name": "get_weather", "input": {"location": "Paris"}}


def test_or_it_is_listed_where_the_engines_row_says_so(tmp_path: Path) -> None:
    with engine() as fake, running(tmp_path, engined(fake, found="listed")) as address:
        fake.answers = [[called(R, pattern="weather")], [called("get_weather", location="Paris")]]
        with anthropic.Anthropic(base_url=address, api_key="any", max_retries=0) as client:
            message = client.messages.create(**asked("What is the weather in Paris?", REGEX, *DEFERRED))
        first, second = map(json.loads, fake.bodies)
    assert kinds(message) == ["server_tool_use", "tool_search_tool_result", "tool_use"]
    assert [one["function"]["name"] for one in first["tools"]] == [R]
    assert [one["function"]["name"] for one in second["tools"]] == [R, "get_weather"]


def test_a_client_may_search_by_itself(tmp_path: Path) -> None:
    finder = {"name": "find", "input_schema": {"type": "object"}}
    with engine() as fake, running(tmp_path, engined(fake)) as address:
        fake.answers = [[called("find")], [called(CALLER, name="list_files", input={"path": "/"})]]
        with anthropic.Anthropic(base_url=address, api_key="any", max_retries=0) as client:
            ask = asked("What is there?", finder, *DEFERRED)
            first: Any = client.messages.create(**ask)
            found = [{"type": "tool_reference", "tool_name": "list_files"}]
            result = {"type": "tool_result", "tool_use_id": first.content[0].id, "content": found}
            said = [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
            second: Any = client.messages.create(**ask | {"messages": [*ask["messages"], *said]})
        assert '"name":"list_files"' in fake.last["messages"][-1]["content"]
    assert (second.content[0].name, second.content[0].input) == ("list_files", {"path": "/"})


def test_what_was_recorded_plays_again(tmp_path: Path) -> None:
    ask = asked("What is the weather in Paris?", BM25, *DEFERRED)
    with engine() as fake:
        fake.answers = [[called(B, query="weather")], [called(CALLER, name="get_weather", input={"location": "Oslo"})]]
        recorded = msgspec.structs.replace(engined(fake), record=str(tmp_path / "tapes"))
        with (
            running(tmp_path / "one", recorded) as address,
            anthropic.Anthropic(base_url=address, api_key="any") as one,
        ):
            first = one.messages.create(**ask)
    tape = EngineSection(name="tape", kind="replay", path=str(tmp_path / "tapes"))
    with (
        running(tmp_path / "two", Settings(engine=(tape,))) as address,
        anthropic.Anthropic(base_url=address, api_key="any", max_retries=0) as two,
    ):
        second = two.messages.create(**ask)
    assert [block.to_dict() for block in second.content] == [block.to_dict() for block in first.content]
    assert kinds(second) == ["server_tool_use", "tool_search_tool_result", "tool_use"]


SEARCHED = called(B, query="weather")
RIGHT = ("get_weather", {"location": "Paris"})
GOOD = called(CALLER, name=RIGHT[0], input=RIGHT[1])


@pytest.mark.parametrize(
    ("answers", "asked_again"),
    [
        ([called("get_weather", location="Paris")], ""),
        ([called(CALLER, name="getWeather", input={"location": "Paris"})], ""),
        ([called(CALLER, name="get_weather", location="Paris")], ""),
        (
            [called(CALLER, name="get_weather", input={}), called(CALLER, name="get_weather", input=RIGHT[1])],
            "location",
        ),
        (
            [called(CALLER, name="get_time", input={}), called("get_weather", location="Paris")],
            "no tool named `get_time`",
        ),
        (
            [called(CALLER, input={}), called(CALLER, name="get_weather", input=RIGHT[1])],
            "`call_found_tool` does not fit",
        ),
    ],
    ids=["by its own name", "a slip in the name", "flat", "an input that does not fit", "no such tool", "no name"],
)
def test_a_found_tool_is_called_as_well_as_any(tmp_path: Path, answers: list[Json], asked_again: str) -> None:
    with engine() as fake, running(tmp_path, engined(fake)) as address:
        fake.answers = [[SEARCHED], *([answer] for answer in answers)]
        with anthropic.Anthropic(base_url=address, api_key="any", max_retries=0) as client:
            message: Any = client.messages.create(**asked("What is the weather in Paris?", BM25, *DEFERRED))
        last = fake.last
    assert kinds(message) == ["server_tool_use", "tool_search_tool_result", "tool_use"]
    assert (message.content[2].name, message.content[2].input) == RIGHT
    assert len(fake.bodies) == 1 + len(answers)
    assert [one["function"]["name"] for one in last["tools"]] == [B, CALLER]
    if asked_again:
        assert asked_again in last["messages"][-1]["content"]
        assert last["messages"][-2]["tool_calls"][0]["function"]["name"] in (CALLER, "get_time")


def test_an_engine_without_tools_is_told_in_words(tmp_path: Path) -> None:
    here: Any = {"name": "here", "input_schema": {"type": "object"}}

    def text(name: str, /, **given: object) -> list[Json]:
        return [{"content": f"<tool_call>{json.dumps({'name': name, 'arguments': given})}</tool_call>"}]

    with engine() as fake, running(tmp_path, engined(fake, tools=False)) as address:
        fake.answers = [text(B, query="weather"), text(CALLER, name="get_weather", input={"location": "Paris"})]
        with anthropic.Anthropic(base_url=address, api_key="any", max_retries=0) as client:
            message: Any = client.messages.create(**asked("What is the weather in Paris?", BM25, here, *DEFERRED))
        first, second = map(json.loads, fake.bodies)
    assert kinds(message) == ["server_tool_use", "tool_search_tool_result", "tool_use"]
    assert (message.content[2].name, message.content[2].input) == RIGHT
    assert "tools" not in first and "tools" not in second
    assert second["messages"][: len(first["messages"])] == first["messages"]
    assert '"name":"get_weather"' in second["messages"][-1]["content"]


def test_the_input_of_a_found_tool_streams_as_it_comes_where_that_was_asked_for(tmp_path: Path) -> None:
    pieces = ['{"name": "get_weather", "input": {"loc', 'ation": "Pa', 'ris"', "}}"]
    said: list[Json] = [called(CALLER)]
    said[0]["tool_calls"][0]["function"]["arguments"] = pieces[0]
    said += [{"tool_calls": [{"index": 0, "function": {"arguments": part}}]} for part in pieces[1:]]
    tools = [BM25, *(tool | {"eager_input_streaming": True} for tool in DEFERRED)]
    with engine() as fake, running(tmp_path, engined(fake)) as address:
        fake.answers = [[SEARCHED], said]
        with (
            anthropic.Anthropic(base_url=address, api_key="any", max_retries=0) as client,
            client.messages.stream(**asked("What is the weather in Paris?", *tools)) as stream,
        ):
            events = [event for event in stream if event.type == "content_block_delta" and event.index == 2]
            message: Any = stream.get_final_message()
    assert [piece(event) for event in events] == ["", '{"loc', 'ation": "Pa', 'ris"', "}"]
    assert (message.content[2].name, message.content[2].input) == RIGHT
