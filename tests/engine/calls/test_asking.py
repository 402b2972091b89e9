"""What passes at once, what is held, what is asked again, and what a client gets when that does not help."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.calls import Tally, conventions
from sijo.engine.deferred import CALLER
from sijo.engine.lower import lower
from sijo.engine.prompt import Thought
from sijo.errors import ApiError
from sijo.wire import blocks as b
from sijo.wire.request import AnyTool, Auto, JsonFormat, Named, NoTools
from tests.engine.calls.engine import Engine, call, heard, prompt, words
from tests.engine.calls.tools import BY_NAME, TOOLS

HERMES = conventions()["hermes"]
PARIS = '{"city": "Paris"}'
CUT = '{"city": "Par'
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}
FORMAT = JsonFormat(SCHEMA)


def marked(name: str, arguments: str) -> str:
    return f'<tool_call>{{"name": "{name}", "arguments": {arguments}}}</tool_call>'


async def test_a_good_call_passes_as_it_is() -> None:
    got = await heard(Engine(call("weather", '{ "city":"Paris" }')))
    assert (got.calls, got.stop) == ([("weather", '{ "city":"Paris" }')], "tool_use")


async def test_text_passes_at_once_and_a_call_when_it_is_known_to_be_good() -> None:
    answer: list[d.AnyDelta] = [
        d.Text("I "), d.Text("look."), d.ToolCall("toolu_1", "weather"), d.ToolInput('{"city": '), d.ToolInput('"P"'),
        d.ToolInput(', "days": "2"}'), d.Stop("tool_use"),
    ]  # fmt: skip
    got = await heard(Engine(answer))
    assert got.deltas == [
        d.Text("I"), d.Text(" look."), d.ToolCall("toolu_1", "weather"), d.ToolInput('{"city": "P", "days": 2}'),
        d.Stop("tool_use"),
    ]  # fmt: skip


async def test_a_broken_call_is_asked_again_and_the_client_sees_only_the_right_one() -> None:
    tally = Tally()
    bad: list[d.AnyDelta] = [d.Text("I look."), *call("weather", CUT, output=7)]
    good: list[d.AnyDelta] = [d.Text("I am sorry."), d.Thinking("Hm."), *call("weather", PARIS, output=5)]
    engine = Engine(bad, good)
    got = await heard(engine, tally=tally)
    assert (got.text, got.calls, got.stop) == ("I look.", [("weather", PARIS)], "tool_use")
    assert not any(isinstance(delta, d.Thinking) for delta in got.deltas)
    assert got.output == 12  # what it cost is told
    assert tally == {"call asked again": 1}
    first, second = engine.asked
    assert second.items[: len(first.items)] == list(first.items)
    assert second.max_tokens == first.max_tokens - 7


async def test_the_model_is_shown_what_it_wrote_and_what_is_wrong() -> None:
    engine = Engine([d.Text("I look."), *call("functions weather!", CUT)], call("weather", PARIS))
    await heard(engine)
    said, answer = engine.asked[1].items[-2:]
    text, bad = said.content
    assert text == b.Text("I look.")
    assert isinstance(bad, b.ToolUse)
    assert (bad.name, bad.input) == ("functions_weather_", {"INVALID_JSON": CUT})
    (result,) = answer.content
    assert isinstance(result, b.ToolResult) and result.is_error and result.tool_use_id == bad.id
    assert "There is no tool named `functions weather!`" in str(result.content)


async def test_a_right_call_beside_a_wrong_one_is_told_at_once_and_once() -> None:
    both: list[d.AnyDelta] = [
        d.ToolCall("toolu_1", "weather"), d.ToolInput(PARIS), d.ToolCall("toolu_2", "bash"), d.ToolInput('{"comm'),
        d.Stop("tool_use"),
    ]  # fmt: skip
    engine = Engine(both, call("bash", '{"command": "ls"}'))
    got = await heard(engine)
    assert got.calls == [("weather", PARIS), ("bash", '{"command": "ls"}')]
    results = [block for block in engine.asked[1].items[-1].content if isinstance(block, b.ToolResult)]
    assert [(result.tool_use_id, result.is_error) for result in results] == [("toolu_1", False), ("toolu_2", True)]


async def test_what_does_not_help_ends_with_the_right_calls_or_with_an_error() -> None:
    both: list[d.AnyDelta] = [
        d.ToolCall("toolu_1", "weather"), d.ToolInput(PARIS), d.ToolCall("toolu_2", "bash"), d.ToolInput('{"comm'),
        d.Stop("tool_use"),
    ]  # fmt: skip
    got = await heard(Engine(both, call("bash", '{"comm')))
    assert (got.calls, got.stop) == ([("weather", PARIS)], "tool_use")
    with pytest.raises(ApiError, match="called no tool that could be called, though it was asked 3 times"):
        await heard(Engine(call("bash", '{"comm')))


async def test_a_model_may_take_its_call_back() -> None:
    got = await heard(Engine(call("fly", "{}"), words("I cannot fly.")))
    assert (got.calls, got.text, got.stop) == ([], "I cannot fly.", "end_turn")


async def test_no_more_is_asked_than_there_are_tokens_for() -> None:
    engine = Engine(call("weather", CUT, output=600), call("weather", CUT, output=600))
    got = await heard(engine)
    assert (got.calls, got.stop, len(engine.asked)) == ([], "max_tokens", 2)
    assert engine.asked[1].max_tokens == 400


@pytest.mark.parametrize("stop", ["max_tokens", "model_context_window_exceeded"])
async def test_a_call_that_was_cut_by_the_limit_is_told_as_far_as_it_came(stop: Any) -> None:
    engine = Engine(call("weather", CUT, stop=stop))
    got = await heard(engine)
    assert (got.calls, got.stop, len(engine.asked)) == ([("weather", CUT)], stop, 1)
    got = await heard(Engine(words(marked("weather", CUT)[:-13], stop=stop)), convention=HERMES)
    assert (got.calls, got.stop) == ([("weather", CUT)], stop)


async def test_what_is_complete_and_wrong_at_the_limit_is_left_out() -> None:
    got = await heard(Engine(call("weather", '{"town": 1}', stop="max_tokens")))
    assert (got.calls, got.stop) == ([], "max_tokens")


async def test_an_eager_tool_streams_raw_and_is_not_checked() -> None:
    tool = replace_tool("weather", eager_input_streaming=True)
    answer: list[d.AnyDelta] = [
        d.ToolCall("toolu_1", "weather"), d.ToolInput('{"ci'), d.ToolInput("ty: Par"), d.Stop("tool_use"),
    ]  # fmt: skip
    engine = Engine(answer)
    assert (await heard(engine, prompt(tools=[tool]))).deltas == answer
    assert len(engine.asked) == 1


async def test_a_strict_tool_streams_where_the_engine_holds_it_to_its_schema() -> None:
    tool = replace_tool("weather", strict=True)
    answer: list[d.AnyDelta] = [
        d.ToolCall("toolu_1", "weather"),
        d.ToolInput('{"city"'),
        d.ToolInput(': "P"}'),
        d.Stop("tool_use"),
    ]
    assert (await heard(Engine(answer, strict=True, keeps="raw"), prompt(tools=[tool]))).deltas == answer
    held = (await heard(Engine(answer), prompt(tools=[tool]))).deltas
    assert held == [d.ToolCall("toolu_1", "weather"), d.ToolInput('{"city": "P"}'), d.Stop("tool_use")]


async def test_a_strict_tool_that_was_called_in_text_is_checked_all_the_same() -> None:
    tool = replace_tool("weather", strict=True)
    engine = Engine(words(marked("weather", '{"city": 1.5}')), call("weather", PARIS), strict=True, keeps="raw")
    assert (await heard(engine, prompt(tools=[tool]))).calls == [("weather", PARIS)]
    assert len(engine.asked) == 2


def replace_tool(name: str, **fields: Any) -> Any:
    return type(BY_NAME[name])(
        name=name, description="", input_schema=BY_NAME[name].input_schema, **{"strict": False, **fields}
    )


@pytest.mark.parametrize("choice", [AnyTool(), Named("weather")])
async def test_a_call_that_must_be_is_asked_for_and_nothing_is_said_before_it(choice: Any) -> None:
    engine = Engine(words("It is sunny."), [d.Text("Well. "), *call("weather", PARIS)])
    got = await heard(engine, prompt(choice=choice))
    assert (got.text, got.calls) == ("", [("weather", PARIS)])
    with pytest.raises(ApiError):
        await heard(Engine(words("It is sunny.")), prompt(choice=choice))


async def test_another_tool_than_the_one_that_was_named_is_none() -> None:
    engine = Engine(call("bash", '{"command": "ls"}'), call("weather", PARIS))
    assert (await heard(engine, prompt(choice=Named("weather")))).calls == [("weather", PARIS)]


async def test_one_call_at_a_time_is_one() -> None:
    text = f"{marked('weather', PARIS)}\n{marked('weather', PARIS)}"
    engine = Engine(words(text))
    got = await heard(engine, prompt(choice=Auto(disable_parallel_tool_use=True)), convention=HERMES)
    assert (got.calls, got.stop) == ([("weather", PARIS)], "tool_use")


async def test_without_a_choice_of_tools_text_is_text() -> None:
    text = marked("weather", PARIS)
    got = await heard(Engine(words(text)), prompt(choice=NoTools()), convention=HERMES)
    assert (got.text, got.calls, got.stop) == (text, [], "end_turn")


async def test_a_result_that_the_model_makes_up_is_not_told_and_it_is_stopped() -> None:
    engine = Engine([*words(f"{marked('weather', PARIS)}\n<tool_response>")[:1], d.Text("Sunny."), d.Text("Bye.")])
    got = await heard(engine, convention=HERMES)
    assert (got.text, got.calls, got.stop) == ("", [("weather", PARIS)], "tool_use")
    assert engine.left == 1


async def test_an_engine_that_calls_natively_may_speak_of_marks_after_it() -> None:
    got = await heard(Engine([*call("weather", PARIS)[:2], d.Text("I wrote <tool_call>."), d.Stop("tool_use")]))
    assert (got.text, got.calls) == ("I wrote <tool_call>.", [("weather", PARIS)])


async def test_an_engine_that_calls_natively_may_explain_calls_of_tools_that_are_none() -> None:
    text = f"Like this:\n\n{marked('get_news', '{}')}\n\nThat is all."
    engine = Engine(words(text, size=4))
    got = await heard(engine)
    assert (got.text, got.calls, got.stop, len(engine.asked)) == (text, [], "end_turn", 1)


async def test_an_end_without_a_call_is_no_end_with_one() -> None:
    got = await heard(Engine(words("Hm.", stop="tool_use")))
    assert got.stop == "end_turn"


async def test_an_engine_without_tools_is_told_of_them_and_of_its_mistakes_in_text() -> None:
    engine = Engine(words(f"Hm.\n{marked('fly', '{}')}", size=3), words(marked("weather", PARIS)))
    got = await heard(engine, convention=HERMES)
    assert (got.text, got.calls) == ("Hm.", [("weather", PARIS)])
    assert all(not asked.tools for asked in engine.asked)
    last = engine.asked[1].items[-1].content[0]
    assert isinstance(last, b.Text) and last.text.startswith("<tool_response>\nError: There is no tool named `fly`.")


async def test_thinking_is_left_out_of_what_is_asked_again() -> None:
    engine = Engine([d.Thinking("Which?"), *call("weather", CUT)], call("weather", PARIS))
    asked = replace(prompt(), thought=Thought("enabled", 1024))
    got = await heard(engine, asked)
    assert got.calls == [("weather", PARIS)]
    assert engine.asked[1].thought.mode == "off"
    assert b.Thinking("Which?", "") in engine.asked[1].items[-2].content  # some engines want it back with a call


DOCUMENTS = {
    '{"n": 1}': '{"n": 1}',
    ' {"n":1}\n': '{"n":1}',
    'Sure:\n```json\n{"n": 1}\n```\nDone.': '{"n": 1}',
    'Here it is: {"n": 1,} Enjoy!': '{"n":1}',
    "{'n': 1}": '{"n":1}',
    '{"n": "1"}': '{"n": 1}',
    '{"n": 1, "why": "because"}': '{"n": 1}',
}


@pytest.mark.parametrize("text", DOCUMENTS)
async def test_a_document_is_told_whole_and_right(text: str) -> None:
    engine = Engine(words(text, size=3))
    got = await heard(engine, prompt(tools=(), format=FORMAT))
    assert got.text == DOCUMENTS[text]
    assert json.loads(got.text) == {"n": 1}
    assert (got.stop, len(engine.asked)) == ("end_turn", 1)


@pytest.mark.parametrize(
    "text", ["", "no", '{"n": "one"}', '{"n": 1', '{"n": 1} or {"n": 2}', "[]", '{"m": 1}', "null"]
)
async def test_what_is_no_document_is_asked_again_and_never_told(text: str) -> None:
    tally = Tally()
    engine = Engine(words(text), words('{"n": 2}'))
    got = await heard(engine, prompt(tools=(), format=FORMAT), tally=tally)
    assert (got.text, got.stop, tally) == ('{"n": 2}', "end_turn", {"document asked again": 1})
    last = engine.asked[1].items[-1].content[-1]
    assert isinstance(last, b.Text) and "not the JSON document that was asked for" in last.text
    with pytest.raises(ApiError, match="did not match the schema"):
        await heard(Engine(words(text)), prompt(tools=(), format=FORMAT))


async def test_a_document_that_was_cut_by_the_limit_is_told_as_it_is() -> None:
    got = await heard(Engine(words('{"n": ', stop="max_tokens")), prompt(tools=(), format=FORMAT))
    assert (got.text, got.stop) == ('{"n": ', "max_tokens")


async def test_an_engine_that_holds_to_a_schema_is_not_held_up() -> None:
    answer = words('{"n": 1}', size=2)
    assert (await heard(Engine(answer, holds=True, keeps="raw"), prompt(tools=(), format=FORMAT))).deltas == answer


async def test_with_tools_and_a_schema_prose_beside_a_call_is_left_out() -> None:
    engine = Engine([d.Text("I look."), *call("weather", PARIS)], words('So: {"n": 3}'))
    first = await heard(engine, prompt(format=FORMAT))
    assert (first.text, first.calls, first.stop) == ("", [("weather", PARIS)], "tool_use")
    second = await heard(engine, prompt(format=FORMAT))
    assert (second.text, second.calls, second.stop) == ('{"n": 3}', [], "end_turn")


def deferred() -> tuple[Any, Any]:
    """A prompt with a tool that is not shown, lowered and before."""
    tools = [BY_NAME["bash"], replace_tool("weather", defer_loading=True)]
    whole = prompt(tools=tools)
    return lower(whole, Abilities(found="inline")), whole


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        (CALLER, '{"name": "weather", "input": {"city": "Paris"}}'),
        (CALLER, "{'name': 'weather', 'input': {'city': 'Paris'}}"),
        (CALLER, '{"name": "weather", "input": "{\\"city\\": \\"Paris\\"}"}'),
        ("weather", PARIS),
    ],
)
async def test_a_tool_that_was_found_is_called_through_another_or_by_its_name(name: str, arguments: str) -> None:
    lowered, whole = deferred()
    engine = Engine(call(name, arguments))
    got = await heard(engine, lowered, whole=whole)
    ((called, input),) = got.calls
    assert (called, json.loads(input), len(engine.asked)) == ("weather", {"city": "Paris"}, 1)


async def test_the_input_of_a_tool_that_was_found_is_checked_too() -> None:
    lowered, whole = deferred()
    bad, good = '{"name": "weather", "input": {"town": 1}}', '{"name": "weather", "input": {"city": "Paris"}}'
    engine = Engine(call(CALLER, bad), call(CALLER, good))
    assert (await heard(engine, lowered, whole=whole)).calls == [("weather", PARIS)]
    (shown,) = engine.asked[1].items[-2].content
    assert isinstance(shown, b.ToolUse) and (shown.name, shown.input) == (CALLER, json.loads(bad))


async def test_who_is_told_in_words_of_tools_and_of_a_schema_may_call() -> None:
    engine = Engine(words(marked("weather", PARIS)))
    got = await heard(engine, prompt(format=FORMAT), convention=HERMES)
    assert got.calls == [("weather", PARIS)]
    assert engine.asked[0].worded and not engine.asked[0].tools


async def test_nothing_stands_between_where_nothing_is_asked_for() -> None:
    answer = words("Hello.", size=2)
    assert (await heard(Engine(answer), prompt(tools=()))).deltas == answer
    everything: list[d.AnyDelta] = [d.ToolCall("toolu_1", "nowhere"), d.ToolInput("{"), d.Stop("tool_use")]
    assert (await heard(Engine(everything, everything=True), prompt(tools=()))).deltas == everything


def test_the_tools_of_these_tests_are_sound() -> None:
    assert {tool.name for tool in TOOLS} == set(BY_NAME)
