"""Schemas that are put together from others, merged into one that says the same; and what is not held."""

from typing import Any

import pytest

from sijo.engine import schemas
from sijo.engine.schemas import formats, gbnf, plain, tree
from sijo.engine.schemas.fit import fitted
from sijo.engine.schemas.regex import Impossible, Large, Unheld
from sijo.wire.base import Json

S, W, N, B, Z = ({"type": kind} for kind in ("string", "integer", "number", "boolean", "null"))


def closed(properties: Json, *required: str) -> Json:
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


MERGED: dict[str, tuple[Json, Json]] = {
    "types have in common what all allow": (
        {"allOf": [{"type": ["string", "integer"]}, {"type": ["integer", "null"]}]},
        W,
    ),
    "an integer is a number": ({"allOf": [N, W]}, W),
    "a number may be an integer": ({"type": ["integer", "number"]}, N),
    "values have in common what all allow": (
        {"allOf": [{"enum": ["a", "b", 1]}, {"enum": [1, "b"]}, S]},
        {"enum": ["b"]},
    ),
    "1.0 is 1": ({"enum": [1, 2.5], "type": "integer"}, {"enum": [1]}),
    "a value is held to the pattern": ({"enum": ["ab", "b"], "pattern": "^a"}, {"enum": ["ab"]}),
    "a value is held to the format": (
        {"enum": ["2024-02-30", "2024-02-29"], "format": "date"},
        {"enum": ["2024-02-29"]},
    ),
    "a format that no value has": (
        {"enum": ["/a", 1], "type": "string", "format": "uri"},
        {"enum": ["/a"]},
    ),
    "true is not 1": ({"enum": [True, 1], "type": "boolean"}, {"enum": [True]}),
    "alternatives without those that cannot be": ({**S, "anyOf": [W, {"enum": ["x"]}]}, {"enum": ["x"]}),
    "alternatives of alternatives": ({"anyOf": [{"anyOf": [W, Z]}, W]}, {"anyOf": [W, {"enum": [None]}]}),
    "alternatives combined": (
        {"allOf": [{"anyOf": [{"const": 1}, {"const": 2}]}, {"anyOf": [{"const": 2}, {"const": 3}]}]},
        {"enum": [2]},
    ),
    "what is required somewhere": (
        {**closed({"a": W, "b": B}), "allOf": [{"required": ["b"]}]},
        closed({"b": {"enum": [True, False]}, "a": W}, "b"),
    ),
    "a property said twice": (
        {**closed({"a": {"type": ["integer", "null"]}}), "allOf": [{"properties": {"a": W}}]},
        closed({"a": W}),
    ),
    "properties that only one allows": (
        {"allOf": [closed({"a": W, "b": W}), closed({"b": W, "c": W})]},
        closed({"b": W}),
    ),
    "a reference and what stands beside it": (
        {"$ref": "#/$defs/a", "enum": [1, "x"], "$defs": {"a": W}},
        {"enum": [1]},
    ),
    "a reference to a part of a part": ({"$ref": "#/$defs/a~1b/anyOf/1", "$defs": {"a/b": {"anyOf": [W, S]}}}, S),
    "a reference whose name is encoded": ({"$ref": "#/$defs/a%20b", "$defs": {"a b": Z}}, {"enum": [None]}),
    "items said twice": (
        {"allOf": [{"type": "array", "items": {"enum": [1, 2]}}, {"items": {"enum": [2, 3]}, "minItems": 1}]},
        {"type": "array", "items": {"enum": [2]}, "minItems": 1},
    ),
    "items that cannot be": (
        {"type": "array", "items": {"allOf": [S, W]}},
        {"type": "array", "items": {}, "maxItems": 0},
    ),
    "bounds of a string": ({**S, "minLength": 2, "maxLength": 4}, {**S, "minLength": 2, "maxLength": 4}),
    "nothing said": ({"description": "Any."}, {}),
    "notes say nothing": ({"type": "integer", "title": "T", "default": "x", "$schema": "y"}, W),
    "an open object of no names": ({"type": "object"}, {"type": "object"}),
    "an open object of names is closed": ({"type": "object", "properties": {"a": W}}, closed({"a": W})),
}


@pytest.mark.parametrize("name", MERGED)
def test_a_schema_is_merged(name: str) -> None:
    schema, merged = MERGED[name]
    assert plain.schema_of(tree.read(schema), "raw") == merged


UNHELD: dict[str, tuple[Json, type[Unheld]]] = {
    "recursion": ({"type": "array", "items": {"$ref": "#"}}, Unheld),
    "a reference to nothing": ({"$ref": "#/$defs/a"}, Unheld),
    "a reference to elsewhere": ({"$ref": "https://example.com/a"}, Unheld),
    "bounds of a number": ({"type": "integer", "minimum": 1}, Unheld),
    "one of": ({"oneOf": [S, W]}, Unheld),
    "two patterns": ({**S, "allOf": [{"pattern": "a"}, {"pattern": "b"}]}, Unheld),
    "values that are objects": ({"enum": [{}]}, Unheld),
    "properties of any name": ({"type": "object", "additionalProperties": W}, Unheld),
    "no type": ({"allOf": [S, W]}, Impossible),
    "no value": ({**S, "enum": [1]}, Impossible),
    "false": (
        {"type": "object", "properties": {"a": False}, "required": ["a"], "additionalProperties": False},
        Impossible,
    ),
    "a required name that is not allowed": (closed({}, "a"), Impossible),
    "fewer than none": ({"type": "array", "items": W, "minItems": 2, "maxItems": 1}, Impossible),
    "alternatives without end": (
        {"allOf": [{"anyOf": [closed({f"p{n}{m}": W}) for m in range(9)]} for n in range(9)]},
        Large,
    ),
    "more patterns than can be taken apart": (
        closed({f"p{n}": {"type": "string", "pattern": f"^{'[a-z]' * 100}{n}$"} for n in range(100)}),
        Large,
    ),
    "more items than are counted": ({"type": "array", "items": W, "minItems": 5000}, Large),
}


