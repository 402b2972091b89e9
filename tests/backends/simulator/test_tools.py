"""Which tools are called, when, and with what."""

from typing import Any

import pytest

from sijo.engine import deltas as d

from .build import CONVERT, WEATHER, call, calls, deltas, prompt, result, talk, text

Tool = dict[str, Any]


def tool(name: str, description: str, required: list[str] | None = None, /, **fields: Any) -> Tool:
    schema = {"type": "object", "properties": fields, "required": list(fields) if required is None else required}
    return {"name": name, "description": description, "input_schema": schema}


TEXT = {"type": "string"}
FLIGHTS = tool(
    "search_flights",
    "Search flights between two airports",
    ["origin", "destination", "date"],
    origin=TEXT,
    destination=TEXT,
    date={"type": "string", "format": "date"},
    passengers={"type": "integer", "minimum": 1},
)
EMAIL = tool("send_email", "Send an email", to={"type": "string", "format": "email"}, subject=TEXT, body=TEXT)
STOCK = tool("get_stock_price", "Get the price of a stock", ticker=TEXT)
CALCULATOR = tool("calculator", "Evaluate a math expression", expression=TEXT)
TABLE = tool(
    "book_table",
    "Reserve a table in a restaurant",
    ["party_size", "date"],
    party_size={"type": "integer"},
    date=TEXT,
    time=TEXT,
    name=TEXT,
)
TIME = tool("get_time", "Current time in a timezone", timezone=TEXT)
TRANSLATE = tool("translate_text", "Translate text", text=TEXT, target_language=TEXT)
BASH = tool(
    "Bash",
    "Executes a given bash command in a persistent shell session",
    ["command"],
    command=TEXT,
    timeout={"type": "number"},
)
READ = tool("Read", "Reads a file from the local filesystem.", ["file_path"], file_path=TEXT, limit={"type": "integer"})
CANCEL = tool("cancel_order", "Cancels an order based on the provided order ID.", order_id=TEXT)
LIGHT = tool(
    "set_light", "Turn a light on or off in a room", room=TEXT, state={"type": "string", "enum": ["on", "off"]}
)
MUSIC = tool("play_music", "Play a song", song=TEXT)
DOCS = tool("search_docs", "Search the documentation", query=TEXT)
ALL = (
    WEATHER,
    CONVERT,
    FLIGHTS,
    EMAIL,
    STOCK,
    CALCULATOR,
    TABLE,
    TIME,
    TRANSLATE,
    BASH,
    READ,
    CANCEL,
    LIGHT,
    MUSIC,
    DOCS,
)

CHOSEN: list[tuple[str, str, dict[str, Any]]] = [
    ("서울의 현재 날씨는 어때?", "get_weather", {"location": "서울"}),
    ("What's the weather like in San Francisco, CA?", "get_weather", {"location": "San Francisco, CA"}),
    ("Will it rain in Tokyo tomorrow?", "get_weather", {"location": "Tokyo"}),
    ("What is the weather in Tokyo in fahrenheit?", "get_weather", {"location": "Tokyo", "unit": "fahrenheit"}),
    ("부산 기온을 섭씨로 알려줘", "get_weather", {"location": "부산", "unit": "celsius"}),
    (
        "Convert 30 celsius to fahrenheit",
        "convert_temperature",
        {"value": 30, "from_unit": "celsius", "to_unit": "fahrenheit"},
    ),
    (
        "화씨 75도는 섭씨로 몇 도야?",
        "convert_temperature",
        {"value": 75, "from_unit": "fahrenheit", "to_unit": "celsius"},
    ),
    (
        "Find me a flight from Seoul to Tokyo on 2026-12-24 for two people",
        "search_flights",
        {"origin": "Seoul", "destination": "Tokyo", "date": "2026-12-24", "passengers": 2},
    ),
    (
        "12월 24일에 서울에서 도쿄로 가는 항공편 찾아줘",
        "search_flights",
        {"origin": "서울", "destination": "도쿄", "date": "2026-12-24"},
    ),
    (
        "I want to fly to Paris from London on March 3, 2027",
        "search_flights",
        {"origin": "London", "destination": "Paris", "date": "2027-03-03"},
    ),
    (
        'Send an email to bob@example.com with the subject "Late" saying that I will be late',
        "send_email",
        {"to": "bob@example.com", "subject": "Late", "body": "I will be late"},
    ),
    ("애플 주가 알려줘", "get_stock_price", {"ticker": "AAPL"}),
    ("What is the stock price of NVDA?", "get_stock_price", {"ticker": "NVDA"}),
    ("What is 27 * 453?", "calculator", {"expression": "27 * 453"}),
    (
        "Book a table for 4 people tomorrow at 7pm under the name Kim",
        "book_table",
        {"party_size": 4, "date": "tomorrow", "time": "7pm", "name": "Kim"},
    ),
    ("What time is it in Tokyo?", "get_time", {"timezone": "Asia/Tokyo"}),
    ('Translate "Good morning" to French', "translate_text", {"text": "Good morning", "target_language": "French"}),
    ("Run `git status -s`", "Bash", {"command": "git status -s"}),
    ("Run ls -la", "Bash", {"command": "ls -la"}),
    ("List the files here", "Bash", {"command": "ls -la"}),
    ("Read src/main.py", "Read", {"file_path": "src/main.py"}),
    ("Can you cancel order O-22 for me?", "cancel_order", {"order_id": "O-22"}),
    ("주문 O2의 취소를 부탁해", "cancel_order", {"order_id": "O2"}),
    ("거실 불 켜줘", "set_light", {"room": "거실", "state": "on"}),
    ("Turn off the kitchen light", "set_light", {"room": "kitchen", "state": "off"}),
    ("Play Hey Jude", "play_music", {"song": "Hey Jude"}),
    ("Search the documentation for streaming", "search_docs", {"query": "streaming"}),
    (
        "What is 15 celsius in fahrenheit?",
        "convert_temperature",
        {"value": 15, "from_unit": "celsius", "to_unit": "fahrenheit"},
    ),
]


