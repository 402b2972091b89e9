"""An answer that may not be longer: it ends where it must and says why."""

from typing import Any

import pytest

from tests.conformance.talk import WEATHER, Talk, calls, kinds, said, text
from tests.conformance.targets import once, over


@over("long", "limited")
@pytest.mark.parametrize("limit", [1, 2, 7, 64])
def test_an_answer_keeps_to_it(target: Talk, limit: int) -> None:
    for message in target.both("long", max_tokens=limit):
        assert message.usage.output_tokens <= limit
        assert message.stop_reason == "max_tokens"
        assert message.stop_sequence is None


@over("long", "obedient")
def test_what_is_cut_is_the_beginning_of_the_whole(target: Talk) -> None:
    whole = text(target.whole("long"))
    for message in target.both("long", max_tokens=20):
        assert whole.startswith(text(message))
        assert len(text(message)) > 20
        assert message.usage.output_tokens == 20


@over("thinking", "limited")
def test_thinking_counts_too(target: Talk) -> None:
    for message in target.both("thinking"):
        assert message.usage.output_tokens <= target.body("thinking")["max_tokens"]


@over("call", "obedient")
def test_a_call_can_be_cut(target: Talk) -> None:
    for limit in range(1, 12):
        for message in target.both("call", max_tokens=limit, tool_choice={"type": "any"}):
            assert message.stop_reason in ("max_tokens", "tool_use")
            assert message.usage.output_tokens <= limit
            assert kinds(message)[-1:] in (["tool_use"], ["text"], [])


@over("cut")
def test_a_call_that_was_cut_is_told_as_one(target: Talk) -> None:
    for message in target.both("cut"):
        assert message.stop_reason in ("max_tokens", "model_context_window_exceeded")
        assert calls(message)
        assert isinstance(calls(message)[0].input, dict)


@over("text", "seen")
def test_the_engine_is_told_the_limit(target: Talk) -> None:
    target.whole(max_tokens=123)
    sent = target.sent()
    assert sent.get("max_tokens", sent.get("max_completion_tokens")) == 123


@once("text")
@pytest.mark.parametrize(
    ("limit", "why"),
    [
        (-1, "max_tokens: must be greater than or equal to 0"),
        (1.5, "max_tokens: Input should be a valid integer"),
        ("10", "max_tokens: Input should be a valid integer"),
        (True, "max_tokens: Input should be a valid integer"),
    ],
    ids=str,
)
def test_what_is_no_limit_is_refused(target: Talk, limit: object, why: str) -> None:
    reply = target.post(target.body() | {"max_tokens": limit})
    assert reply.status_code == 400
    assert reply.json()["error"]["message"].startswith(why)


@once("text")
def test_it_has_to_be_there(target: Talk) -> None:
    body = target.body()
    del body["max_tokens"]
    reply = target.post(body)
    assert reply.status_code == 400
    assert reply.json()["error"]["message"] == "max_tokens: Field required"


@over("text")
def test_nothing_may_be_asked_for_to_fill_the_cache(target: Talk) -> None:
    message = target.whole(max_tokens=0)
    assert message.content == []
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 0


@over("text", "seen")
def test_to_fill_the_cache_an_engine_is_asked_for_no_more_than_it_must(target: Talk) -> None:
    target.whole(max_tokens=0)
    sent = target.sent()
    assert sent.get("max_tokens", sent.get("max_completion_tokens")) == 1


@once("text")
@pytest.mark.parametrize("changes", [{"stream": True}, {"tools": [WEATHER], "tool_choice": {"type": "any"}}], ids=str)
def test_nothing_cannot_be_streamed_or_forced(target: Talk, changes: dict[str, Any]) -> None:
    reply = target.post(target.body(max_tokens=0, **changes))
    assert reply.status_code == 400
    assert reply.json()["error"]["message"].startswith("max_tokens: 0 cannot be combined with")


@over("text", "strict")
def test_more_than_the_model_gives_is_refused_where_it_would_be_hosted(target: Talk) -> None:
    assert "which is the maximum allowed number of output tokens" in said(target.refused(max_tokens=10_000_000))