@pytest.mark.parametrize("name", UNHELD)
def test_what_is_not_held_is_told_apart(name: str) -> None:
    schema, kind = UNHELD[name]
    with pytest.raises(Unheld) as caught:
        schemas.grammar(schema)
    assert caught.type is kind
    assert schemas.impossible(schema) is (kind is Impossible)
    assert not schemas.held(schema)


def test_references_that_multiply_stay_few_rules() -> None:
    ladder = {
        f"d{n}": closed({"l": {"$ref": f"#/$defs/d{n + 1}"}, "r": {"$ref": f"#/$defs/d{n + 1}"}}) for n in range(60)
    }
    grammar = gbnf.write(tree.read({"$ref": "#/$defs/d0", "$defs": {**ladder, "d60": W}}))
    assert grammar.count("\n") < 200


def test_a_grammar_writes_required_properties_first_and_no_space() -> None:
    grammar = schemas.grammar(closed({"a": W, "b": {"enum": ["x", 1, None]}, "c": N}, "b"))
    rules = dict(line.split(" ::= ", 1) for line in grammar.splitlines() if line)
    assert rules[rules["root"]] == r'"{" "\"b\":" ' + rules[rules["root"]].split()[2] + ' r2 "}"'
    assert (rules["r2"], rules["r1"]) == (r'("," "\"a\":" whole)? r1', r'("," "\"c\":" number)?')
    assert rules["r0"] == r'"\"x\"" | "1" | "null"'


FITTED: list[tuple[Json, Any, Any]] = [
    (W, 3, 3),
    (W, "3", 0),
    (W, 3.5, 0),
    (W, 3.0, 3.0),
    (N, 3.5, 3.5),
    (N, True, 0),
    (B, True, True),
    (B, 1, True),
    (S, 1, ""),
    ({"enum": ["a", 1]}, 1, 1),
    ({"enum": ["a", 1]}, True, "a"),
    ({"type": ["string", "null"]}, None, None),
    ({"type": ["integer", "null"]}, "x", 0),
    ({**S, "pattern": "^[b-d]+$"}, "bcd", "bcd"),
    ({**S, "pattern": "^[b-d]+$"}, "x", "b"),
    ({**S, "format": "date"}, "2024-02-29", "2024-02-29"),
    ({**S, "format": "uuid"}, "x", "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"),
    ({**S, "minLength": 3}, "a", "a.."),
    ({**S, "maxLength": 1}, "ab", "a"),
    (closed({"a": W, "b": S}, "b"), {"a": 1, "c": 2}, {"b": "", "a": 1}),
    (closed({"a": W}), {"a": "x"}, {"a": 0}),
    (closed({"a": closed({"b": W}, "b")}, "a"), None, {"a": {"b": 0}}),
    ({"type": "array", "items": W, "minItems": 1}, [], [0]),
    ({"type": "array", "items": W}, ["x", 2], [0, 2]),
    ({"anyOf": [closed({"a": W}, "a"), closed({"b": S}, "b")]}, {"b": "x"}, {"b": "x"}),
    ({}, {"any": 1}, {"any": 1}),
    ({"oneOf": [S, W]}, 5, 5),
]


@pytest.mark.parametrize(("schema", "value", "made"), FITTED)
def test_a_value_is_made_to_fit(schema: Json, value: Any, made: Any) -> None:
    assert fitted(schema, value) == made


MENDED: dict[str, tuple[Json, Json]] = {
    "required first, notes kept": (
        {
            "type": "object",
            "title": "T",
            "properties": {"a": {"type": "integer", "description": "A."}, "b": S},
            "required": ["b"],
        },
        {
            "type": "object",
            "title": "T",
            "properties": {"b": S, "a": {"type": "integer", "description": "A."}},
            "required": ["b"],
        },
    ),
    "a format as a pattern": (
        {**S, "format": "ipv4"},
        {**S, "description": "Format: ipv4", "pattern": plain.held(formats.tree("ipv4"), "json")},
    ),
    "a pattern that cannot be held is told": ({**S, "pattern": "(?=a)"}, {**S, "description": "Pattern: (?=a)"}),
    "a pattern in the plainest words": (
        {**S, "pattern": r"^\d\.\"?$"},
        {**S, "pattern": r"^[0-9][\u002E]([\u005C][\u0022])?$"},
    ),
    "parts merged, inside": (
        closed({"a": {"allOf": [{"enum": [1, 2]}, {"enum": [2, 3]}], "description": "D."}}),
        closed({"a": {"description": "D.", "enum": [2]}}),
    ),
    "what is not known stays": (
        {"type": "integer", "minimum": 3, "x": [1]},
        {"type": "integer", "minimum": 3, "x": [1]},
    ),
}


@pytest.mark.parametrize("name", MENDED)
def test_a_schema_is_said_as_llama_reads_it(name: str) -> None:
    schema, said = MENDED[name]
    made = schemas.mended(schema, "json")
    assert made == said
    assert list(made.get("properties", ())) == list(said.get("properties", ()))
