"""Scripts: which rule answers, with what, and how mistakes in them are told."""

from pathlib import Path
from typing import Any

import pytest

from sijo.backends.simulator import Answer, Match, Piece, Rule, Script, ScriptError, Simulator
from sijo.engine import deltas as d
from sijo.engine.prompt import Thought
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire.events import StopDetails
from sijo.wire.sources import CharLocation

from .build import CONVERT, WEATHER, answer, call, deltas, prompt, result, talk, text

LOOP = talk("Weather in Paris?", [call("t", "get_weather", location="Paris")], [result("t", "18 degrees")])
FAILED = talk("Weather in Paris?", [call("t", "get_weather", location="Paris")], [result("t", "oops", is_error=True)])


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def toml(folder: Path, text: str) -> Simulator:
    return Simulator([write(folder, "script.toml", text)])


MATCHES: list[tuple[str, Any, dict[str, Any], bool]] = [
    ('match.text = "tide"', "the tides", {}, True),
    ('match.text = "Tide"', "the tides", {}, False),
    ('match.text.exact = "the tides"', " the tides\n", {}, True),
    ('match.text.exact = "tides"', "the tides", {}, False),
    ('match.text.contains = ["a", "b"]', "ab", {}, True),
    ('match.text.contains = ["a", "b"]', "ac", {}, False),
    ("match.text.regex = '(?i)^T\\w+$'", "tides", {}, True),
    ("match.text.regex = '^T\\w+$'", "tides", {}, False),
    ("match.text = { contains = 'ti', regex = 'es$' }", "tide", {}, False),
    ('match.text = "one"', talk("one", "ok", "two"), {}, False),
    ('match.text = "Weather"', LOOP, {}, False),
    ('match.system = "kind"', "x", {"system": "Be kind."}, True),
    ('match.system.contains = "kind"', "x", {}, False),
    ('match.model = "claude-sonnet-*"', "x", {}, True),
    ('match.model = "claude-opus-*"', "x", {}, False),
    ('match.model = "my-own"', "x", {"model": "my-own"}, True),
    ("match.turn = 1", "x", {}, True),
    ("match.turn = 2", talk("x", "y", "z"), {}, True),
    ("match.turn = 2", "x", {}, False),
    ("match.turn = 1", LOOP, {}, True),
    ("match.tools = true", "x", {}, False),
    ("match.tools = true", "x", {"tools": [WEATHER]}, True),
    ("match.tools = false", "x", {}, True),
    ("match.tools = false", "x", {"tools": [WEATHER]}, False),
    ('match.tools = ["get_weather"]', "x", {"tools": [WEATHER, CONVERT]}, True),
    ('match.tools = ["get_weather", "other"]', "x", {"tools": [WEATHER, CONVERT]}, False),
    ("match.result = true", LOOP, {}, True),
    ("match.result = false", LOOP, {}, False),
    ("match.result = false", "x", {}, True),
    ("match.result = true", [*LOOP, *talk("x", "y")[1:], {"role": "user", "content": "z"}], {}, False),
    ('match.result.name = "get_weather"', LOOP, {}, True),
    ('match.result.name = "other"', LOOP, {}, False),
    ('match.result.content = "18"', LOOP, {}, True),
    ("match.result.content.regex = '^\\d+ deg'", LOOP, {}, True),
    ('match.result.content = "19"', LOOP, {}, False),
    ("match.result.is_error = true", FAILED, {}, True),
    ("match.result.is_error = true", LOOP, {}, False),
    ("match.result.is_error = false", LOOP, {}, True),
    ('match = { text = "x", turn = 2 }', "x", {}, False),
    ("", "anything", {}, True),
]


@pytest.mark.parametrize(("rule", "said", "fields", "fits"), MATCHES)
async def test_a_rule_answers_what_it_matches(
    tmp_path: Path, rule: str, said: Any, fields: dict[str, Any], fits: bool
) -> None:
    simulator = toml(tmp_path, f'otherwise = "error"\n[[rules]]\n{rule}\nanswers = "yes"\n')
    if fits:
        assert await text(prompt(said, **fields), simulator) == "yes"
    else:
        with pytest.raises(InvalidRequest):
            await text(prompt(said, **fields), simulator)


async def test_the_first_rule_that_matches_answers(tmp_path: Path) -> None:
    simulator = toml(
        tmp_path, '[[rules]]\nmatch.text = "a"\nanswers = "1"\n[[rules]]\nmatch.text = "b"\nanswers = "2"\n'
    )
    assert [await text(said, simulator) for said in ("ab", "b", "a")] == ["1", "2", "1"]


async def test_several_answers_come_one_after_the_other_and_the_last_one_stays(tmp_path: Path) -> None:
    simulator = toml(tmp_path, '[[rules]]\nanswers = ["1", { text = "2" }, "3"]\n')
    assert [await text("x", simulator) for _ in range(5)] == ["1", "2", "3", "3", "3"]


async def test_a_rule_is_used_only_so_many_times(tmp_path: Path) -> None:
    simulator = toml(tmp_path, '[[rules]]\ntimes = 2\nanswers = "few"\n[[rules]]\nanswers = "many"\n')
    assert [await text("x", simulator) for _ in range(4)] == ["few", "few", "many", "many"]


