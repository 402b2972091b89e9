"""Inputs and JSON answers are valid for their schema, whatever the text says, and hold what the text says."""

import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sijo.backends.simulator.fill import MOST, Filler
from sijo.backends.simulator.finds import Finds
from sijo.backends.simulator.regular import Unknown, example, matches

Schema = dict[str, Any]


def check(value: Any, schema: Schema) -> None:
    kind = jsonschema.Draft202012Validator
    kind(schema, format_checker=kind.FORMAT_CHECKER).validate(value)


def fill(schema: Schema, text: str, *, whole: bool = False) -> Any:
    return Filler(schema, Finds(text), whole=whole).fill()


def one(**schema: Any) -> Schema:
    return {"type": "object", "properties": {"value": schema}, "required": ["value"], "additionalProperties": False}


COUNT = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
NODE = {
    "type": "object",
    "properties": {
        "label": {"type": "string"},
        "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
        "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
    },
    "required": ["label"],
}
SCHEMAS: dict[str, Schema] = {
    "short text": one(type="string", minLength=5, maxLength=8),
    "empty text": one(type="string", maxLength=0),
    "long text": one(type="string", minLength=200),
    "steps": one(type="integer", minimum=11, maximum=20, multipleOf=5),
    "half steps": one(type="number", multipleOf=0.5, minimum=0.25),
    "between": one(type="number", exclusiveMinimum=0, exclusiveMaximum=1),
    "above": one(type="integer", exclusiveMinimum=41),
    "below zero": one(type="integer", maximum=-3),
    "unlike numbers": one(type="array", items={"type": "integer"}, minItems=3, uniqueItems=True),
    "unlike choices": one(type="array", items={"enum": ["x", "y", "z"]}, minItems=3, uniqueItems=True),
    "few": one(type="array", items={"type": "string"}, maxItems=1),
    "none": one(type="array", items={"type": "string"}, maxItems=0),
    "objects": one(type="array", items=COUNT, minItems=2),
    "tuple": one(type="array", prefixItems=[{"type": "string"}, {"type": "integer"}], items=False, minItems=2),
    "constant": one(const={"a": [1]}),
    "choice of all kinds": one(enum=[None, 7, "seven", ["s"]]),
    "null or text": one(type=["null", "string"]),
    "null or number": one(anyOf=[{"type": "null"}, {"type": "integer"}]),
    "one of constants": one(oneOf=[{"const": "red"}, {"const": "green"}]),
    "one of objects": one(
        oneOf=[
            {"type": "object", "properties": {"kind": {"const": "a"}}, "required": ["kind"]},
            {"type": "object", "properties": {"kind": {"const": "b"}}, "required": ["kind"]},
        ]
    ),
    "all of": one(
        allOf=[
            {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
            {"properties": {"y": {"type": "string"}}, "required": ["y"]},
        ]
    ),
    "map": one(type="object", additionalProperties={"type": "integer"}, minProperties=2),
    "code": one(type="string", pattern=r"^[A-Z]{3}-\d{4}$"),
    "nested pattern": one(type="string", pattern=r"^(?:[a-z]+-)*[a-z]+$"),
    "negated pattern": one(type="string", pattern=r"^[^a-y]+$"),
    "alternatives": one(type="string", pattern=r"^(?:yes|no)$"),
    "tree": {**one(**{"$ref": "#/$defs/node"}), "$defs": {"node": NODE}},
    "no type": one(),
    "anything": {"type": "object"},
    "nested": one(type="object", properties={"inner": one(**COUNT)}, required=["inner"]),
    "undeclared": {"type": "object", "properties": {}, "required": ["ghost"]},
} | {
    f"format {name}": one(type="string", format=name)
    for name in (
        "date",
        "date-time",
        "time",
        "email",
        "uri",
        "hostname",
        "uuid",
        "ipv4",
        "ipv6",
        "duration",
    )
}
TEXTS = [
    "",
    "Hello, I am 15 and need 0.5 of ABC-1234, yes, x and z",
    "서울 2026-01-02 a@b.co 3.7 https://x.y",
    '{}[]"\\:=\n\t',
    "-12 " * 40,
]


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", SCHEMAS)
def test_what_is_filled_is_valid(name: str, text: str, whole: bool) -> None:
    check(fill(SCHEMAS[name], text, whole=whole), SCHEMAS[name])


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ("I am 34", one(type="integer", minimum=18), 34),
        ("I am 3 and she is 34", one(type="integer", minimum=18), 34),
        ("it costs 1,250.75", one(type="number"), 1250.75),
        ("mail carol@example.org please", one(type="string", format="email"), "carol@example.org"),
        ("see https://example.org/a?b=c.", one(type="string", format="uri"), "https://example.org/a?b=c."),
        ("on 2027-03-01", one(type="string", format="date"), "2027-03-01"),
        ("2027년 3월 1일에", one(type="string", format="date"), "2027-03-01"),
        ("at 2027-03-01T10:00:00Z", one(type="string", format="date-time"), "2027-03-01T10:00:00Z"),
        ("I love it, it is great", one(enum=["positive", "negative"]), "positive"),
        ("정말 최악이에요", one(enum=["positive", "negative"]), "negative"),
        ("value: 7 apples, not 9", one(type="integer"), 7),
        ("value = something else", one(type="string"), "something else"),
        ("order AB-77", one(type="string", description="The order id"), "AB-77"),
        ("pick green", one(oneOf=[{"const": "red"}, {"const": "green"}]), "green"),
        ("x, then z", one(type="array", items={"enum": ["x", "y", "z"]}), ["x", "z"]),
        ("1, 2 and 30", one(type="array", items={"type": "integer", "maximum": 9}), [1, 2]),
    ],
)
def test_what_the_text_holds_is_taken(text: str, schema: Schema, value: Any) -> None:
    assert fill(schema, text) == {"value": value}


PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "email": {"type": "string", "format": "email"},
        "city": {"type": "string"},
        "guests": {"type": "integer"},
        "vegetarian": {"type": "boolean"},
    },
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "Jane Doe, 41 years old, jane@x.org, lives in Oslo and comes with 3 guests, vegetarian",
            {"name": "Jane Doe", "age": 41, "email": "jane@x.org", "city": "Oslo", "guests": 3, "vegetarian": True},
        ),
        (
            "김철수 님은 서울에 사는 28살이고 손님 2명과 옵니다",
            {"name": "김철수", "age": 28, "city": "서울", "guests": 2},
        ),
        ("age: 5, city: Rome", {"age": 5, "city": "Rome"}),
        ("nothing of the kind", {}),
    ],
)
def test_optional_fields_are_filled_only_from_the_text(text: str, value: dict[str, Any]) -> None:
    assert fill(PERSON, text) == value


def wants(*names: str, **others: Schema) -> Schema:
    fields = {name: {"type": "string"} for name in names} | others
    return {"type": "object", "properties": fields, "required": list(fields)}


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        (
            "Send an email to joe@example.com with the subject Hello and the body How are you?",
            wants("to", "subject", "body"),
            {"subject": "Hello", "body": "How are you?"},
        ),
        (
            "Email joe@example.com, subject: Lunch, body: See you at noon.",
            wants("subject", "body"),
            {"subject": "Lunch", "body": "See you at noon."},
        ),
        ("철수에게 '회의'라는 제목으로 메일을 보내줘", wants("subject"), {"subject": "회의"}),
        (
            "Schedule a meeting called Standup on 2026-12-01 with Alice and Bob",
            wants("title", attendees={"type": "array", "items": {"type": "string"}}),
            {"title": "Standup", "attendees": ["Alice", "Bob"]},
        ),
        (
            "From this email: John Smith (john@example.com) is interested in our Enterprise plan and wants a demo",
            wants("name", "email", "plan_interest", demo_requested={"type": "boolean"}),
            {"name": "John Smith", "email": "john@example.com", "plan_interest": "Enterprise", "demo_requested": True},
        ),
        ("Alice is 30 years old and lives in Paris.", wants("name"), {"name": "Alice"}),
        (
            "Inception is a 2010 film directed by Christopher Nolan",
            wants("director", year={"type": "integer"}),
            {"director": "Christopher Nolan", "year": 2010},
        ),
        ("Extract: Bob, 42, from Berlin", wants("name"), {"name": "Bob"}),
        ("철수는 25살이고 서울에 산다.", wants("이름"), {"이름": "철수"}),
        ("이름이 철수이고 나이가 25인 사람", wants("이름"), {"이름": "철수"}),
        ("This is 30 years old. There is 1.", wants("name"), {"name": "Alex"}),
    ],
)
def test_a_field_gets_what_the_text_says_of_it(text: str, schema: Schema, value: dict[str, Any]) -> None:
    filled = fill(schema, text)
    assert {name: filled[name] for name in value} == value


def test_what_was_lacking_is_named() -> None:
    filler = Filler(PERSON | {"required": ["name", "age", "city"]}, Finds("somebody in Rome"))
    filler.fill()
    assert filler.missing == ["name", "age"]


