"""Counting: whole, monotone, checked like the question itself, and for nothing."""

from typing import Any

import pytest

from tests.conformance.talk import THINK, WEATHER, Json, Talk, assistant, result, use, user, words
from tests.conformance.targets import once, over

MORE: dict[str, Json] = {
    "words": {"messages": [user("Say something about Paris. And about Rome, and about Oslo, please.")]},
    "turns": {"messages": [user("Say something about Paris."), assistant("It is a city."), user("Go on.")]},
    "system": {"system": "You are a helpful guide who knows every city."},
    "tools": {"tools": [WEATHER]},
    "calls": {
        "messages": [user("Say something about Paris."), assistant(use("toolu_1", city="Paris")),
                     user(result("toolu_1", "It is sunny in Paris today."))],
        "tools": [WEATHER],
    },
}  # fmt: skip


@over("text")
@pytest.mark.parametrize("more", MORE)
def test_more_is_more(target: Talk, more: str) -> None:
    assert 0 < target.count() < target.count(**MORE[more])


@over("text", "exact")
@pytest.mark.parametrize("more", MORE)
def test_what_was_counted_is_what_it_costs(target: Talk, more: str) -> None:
    message = target.whole(**MORE[more], max_tokens=20)
    usage = message.usage
    told = usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    assert told == target.count(**MORE[more])


@over("text")
def test_the_same_counts_the_same(target: Talk) -> None:
    assert target.count() == target.count()
    plain, marked = words("Hello."), words("Hello.") | {"cache_control": {"type": "ephemeral"}}
    assert target.count(messages=[user(plain)]) == target.count(messages=[user(marked)])


@over("text")
def test_only_the_number_is_told(target: Talk) -> None:
    body = {name: value for name, value in target.body().items() if name in ("model", "messages")}
    reply = target.post(body, "/v1/messages/count_tokens")
    assert reply.status_code == 200
    assert reply.json().keys() == {"input_tokens"}
    assert reply.headers["request-id"].startswith("req_")


@over("text", "seen")
def test_nothing_is_generated(target: Talk) -> None:
    before = len(target.seen())
    target.count()
    assert len(target.seen()) == before


@once("text")
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"messages": []}, "messages: at least one message is required"),
        ({"messages": None}, "messages: Input should be a valid array"),
        ({"model": ""}, "model: String should have at least 1 character"),
        ({"max_tokens": 5}, "max_tokens: Extra inputs are not permitted"),
        ({"stream": True}, "stream: Extra inputs are not permitted"),
        ({"messages": [user(words(""))]}, "messages: text content blocks must be non-empty"),
        ({"tools": [WEATHER, WEATHER]}, "tools: Tool names must be unique."),
        ({"messages": [user("a"), assistant(use("toolu_1")), user("b")]}, "messages.1: `tool_use` ids were found"),
    ],
    ids=range(8),
)
def test_it_is_checked_like_the_question_itself(target: Talk, changes: dict[str, Any], why: str) -> None:
    body = {name: value for name, value in target.body().items() if name in ("model", "messages")}
    reply = target.post(body | changes, "/v1/messages/count_tokens")
    assert reply.status_code == 400
    assert reply.json()["error"]["message"].startswith(why)


@over("thinking")
def test_thinking_may_be_on(target: Talk) -> None:
    assert target.count("thinking", thinking=THINK["thinking"]) > 0


@over("text", "strict")
def test_a_model_that_is_not_there_is_not_found(target: Talk) -> None:
    reply = target.post({"model": "claude-nonsense-9", "messages": [user("a")]}, "/v1/messages/count_tokens")
    assert (reply.status_code, reply.json()["error"]["message"]) == (404, "model: claude-nonsense-9")