async def test_what_no_rule_matches_is_answered_by_rules_of_its_own(tmp_path: Path) -> None:
    simulator = toml(tmp_path, '[[rules]]\nmatch.text = "a"\nanswers = "1"\n')
    assert "12231" in await text("27 * 453", simulator)


async def test_a_strict_script_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    simulator = toml(tmp_path, 'otherwise = "error"\n[[rules]]\nmatch.text = "a"\nanswers = "1"\n')
    with pytest.raises(InvalidRequest, match="turn 1: 'bcd'"):
        await text("bcd", simulator)


async def test_an_answer_may_have_blocks_of_every_kind() -> None:
    cited = CharLocation("a", 0, None, 0, 1)
    blocks = [
        Piece(redacted="c2VjcmV0"),
        Piece(thinking="Hm."),
        Piece(thinking="Well."),
        Piece(text="One", citations=[cited]),
        Piece(text="Two"),
        Piece(tool="get_weather", input={"location": "Paris"}, id="toolu_mine"),
        Piece(tool="get_weather", input={}),
    ]
    message = await answer(
        prompt("x", thought=Thought("adaptive")), Simulator([Script(rules=[Rule(answers=Answer(blocks=blocks))])])
    )
    *first, last = message.content
    assert first == [
        b.RedactedThinking("c2VjcmV0"),
        b.Thinking("Hm.", ""),
        b.Thinking("Well.", ""),
        b.Text("One", citations=[cited]),
        b.Text("Two"),
        b.ToolUse("toolu_mine", "get_weather", {"location": "Paris"}),
    ]
    assert isinstance(last, b.ToolUse)
    assert last.id.startswith("toolu_01")
    assert message.stop_reason == "tool_use"


async def test_how_it_stops_and_what_it_spent_can_be_told(tmp_path: Path) -> None:
    simulator = toml(
        tmp_path,
        """
        [[rules]]
        [rules.answers]
        text = "no"
        stop_reason = "refusal"
        stop_details = { category = "cyber", explanation = "Because." }
        usage = { input = 7, output = 9, thinking = 2, cache_read = 100, cache_5m = 20, cache_1h = 3 }
        """,
    )
    message = await answer(prompt("x"), simulator)
    assert message.stop_reason == "refusal"
    assert message.stop_details is not None
    assert (message.stop_details.category, message.stop_details.explanation) == ("cyber", "Because.")
    usage = message.usage
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens) == (7, 9, 100)
    assert (usage.cache_creation_input_tokens, usage.cache_creation.ephemeral_1h_input_tokens) == (23, 3)


async def test_a_refusal_has_details_though_the_script_gives_none(tmp_path: Path) -> None:
    simulator = toml(tmp_path, '[[rules]]\nanswers = { text = "I can", stop_reason = "refusal" }')
    assert (await answer(prompt("x"), simulator)).stop_details == StopDetails(None, None)


async def test_what_is_not_told_is_counted(tmp_path: Path) -> None:
    simulator = toml(tmp_path, '[[rules]]\nanswers = { text = "a b c", usage = { cache_read = 5 } }\n')
    asked = prompt("x")
    message = await answer(asked, simulator)
    assert message.usage.input_tokens == await simulator.count(asked)
    assert message.usage.output_tokens == 3


async def test_placeholders_are_filled_in() -> None:
    rule = Rule(answers=Answer(blocks=[
        Piece(thinking="{turn}?"),
        Piece(text="{last} {model} {turn} {result} {other} {"),
        Piece(tool="t", input={"a": ["{last}", {"b": "{turn}"}], "n": 1}),
    ]))  # fmt: skip
    message = await answer(
        prompt(talk("one", "ok", "{turn}"), thought=Thought("adaptive")), Simulator([Script(rules=[rule])])
    )
    thought, said, called = message.content
    assert isinstance(thought, b.Thinking)
    assert isinstance(said, b.Text)
    assert isinstance(called, b.ToolUse)
    assert thought.thinking == "2?"
    assert said.text == "{turn} claude-sonnet-4-5 2  {other} {"
    assert called.input == {"a": ["{turn}", {"b": "2"}], "n": 1}


async def test_a_result_can_be_repeated(tmp_path: Path) -> None:
    assert await text(LOOP, toml(tmp_path, '[[rules]]\nanswers = "It is {result}."\n')) == "It is 18 degrees."


async def test_a_tool_of_the_server_is_called_as_such() -> None:
    simulator = Simulator(
        [Script(rules=[Rule(answers=Answer(blocks=[Piece(tool="web_search", input={"query": "x"})]))])]
    )
    own = await deltas(
        prompt("x", tools=[{"name": "web_search", "description": "mine", "input_schema": {"type": "object"}}]),
        simulator,
    )
    ours = await deltas(prompt("x", tools=[{"type": "web_search_20250305", "name": "web_search"}]), simulator)
    assert [delta.server for said in (own, ours) for delta in said if isinstance(delta, d.ToolCall)] == [False, True]


