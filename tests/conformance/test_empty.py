"""Nothing where something is expected: a model that says nothing, and requests with empty parts."""

from typing import Any

import pytest

from tests.conformance.talk import WEATHER, Talk, assistant, result, said, use, user, words
from tests.conformance.targets import once, over

TEXT: dict[str, Any] = {"type": "text", "text": ""}
BLANK: dict[str, Any] = {"type": "text", "text": " \n\t"}


@over("silent")
def test_a_model_that_says_nothing_is_an_answer_without_content(target: Talk) -> None:
    for message in target.both("silent"):
        assert message.content == []
        assert message.stop_reason == "end_turn"
    assert [event["type"] for event in target.events if event["type"] != "ping"] == [
        "message_start", "message_delta", "message_stop",
    ]  # fmt: skip


@over("silent")
def test_an_answer_without_content_may_be_the_last_message_and_no_other(target: Talk) -> None:
    messages = [*target.body("silent")["messages"], {"role": "assistant", "content": []}]
    assert target.whole("silent", messages=messages).stop_reason == "end_turn"
    error = target.refused("silent", messages=[*messages, user("Go on, please.")])
    assert said(error) == (
        "messages.1: all messages must have non-empty content except for the optional final assistant message"
    )


@once("text")
@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([], "messages: at least one message is required"),
        ([user("")], "messages.0: user messages must have non-empty content"),
        ([{"role": "user", "content": []}], "messages.0: user messages must have non-empty content"),
        ([user(TEXT)], "messages: text content blocks must be non-empty"),
        ([user(words("a"), TEXT)], "messages: text content blocks must be non-empty"),
        ([user("a"), assistant(TEXT), user("b")], "messages: text content blocks must be non-empty"),
    ],
)
def test_a_conversation_with_nothing_in_it_is_refused(target: Talk, messages: list[Any], why: str) -> None:
    error = target.refused(messages=messages)
    assert error.status_code == 400
    older = why.replace("user messages must", "all messages must")  # the words of the models up to 4.5
    assert said(error).startswith((why, older))


@over("text")
@pytest.mark.parametrize(
    "changes",
    [
        {"messages": [user(""), user("Hello.")]},
        {"messages": [user("Hello."), {"role": "user", "content": []}]},
        {"messages": [user("Hello."), {"role": "assistant", "content": []}]},
        {"messages": [user("Hello."), assistant("")]},
        {"system": ""},
        {"system": []},
        {"tools": []},
        {"stop_sequences": []},
        {"metadata": {}},
        {"metadata": {"user_id": None}},
        {"tools": [WEATHER | {"description": ""}]},
        {"tools": [{"name": "now", "input_schema": {"type": "object"}}]},
        {"tools": [{"name": "now", "input_schema": {"type": "object", "properties": {}, "required": []}}]},
    ],
    ids=range(13),
)
def test_what_may_be_empty_is_as_if_it_were_not_there(target: Talk, changes: dict[str, Any]) -> None:
    for message in target.both(**changes):
        assert message.stop_reason in ("end_turn", "max_tokens")


@over("text", "strict")
def test_a_text_of_nothing_but_space_is_refused_where_it_would_be_hosted(target: Talk) -> None:
    assert said(target.refused(messages=[user(BLANK)])) == (
        "messages: text content blocks must contain non-whitespace text"
    )


@over("text", "lenient")
def test_a_text_of_nothing_but_space_is_taken_leniently(target: Talk) -> None:
    for message in target.both(messages=[user(words("Hello."), BLANK)]):
        assert message.stop_reason in ("end_turn", "max_tokens")


@over("text")
@pytest.mark.parametrize("content", [None, "", [], [words("")]], ids=["absent", "string", "list", "text"])
def test_a_result_may_be_empty(target: Talk, content: Any) -> None:
    messages = [user("Weather?"), assistant(use("toolu_1", city="Oslo")), user(result("toolu_1", content))]
    for message in target.both(messages=messages, tools=[WEATHER]):
        assert message.stop_reason in ("end_turn", "max_tokens", "tool_use")


@over("text", "seen")
def test_the_engine_is_sent_nothing_that_is_empty(target: Talk) -> None:
    target.whole(messages=[user("a"), user(""), assistant("")], system="", tools=[], stop_sequences=[])
    sent = target.sent()
    assert [one["role"] for one in sent["messages"]] == ["user"]
    assert not {"tools", "tool_choice", "stop"} & sent.keys()
