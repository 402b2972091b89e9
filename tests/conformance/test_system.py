"""The system prompt: as one text or several, at the start or in the middle, and what clients put into it."""

from typing import Any

import pytest

from tests.conformance.picky import rows
from tests.conformance.talk import Talk, assistant, said, text, user, words
from tests.conformance.targets import once, over

BILLING = "x-anthropic-billing-header: cc_version=2.1.329.abc; cc_entrypoint=cli;"
KEEP = {"cache_control": {"type": "ephemeral"}}


@over("text")
@pytest.mark.parametrize(
    "system",
    [
        "Be brief.",
        [words("Be brief.")],
        [words("Be brief."), words("Be kind.") | KEEP],
        [words(BILLING), words("Be brief.") | KEEP, words("Be kind.") | {"cache_control": {"type": "ephemeral"}}],
        "word " * 450,
    ],
    ids=["string", "list", "cached", "billed", "long"],
)
def test_a_system_prompt_is_taken(target: Talk, system: Any) -> None:
    for message in target.both(system=system):
        assert text(message)


@over("text", "obedient")
def test_a_system_prompt_is_followed(target: Talk) -> None:
    for message in target.both(system="Always answer in Korean.", messages=[user("Hello!")]):
        assert any("가" <= char <= "힣" for char in text(message))


@over("text", "seen")
def test_the_engine_gets_it_first_and_once(target: Talk) -> None:
    target.whole(system=[words("Be brief."), words("Be kind.") | KEEP], messages=[user("a"), assistant("b"), user("c")])
    first, *rest = target.sent()["messages"]
    assert (first["role"], first["content"]) == ("system", "Be brief.\n\nBe kind.")
    assert [one["role"] for one in rest] == ["user", "assistant", "user"]


@over("text", "seen")
def test_what_names_the_client_is_not_for_the_model(target: Talk) -> None:
    target.whole(system=[words(BILLING), words("Be brief.")])
    assert target.sent()["messages"][0] == {"role": "system", "content": "Be brief."}
    target.whole(system=[words(BILLING)])
    assert [one["role"] for one in target.sent()["messages"]] == ["user"]


@over("text", "same")
def test_what_names_the_client_changes_nothing(target: Talk) -> None:
    plain = target.whole(system=[words("Be brief.")])
    billed = target.whole(system=[words(BILLING), words("Be brief.")])
    assert text(plain) == text(billed)
    if target.can("exact"):
        assert plain.usage.input_tokens == billed.usage.input_tokens


@over("text", "strict")
def test_a_system_message_is_refused_by_models_that_know_none(target: Talk) -> None:
    messages = [user("a"), {"role": "system", "content": "Be brief."}]
    assert said(target.refused(messages=messages)) == "messages.1.role: Input should be 'user' or 'assistant'"


@over("text", "lenient")
@pytest.mark.parametrize(
    "messages",
    [
        [user("a"), {"role": "system", "content": "Be brief."}],
        [user("a"), {"role": "system", "content": [words("Be brief.")]}, assistant("b"), user("c")],
        [user("a"), assistant("b"), user("c"), {"role": "system", "content": "Be brief."}],
    ],
    ids=["last", "middle", "after"],
)
def test_a_system_message_in_the_middle_reaches_an_engine(target: Talk, messages: list[Any]) -> None:
    for message in target.both(messages=messages):
        assert text(message)
    if target.can("seen"):
        sent = target.sent()["messages"]
        assert "Be brief." in str(sent)
        if rows()[target.target.name]["system"] == "first":
            assert all(one["role"] != "system" for one in sent)


@once("text")
@pytest.mark.parametrize(
    ("system", "why"),
    [
        ([words("")], "system: text content blocks must be non-empty"),
        ([{"type": "image", "source": {}}], "system.0"),
        ([1], "system.0"),
    ],
    ids=range(3),
)
def test_what_is_no_system_prompt_is_refused(target: Talk, system: Any, why: str) -> None:
    reply = target.post(target.body() | {"system": system})
    assert reply.status_code == 400
    assert reply.json()["error"]["message"].startswith(why)
