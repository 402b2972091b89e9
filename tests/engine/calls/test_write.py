"""Tools, calls and results as text: the same bytes in every turn, and what holds for one turn at its very end."""

import json
from typing import Any

import pytest

from sijo.engine.calls import conventions
from sijo.engine.calls.write import lowered
from sijo.engine.prompt import Item, Prompt
from sijo.wire import blocks as b
from sijo.wire import results as r
from sijo.wire.request import AnyTool, Auto, Named, NoTools
from sijo.wire.sources import ImageBase64
from tests.engine.calls.engine import prompt
from tests.engine.calls.tools import TOOLS

NAMES = list(conventions().rows)
ASK = Item("user", [b.Text("Is it sunny?")])
CALLED = Item("assistant", [b.Text("I look."), b.ToolUse("toolu_1", "weather", {"city": "Paris\n"})])
TOLD = Item("user", [b.ToolResult("toolu_1", "Sunny\n"), b.Text("And now?")])


def said(item: Item) -> str:
    """A turn as the engine's adapter would join it."""
    between = "" if item.role == "assistant" else "\n"
    return between.join(
        block.text if isinstance(block, b.Text) else f"({type(block).__name__})" for block in item.content
    )


def told(name: str = "hermes", **fields: Any) -> Prompt:
    return lowered(prompt(**fields), conventions()[name])


def test_the_hermes_convention_to_the_byte() -> None:
    made = told(items=[ASK, CALLED, TOLD], system=[b.Text("Be brief.")], tools=TOOLS[:1])
    first, second = made.system
    definition = (
        '{"type":"function","function":{"name":"weather","description":"weather.","parameters":{"type":"object",'
    )
    assert f"<tools>\n{definition}" in first.text
    assert first.text.endswith('<tool_call>\n{"name": "NAME", "arguments": {"KEY": "VALUE"}}\n</tool_call>')
    assert second.text == "Be brief."
    assert [said(item) for item in made.items] == [
        "Is it sunny?",
        'I look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Paris\\n"}}\n</tool_call>',
        "<tool_response>\nSunny\n\n</tool_response>\nAnd now?",
    ]
    assert (made.tools, made.choice, made.stops) == ((), None, ())


@pytest.mark.parametrize("name", NAMES)
def test_every_convention_tells_all_of_it(name: str) -> None:
    made = told(name, items=[ASK, CALLED, TOLD])
    assert all(f'"{tool.name}"' in made.system[0].text for tool in TOOLS)
    call, result = said(made.items[1]), said(made.items[2])
    assert call.startswith("I look.\n") and "weather" in call and "Paris" in call
    assert "Sunny\n" in result and result.endswith("\nAnd now?")
    assert "$" not in call + result


@pytest.mark.parametrize("name", NAMES)
def test_a_longer_conversation_begins_with_the_same_bytes(name: str) -> None:
    before = told(name, items=[ASK])
    after = told(name, items=[ASK, CALLED, TOLD], choice=AnyTool())
    assert after.system == before.system
    assert [said(item) for item in after.items[:1]] == [said(item) for item in before.items]


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (None, ""),
        (Auto(), ""),
        (Auto(disable_parallel_tool_use=True), "Call one tool at the most in this answer."),
        (AnyTool(), "Call a tool now, and write nothing before it."),
        (AnyTool(disable_parallel_tool_use=True), "Call exactly one tool now, and write nothing before it."),
        (Named("weather"), "Call the tool `weather` now, and write nothing before it."),
        (NoTools(), "Do not call a tool in this answer."),
    ],
)
def test_a_choice_is_told_at_the_very_end(choice: Any, words: str) -> None:
    made = told(items=[ASK, CALLED, TOLD], choice=choice)
    assert made.system == told().system
    last = made.items[-1].content[-1]
    assert isinstance(last, b.Text) and last.text == (words or "And now?")