async def test_scripts_obey_max_tokens_and_stop_sequences() -> None:
    simulator = Simulator([Script(rules=[Rule(answers="one two three four")])])
    assert await text(prompt("x", max_tokens=2), simulator) == "one two"
    assert await text(prompt("x", stop_sequences=[" three"]), simulator) == "one two"


async def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    write(tmp_path, "b.toml", '[[rules]]\nanswers = "b"\n')
    write(tmp_path, "a.yaml", "rules: [{match: {text: x}, answers: a}]\n")
    write(tmp_path, "c.yml", "otherwise: error\nrules: []\n")
    write(tmp_path, "notes.txt", "no script")
    simulator = Simulator([tmp_path])
    assert [await text(said, simulator) for said in ("x", "y")] == ["a", "b"]
    assert simulator.book.strict


async def test_paths_may_come_as_settings_have_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.toml", '[[rules]]\nanswers = "a"\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    assert await text("x", Simulator.of(["~/a.toml"])) == "a"


RULE = "[[rules]]\nanswers = 'x'\n"
PLACE = "type='char_location', cited_text='', document_index=0, document_title='', start_char_index=0, end_char_index=0"
MISTAKES: list[tuple[str, str, list[str]]] = [
    ("a.toml", "[[rules]]\nanswer = 'x'\n", ["rules[0]", "`answer`"]),
    ("a.toml", RULE + "matches.text = 'x'\n", ["rules[0]", "`matches`"]),
    ("a.toml", RULE + "match.txt = 'x'\n", ["rules[0].match", "`txt`"]),
    ("a.toml", RULE + "match.text.regex = '('\n", ["rules[0].match.text", "regex", "position 0"]),
    ("a.toml", RULE + f"match.text.regex = '{'a' * 1001}'\n", ["rules[0].match.text", "1001", "1000"]),
    ("a.toml", RULE + "match.turn = 0\n", ["rules[0].match.turn", ">= 1"]),
    ("a.toml", RULE + "times = 'x'\n", ["rules[0].times", "int"]),
    ("a.toml", "otherwise = 'shrug'\nrules = []\n", ["otherwise", "shrug"]),
    ("a.toml", "", ["rules"]),
    ("a.toml", "[[rules\n", ["no TOML", "line 1"]),
    ("a.yaml", "rules: [\n", ["no YAML", "line"]),
    ("a.yaml", "- 1\n", ["object"]),
    ("a.yaml", "!!python/object/apply:os.getcwd []\n", ["no YAML"]),
    ("a.json", "{}", [".toml"]),
    *(
        ("a.toml", f"[[rules]]\nanswers = {answers}\n", says)
        for answers, says in (
            ("[]", ["rules[0]", "empty"]),
            ("5", ["rules[0].answers", "int"]),
            ("{ text = 'a', blocks = [{ text = 'b' }] }", ["rules[0].answers", "not both"]),
            ("{ blocks = [{ text = 'a', tool = 'b' }] }", ["rules[0].answers.blocks[0]", "one of"]),
            ("{ blocks = [{}] }", ["rules[0].answers.blocks[0]", "one of"]),
            ("{ blocks = [{ text = 'a', input = { b = 1 } }] }", ["rules[0].answers.blocks[0]", "`input`"]),
            (f"{{ blocks = [{{ tool = 'a', citations = [{{ {PLACE} }}] }}] }}", ["`citations`"]),
            ("{ stop_reason = 'tired' }", ["rules[0].answers.stop_reason", "tired"]),
            ("{ delay = { first = -1 } }", ["rules[0].answers.delay", "below 0"]),
            ("{ usage = { cache_read = -1 } }", ["rules[0].answers.usage", "below 0"]),
            ("{ fault = { status = 429, retry_after = -1 } }", ["rules[0].answers.fault", "below 0"]),
            ("{ fault = { status = 418 } }", ["rules[0].answers.fault", "418", "529"]),
            ("{ fault = { type = 'teapot' } }", ["rules[0].answers.fault", "teapot", "overloaded_error"]),
            ("{ fault = { kind = 'cut', status = 500 } }", ["rules[0].answers.fault", "`cut`"]),
            ("{ fault = { after = -1 } }", ["rules[0].answers.fault", "`after`"]),
        )
    ),
]


@pytest.mark.parametrize(("name", "content", "says"), MISTAKES)
def test_a_mistake_is_told_with_its_file_and_place(tmp_path: Path, name: str, content: str, says: list[str]) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(ScriptError) as caught:
        Simulator([path])
    assert str(caught.value).startswith(f"{path}: ")
    assert [word for word in says if word not in str(caught.value)] == []


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="No such file"):
        Simulator([tmp_path / "none.toml"])
    with pytest.raises(ScriptError, match=r"no \.toml"):
        Simulator([tmp_path])
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ScriptError, match="not UTF-8"):
        Simulator([tmp_path / "a.toml"])


async def test_a_script_can_be_made_in_code() -> None:
    hello = Rule(match=Match(text="hello"), answers=["Hi!", "Hi again!"])
    simulator = Simulator([Script(rules=[hello])])
    assert [await text("hello", simulator) for _ in range(2)] == ["Hi!", "Hi again!"]
