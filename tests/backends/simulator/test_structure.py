"""Answers that are JSON, and answers that were begun by the caller."""

import json
from typing import Any

import jsonschema
import msgspec
import pytest

from sijo.backends.simulator.structure import closed

from .build import answer, prompt, result, talk, text
from .test_fill import SCHEMAS

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "email": {"type": "string", "format": "email"},
    },
    "required": ["name", "age", "email"],
    "additionalProperties": False,
}


def json_format(schema: dict[str, Any]) -> dict[str, Any]:
    return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}


async def test_a_schema_is_filled_from_the_text() -> None:
    said = await text("Extract: Jane Doe, 41, jane@x.org", **json_format(PERSON))
    assert msgspec.json.decode(said) == {"name": "Jane Doe", "age": 41, "email": "jane@x.org"}


@pytest.mark.parametrize("name", SCHEMAS)
async def test_the_answer_is_valid_for_any_schema(name: str) -> None:
    said = await text("Tell me all about it: 12 green boats", **json_format(SCHEMAS[name]))
    jsonschema.validate(msgspec.json.decode(said), SCHEMAS[name])


WRITTEN = json.dumps(PERSON, indent=2)


@pytest.mark.parametrize(
    ("said", "system"),
    [
        ("Extract: Jane Doe, 41, jane@x.org", f"Answer with an object that matches this json_schema:\n\n{WRITTEN}\n"),
        (f"Extract: Jane Doe, 41, jane@x.org\nFormat your answer according to this schema: {WRITTEN}\nDo so.", None),
        (f'Extract: Jane Doe, 41, jane@x.org. Return {{"kind": "p", "schema": {WRITTEN}}}', None),
    ],
    ids=["system", "words", "inside"],
)
async def test_a_schema_that_the_text_shows_is_filled_too(said: str, system: str | None) -> None:
    fields: dict[str, Any] = {"system": system} if system else {}
    written = await text(said, **fields)
    assert msgspec.json.decode(written) == {"name": "Jane Doe", "age": 41, "email": "jane@x.org"}


async def test_a_schema_that_is_also_in_the_words_is_not_what_fills_it() -> None:
    said = await text(f"Format your answer by {WRITTEN}: Jane Doe, 41, jane@x.org", **json_format(PERSON))
    assert msgspec.json.decode(said) == {"name": "Jane Doe", "age": 41, "email": "jane@x.org"}


@pytest.mark.parametrize(
    "system",
    [
        'Answer by {"properties": {"a": {"type": 5}}}',
        'Answer by {"properties": [1]} and {"a": "properties"',
        'Answer by {"properties": {"a": {"minimum": NaN}}}',
        "Answer by " + "{" * 30 + '"properties"',
        "Answer by " + '{"a":' * 15_000 + '"properties"',
        f"This schema has nothing to do with you: {WRITTEN}",
    ],
)
async def test_what_is_no_schema_or_no_wish_is_left_alone(system: str) -> None:
    assert not (await text("Good day to you!", system=system)).startswith("{")


async def test_where_a_schema_wants_words_they_are_the_answer() -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
    said = await text("What is 27 * 453?", **json_format(schema))
    assert "12231" in msgspec.json.decode(said)["answer"]


async def test_a_schema_is_filled_from_what_a_tool_brought() -> None:
    said = talk(
        "Who is it?",
        [{"type": "tool_use", "id": "t", "name": "look", "input": {}}],
        [result("t", "Jane Doe, jane@x.org, 41")],
    )
    assert msgspec.json.decode(await text(said, **json_format(PERSON)))["email"] == "jane@x.org"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            "Return JSON with keys name, age and city for John Smith, 34, from Paris",
            {"name": "John Smith", "age": 34, "city": "Paris"},
        ),
        ('Answer in JSON like {"name": "...", "age": 0}: Alice is 30', {"name": "Alice", "age": 30}),
        ("이름이 철수이고 나이가 25인 사람을 JSON으로 출력해줘", {"이름": "철수", "나이": 25}),
        ("name, age 키를 가진 JSON으로 답해줘: 김철수 님은 28살", {"name": "김철수", "age": 28}),
    ],
)
async def test_the_keys_that_the_text_names_are_there(asked: str, expected: dict[str, Any]) -> None:
    said = msgspec.json.decode(await text(asked))
    assert said.keys() == expected.keys()
    assert {key: said[key] for key in expected if key != "name"} == {
        key: expected[key] for key in expected if key != "name"
    }


async def test_a_key_may_be_a_letter() -> None:
    said = msgspec.json.decode(await text("Give me a JSON object with fields a, b and c"))
    assert list(said) == ["a", "b", "c"]


async def test_json_without_keys_holds_the_answer() -> None:
    assert "Paris" in msgspec.json.decode(await text("What is the capital of France? Answer in JSON."))["answer"]


async def test_a_question_about_json_is_no_request_for_it() -> None:
    assert not (await text("Who invented JSON, and when?")).startswith("{")


ALICE = "Give me JSON with keys name and age for Alice, 30"


@pytest.mark.parametrize(
    "begun",
    [
        "{",
        "{\n  ",
        '{"name"',
        '{"name": "',
        '{"name":"Al',
        '{"name": "Bob", "age',
        "[",
        "[1, 2",
        '["a',
        '{"a": {"b": [',
        '{"x": 1,',
    ],
)
async def test_json_that_was_begun_is_completed(begun: str) -> None:
    said = await text(talk(ALICE, begun.rstrip()))
    msgspec.json.decode(begun.rstrip() + said)


async def test_json_is_continued_with_what_was_asked_for() -> None:
    assert msgspec.json.decode("{" + await text(talk(ALICE, "{"))) == {"name": "Alice", "age": 30}


@pytest.mark.parametrize(
    "begun", ["", "{}", '{"a": "b\\"', '{"a": "b\\\\"', '[{"a": 1}, {"b": [2', '{"a": true', '"just text']
)
def test_open_json_is_closed(begun: str) -> None:
    if begun:
        msgspec.json.decode(begun + closed(begun))
    else:
        assert closed(begun) == ""


@pytest.mark.parametrize(
    ("asked", "begun", "rest"),
    [
        ("What is the capital of France?", "The capital of France is", " Paris."),
        ("What is the capital of France?", "The capital", " of France is Paris."),
        ("What is 27 * 453?", "The product is", " 12231."),
        ("What is latin for Ant? (A) Apoidea, (B) Rhopalocera, (C) Formicidae", "The answer is (", "C) Formicidae."),
    ],
)
async def test_what_was_begun_is_carried_on_and_not_repeated(asked: str, begun: str, rest: str) -> None:
    assert await text(talk(asked, begun)) == rest


async def test_a_prefill_is_no_place_for_a_call_or_a_thought() -> None:
    message = await answer(prompt(talk("Hello", "I say")))
    assert [block.__struct_config__.tag for block in message.content] == ["text"]
