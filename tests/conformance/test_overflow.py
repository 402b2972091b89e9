"""More than fits: a prompt that is too long, an answer that is, a body that is."""

import re

import pytest

from tests.conformance.picky import rows
from tests.conformance.talk import Talk, said, user
from tests.conformance.targets import once, over

TOO_LONG = re.compile(r"prompt is too long: (\d+) tokens > (\d+) maximum")
LONGER = {"simulator": 250_000, "relay": 250_000, "llama": 3_000}
"""Words that fit into no window of the target."""


@over("text", "exact")
def test_a_prompt_that_does_not_fit_is_refused_with_both_figures(target: Talk) -> None:
    error = target.refused(messages=[user("hello " * LONGER[target.target.name])])
    assert error.status_code == 400
    found = TOO_LONG.fullmatch(said(error))
    assert found, said(error)
    assert int(found[1]) > int(found[2])


@over("text", "seen")
def test_an_engine_that_says_so_in_a_stream_is_understood(target: Talk) -> None:
    error = target.refused(model="18_lmstudio_overflow")
    assert error.status_code == 400
    assert said(error) == "prompt is too long: 31430 tokens > 30000 maximum"


@over("text", "exact")
def test_what_is_too_long_can_still_be_counted(target: Talk) -> None:
    assert target.count(messages=[user("hello " * LONGER[target.target.name])]) > LONGER[target.target.name] / 2


@once("text")
def test_the_server_goes_on_after_it(target: Talk) -> None:
    target.post(target.body(messages=[user("hello " * 300_000)]))
    assert target.whole().content


@once("text")
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "sent"])
def test_a_body_over_the_limit_is_refused(target: Talk, declared: bool) -> None:
    size = 33 << 20
    if declared:
        body = b'{"model": "%s"' % (b" " * size)
        reply = target.post(body)
    else:
        reply = target.http.post(
            "/v1/messages",
            content=(b" " * (1 << 20) for _ in range(33)),
            headers={"x-api-key": "any", "anthropic-version": "2023-06-01", "content-type": "application/json"},
        )
    assert reply.status_code == 413
    assert reply.json()["error"]["type"] == "request_too_large"


@over("text", "strict")
def test_max_tokens_over_the_models_own_is_refused_where_it_would_be_hosted(target: Talk) -> None:
    error = target.refused(max_tokens=64_001)
    assert said(error).startswith("max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens")


@over("text", "lenient")
def test_max_tokens_over_the_models_own_is_lowered_elsewhere(target: Talk) -> None:
    reply = target.post(target.body(max_tokens=2_000_000, stream=True))
    assert reply.status_code == 200
    if target.can("seen"):
        sent = target.sent()
        assert sent[rows()[target.target.name]["limit"]] < 200_000


@over("long", "exact", without="obedient")
def test_an_answer_that_fills_the_window_says_so(target: Talk) -> None:
    for message in target.both("long"):
        if message.stop_reason != "end_turn":
            assert message.stop_reason == "model_context_window_exceeded"
            assert message.usage.input_tokens + message.usage.output_tokens > 2000


@once("text")
def test_a_very_deep_body_is_refused_and_harms_nobody(target: Talk) -> None:
    for deep in (b"[" * 200_000, b'{"a":' * 200_000):
        body = b'{"model": "m", "max_tokens": 1, "messages": ' + deep
        assert target.post(body).status_code == 400
    assert target.whole().content


@over("text")
def test_a_long_conversation_is_taken(target: Talk) -> None:
    turns = [user("Hi.") if at % 2 == 0 else user("Yes?") | {"role": "assistant"} for at in range(101)]
    for message in target.both(messages=turns):
        assert message.stop_reason in ("end_turn", "max_tokens")
