"""A call that must be made is made: what a model does not call by itself it is held to, as to a document."""

import json
from typing import Any

import pytest

from sijo.engine import deltas as d
from sijo.engine import schemas
from sijo.engine.forced import LEAD, call_of
from sijo.engine.prompt import Thought
from sijo.wire.base import Json
from sijo.wire.events import StopReason
from sijo.wire.request import AnyTool, Named, NoTools
from sijo.wire.tools import Custom
from tests.engine.test_formats import CALL, Engine, prompted, told
from tests.formats.asked import faults

CITY: Json = {
    "type": "object",
    "properties": {"city": {"$ref": "#/$defs/c"}},
    "required": ["city"],
    "$defs": {"c": {"enum": ["Oslo"]}},
}
TOOLS = [
    Custom(name="weather", input_schema=CITY),
    Custom(name="ping", input_schema={"type": "object", "properties": {}}),
]
FORCED: dict[str, Any] = {"tools": TOOLS, "choice": AnyTool(), "format": None}
DOCUMENT = '{"name":"weather","input":{"city":"Oslo"}}'
PINGED = '{"name":"ping","input":{}}'
SPENT = d.Spent(input=9, output=8)


def answer(text: str, reason: StopReason = "end_turn") -> list[d.AnyDelta]:
    return [*(d.Text(part) for part in (text[:9], text[9:])), SPENT, d.Stop(reason)]


def shown(deltas: list[d.AnyDelta]) -> list[Any]:
    """The deltas without ids, which are new each time."""
    return [delta.name if isinstance(delta, d.ToolCall) else delta for delta in deltas]


async def test_a_model_that_calls_is_left_alone() -> None:
    engine = Engine([d.Thinking("hm"), d.Text("Now:"), *CALL])
    assert await told(engine, **FORCED) == [d.Thinking("hm"), *CALL]
    assert len(engine.asked) == 1


@pytest.mark.parametrize(
    "words", [answer("I would rather not."), [d.Text("so " * LEAD)], [d.Spent(output=1), d.Stop("end_turn")]]
)
async def test_a_model_that_does_not_is_held_to_a_call(words: list[d.AnyDelta]) -> None:
    engine = Engine(words, answer(DOCUMENT))
    made = shown(await told(engine, **FORCED))
    assert made == [SPENT, "weather", d.ToolInput('{"city":"Oslo"}'), d.Stop("tool_use")]
    second = engine.asked[1]
    assert (second.held, second.choice, second.thought) == (True, NoTools(), Thought())
    assert second.format is not None and faults(second.format.schema, DOCUMENT) == []


async def test_a_call_that_was_cut_off_is_none() -> None:
    engine = Engine(answer("No."), answer(DOCUMENT[:20], "max_tokens"))
    assert await told(engine, **FORCED) == [SPENT, d.Stop("max_tokens")]


async def test_who_refuses_or_has_no_room_is_not_asked_again() -> None:
    for reason in ("max_tokens", "refusal"):
        engine = Engine(answer("No.", reason))
        assert await told(engine, **FORCED) == [SPENT, d.Stop(reason)]


async def test_what_no_grammar_holds_stays_as_it_was() -> None:
    elsewhere = {"$ref": "https://example.com/schema"}
    odd = [Custom(name="odd", input_schema={"type": "object", "properties": {"a": elsewhere}})]
    engine = Engine(answer("No."))
    assert await told(engine, tools=odd, choice=AnyTool(), format=None) == [
        d.Spent(input=9, output=8),
        d.Stop("end_turn"),
    ]


@pytest.mark.parametrize(
    ("choice", "right", "wrong"),
    [
        (
            AnyTool(),
            ['{"name":"ping","input":{}}', DOCUMENT],
            ['{"name":"pong","input":{}}', '{"name":"ping","input":{"a":1}}'],
        ),
        (Named("ping"), [PINGED], [DOCUMENT, "{}"]),
    ],
)
def test_the_document_is_a_call_of_a_tool_that_may_be_called(choice: Any, right: list[str], wrong: list[str]) -> None:
    wanted = call_of(prompted(tools=[closed_to(tool) for tool in TOOLS], choice=choice))
    assert wanted is not None
    assert all(faults(wanted, text) == [] for text in right)
    assert all(faults(wanted, json.dumps(json.loads(text))) for text in wrong)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 8}, 3),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, ["a", "b"]),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, 3),
        ({"type": "object", "properties": {"minimum": {"type": "number", "multipleOf": 2}}}, {"minimum": 4}),
        (
            {"type": "object", "patternProperties": {"^x": {"type": "string"}}, "additionalProperties": False},
            {"x1": "a"},
        ),
        ({"type": "array", "prefixItems": [{"type": "string"}], "items": False}, ["a"]),
    ],
)
def test_a_call_is_held_to_what_can_be_held_of_its_schema(schema: Any, value: Any) -> None:
    """No grammar holds these: they are loosened, never tightened, and the call is checked as every call is."""
    whole = {"type": "object", "properties": {"a": schema, "b": {"type": "boolean"}}, "required": ["a", "b"]}
    assert not schemas.held(whole)
    wanted = call_of(prompted(tools=[Custom(name="f", input_schema=whole)], choice=AnyTool()))
    assert wanted is not None
    assert faults(wanted, json.dumps({"name": "f", "input": {"a": value, "b": True}})) == []
    assert faults(wanted, json.dumps({"name": "f", "input": {"a": value}}))


def test_few_numbers_are_counted_out() -> None:
    guests = {"type": "integer", "minimum": 1, "maximum": 8}
    tool = Custom(name="f", input_schema={"type": "object", "properties": {"a": guests}, "required": ["a"]})
    wanted = call_of(prompted(tools=[tool], choice=AnyTool()))
    assert wanted is not None
    assert [bool(faults(wanted, json.dumps({"name": "f", "input": {"a": a}}))) for a in (0, 1, 8, 9)] == [
        True, False, False, True,
    ]  # fmt: skip


def closed_to(tool: Custom) -> Custom:
    """The tool with an input that has nothing else in it."""
    return Custom(name=tool.name, input_schema={**tool.input_schema, "additionalProperties": False})