NUMBERS = {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}


@pytest.mark.parametrize(
    ("said", "name", "input"),
    [
        ("What is 15 + 27?", "add", {"a": 15, "b": 27}),
        ("Add 15 and 27", "add", {"a": 15, "b": 27}),
        ("15 더하기 27은?", "sum", {"a": 15, "b": 27}),
        ("What is 6 times 7?", "multiply", {"a": 6, "b": 7}),
        ("What is 10 - 4?", "subtract_numbers", {"a": 10, "b": 4}),
        ("Divide 10 by 4", "divide", {"a": 10, "b": 4}),
    ],
)
async def test_a_sum_is_for_the_tool_that_is_named_for_it(said: str, name: str, input: dict[str, Any]) -> None:
    tools = [WEATHER, {"name": name, "description": "Works on a and b", "input_schema": NUMBERS}]
    assert await calls(said, *tools) == [(name, input)]


@pytest.mark.parametrize("said", ["Weather in Rome and Oslo?", "What is the weather in Turku and Oslo today?"])
async def test_a_place_beside_a_place_is_one(said: str) -> None:
    assert (await calls(said, WEATHER))[1:] == [("get_weather", {"location": "Oslo"})]


@pytest.mark.parametrize(("said", "name", "input"), CHOSEN)
async def test_the_fitting_tool_is_called_with_what_the_text_holds(said: str, name: str, input: dict[str, Any]) -> None:
    assert await calls(said, *ALL) == [(name, input)]


@pytest.mark.parametrize(
    "said",
    [
        "Hello",
        "안녕하세요",
        "Thanks!",
        "What is my name?",
        "Who are you?",
        "Tell me a joke about rain clouds",
        "Explain why the sea is salty",
        "내 이름은 철수야",
        "Write a poem about the weather",
    ],
)
async def test_no_tool_is_called_for_small_talk(said: str) -> None:
    assert await calls(said, *ALL) == []


