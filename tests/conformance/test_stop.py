"""Stop sequences: the text ends before them, the answer names them, and nothing else is looked at."""

from typing import Any

import pytest

from tests.conformance.talk import Talk, calls, said, text, user
from tests.conformance.targets import echoes, once, over


@echoes
@pytest.mark.parametrize(
    ("words", "stops", "left", "found"),
    [
        ("one two three", ["two"], "one ", "two"),
        ("one two three", ["zzz", "three", "two"], "one ", "two"),
        ("one two three", ["END"], "one two three", "END"),
        ("one two three", ["ee", "three"], "one two ", "three"),
        ("one two three", ["wo three"], "one t", "wo three"),
        ("aab", ["ab"], "a", "ab"),
        ("stop", ["stop"], "", "stop"),
        ("日本語 😀 text", ["😀"], "日本語 ", "😀"),
        ("a\n\nHuman: b", ["\n\nHuman:"], "a", "\n\nHuman:"),
        ("one two three", ["a", "b", "c", "d", "f", "g", "q", "x", "tw"], "one ", "tw"),
        ("ONE two", ["one"], None, None),
        ("one.two", ["one*two", "(", "[", "\\"], None, None),
    ],
    ids=range(12),
)
def test_an_answer_ends_before_the_first_of_them(
    target: Talk, words: str, stops: list[str], left: str | None, found: str | None
) -> None:
    whole = f"{words}END{words}"
    for message in target.both(messages=[user(words)], stop_sequences=stops):
        assert text(message) == (whole if left is None else left)
        assert message.stop_sequence == found
        assert message.stop_reason == ("end_turn" if found is None else "stop_sequence")


@echoes
def test_a_beginning_that_comes_to_nothing_is_not_lost(target: Talk) -> None:
    for message in target.both(messages=[user("a ENE b")], stop_sequences=["ENEMY", "ENDx"]):
        assert text(message) == "a ENE bENDa ENE b"
        assert message.stop_reason == "end_turn"


@echoes
def test_tokens_are_told_also_when_the_engine_was_stopped(target: Talk) -> None:
    for message in target.both(messages=[user("one two three")], stop_sequences=["two"]):
        assert message.usage.input_tokens > 0
        assert message.usage.output_tokens > 0


@over("text", "obedient")
def test_an_answer_can_be_stopped_at_a_word_of_its_own(target: Talk) -> None:
    whole = text(target.whole())
    word = whole.split()[2]
    for message in target.both(stop_sequences=[word]):
        assert text(message) == whole[: whole.index(word)]
        assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", word)


@over("text")
def test_one_that_does_not_come_changes_nothing(target: Talk) -> None:
    for message in target.both(stop_sequences=["\u2603 never \u2603"]):
        assert message.stop_reason in ("end_turn", "max_tokens")
        assert message.stop_sequence is None


@over("text", without="obedient")
def test_a_letter_that_is_in_every_answer_ends_it(target: Talk) -> None:
    letters = ["a", "e", "i", "o", "t", "n", ".", ","]
    for message in target.both(stop_sequences=letters):
        assert message.stop_reason == "stop_sequence"
        assert message.stop_sequence in letters
        assert not any(letter in text(message) for letter in letters)


@over("thinking", "seen")
def test_a_thought_is_not_looked_at(target: Talk) -> None:
    whole = target.whole("thinking")
    thought = next(block.thinking for block in whole.content if block.type == "thinking")
    word = next(word for word in thought.split() if word not in text(whole))
    for message in target.both("thinking", stop_sequences=[word]):
        assert message.stop_reason == whole.stop_reason
        assert text(message) == text(whole)


@over("call", "same")
def test_the_input_of_a_call_is_not_looked_at(target: Talk) -> None:
    for message in target.both("call", stop_sequences=['"', "{", "}", "weather"]):
        if message.stop_reason == "tool_use":
            assert calls(message)
    if not target.can("obedient"):
        assert message.stop_reason == "tool_use"


@once("text")
@pytest.mark.parametrize(
    ("stops", "why"),
    [
        ([""], "stop_sequences: each stop sequence must be non-empty"),
        (["a", ""], "stop_sequences: each stop sequence must be non-empty"),
        ("a", "stop_sequences: Input should be a valid array"),
        ([1], "stop_sequences.0: Input should be a valid string"),
    ],
    ids=["empty", "one empty", "no list", "no text"],
)
def test_what_cannot_be_found_is_refused(target: Talk, stops: Any, why: str) -> None:
    reply = target.post(target.body(stop_sequences=stops))
    assert reply.status_code == 400
    assert reply.json()["error"]["message"] == why


@over("text", "strict")
def test_space_alone_is_refused_where_it_would_be_hosted(target: Talk) -> None:
    assert said(target.refused(stop_sequences=[" \n"])) == (
        "stop_sequences: each stop sequence must contain non-whitespace"
    )
