"""Patterns of a schema that would hold an engine up never reach one."""

import pytest

from sijo.backends.grammar import bearable, dear, lightened
from sijo.wire.base import Json


@pytest.mark.parametrize(
    "pattern",
    [
        "^(((a{0,99}){0,99}){0,99}){0,99}$",
        "^((a{0,99}){0,99}){0,99}$",
        "^(a?){1000}$",
        "^((a*){0,99}){0,99}$",
        "^(?:(?:x|a?){0,50}){0,50}$",
        "^(?=(a?){500})$",
        "(" * 3000,
        "a" * 100_000,
        "(",
    ],
    ids=lambda pattern: pattern[:30],
)
def test_a_pattern_without_end_is_dear(pattern: str) -> None:
    assert dear(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z0-9_-]{1,64}$",
        "^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$",
        r"^([a-z0-9]{1,63}\.){1,10}[a-z]{2,6}$",
        r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$",
        r"^\p{L}[\s\S]{0,5000}$",
        r"^(?<year>\d{4})(?<!x)$",
        "^(a+)+$",
        "",
    ],
)
def test_a_usual_pattern_is_not(pattern: str) -> None:
    assert not dear(pattern)


def test_what_is_taken_out_is_told_in_words() -> None:
    heavy = {"type": "string", "pattern": "^(a?){1000}$", "description": "Many."}
    light = {"type": "string", "pattern": "^a+$"}
    schema: Json = {"type": "object", "properties": {"pattern": {"anyOf": [heavy, light]}}}
    assert not bearable(schema)
    out = lightened(schema)
    assert bearable(out)
    told = {"type": "string", "description": "Many. Pattern: ^(a?){1000}$"}
    assert out == {"type": "object", "properties": {"pattern": {"anyOf": [told, light]}}}
    assert schema["properties"]["pattern"]["anyOf"][0] is heavy