CLAUSES = [
    part * (1_900 // len(part))
    for part in (" \n", "\r\n", "a. ", "a; ", "a\n", "- a\n", "and ", "고 ", "그리고 ", "다음 ", "get it. ", ", then ")
]


@pytest.mark.parametrize("before", CLAUSES)
async def test_behind_many_clauses_the_last_one_is_heard_too(before: str) -> None:
    assert await calls(f"{before}\nWhat's the weather in Paris?", *ALL) == [("get_weather", {"location": "Paris"})]


@pytest.mark.parametrize(
    "said",
    [
        "What's the weather in Paris and London?",
        "Paris weather and London weather please",
        "Weather for Paris, and also the weather in London",
    ],
)
async def test_two_places_make_two_calls_at_once(said: str) -> None:
    assert await calls(said, *ALL) == [("get_weather", {"location": "Paris"}), ("get_weather", {"location": "London"})]


async def test_two_places_in_korean_too() -> None:
    assert await calls("서울과 부산 날씨 알려줘", *ALL) == [
        ("get_weather", {"location": "서울"}),
        ("get_weather", {"location": "부산"}),
    ]


async def test_an_array_takes_all_places_in_one_call() -> None:
    many = tool("get_weather", "Weather", locations={"type": "array", "items": TEXT})
    assert await calls("Weather in Paris and London?", many) == [("get_weather", {"locations": ["Paris", "London"]})]


async def test_unlike_tools_that_need_nothing_of_each_other_are_called_at_once() -> None:
    made = await calls("What's the weather in Paris and what time is it in Tokyo?", *ALL)
    assert [name for name, _ in made] == ["get_weather", "get_time"]


TWO_STEPS = "서울 날씨를 알려주고, 화씨로 변환해줘"
BEGUN = talk(TWO_STEPS, [call("toolu_1", "get_weather", location="서울")])
BACK = '{"temperature": 18, "unit": "celsius", "condition": "맑음"}'


async def test_what_needs_a_result_waits_for_it() -> None:
    assert await calls(TWO_STEPS, WEATHER, CONVERT) == [("get_weather", {"location": "서울"})]
    said = [*BEGUN, {"role": "user", "content": [result("toolu_1", BACK)]}]
    converted = {"value": 18, "from_unit": "celsius", "to_unit": "fahrenheit"}
    assert await calls(said, WEATHER, CONVERT) == [("convert_temperature", converted)]


async def test_when_all_was_called_the_answer_tells_what_came_back() -> None:
    said = [
        *BEGUN,
        {"role": "user", "content": [result("toolu_1", BACK)]},
        {"role": "assistant", "content": [call("toolu_2", "convert_temperature", value=18)]},
        {"role": "user", "content": [result("toolu_2", "64.4")]},
    ]
    assert await calls(said, WEATHER, CONVERT) == []
    answer = await text(said, tools=[WEATHER, CONVERT])
    assert "맑음" in answer
    assert "64.4" in answer


async def test_then_in_english_waits_too() -> None:
    said = "Get the weather in Seoul, then send it to bob@example.com by email"
    assert await calls(said, WEATHER, EMAIL) == [("get_weather", {"location": "Seoul"})]
    after = [
        *talk(said, [call("t", "get_weather", location="Seoul")]),
        {"role": "user", "content": [result("t", "18°C, clear")]},
    ]
    [(name, input)] = await calls(after, WEATHER, EMAIL)
    assert name == "send_email"
    assert input["to"] == "bob@example.com"
    assert "18°C" in input["body"]


def answered(**fields: Any) -> list[dict[str, Any]]:
    return [
        *talk("Weather in Paris?", [call("t", "get_weather", location="Paris")]),
        {"role": "user", "content": [result("t", **fields)]},
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("18 degrees and clear", "18 degrees and clear"),
        ('{"temperature": 18, "sky": {"clouds": ["few", "high"]}}', "temperature: 18, sky: clouds: few; high"),
        ([{"type": "text", "text": "clear"}, {"type": "text", "text": "windy"}], "windy"),
        ("", "nothing to report"),
        ([], "nothing to report"),
    ],
)
async def test_the_answer_rests_on_the_result(content: Any, expected: str) -> None:
    answer = await text(answered(content=content), tools=[WEATHER])
    assert expected in answer
    assert "get_weather" in answer


async def test_a_failed_tool_is_said_to_have_failed() -> None:
    answer = await text(answered(content="connection refused", is_error=True), tools=[WEATHER])
    assert "failed" in answer
    assert "connection refused" in answer


async def test_after_a_failure_nothing_that_needed_it_is_called() -> None:
    said = [*BEGUN, {"role": "user", "content": [result("toolu_1", "no such city", is_error=True)]}]
    assert await calls(said, WEATHER, CONVERT) == []
    assert "실패" in await text(said, tools=[WEATHER, CONVERT])


async def test_results_of_several_calls_are_all_told() -> None:
    made = [call("a", "get_weather", location="Paris"), call("b", "get_weather", location="London")]
    said = talk("Weather in Paris and London?", made, [result("a", "sunny"), result("b", "foggy")])
    answer = await text(said, tools=[WEATHER])
    assert "sunny" in answer
    assert "foggy" in answer


