"""An answer that the client has begun: it is gone on with, and what was there is not said again."""

import pytest

from tests.conformance.picky import rows
from tests.conformance.talk import THINK, WEATHER, Talk, assistant, said, text, user, words
from tests.conformance.targets import ECHO, over

ABLE = [one for one in ECHO if "prefill" in rows()[one.name.split()[1]]]
CANNOT = "This model does not support assistant message prefill. The conversation must end with a user message."


@over("text", "prefill")
def test_an_answer_that_was_begun_is_gone_on_with(target: Talk) -> None:
    for message in target.both(messages=[user("Say something about Paris."), assistant("Paris is a city that")]):
        assert message.stop_reason in ("end_turn", "max_tokens")
        assert not text(message).startswith("Paris is a city that")


@over("text", "prefill", "obedient")
def test_an_object_that_was_begun_is_finished(target: Talk) -> None:
    for message in target.both(messages=[user("Give me JSON with the keys name and age."), assistant("{")]):
        assert not text(message).startswith("{")
        assert text(message).rstrip().endswith("}")


@over("text", "prefill")
def test_it_may_be_a_list_of_texts(target: Talk) -> None:
    for message in target.both(messages=[user("Go on."), assistant(words("One, "), words("two,"))]):
        assert message.stop_reason


@pytest.mark.parametrize("target", ABLE, ids=[one.name for one in ABLE], indirect=True)
def test_the_engine_is_told_to_go_on(target: Talk) -> None:
    for message in target.both(messages=[user("Go on."), assistant("One, two,")]):
        assert text(message) == "One, two,ENDOne, two,"
    sent = target.sent()
    assert (sent["messages"][-1]["role"], sent["messages"][-1]["content"]) == ("assistant", "One, two,")


@over("text", without="prefill")
def test_an_engine_that_cannot_is_not_asked(target: Talk) -> None:
    error = target.refused(messages=[user("Go on."), assistant("One, two,")])
    assert (error.status_code, said(error)) == (400, CANNOT)


@over("text", "prefill")
def test_it_may_not_end_in_space(target: Talk) -> None:
    for end in (" ", "\n", "\t "):
        error = target.refused(messages=[user("Go on."), assistant(f"One,{end}")])
        assert said(error) == "messages: final assistant content cannot end with trailing whitespace"


@over("text", "prefill")
def test_an_empty_one_is_none(target: Talk) -> None:
    for message in target.both(messages=[user("Go on."), assistant("")]):
        assert text(message)


@over("text", "strict")
def test_models_that_know_none_refuse_it_where_it_would_be_hosted(target: Talk) -> None:
    error = target.refused(model="claude-sonnet-4-6", messages=[user("Go on."), assistant("One,")])
    assert said(error) == CANNOT


@over("text", "strict")
def test_it_does_not_go_with_thinking_where_it_would_be_hosted(target: Talk) -> None:
    error = target.refused(messages=[user("Go on."), assistant("One,")], **THINK)
    assert error.status_code == 400


@over("text", "prefill")
def test_tools_may_be_offered_beside_it(target: Talk) -> None:
    for message in target.both(messages=[user("Weather?"), assistant("Let me see:")], tools=[WEATHER]):
        assert message.stop_reason