def test_defaults_and_examples_stand_in_for_what_is_lacking() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "integer", "default": 5},
            "b": {"type": "string", "examples": ["bee"]},
            "c": {"enum": ["x", "y"], "default": "y"},
        },
        "required": ["a", "b", "c"],
    }
    assert fill(schema, "nothing") == {"a": 5, "b": "bee", "c": "y"}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "default": None}, "nothing"),
        ({"type": "string", "default": 5}, "nothing"),
        ({"type": "string", "pattern": "^[a-c]{2}$", "default": "x"}, "aa"),
        ({"type": "string", "pattern": "^(?=.*b)[a-c]+$", "default": "ab"}, "ab"),
        ({"type": "string", "minLength": 9, "default": "short"}, "nothing.."),
        ({"type": "string", "format": "time", "default": "08:00"}, "08:00"),
        ({"type": "integer", "minimum": 20, "default": 1}, 20),
        ({"type": "integer", "multipleOf": 7, "default": 15}, 0),
        ({"type": "number", "default": True}, 0),
        ({"type": "integer", "default": 10**400}, 0),
        ({"type": "boolean", "default": "yes"}, False),
        ({"enum": [1, 2], "default": True}, 1),
        ({"enum": ["x", "y"], "default": None}, "x"),
        ({"type": ["string", "null"], "default": None}, None),
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}, None),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}, None),
        ({"default": 5}, 5),
    ],
)
def test_a_default_stands_in_only_if_it_is_valid(schema: Schema, value: Any) -> None:
    filled = fill(one(**schema), "nothing")["value"]
    assert (filled, type(filled)) == (value, type(value))


@pytest.mark.parametrize(
    "item", [{"const": 1}, {"const": "x"}, {"const": {"a": 1}}, {"const": None}, {"type": "string", "const": "x"}]
)
@pytest.mark.parametrize("whole", [False, True])
def test_items_that_can_be_one_thing_only_are_that(item: Schema, whole: bool) -> None:
    assert fill(one(type="array", items=item, minItems=3), "7 x of it", whole=whole) == {"value": [item["const"]] * 3}


def test_items_of_a_choice_are_never_anything_else() -> None:
    schema = one(type="array", items={"enum": ["x", "y"]}, minItems=4)
    check(fill(schema, "nothing"), schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"anyOf": [{"$ref": "#/anyOf/0"}]},
        {"type": "object", "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}, "required": ["a", "b"]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 100},
        {"type": "object", "minProperties": 10**9, "additionalProperties": {"type": "string"}},
        one(type="array", items={"type": "integer"}, minItems=10**9),
        {"type": "object", "required": [f"field {at}" for at in range(3 * MOST)]},
        one(type="string", minLength=10**9),
        one(type="string", pattern="(a*)*" * 50),
        one(type="string", pattern="a{999999999}"),
        one(type="string", pattern="("),
    ],
)
def test_a_hostile_schema_is_followed_only_so_far(schema: Schema) -> None:
    assert len(repr(fill(schema, "text " * 10))) < MOST * 150


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "a", "#", "object", "string", "array", "integer"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "properties",
                    "required",
                    "items",
                    "enum",
                    "const",
                    "anyOf",
                    "oneOf",
                    "allOf",
                    "$ref",
                    "minimum",
                    "maximum",
                    "exclusiveMinimum",
                    "multipleOf",
                    "minItems",
                    "maxItems",
                    "minLength",
                    "maxLength",
                    "pattern",
                    "format",
                    "prefixItems",
                    "minProperties",
                    "additionalProperties",
                    "default",
                    "description",
                    "examples",
                    "a",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(
    schema=st.dictionaries(
        st.sampled_from(
            [
                "type",
                "properties",
                "items",
                "enum",
                "anyOf",
                "allOf",
                "required",
                "$ref",
                "minimum",
                "pattern",
                "multipleOf",
            ]
        ),
        json,
    ),
    text=st.text(max_size=40),
)
def test_no_schema_breaks_it(schema: Schema, text: str) -> None:
    fill(schema, text)


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    schema = {
        "type": "object",
        "properties": {
            name: {"type": "string"}
            for name in (
                "city",
                "name",
                "url",
                "date",
                "path",
                "query",
                "body",
                "title",
                "email",
                "code",
                "id",
                "time",
                "phone",
                "language",
                "symbol",
                "currency",
                "timezone",
            )
        },
    }
    check(fill(schema | {"required": list(schema["properties"])}, text), schema)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d{3}$",
        r"^[a-f0-9]{8}$",
        r"^(foo|bar)-\w+$",
        r"^#[0-9A-F]{6}$",
        r"^\+?\d{2,}$",
        r"^[^\s@]+@[^\s@]+$",
        r"^(a+)+$",
        r"\S",
        r"^v\d+(\.\d+){2}$",
        r"(?i)^abc$",
    ],
)
def test_a_text_is_made_for_a_pattern(pattern: str) -> None:
    assert re.search(pattern, example(pattern))


@pytest.mark.parametrize(
    "pattern", [r"^(a+)+$", r"^(a|a)*$", r"^(a?a?)*b", r"(x*)(x*)(x*)(x*)y", r"(?=a)b", r"(a)\1", "("]
)
def test_a_pattern_that_could_take_for_ever_is_not_searched_with(pattern: str) -> None:
    assert matches(pattern, "a" * 40) is None


@pytest.mark.parametrize("pattern", [r"(?=a)b", r"(a)\1", "(", "x" * 1000, r"a{20000}"])
def test_for_some_patterns_no_text_is_made(pattern: str) -> None:
    with pytest.raises(Unknown):
        example(pattern)