@pytest.mark.parametrize(
    ("said", "choice", "names"),
    [
        ("Hello", {"type": "any"}, ["get_weather"]),
        ("애플 주가 알려줘", {"type": "any"}, ["get_stock_price"]),
        ("Hello", {"type": "tool", "name": "send_email"}, ["send_email"]),
        ("Weather in Paris?", {"type": "tool", "name": "get_time"}, ["get_time"]),
        ("Weather in Paris?", {"type": "none"}, []),
        ("Weather in Paris?", {"type": "auto"}, ["get_weather"]),
        ("Weather in Paris and London?", {"type": "auto", "disable_parallel_tool_use": True}, ["get_weather"]),
        ("Weather in Paris and London?", {"type": "any", "disable_parallel_tool_use": True}, ["get_weather"]),
    ],
)
async def test_tool_choice_is_obeyed(said: str, choice: dict[str, Any], names: list[str]) -> None:
    assert [name for name, _ in await calls(said, *ALL, tool_choice=choice)] == names


async def test_a_forced_tool_that_needs_nothing_is_called_with_something() -> None:
    item = {"$ref": "#/$defs/City"}
    city = {"type": "object", "properties": {"city": TEXT, "population": {"type": "integer"}}, "required": ["city"]}
    many = tool("IterableCity", "Cities", [], tasks={"type": "array", "items": item})
    many["input_schema"]["$defs"] = {"City": city}
    choice = {"type": "tool", "name": "IterableCity", "disable_parallel_tool_use": True}
    [(_, input)] = await calls("Paris has 2000000 people", many, tool_choice=choice)
    assert input["tasks"][0]["city"] == "Paris"


async def test_without_parallel_calls_the_second_comes_after_the_first() -> None:
    said = talk("Weather in Paris and London?", [call("a", "get_weather", location="Paris")], [result("a", "sunny")])
    auto = {"type": "auto", "disable_parallel_tool_use": True}
    assert await calls(said, WEATHER, tool_choice=auto) == [("get_weather", {"location": "London"})]


async def test_the_stop_reason_of_a_call_is_tool_use_and_its_id_is_the_clients_kind() -> None:
    said = await deltas(prompt("Weather in Paris?", tools=[WEATHER]))
    assert isinstance(said[-1], d.Stop)
    assert said[-1].reason == "tool_use"
    [made] = [delta for delta in said if isinstance(delta, d.ToolCall)]
    assert made.id.startswith("toolu_01")
    assert not made.server


async def test_calls_have_ids_of_their_own() -> None:
    said = await deltas(prompt("Weather in Paris and London?", tools=[WEATHER]))
    ids = [delta.id for delta in said if isinstance(delta, d.ToolCall)]
    assert len(ids) == len(set(ids)) == 2


SEARCH = {"type": "web_search_20250305", "name": "web_search"}
FINDER = {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"}


@pytest.mark.parametrize(
    ("said", "tools", "name"),
    [
        ("Search the web for the latest news on Mars", [SEARCH], "web_search"),
        ("Fetch https://example.com/a", [{"type": "web_fetch_20250910", "name": "web_fetch"}], "web_fetch"),
        ("Run `print(1)` in Python", [{"type": "code_execution_20250522", "name": "code_execution"}], "code_execution"),
        ("Run `ls`", [{"type": "code_execution_20250825", "name": "code_execution"}], "bash_code_execution"),
        ("서울 날씨는?", [FINDER, {**WEATHER, "defer_loading": True}], "tool_search_tool_regex"),
    ],
)
async def test_tools_of_the_server_are_called_as_such(said: str, tools: list[Tool], name: str) -> None:
    made = [delta for delta in await deltas(prompt(said, tools=tools)) if isinstance(delta, d.ToolCall)]
    assert [(delta.name, delta.server, delta.id[:9]) for delta in made] == [(name, True, "srvtoolu_")]


async def test_a_tool_that_was_found_is_called() -> None:
    search = {
        "type": "server_tool_use",
        "id": "srvtoolu_1",
        "name": "tool_search_tool_regex",
        "input": {"pattern": "weather"},
    }
    names = {
        "type": "tool_search_tool_search_result",
        "tool_references": [{"type": "tool_reference", "tool_name": "get_weather"}],
    }
    back = {"type": "tool_search_tool_result", "tool_use_id": "srvtoolu_1", "content": names}
    said = talk("서울 날씨는?", [search, back])
    assert await calls(said, FINDER, {**WEATHER, "defer_loading": True}) == [("get_weather", {"location": "서울"})]


async def test_the_apis_own_client_tools_are_called_by_their_schema() -> None:
    bash = {"type": "bash_20250124", "name": "bash"}
    assert await calls("Run `ls -la` in the shell", bash) == [("bash", {"command": "ls -la"})]


async def test_a_tool_for_code_only_is_not_called() -> None:
    assert await calls("Weather in Paris?", {**WEATHER, "allowed_callers": ["code_execution_20250825"]}) == []
