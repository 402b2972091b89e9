"""A question and its answer: what every answer has, in one piece and as a stream."""

import asyncio

import anthropic
import pytest

from tests.conformance.talk import Talk, assistant, counts, kinds, returned, spread, text, user, words
from tests.conformance.targets import over

USAGE = {
    "input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "cache_creation",
    "service_tier", "inference_geo",
}  # fmt: skip


@over("text")
def test_an_answer_has_all_that_an_answer_has(target: Talk) -> None:
    for message in target.both():
        assert message.id.startswith("msg_")
        assert (message.type, message.role) == ("message", "assistant")
        assert kinds(message) == ["text"]
        assert text(message)
        assert message.stop_reason in (["end_turn"] if target.can("ends") else ["end_turn", "max_tokens"])
        assert message.stop_sequence is None


@over("text")
def test_a_reply_is_json_with_every_field_that_the_api_writes(target: Talk) -> None:
    reply = target.post(target.body())
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["request-id"].startswith("req_")
    message = reply.json()
    fields = {"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "usage"}
    assert message.keys() >= fields
    assert message["usage"].keys() >= USAGE
    assert message["stop_details"] is None
    assert message["content"] == [{"type": "text", "text": message["content"][0]["text"]}]


@over("text")
def test_a_stream_says_that_it_is_one(target: Talk) -> None:
    reply = target.post(target.body(stream=True))
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["request-id"].startswith("req_")
    assert reply.content.startswith(b"event: message_start\ndata: {")
    assert reply.content.endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')


@over("text", "same")
def test_in_one_piece_and_as_a_stream_it_is_the_same_answer(target: Talk) -> None:
    whole, streamed = target.both()
    assert returned(whole) == returned(streamed)
    assert whole.model == streamed.model
    assert whole.stop_reason == streamed.stop_reason
    assert counts(whole) == counts(streamed)


@over("text", "same")
def test_the_same_question_has_the_same_answer_under_another_id(target: Talk) -> None:
    first, second = target.whole(), target.whole()
    assert returned(first) == returned(second)
    assert first.id != second.id


@over("text")
def test_the_model_is_named(target: Talk) -> None:
    asked = target.target.models["text"]
    for message in target.both():
        assert message.model.startswith(asked)


@over("text", "same")
def test_a_string_and_a_list_of_one_text_are_the_same(target: Talk) -> None:
    plain = target.whole(messages=[user("Hello there.")], system="Be brief.")
    listed = target.whole(messages=[{"role": "user", "content": [words("Hello there.")]}], system=[words("Be brief.")])
    assert returned(plain) == returned(listed)
    assert counts(plain) == counts(listed)


@over("text")
def test_a_conversation_goes_on_for_several_turns(target: Talk) -> None:
    messages = [user("My name is Ada.")]
    for question in ("What is my name?", "And what did I say first?"):
        message = target.streamed(messages=messages)
        assert message.content
        messages += [{"role": "assistant", "content": returned(message)}, user(question)]
    for message in target.both(messages=messages):
        assert text(message)


@over("text")
def test_neighbours_of_one_role_are_one_turn(target: Talk) -> None:
    messages = [user("My name is Ada."), user(words("I live in Oslo.")), assistant("Hello."), assistant("Go on."),
                user("Where do I live?"), user("Say it.")]  # fmt: skip
    for message in target.both(messages=messages):
        assert text(message)


@over("text", "obedient")
def test_what_was_said_before_is_known(target: Talk) -> None:
    messages = [user("My name is Ada."), assistant("Hello, Ada."), user("What is my name?")]
    for message in target.both(messages=messages):
        assert "Ada" in text(message)


@over("text", "seen")
def test_the_engine_gets_the_conversation_as_it_is(target: Talk) -> None:
    messages = [user("One."), assistant("Two."), user("Three.")]
    target.whole(messages=messages, system="Zero.")
    sent = target.sent()["messages"]
    assert [(one["role"], one["content"]) for one in sent] == [
        ("system", "Zero."), ("user", "One."), ("assistant", "Two."), ("user", "Three."),
    ]  # fmt: skip


@over("text")
def test_the_beta_path_answers_too(target: Talk) -> None:
    body = spread(target.body())
    message = target.client.beta.messages.create(**body, betas=["interleaved-thinking-2025-05-14"])
    assert message.content


@over("text")
def test_the_asynchronous_client_is_answered_too(target: Talk) -> None:
    async def ask() -> str:
        async with (
            anthropic.AsyncAnthropic(base_url=target.url, api_key="any", max_retries=0) as client,
            client.messages.stream(**spread(target.body())) as stream,
        ):
            return "".join([piece async for piece in stream.text_stream])

    assert asyncio.run(ask())


@over("text")
@pytest.mark.parametrize("header", [{"x_api_key": "any"}, {"authorization": "Bearer any"}])
def test_a_key_may_come_in_either_header(target: Talk, header: dict[str, str]) -> None:
    assert target.post(target.body(), **header).status_code == 200


@over("text")
@pytest.mark.parametrize("version", ["2023-06-01", "2026-10-21"])
def test_both_versions_are_served(target: Talk, version: str) -> None:
    assert target.post(target.body(), anthropic_version=version).status_code == 200
