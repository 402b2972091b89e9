"""Bodies that mean harm: whatever comes, it is taken or refused in one clean line, and nothing else happens."""

import copy
import json
import logging
import socket
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sijo.engine import rules
from sijo.engine.models import models
from sijo.engine.rules import verdict
from sijo.errors import InvalidRequest
from sijo.wire.request import CountRequest, MessageRequest
from tests.wire.bad_bodies import BASE, rows
from tests.wire.test_roundtrip import values

INVALID = "The request body is not valid JSON: "
GOOD: list[dict[str, Any]] = [json.loads(row.sent) for row in rows("good_bodies")]


def refusal(body: bytes, **how: Any) -> str | None:
    """The words with which a body is refused by all rules together, or None. What is raised else comes through."""
    try:
        request = rules.read(rules.parse(body), MessageRequest, **how)
        tools = rules.tools(request.tools)
        model = models().get(request.model) or models().generic(request.model, 32_000, 32_000)
        rules.check(request, tools, rules.Facts(model=model, strict=not how.get("lenient")))
    except InvalidRequest as error:
        return error.message
    return None


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 10_000,
        b'{"a":' * 10_000,
        b"[" * 10_000 + b"]" * 10_000,
        b'{"model": "m", "messages": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"a":"\xff"}',
        b'{"\xff": 1}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xc0\x80"}',
        b"\xff\xfe{\x00}\x00",
        b"\x00",
        b'{"a": 1}\x00',
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a": 01}',
        b'{"a": Infinity}',
        b'{"a": "\t"}',
        b'{"a": "\\x41"}',
        b'{"a": 1} {"a": 1}',
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_json_is_said_to_be_none_with_its_place(body: bytes) -> None:
    words = refusal(body)
    assert words is not None
    assert words.startswith(INVALID)
    assert "\n" not in words
    reason, _, place = words.removeprefix(INVALID).rpartition(": ")
    assert reason
    assert place.startswith("line ")
    assert place.endswith(")")


def test_a_place_counts_lines_and_characters_not_bytes() -> None:
    words = refusal('{"é": "한",\n "b": "ü", x}'.encode())
    assert words == f"{INVALID}key must be a string: line 2 column 12 (char 22)"


def pairs() -> st.SearchStrategy[str]:
    """JSON in writing: keys may stand twice, spaces anywhere, strings hold quotes, colons and backslashes."""
    spaces = st.sampled_from(["", " ", "\n ", "\t"])
    words = st.text(alphabet='ab":\\ {,', max_size=4).map(json.dumps)

    def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pair = st.builds("{}{}:{}{}".format, words, spaces, spaces, inner)
        return st.lists(inner, max_size=3).map(lambda parts: f"[{','.join(parts)}]") | st.lists(pair, max_size=4).map(
            lambda parts: f"{{{', '.join(parts)}}}"
        )

    return st.recursive(words | st.sampled_from(["1", "null", "-2.5e3"]), wider, max_leaves=8)


class Twice(Exception):
    """A key stands twice."""


def unique(found: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in found}) < len(found):
        raise Twice
    return dict(found)


@settings(max_examples=1000, deadline=None, derandomize=True, database=None)
@given(pairs())
def test_a_key_that_stands_twice_is_found_wherever_it_is_and_nothing_else_is(text: str) -> None:
    try:
        json.loads(text, object_pairs_hook=unique)
        twice = False
    except Twice:
        twice = True
    words = refusal(text.encode())
    assert words is not None
    assert words.startswith(f"{INVALID}Detected duplicate key") == twice


