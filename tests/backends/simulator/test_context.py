"""What is left out of a message is put in from what was said before, and what is asked of the world is looked up."""

import pytest

from .build import WEATHER, call, calls, result, talk
from .test_tools import ALL, CALCULATOR, TEXT, TIME, tool


async def test_two_stocks_make_two_calls() -> None:
    made = await calls("Compare the stock prices of Apple and Microsoft", *ALL)
    assert made == [("get_stock_price", {"ticker": "AAPL"}), ("get_stock_price", {"ticker": "MSFT"})]


@pytest.mark.parametrize(
    ("before", "said", "place"),
    [
        ("What's the weather in Paris?", "And in London?", "London"),
        ("What's the weather in Paris?", "How about Turku?", "Turku"),
        ("서울 날씨 어때?", "그럼 부산은?", "부산"),
        ("대구 날씨", "광주는?", "광주"),
        ("I'm planning a trip to Lisbon.", "What's the weather there?", "Lisbon"),
        ("My name is Ann and I live in Oslo.", "What's the weather where I live?", "Oslo"),
        ("내 이름은 민수고 부산에 살아", "내가 사는 곳 날씨 알려줘", "부산"),
    ],
)
async def test_a_question_is_carried_on_and_the_place_that_is_meant_put_in(before: str, said: str, place: str) -> None:
    assert await calls(talk(before, "ok", said), *ALL) == [("get_weather", {"location": place})]


async def test_there_may_be_a_place_of_the_same_message() -> None:
    made = await calls("What's the weather in New York? Also what time is it there?", WEATHER, TIME)
    assert made == [("get_weather", {"location": "New York"}), ("get_time", {"timezone": "America/New_York"})]


WEB = tool("search_web", "Search the web", query=TEXT)


@pytest.mark.parametrize("said", ["Who won the 2024 Super Bowl?", "When was the first lighthouse built?"])
async def test_what_is_asked_of_the_world_is_looked_up_where_there_is_a_tool_for_that(said: str) -> None:
    assert [name for name, _ in await calls(said, WEATHER, WEB)] == ["search_web"]
    assert await calls(said, WEATHER) == []


@pytest.mark.parametrize(
    "said", ["What is my name?", "Who are you?", "What is 12 * 12?", "Hello there!", "What do you mean by that?"]
)
async def test_nothing_else_is_looked_up(said: str) -> None:
    assert await calls(said, WEATHER, WEB) == []


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("¿Qué tiempo hace en Madrid?", "Madrid"),
        ("Quel temps fait-il à Paris ?", "Paris"),
        ("Wie ist das Wetter in Berlin?", "Berlin"),
        ("東京の天気は？", "東京"),
        ("北京今天天气怎么样？", "北京"),
    ],
)
async def test_the_weather_is_asked_for_in_every_language(said: str, language: str) -> None:
    assert await calls(said, *ALL) == [("get_weather", {"location": language})]


MAIL = tool("send_email", "Send an email to a recipient", to=TEXT, subject=TEXT, body=TEXT)


async def test_an_address_goes_where_one_is_wanted_and_a_result_into_the_body() -> None:
    said = talk("서울 날씨를 알려주고, 그 결과를 bob@x.org로 메일 보내줘", [call("t", "get_weather", location="서울")])
    after = [*said, {"role": "user", "content": [result("t", '{"temperature": 18, "sky": "clear"}')]}]
    [(name, input)] = await calls(after, WEATHER, MAIL)
    assert (name, input["to"]) == ("send_email", "bob@x.org")
    [(_, input)] = await calls("Email joe@x.org that I'm running late", MAIL)
    assert (input["to"], input["body"]) == ("joe@x.org", "I'm running late")


async def test_a_condition_waits_for_what_it_depends_on() -> None:
    event = tool("create_event", "Create a calendar event", title=TEXT, start=TEXT)
    said = "Check the weather in Seoul, and if it's nice, create an event called Picnic on 2026-05-01"
    assert [name for name, _ in await calls(said, WEATHER, event)] == ["get_weather"]


async def test_clauses_that_only_a_comma_parts_are_told_apart() -> None:
    door, song = tool("lock_door", "Lock a door", door=TEXT), tool("play_song", "Play a song", title=TEXT)
    made = await calls("Lock the front door, play Hey Jude and check the weather in Oslo", door, song, WEATHER)
    assert made == [
        ("lock_door", {"door": "front"}),
        ("play_song", {"title": "Hey Jude"}),
        ("get_weather", {"location": "Oslo"}),
    ]


@pytest.mark.parametrize(
    ("said", "expression"),
    [
        ("What is the square root of 144?", "sqrt(144)"),
        ("What is 2 to the power of 10?", "2 ** 10"),
        ("What is 15% of 80?", "15 / 100 * 80"),
    ],
)
async def test_a_calculator_gets_what_programs_can_read(said: str, expression: str) -> None:
    assert await calls(said, CALCULATOR) == [("calculator", {"expression": expression})]