def test_results_stand_in_the_order_of_their_calls() -> None:
    calls = Item("assistant", [b.ToolUse(f"toolu_{at}", "bash", {"command": str(at)}) for at in (1, 2)])
    results = Item("user", [b.ToolResult("toolu_2", "two", is_error=True), b.ToolResult("toolu_1", "one")])
    made = told(items=[ASK, calls, results])
    assert said(made.items[2]) == (
        "<tool_response>\none\n</tool_response>\n<tool_response>\nError: two\n</tool_response>"
    )


def test_a_result_keeps_its_images_where_they_stood() -> None:
    image = b.Image(ImageBase64("image/png", "aWNvbg=="))
    parts = Item("user", [b.ToolResult("toolu_1", [b.Text("see"), b.Text("here"), image]), b.Text("Well?")])
    made = told(items=[ASK, CALLED, parts])
    assert said(made.items[2]) == "<tool_response>\nsee\nhere\n(Image)\n\n</tool_response>\nWell?"


def test_what_ran_on_the_server_is_said_as_calls_with_results() -> None:
    content: list[b.Block] = [
        b.Text("I search."),
        b.ServerToolUse("srvtoolu_1", "web_search", {"query": "snow"}),
        r.WebSearchResult("srvtoolu_1", [r.SearchHit("https://a.b", "Snow", "QUJD")]),
        b.ServerToolUse("srvtoolu_2", "web_search", {"query": "unanswered"}),
        b.Text("It snows."),
    ]
    made = told(items=[ASK, Item("assistant", content), Item("user", [b.Text("Thanks.")])])
    assert [item.role for item in made.items] == ["user", "assistant", "user", "assistant", "user"]
    assert "snow" in said(made.items[1]) and "https://a.b" in said(made.items[2])
    assert said(made.items[3]) == "It snows."
    assert "QUJD" not in str(made.items) and "unanswered" not in str(made.items)


def test_a_dollar_is_a_dollar() -> None:
    call = Item("assistant", [b.ToolUse("toolu_1", "bash", {"command": "echo $name ${input} $$"})])
    for name in NAMES:
        made = told(name, items=[ASK, call, Item("user", [b.ToolResult("toolu_1", "$content $name")])])
        assert "echo $name ${input} $$" in said(made.items[1])
        assert "$content $name" in said(made.items[2])


def test_examples_are_told_with_their_tool() -> None:
    made = told(tools=[type(TOOLS[0])(name="f", input_schema={"type": "object"}, input_examples=[{"a": 1}])])
    assert '"examples":[{"a":1}]' in made.system[0].text


def test_a_prefill_stays_the_last_word() -> None:
    made = told(items=[ASK, Item("assistant", [b.Text("It is")])], choice=Auto(disable_parallel_tool_use=True))
    assert made.prefill == "It is"


def test_the_definitions_are_json() -> None:
    text = told("functionary").system[0].text
    lines = [line for line in text.splitlines() if line.startswith('{"name":"')]
    assert [json.loads(line)["parameters"] for line in lines] == [tool.input_schema for tool in TOOLS]


def test_an_unknown_convention_is_named() -> None:
    with pytest.raises(ValueError, match="no such convention: klingon; known are hermes, "):
        conventions()["klingon"]


def test_a_result_of_the_server_may_come_after_those_of_the_client() -> None:
    both = Item("assistant", [b.ServerToolUse("srvtoolu_1", "web_fetch", {}), b.ToolUse("toolu_1", "weather", {})])
    answers = Item("user", [b.ToolResult("toolu_1", "Sunny")])
    late = Item("assistant", [r.WebFetchResult("srvtoolu_1", r.FetchError("unavailable")), b.Text("So.")])
    _, calls, client, server, words = told(items=[ASK, both, answers, late], tools=TOOLS[:1]).items
    assert said(calls).count("<tool_call>") == 2
    assert [item.role for item in (client, server, words)] == ["user", "user", "assistant"]
    assert "Sunny" in said(client) and "unavailable" in said(server) and said(words) == "So."
