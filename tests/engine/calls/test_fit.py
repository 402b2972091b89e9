"""Inputs against schemas, and names against tools: what is certain is put right, and what is not is told."""

from typing import Any

import pytest

from sijo.engine.calls.fit import Fit
from sijo.engine.calls.judge import Known
from sijo.engine.calls.names import meant
from sijo.wire import tools as t
from tests.engine.calls.tools import TOOLS

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer"},
        "unit": {"enum": ["celsius", "fahrenheit"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "file_path": {"type": "string"},
        "place": {"$ref": "#/$defs/place"},
        "near": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    },
    "required": ["city"],
    "additionalProperties": False,
    "$defs": {"place": {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}},
}
FITTED: list[tuple[Any, Any]] = [
    ({"city": "P", "days": "3"}, {"city": "P", "days": 3}),
    ({"city": 5}, {"city": "5"}),
    ({"city": ["P"]}, {"city": "P"}),
    ({"city": "P", "unit": "Celsius"}, {"city": "P", "unit": "celsius"}),
    ({"city": "P", "tags": "a"}, {"city": "P", "tags": ["a"]}),
    ({"city": "P", "tags": '["a", "b"]'}, {"city": "P", "tags": ["a", "b"]}),
    ({"city": "P", "filePath": "a"}, {"city": "P", "file_path": "a"}),
    ({"City": "P"}, {"city": "P"}),
    ({"city": "P", "place": {"x": "1.5"}}, {"city": "P", "place": {"x": 1.5}}),
    ({"city": "P", "place": '{"x": 1}'}, {"city": "P", "place": {"x": 1}}),
    ({"city": "P", "near": "4"}, {"city": "P", "near": 4}),
    ({"city": "P", "days": None}, {"city": "P"}),
    ({"city": "P", "reason": "because"}, {"city": "P"}),
    ('{"city": "P"}', {"city": "P"}),
    ([{"city": "P"}], {"city": "P"}),
    ({"arguments": {"city": "P", "days": "2"}}, {"city": "P", "days": 2}),
    ({"weather": {"city": "P"}}, {"city": "P"}),
    ("Paris", {"city": "Paris"}),
]
UNFIT: list[tuple[Any, str]] = [
    ({}, '"city" is a required property'),
    ({"days": 3}, '"city" is a required property'),
    ({"city": None}, "city: null is not of type"),
    ({"city": ["P", "Q"]}, "city: "),
    ({"city": 1.5}, "city: 1.5 is not of type"),
    ({"city": True}, "city: true is not of type"),
    ({"city": {"name": "P"}}, "city: "),
    ({"city": "P", "days": "three"}, 'days: "three" is not of type "integer"'),
    ({"city": "P", "unit": "kelvin"}, 'unit: "kelvin" is not one of'),
    ({"city": "P", "dayz": 3}, "'dayz' was unexpected"),
    ({"city": "P", "place": {"x": "far"}}, "place.x: "),
    (None, "null is not of type"),
]


@pytest.mark.parametrize(("value", "expected"), FITTED)
def test_what_is_certain_is_put_right(value: Any, expected: Any) -> None:
    made, wrong = Fit(SCHEMA, "weather").fitted(value)
    assert (made, wrong) == (expected, [])


@pytest.mark.parametrize(("value", "words"), UNFIT)
def test_what_is_not_is_left_and_told(value: Any, words: str) -> None:
    made, wrong = Fit(SCHEMA, "weather").fitted(value)
    assert made == value
    assert words in "; ".join(wrong)


def test_a_value_that_fits_is_not_touched() -> None:
    value = {"city": "3", "days": 3.0, "tags": []}
    assert Fit(SCHEMA).fitted(value)[0] is value


def test_the_one_object_that_is_required_is_put_around() -> None:
    inner = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    fit = Fit({"type": "object", "properties": {"place": inner}, "required": ["place"]})
    assert fit.fitted({"city": "P"}) == ({"place": {"city": "P"}}, [])


@pytest.mark.parametrize("bad", [{"$ref": "#/nowhere"}, {"type": "string", "pattern": "(a+)+(?=b)\\1"}])
def test_a_schema_that_cannot_be_tried_lets_everything_through(bad: dict[str, Any]) -> None:
    assert Fit({"type": "object", "properties": {"a": bad}}).fitted({"a": 1}) == ({"a": 1}, [])


NAMES = ["weather", "read_file", "read_files", "Bash", "mcp__srv__search", "mcp__other__find"]
MEANT = {
    "weather": "weather", "functions.weather": "weather", "Weather": "weather", "wether": "weather",
    "weather:0": "weather", " `weather` ": "weather", "readFile": "read_file", "read-file": "read_file",
    "BASH": "Bash", "tools/Read_File": "read_file", "search": "mcp__srv__search", "srv.search": "mcp__srv__search",
    "mcp.srv.search": "mcp__srv__search", "functions.mcp__srv__search": "mcp__srv__search",
}  # fmt: skip
UNKNOWN = ("", "?", "read_fil", "get_news", "mcp__github__weather", "mcp__third__search", "ba", "x" * 5000)


@pytest.mark.parametrize("name", MEANT)
def test_a_name_in_another_dress_is_known(name: str) -> None:
    assert meant(name, NAMES) == MEANT[name]


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_name_that_may_be_several_or_none_is_not(name: str) -> None:
    assert meant(name, NAMES) is None


def test_a_good_call_keeps_its_input_to_the_character() -> None:
    text = '{ "city":"S\\u00e3o Paulo\\n" ,"days":3.0 }'
    verdict = Known(TOOLS).judged("weather", text)
    assert (verdict.name, verdict.input, verdict.repaired, verdict.complaint) == ("weather", text, False, "")


def test_no_input_at_all_is_an_empty_one() -> None:
    clock = t.Custom(name="clock", input_schema={"type": "object", "properties": {}})
    known = Known([clock])
    for text in ("", "  ", "{}"):
        assert known.judged("clock", text).input == text
    for text in ("null", "None", '"{}"'):
        assert known.judged("clock", text).input == "{}"


def test_what_the_model_is_told_names_the_tools_and_the_place() -> None:
    known = Known(TOOLS)
    assert "There is no tool named `fly`. The tools are: weather, read_file," in known.judged("fly", "{}").complaint
    assert "does not fit: days: " in known.judged("weather", '{"city": "P", "days": "soon"}').complaint
    assert "is no JSON object: it is cut off" in known.judged("weather", '{"city": "P').complaint


def test_a_name_is_found_among_ten_thousand() -> None:
    known = Known([t.Custom(name=f"tool_{at}", input_schema={"type": "object"}) for at in range(10_000)])
    assert known.judged("Tool_77", "{}").name == "tool_77"
    assert known.judged("nothing_like_it", "{}").complaint


@pytest.mark.parametrize("deep", [1, 90, 140, 300])
def test_a_schema_that_is_too_deep_is_not_tried(deep: int) -> None:
    schema: Any = {"type": "string"}
    for _ in range(deep):
        schema = {"properties": {"a": schema}}
    assert Fit(schema).fitted({"b": 1}) == ({"b": 1}, [])