WORDS = (
    "type", "properties", "enum", "const", "required", "minItems", "maxItems", "pattern", "format", "minLength",
    "maxLength", "anyOf", "allOf", "items", "additionalProperties", "$ref",
)  # fmt: skip
ODD: tuple[Any, ...] = (5, 1.5, "x", True, None, [1], [[]], {"a": 1})


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize("word", WORDS)
def test_a_schema_may_point_at_what_is_none(word: str, lenient: bool) -> None:
    for base in ({}, {"type": "object", "additionalProperties": False}, {"type": "array"}, {"type": "string"}):
        for odd in ODD:
            schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "x": {**base, word: odd}}
            schema["properties"] = {"p": {"$ref": "#/x"}}
            form = {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
            tool = {"tools": [{"name": "t", "input_schema": schema, "strict": True}]}
            for fields in (form, tool):
                body = json.dumps({**BASE, "model": "claude-opus-5", **fields}).encode()
                words = refusal(body, lenient=lenient)
                assert words is None or "schema" in words or words.startswith(("tools.0.custom", "Unsupported"))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all that lies in a value."""
    inner = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    return [path, *(found for key, part in inner for found in places(part, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of the value with another part at the path."""
    if not path:
        return new
    whole = copy.deepcopy(value)
    at = whole
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = new
    return whole


@st.composite
def mutants(draw: st.DrawFn) -> dict[str, Any]:
    """A good request with one part replaced, or with one added."""
    whole: dict[str, Any] = draw(st.sampled_from(GOOD))
    path = draw(st.sampled_from(places(whole)[1:]))
    kinds: st.SearchStrategy[Any] = st.sampled_from(
        ["text", "tool_use", "image", "enabled", "custom", "", [], {}, {"type": "object"}, None]
    )
    whole = changed(whole, path, draw(values | kinds))
    if draw(st.booleans()):
        whole = {**whole, draw(st.sampled_from(["speed", "type", "edits", "zz", "tools"])): draw(values)}
    return whole


@settings(max_examples=800, deadline=None, derandomize=True, database=None)
@given(mutants(), st.booleans())
def test_a_request_with_something_wrong_in_it_is_taken_or_refused_in_one_line(
    whole: dict[str, Any], soft: bool
) -> None:
    words = refusal(json.dumps(whole).encode(), lenient=soft, betas=soft)
    if words is not None:
        assert words
        assert "$" not in words.partition(":")[0]


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(mutants())
def test_what_the_decoder_refuses_is_explained_and_what_it_takes_is_not(whole: dict[str, Any]) -> None:
    body = json.dumps(whole).encode()
    try:
        msgspec.json.decode(body, type=CountRequest)
        good = True
    except msgspec.ValidationError:
        good = False
    words = None
    try:
        rules.read(rules.parse(body), CountRequest)
    except InvalidRequest as error:
        words = error.message
    # msgspec takes a lone struct without its type, which the API does not
    assert (words is None) == good or str(words).endswith("type: Field required")


def test_one_bad_block_among_a_hundred_thousand_is_named() -> None:
    blocks: list[dict[str, str]] = [{"type": "text", "text": "x"}] * 100_000
    body = json.dumps({**BASE, "messages": [{"role": "user", "content": [*blocks, {"type": "text"}]}]}).encode()
    assert refusal(body) == "messages.0.content.100000.text.text: Field required"


def test_more_unknown_fields_than_a_client_could_mean_are_not_left_out() -> None:
    blocks = [{"type": "text", "text": "x", "zz": 1}] * (verdict.MOST + 1)
    body = json.dumps({**BASE, "messages": [{"role": "user", "content": blocks}]}).encode()
    path = f"messages.0.content.{verdict.MOST}.text.zz"
    assert refusal(body, lenient=True, betas=True) == f"{path}: Extra inputs are not permitted"


def test_what_is_logged_of_a_field_has_bounds(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "sijo.wire"):
        assert refusal(json.dumps({**BASE, "y" * 100_000 + "\n\x1b[31m": 1}).encode(), lenient=True, betas=True) is None
    assert caplog.records
    assert all(len(record.getMessage()) < 300 and "\x1b" not in record.getMessage() for record in caplog.records)


def test_nothing_that_a_schema_points_at_is_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/schema"
        schema = {"type": "object", "$schema": url, "$ref": url, "properties": {"a": {"$ref": "file:///etc/passwd"}}}
        tool = {"name": "f", "input_schema": schema, "input_examples": [{"a": 1}]}
        assert refusal(json.dumps({**BASE, "tools": [tool]}).encode()) is None
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_schema_that_multiplies_without_end_is_not_tried() -> None:
    doubled = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n - 1}"}] * 2} for n in range(1, 60)}
    schema = {"type": "object", "$defs": {"a0": {}, **doubled}, "properties": {"a": {"$ref": "#/$defs/a59"}}}
    tool = {"name": "f", "input_schema": schema, "input_examples": [{"a": 1}]}
    assert refusal(json.dumps({**BASE, "tools": [tool]}).encode()) is None


def test_a_pattern_that_backtracks_without_end_is_matched_in_linear_time() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}
    tool = {"name": "f", "input_schema": schema, "input_examples": [{"a": "a" * 5000 + "!"}]}
    words = "tools.0.custom.input_examples.0: does not match the input_schema"
    assert refusal(json.dumps({**BASE, "tools": [tool]}).encode()) == words


@pytest.mark.parametrize("filler", ["", "x" * 9000, "a\\nb"])
@pytest.mark.parametrize("level", ['{"a":%s}', "[%s]", '{"properties":{"a":%s}}'])
def test_what_is_deeper_than_anybody_needs_is_refused_before_it_is_looked_at(level: str, filler: str) -> None:
    """Also where the parser still takes it, and only what is done with it later would run out of levels."""
    for depth in (100, 190, 210, 450, 900, 960, 970, 975, 980, 985, 990, 1000, 2000):
        value = "1"
        for _ in range(depth // max(1, level.count("{"))):
            value = level % value
        tool = f'{{"name":"f","input_schema":{{"type":"object","x":{value}}}}}'
        words = refusal(json.dumps({**BASE, "system": "SYSTEM", "tools": "TOOLS"}).replace('"TOOLS"', f"[{tool}]")
                        .replace("SYSTEM", filler).encode())  # fmt: skip
        assert (words is None) if depth < 195 else words and words.startswith(f"{INVALID}recursion limit exceeded"), (
            depth
        )


def test_a_deep_schema_is_walked_to_its_end() -> None:
    leaf: dict[str, Any] = {"type": "integer", "minimum": 1}
    for _ in range(90):
        leaf = {"type": "object", "additionalProperties": False, "properties": {"a": leaf}}
    form = {"format": {"type": "json_schema", "schema": leaf}}
    words = "output_config.format.schema: For 'integer' type, property 'minimum' is not supported"
    assert refusal(json.dumps({**BASE, "output_config": form}).encode()) == words


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.sampled_from(["iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR", "JVBERi0", ""]),
    st.text("ABCDwxyz0189+/=*é ", max_size=60),
)
def test_a_broken_picture_is_refused_or_taken(head: str, tail: str) -> None:
    sources = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": head + tail}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": head + tail}},
    ]
    for source in sources:
        refusal(json.dumps({**BASE, "messages": [{"role": "user", "content": [source]}]}).encode())
