"""Calls and results that do not fit together are refused, each with the API's words; odd ones that do are taken."""

from typing import Any

import pytest

from tests.conformance.talk import WEATHER, Talk, assistant, result, said, use, user, words
from tests.conformance.targets import once, over

WITHOUT = "`tool_use` ids were found without `tool_result` blocks immediately after: "
ASK = user("What is the weather?")
ONE = assistant(use("toolu_1", city="Oslo"))
TWO = assistant(words("Let me see."), use("toolu_1", city="Oslo"), use("toolu_2", city="Rome"))


@once("text")
@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([ASK, ONE, user("Never mind.")], f"messages.1: {WITHOUT}toolu_1."),
        ([ASK, ONE, ASK, assistant("Hm."), user("So?")], f"messages.1: {WITHOUT}toolu_1."),
        ([ASK, ONE], f"messages.1: {WITHOUT}toolu_1."),
        ([ASK, TWO, user(result("toolu_1"))], f"messages.1: {WITHOUT}toolu_2."),
        ([ASK, TWO, user("No.")], f"messages.1: {WITHOUT}toolu_1, toolu_2."),
        ([ASK, ONE, user(words("First."), result("toolu_1"))], f"messages.1: {WITHOUT}toolu_1."),
        ([ASK, assistant("Hm."), user(result("toolu_1"))], "messages.2.content.0: unexpected `tool_use_id` found in "),
        ([user(result("toolu_1"))], "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks"),
        ([ASK, ONE, user(result("toolu_9"))], "messages.2.content.0: unexpected `tool_use_id` found in `tool_resu"),
        ([ASK, ONE, user(result("toolu_1"), result("toolu_1"))], "messages.2.content.1: each tool_use must have a "),
        ([ASK, assistant(use("toolu_1"), use("toolu_1")), user(result("toolu_1"))],
         "messages.1.content.1: `tool_use` ids must be unique"),
        ([ASK, ONE, user(result("toolu_1")), ONE, user(result("toolu_1"))],
         "messages.3.content.0: `tool_use` ids must be unique"),
        ([user(use("toolu_1"))], "messages.0.content.0: `tool_use` blocks can only be in `assistant` messages"),
        ([ASK, assistant(result("toolu_1"))], "messages.1.content.0: `tool_result` blocks can only be in `user` mess"),
    ],
)  # fmt: skip
def test_a_call_and_its_result_belong_together(target: Talk, messages: list[Any], why: str) -> None:
    error = target.refused(messages=messages, tools=[WEATHER])
    assert error.status_code == 400
    assert said(error).startswith(why)


@over("text")
@pytest.mark.parametrize(
    "messages",
    [
        [ASK, ONE, user(result("toolu_1"))],
        [ASK, ONE, user(result("toolu_1"), words("And tomorrow?"))],
        [ASK, ONE, user(result("toolu_1")), user("And tomorrow?")],
        [ASK, TWO, user(result("toolu_2"), result("toolu_1"))],
        [ASK, TWO, user(result("toolu_1")), user(result("toolu_2"))],
        [ASK, assistant("Let me see."), ONE, user(result("toolu_1"))],
        [ASK, ONE, user(result("toolu_1", "no such city", is_error=True))],
        [ASK, ONE, user(result("toolu_1", [words("sunny"), words("18 degrees")]))],
        [ASK, ONE, user(result("toolu_1", '{"temperature": 18}')), assistant(use("toolu_2", city="Rome")),
         user(result("toolu_2"))],
        [ASK, ONE, user(result("toolu_1")), assistant("Sunny."), user("Thanks. And Rome?")],
    ],
)  # fmt: skip
def test_a_call_that_was_answered_is_history(target: Talk, messages: list[Any]) -> None:
    for message in target.both(messages=messages, tools=[WEATHER]):
        assert message.stop_reason in ("end_turn", "tool_use", "max_tokens")


@over("text", "seen")
def test_the_engine_gets_each_result_right_after_its_call(target: Talk) -> None:
    messages = [ASK, TWO, user(result("toolu_2", "rain"), result("toolu_1", "sun"), words("And?"))]
    target.whole(messages=messages, tools=[WEATHER])
    _, call, *rest = target.sent()["messages"]
    assert call["content"] == "Let me see."
    assert [one["function"]["name"] for one in call["tool_calls"]] == ["weather", "weather"]
    ids = [one["id"] for one in call["tool_calls"]]
    assert [(one["role"], one["tool_call_id"], one["content"]) for one in rest[:2]] == [
        ("tool", ids[1], "rain"), ("tool", ids[0], "sun"),
    ]  # fmt: skip
    assert [one["role"] for one in rest[2:]] == ["user"]


@over("text", "seen")
def test_the_engine_is_told_that_a_tool_failed(target: Talk) -> None:
    target.whole(messages=[ASK, ONE, user(result("toolu_1", "no such city", is_error=True))], tools=[WEATHER])
    told = target.sent()["messages"][-1]["content"]
    assert "no such city" in told and told != "no such city"


@over("text", "lenient")
def test_calls_may_stand_in_a_conversation_whose_tools_are_gone(target: Talk) -> None:
    for message in target.both(messages=[ASK, ONE, user(result("toolu_1", "sunny"))]):
        assert message.stop_reason in ("end_turn", "max_tokens")
