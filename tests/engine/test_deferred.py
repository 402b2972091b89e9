"""Deferred tools before an engine: where they are shown, that nothing before them changes, and how they are called."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.count import prompt_tokens
from sijo.engine.deferred import CALLER, definition
from sijo.engine.estimate import tokens
from sijo.engine.filters import push
from sijo.engine.lower import lower
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt
from sijo.engine.unwrap import Unwrap
from sijo.wire import blocks as b
from sijo.wire import results as r
from sijo.wire import tools as t
from sijo.wire.request import CountRequest, MessageParam, Named

MODEL = models().get("claude-opus-4-5")
assert MODEL is not None
REQUEST = CountRequest(model=MODEL.id, messages=[MessageParam("user", "go")])
INLINE, LISTED = Abilities(found="inline"), Abilities(found="listed")
CITY = {"type": "object", "properties": {"city": {"type": "string"}}}


def tool(name: str, *, deferred: bool = True) -> t.Custom:
    return t.Custom(name=name, description=f"Does {name}.", input_schema=CITY, defer_loading=deferred)


TOOLS = [tool("here", deferred=False), tool("a"), tool("b"), tool("c")]
GO = Item("user", [b.Text("go")])


def search(*names: str, id: str = "s") -> Item:
    found = r.FoundTools([r.ToolReference(name) for name in names])
    return Item("assistant", [b.ServerToolUse(id, "tool_search_tool_bm25", {}), r.ToolSearchResult(id, found)])


def prompt(*items: Item, tools: list[Any] = TOOLS, **fields: Any) -> Prompt:
    assert MODEL is not None
    return Prompt(model=MODEL, request=REQUEST, system=(), items=items, tools=tools, **fields)


def names(prompt: Prompt) -> list[str]:
    return [tool.name for tool in prompt.tools if isinstance(tool, t.Custom)]


def told(item: Item) -> str:
    [text] = [block.content for block in item.content if isinstance(block, b.McpToolResult)]
    assert isinstance(text, str)
    return text


def test_inline_the_tools_of_a_prompt_stay_the_same_whatever_was_found() -> None:
    before, after = lower(prompt(GO), INLINE), lower(prompt(GO, search("b", "a")), INLINE)
    assert names(before) == ["here", CALLER]
    assert after.tools == before.tools
    assert list(after.items[:1]) == list(before.items)


def test_inline_a_definition_stands_where_it_was_found_and_only_once() -> None:
    _, first, again = lower(prompt(GO, search("b", "a"), search("a", "c", id="s2")), INLINE).items
    assert told(first).splitlines()[1:] == [definition(tool("b")), definition(tool("a"))]
    assert told(again).splitlines()[1:] == ["a (as defined before)", definition(tool("c"))]
    assert json.loads(definition(tool("b"))) == {"name": "b", "description": "Does b.", "parameters": CITY}


def test_what_was_found_before_the_first_item_is_not_defined_again() -> None:
    [item] = lower(prompt(search("a"), known=("a",)), INLINE).items
    assert told(item).splitlines()[1:] == ["a (as defined before)"]


def test_a_search_that_found_nothing_says_so() -> None:
    assert told(lower(prompt(GO, search()), INLINE).items[1]) == "No tool was found."


def test_inline_a_client_may_find_tools_too() -> None:
    result = b.ToolResult("t", [b.Text("See:"), r.ToolReference("a"), r.ToolReference("c"), b.Text("That is all.")])
    item = lower(prompt(GO, Item("assistant", [b.ToolUse("t", "here", {})]), Item("user", [result])), INLINE).items[2]
    [block] = item.content
    assert isinstance(block, b.ToolResult) and isinstance(block.content, list)
    first, found, last = block.content
    assert (first, last) == (b.Text("See:"), b.Text("That is all."))
    assert isinstance(found, b.Text) and found.text.splitlines()[1:] == [definition(tool("a")), definition(tool("c"))]


def test_inline_a_call_is_one_of_the_tool_that_calls() -> None:
    call = b.ToolUse("t", "a", {"city": "Oslo"})
    _, _, said, _ = lower(
        prompt(GO, search("a"), Item("assistant", [call]), Item("user", [b.ToolResult("t", "x")])), INLINE
    ).items
    assert said.content == [b.ToolUse("t", CALLER, {"name": "a", "input": {"city": "Oslo"}})]


def test_inline_what_was_called_but_is_defined_nowhere_is_listed() -> None:
    call, result = Item("assistant", [b.ToolUse("t", "b", {})]), Item("user", [b.ToolResult("t", "x")])
    lowered = lower(prompt(GO, call, result), INLINE)
    assert names(lowered) == ["here", "b", CALLER]
    assert lowered.items[1].content == [b.ToolUse("t", "b", {})]


def test_a_tool_that_must_be_called_is_listed() -> None:
    assert names(lower(prompt(GO, choice=Named("c")), INLINE)) == ["here", "c", CALLER]
    assert names(lower(prompt(GO, choice=Named("c")), LISTED)) == ["here", "c"]


def test_listed_the_found_tools_stand_last_in_the_order_in_which_they_were_found() -> None:
    tools = [tool("a"), tool("b"), tool("here", deferred=False), tool("c")]
    assert names(lower(prompt(GO, search("c", "a"), tools=tools), LISTED)) == ["here", "c", "a"]


def test_the_tool_that_calls_has_a_name_of_its_own() -> None:
    tools = [*TOOLS, tool(CALLER, deferred=False)]
    lowered = lower(prompt(GO, tools=tools), INLINE)
    assert names(lowered) == ["here", CALLER, f"{CALLER}_"]
    assert lowered.caller == f"{CALLER}_"


@pytest.mark.parametrize("able", [INLINE, LISTED])
def test_without_deferred_tools_nothing_changes(able: Abilities) -> None:
    lowered = lower(prompt(GO, tools=[tool("here", deferred=False)]), able)
    assert names(lowered) == ["here"] and lowered.caller == ""


@pytest.mark.parametrize("able", [INLINE, LISTED])
def test_what_is_not_found_costs_nothing(able: Abilities) -> None:
    thousand = [TOOLS[0], *(tool(f"tool_{n}") for n in range(1000))]
    few, many = (prompt_tokens(lower(prompt(GO, tools=tools), able), tokens) for tools in (TOOLS, thousand))
    assert many == few
    assert prompt_tokens(lower(prompt(GO, search("tool_1"), tools=thousand), able), tokens) > few


# ---- calls through it ----


def unwrapped(*said: d.AnyDelta) -> list[d.AnyDelta]:
    one = Unwrap(CALLER)
    return [*push([one], said), *one.end()]


def call(text: str, name: str = CALLER) -> list[d.AnyDelta]:
    return [d.ToolCall("1", name), *(d.ToolInput(char) for char in text)]


def joined(deltas: list[d.AnyDelta]) -> tuple[list[str], str]:
    calls = [delta.name for delta in deltas if isinstance(delta, d.ToolCall)]
    return calls, "".join(delta.json for delta in deltas if isinstance(delta, d.ToolInput))


@pytest.mark.parametrize(
    ("text", "name", "input"),
    [
        ('{"name": "a", "input": {"city": "Oslo"}}', "a", '{"city": "Oslo"}'),
        ('{"name":"a","input":{}}', "a", "{}"),
        ('{"name": "a", "input": {"x": {"y": "}{\\"}"}}, "more": 1}', "a", '{"x": {"y": "}{\\"}"}}'),
        ('{"input": {"city": "Oslo"}, "name": "a"}', "a", '{"city":"Oslo"}'),
        ('{"name": "a", "arguments": {"city": "Oslo"}}', "a", '{"city":"Oslo"}'),
        ('{"name": "a", "city": "Oslo"}', "a", '{"city":"Oslo"}'),
        ('{"name": "a", "input": "{\\"city\\": \\"Oslo\\"}"}', "a", '{"city": "Oslo"}'),
        ('{"name": "a"}', "a", "{}"),
        ('{"name": "날씨", "input": {"city": "서울"}}', "날씨", '{"city": "서울"}'),
        ('{"name": "a", "input": {"city": "Os', "a", '{"city": "Os'),
        ('{"input": {"city": "Os', CALLER, '{"input": {"city": "Os'),
        ("nonsense", CALLER, "nonsense"),
        ("[1]", CALLER, "[1]"),
        ("", CALLER, ""),
    ],
)
def test_a_call_is_unwrapped(text: str, name: str, input: str) -> None:
    deltas = unwrapped(*call(text), d.Spent(0, 1), d.Stop("tool_use"))
    assert joined(deltas) == ([name], input)
    assert deltas[-1] == d.Stop("tool_use")


def test_it_comes_as_it_is_said() -> None:
    one = Unwrap(CALLER)
    head = list(push([one], call('{"name": "write", "input": {"text": "abc')))
    assert joined(head) == (["write"], '{"text": "abc')


def test_other_calls_and_words_pass() -> None:
    said = [d.Text("Hm."), *call('{"name": "x"}', "here"), d.Text("so"), d.Stop("tool_use")]
    assert unwrapped(*said) == said


def test_calls_beside_each_other_stay_apart() -> None:
    said = [*call('{"name": "a", "input": {"n": 1}}'), *call('{"input": {"n": 2}, "name": "b"}'), d.Stop("tool_use")]
    assert joined(unwrapped(*said)) == (["a", "b"], '{"n": 1}{"n":2}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    name=st.from_regex(r"[a-zA-Z0-9_-]{1,40}", fullmatch=True),
    input=st.dictionaries(st.text(max_size=8), JSON, max_size=4),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    ascii=st.booleans(),
    indent=st.sampled_from([None, 1]),
)
def test_it_is_the_same_wherever_it_is_cut(
    name: str, input: dict[str, Any], sizes: list[int], ascii: bool, indent: int | None
) -> None:
    text = json.dumps({"name": name, "input": input}, ensure_ascii=ascii, indent=indent)
    pieces: list[d.ToolInput] = []
    at = 0
    while at < len(text):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(d.ToolInput(text[at : at + size]))
        at += size
    names, said = joined(unwrapped(d.ToolCall("1", CALLER), *pieces, d.Stop("tool_use")))
    assert names == [name]
    assert json.loads(said) == input
