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


TEXT = {"type": "string"}
COUNT = {"type": "integer"}


def fields(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def rows(**properties: Any) -> dict[str, Any]:
    return {"type": "array", "items": fields(**properties)}


@pytest.mark.parametrize(
    ("said", "schema", "expected"),
    [
        (
            "Alice is 30 and lives in Paris. Bob is 25 and lives in London.",
            fields(people=rows(name=TEXT, age=COUNT, city=TEXT)),
            {"people": [{"name": "Alice", "age": 30, "city": "Paris"}, {"name": "Bob", "age": 25, "city": "London"}]},
        ),
        (
            "철수는 30살이고 서울에 살아요. 영희는 25살이고 부산에 살아요.",
            fields(people=rows(name=TEXT, age=COUNT, city=TEXT)),
            {"people": [{"name": "철수", "age": 30, "city": "서울"}, {"name": "영희", "age": 25, "city": "부산"}]},
        ),
        (
            "Invoice INV-7 dated 2024-03-15. Total: $1,250.00. Items: 2 x Widget at $500, 1 x Gadget at $250",
            fields(date={"type": "string", "format": "date"}, total=COUNT, items=rows(name=TEXT, quantity=COUNT)),
            {
                "date": "2024-03-15",
                "total": 1250,
                "items": [{"name": "Widget", "quantity": 2}, {"name": "Gadget", "quantity": 1}],
            },
        ),
        (
            "사과 3개, 바나나 2개 주세요",
            fields(items=rows(name=TEXT, quantity=COUNT)),
            {"items": [{"name": "사과", "quantity": 3}, {"name": "바나나", "quantity": 2}]},
        ),
        (
            "홍길동(hong@x.kr)이 노트북 2대를 1,500,000원에 주문했습니다.",
            fields(name=TEXT, email=TEXT, product=TEXT, quantity=COUNT, amount={"type": "number"}),
            {"name": "홍길동", "email": "hong@x.kr", "product": "노트북", "quantity": 2, "amount": 1500000},
        ),
        ("The staff was rude", fields(sentiment={"enum": ["POSITIVE", "NEGATIVE"]}), {"sentiment": "NEGATIVE"}),
        ("It is a chair", fields(mood={"enum": ["positive", "negative", "neutral"]}), {"mood": "neutral"}),
        ("I was charged twice", fields(kind={"enum": ["technical", "billing", "other"]}), {"kind": "billing"}),
        ("Qwrt", fields(kind={"enum": ["bug", "feature", "other"]}), {"kind": "other"}),
        ("What is 27 * 453?", fields(result=COUNT), {"result": 12231}),
        (
            "Summarize: It rained. We stayed in.",
            fields(summary=TEXT, key_points={"type": "array", "items": TEXT}),
            {"summary": "It rained.", "key_points": ["It rained.", "We stayed in."]},
        ),
        (
            "Give me a recipe",
            fields(street=TEXT, steps={"type": "array", "items": TEXT}),
            {"street": "street", "steps": ["step 1", "step 2", "step 3"]},
        ),
    ],
)
async def test_each_field_has_something_of_its_own(said: str, schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert msgspec.json.decode(await text(said, **json_format(schema))) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("Extract the name and age as JSON: Maria is 29 years old.", {"name": "Maria", "age": 29}),
        ("다음에서 이름과 나이를 JSON으로 추출해줘: 민수는 33살이다.", {"이름": "민수", "나이": 33}),
        (
            "Extract name, email and phone from this text and return JSON: Contact Bob Lee at bob@x.org or 555-1234.",
            {"name": "Bob Lee", "email": "bob@x.org", "phone": "555-1234"},
        ),
        ("Give me a JSON array of 3 colors", ["red", "blue", "green"]),
    ],
)
async def test_what_is_to_be_taken_names_the_keys(asked: str, expected: Any) -> None:
    assert msgspec.json.decode(await text(asked)) == expected
