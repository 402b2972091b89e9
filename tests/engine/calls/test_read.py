"""Calls found in text: by every convention, however the text is cut into pieces, and nothing else taken for one."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sijo.engine.calls import body, conventions, write
from sijo.engine.calls.judge import Known
from sijo.engine.calls.marks import SPACE
from sijo.engine.calls.read import Reader
from tests.engine.calls.tools import CALLS, TOOLS

KNOWN = Known(TOOLS)
PARIS = '{"name": "weather", "arguments": {"city": "Paris"}}'
WEATHER = ("weather", {"city": "Paris"})
LIGHT = ("set_light", {"room": "bath", "on": True})
ANN, TOWN = '{"name": "Ann", "arguments": {}}', '{"name": "weather", "arguments": {"town": 1}}'
DEEP = "<｜tool▁call▁begin｜>"


def read(pieces: Iterable[str], *, told: bool = False, cut: bool = False) -> list[Any]:
    """What comes out: texts, and calls as pairs with their input decoded where it is JSON."""
    reader = Reader(KNOWN.names, KNOWN.properties, KNOWN.named if told else KNOWN.sure)
    parts = [part for piece in pieces for part in reader.feed(piece)]
    parts += reader.cut() if cut else reader.end()
    out: list[Any] = []
    for part in parts:
        if not isinstance(part, str):
            out.append(part)
        elif out and isinstance(out[-1], str):
            out[-1] += part
        else:
            out.append(part)
    return out


def decoded(parts: list[Any]) -> list[Any]:
    return [part if isinstance(part, str) else (part[0], json.loads(part[1])) for part in parts]


def everywhere(text: str, *, told: bool = False) -> list[Any]:
    """What comes out of a text, which must be the same wherever it is cut."""
    whole = read([text], told=told)
    assert read(text, told=told) == whole
    for at in range(1, len(text)):
        assert read([text[:at], text[at:]], told=told) == whole, f"cut at {at}: {text[:at]!r}"
    return decoded(whole)


FOUND: dict[str, tuple[str, list[Any]]] = {
    "text": ("Hello, world.\n\n", ["Hello, world.\n\n"]),
    "space": (" \n", [" \n"]),
    "hermes": (f"I look.\n\n<tool_call>\n{PARIS}\n</tool_call>", ["I look.", WEATHER]),
    "two": (f"<tool_call>{PARIS}</tool_call>\n<tool_call>{PARIS}</tool_call>\nDone.\n", [WEATHER, WEATHER, "Done.\n"]),
    "its own mark inside": (
        '<tool_call>{"name": "weather", "arguments": {"city": "</tool_call> \\"x\\" <tool_call>"}}</tool_call> Yes',
        [("weather", {"city": '</tool_call> "x" <tool_call>'}), "Yes"],
    ),
    "qwen coder": (
        "<tool_call>\n<function=set_light>\n<parameter=room>\nbath\n</parameter>\n<parameter=on>\ntrue\n</parameter>\n"
        "</function>\n</tool_call>",
        [LIGHT],
    ),
    "a value that looks like an end": (
        "<function=write_file>\n<parameter=file_path>\na\n</parameter>\n<parameter=content>\n</tool_call>\n"
        "</parameter> x\n\n</parameter>\n</function>",
        [("write_file", {"file_path": "a", "content": "</tool_call>\n</parameter> x\n"})],
    ),
    "a string of digits": (
        "<function=weather><parameter=city>007</parameter><parameter=days>7</parameter></function>",
        [("weather", {"city": "007", "days": 7})],
    ),
    "functionary": ('<function=weather>{"city": "Paris"}</function> done', [WEATHER, "done"]),
    "llama 3": ('{"name": "weather", "parameters": {"city": "Paris"}}', [WEATHER]),
    "llama 3, two": (f"{PARIS}; {PARIS}", [WEATHER, WEATHER]),
    "python tag": (f"<|python_tag|>{PARIS}<|eom_id|>", [WEATHER]),
    "llama 4": ('[weather(city="Paris"), set_light(room="bath", on=True)]', [WEATHER, LIGHT]),
    "llama 4, marked": ('<|python_start|>[weather(city="Paris")]<|python_end|>', [WEATHER]),
    "mistral": (f"[TOOL_CALLS][{PARIS}, {PARIS}]", [WEATHER, WEATHER]),
    "mistral, new": ('[TOOL_CALLS]weather[ARGS]{"city": "Paris"}' * 2, [WEATHER] * 2),
    "mistral, ids": ('[TOOL_CALLS]weather[CALL_ID]a1b2[ARGS]{"city": "Paris"}', [WEATHER]),
    "deepseek 3": (
        f'<｜tool▁calls▁begin｜>{DEEP}function<｜tool▁sep｜>weather\n```json\n{{"city": "Paris"}}\n```'
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        [WEATHER],
    ),
    "deepseek 3.1": (
        f'So.<｜tool▁calls▁begin｜>{DEEP}weather<｜tool▁sep｜>{{"city": "Paris"}}<｜tool▁call▁end｜>\n'
        f'{DEEP}weather<｜tool▁sep｜>{{"city": "Paris"}}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
        ["So.", WEATHER, WEATHER],
    ),
    "deepseek 3.2": (
        '<｜DSML｜function_calls>\n<｜DSML｜invoke name="set_light">\n<｜DSML｜parameter name="room" string="true">bath'
        '</｜DSML｜parameter>\n<｜DSML｜parameter name="on" string="false">true</｜DSML｜parameter>\n'
        "</｜DSML｜invoke>\n</｜DSML｜function_calls>",
        [LIGHT],
    ),
    "glm": (
        "<tool_call>set_light\n<arg_key>room</arg_key>\n<arg_value>bath</arg_value>\n<arg_key>on</arg_key>\n"
        "<arg_value>true</arg_value>\n</tool_call>",
        [LIGHT],
    ),
    "kimi": (
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0<|tool_call_argument_begin|>"
        '{"city": "Paris"}<|tool_call_end|><|tool_calls_section_end|>',
        [("functions.weather:0", {"city": "Paris"})],
    ),
    "minimax": (
        '<minimax:tool_call>\n<invoke name="weather">\n<parameter name="city">Paris</parameter>\n</invoke>\n'
        '<invoke name="set_light">\n<parameter name="room">bath</parameter>\n<parameter name="on">true</parameter>\n'
        "</invoke>\n</minimax:tool_call>",
        [WEATHER, LIGHT],
    ),
    "gpt-oss": (
        '<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{"city": "Paris"}<|call|>',
        [("functions.weather", {"city": "Paris"})],
    ),
    "fence": (f"Sure:\n\n```json\n{PARIS}\n```\nOk?", ["Sure:", WEATHER, "Ok?"]),
    "fence of Python": ('```tool_code\nprint(weather("Paris"))\n```', [WEATHER]),
    "fence around tags": (f"```xml\n<tool_call>{PARIS}</tool_call>\n```", [WEATHER]),
    "line": (f"I call:\n  {PARIS}", ["I call:", WEATHER]),
    "its name as a tag": ("<weather><city>Paris\n</city></weather>", [("weather", {"city": "Paris\n"})]),
    "no end": (f"<tool_call>{PARIS}", [WEATHER]),
    "another end": (f"<tool_call>\n{PARIS}\n</function_call> bye", [WEATHER, "bye"]),
    "begin for end": (f"<tool_call>{PARIS}<tool_call>", [WEATHER]),
    "made-up result": (f"<tool_call>{PARIS}</tool_call>\n<tool_response>Sunny</tool_response>\nSo.", [WEATHER]),
    "talk of the mark": ("The <tool_call> mark begins a call.", ["The <tool_call> mark begins a call."]),
    "marks without a call": ("<tool_call></tool_call>", ["<tool_call></tool_call>"]),
    "marks after a call": (f"<tool_call>{PARIS}</tool_call> <tool_call></tool_call>", [WEATHER]),
    "marks around words": ("<tool_call>none</tool_call>", ["<tool_call>none</tool_call>"]),
    "talk of noise": ("End with <|eot_id|> and go on.<|eom_id|>", ["End with <|eot_id|> and go on.<|eom_id|>"]),
    "half a mark": ("a <tool_ca", ["a <tool_ca"]),
    "results without a call": ("A <tool_response> is", ["A <tool_response> is"]),
    "JSON": ('{"city": "Paris"}\n', ['{"city": "Paris"}\n']),
    "a list": ("[1, 2]\nand [3]", ["[1, 2]\nand [3]"]),
    "code": ('```python\nprint("x")\n```\nend', ['```python\nprint("x")\n```\nend']),
    "open fence": ("```", ["```"]),
    "no such tool": (f"```json\n{ANN}\n```", [f"```json\n{ANN}\n```"]),
    "does not fit": (TOWN, [TOWN]),
    "HTML": ("<b>x</b> <weather>hot</weather>\n", ["<b>x</b> <weather>hot</weather>\n"]),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_calls_are_found_however_the_text_is_cut(name: str) -> None:
    text, expected = FOUND[name]
    assert everywhere(text) == expected


def test_one_that_was_told_of_tools_in_text_may_write_a_wrong_call_without_a_mark() -> None:
    assert everywhere(TOWN, told=True) == [("weather", {"town": 1})]
    assert everywhere(ANN, told=True) == [ANN]


@pytest.mark.parametrize("name", list(conventions().rows))
@pytest.mark.parametrize("call", CALLS, ids=[f"{at}-{name}" for at, (name, _) in enumerate(CALLS)])
def test_what_is_written_by_a_convention_is_read_again(name: str, call: tuple[str, Any]) -> None:
    """To the last line break of a string; a value of another type comes back as one."""
    row = conventions()[name]
    calls = [write.call(tool, input, row) for tool, input in (call, CALLS[0])]
    text = f"Now.\n{row.before}{row.between.join(calls)}{row.after}"
    first, *found = everywhere(text, told=True)
    assert first == "Now."
    assert [(tool.removeprefix("functions.").removesuffix(":0"), input) for tool, input in found] == [call, CALLS[0]]


ODD = (
    "[weather(city={(1, 2): 3})]", "[weather(city=[{1, 2}])]", "[weather(city={[1]: 2})]", "[weather(city=...)]",
    "[weather(city=[1j])]", '[weather(city="\\ud83d")]', '{"name": 1e400, "arguments": {}}',
    '{"name": [-1e400], "arguments": {}}',
)  # fmt: skip
"""What the parsers of Python and of JSON take, and JSON cannot say."""


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("marks", [("<tool_call>", "</tool_call>"), ("<|python_start|>", "<|python_end|>"), ("", "")])
def test_what_no_call_can_be_is_text(odd: str, marks: tuple[str, str]) -> None:
    text = marks[0] + odd + marks[1]
    assert everywhere(text) == everywhere(text, told=True) == [text]


def test_a_character_that_was_escaped_in_two_halves_is_one() -> None:
    assert everywhere('<tool_call>[weather(city="\\ud83d\\ude00")]</tool_call>') == [("weather", {"city": "😀"})]


CUT: dict[str, tuple[str, list[Any]]] = {
    "JSON": ('Hm <tool_call>{"name": "weather", "arguments": {"city": "Par', ["Hm", ("weather", '{"city": "Par')]),
    "before its input": ('<tool_call>{"name": "wea', []),
    "second one": (
        f'[TOOL_CALLS][{PARIS}, {{"name": "set_light", "arguments": {{"room": "b',
        [("weather", '{"city": "Paris"}'), ("set_light", '{"room": "b')],
    ),
    "tags": (
        "<tool_call>\n<function=write_file>\n<parameter=file_path>\na\n</parameter>\n<parameter=content>\nfoo\nba",
        [("write_file", '{"file_path": "a", "content": "foo\\nba')],
    ),
    "only its end": (f"<tool_call>{PARIS}</tool", [("weather", '{"city": "Paris"}')]),
    "name and JSON": ('[TOOL_CALLS]weather[ARGS]{"city": "P', [("weather", '{"city": "P')]),
    "text": ("It was a dark and stor", ["It was a dark and stor"]),
    "talk of noise": ("End with <|eot_id|> and go on.<|eom_id|>", ["End with <|eot_id|> and go on.<|eom_id|>"]),
    "half a mark": ("It was <tool_c", ["It was <tool_c"]),
}


@pytest.mark.parametrize("name", CUT)
def test_a_call_that_ran_out_of_tokens_keeps_what_there_was(name: str) -> None:
    text, expected = CUT[name]
    assert read([text], cut=True) == expected
    assert read(text, cut=True) == expected


def test_text_is_not_held_longer_than_a_mark_may_go_on() -> None:
    reader = Reader(KNOWN.names, KNOWN.properties, KNOWN.sure)
    assert reader.feed("The sum is <") == ["The sum is"]
    assert reader.feed("b>3</b>.") == [" <b>3</b>."]
    assert reader.feed(" See `x") == [" See `x"]
    assert reader.feed('\n{"') == []
    assert "".join(map(str, reader.feed("zz"))) == '\n{"zz'


@pytest.mark.parametrize("endless", ["\n" + " " * 5000, "\n;" + "\t" * 5000, "\n```" + "x" * 5000])
def test_no_more_than_a_little_is_held_of_what_does_not_end(endless: str) -> None:
    """A model that fell into a loop writes space without end, and all that is held is looked at again and again."""
    reader = Reader(KNOWN.names, KNOWN.properties, KNOWN.sure)
    said = "".join(map(str, (part for char in endless for part in reader.feed(char))))
    assert endless.startswith(said)
    assert len(endless) - len(said) <= SPACE
    assert said + "".join(map(str, reader.end())) == endless


def test_a_head_that_never_ends_is_no_call() -> None:
    """It is looked through once: again from each of its characters would take minutes."""
    head = "<function=" + "x" * 300_000
    assert (body.cut(head, KNOWN.properties), body.whole(head)) == ([], False)
    assert read([head]) == [head]


def test_a_made_up_result_ends_it() -> None:
    reader = Reader(KNOWN.names, KNOWN.properties)
    assert [part[0] for part in reader.feed(f"<tool_call>{PARIS}</tool_call>")] == ["weather"]
    assert not reader.done
    assert reader.feed("\n<tool_response>Sunny") == []
    assert reader.done


PIECES = sorted({
    *(mark for pair in conventions().marks.frames for mark in pair if mark),
    *(mark for pair in conventions().marks.doubtful for mark in pair), *conventions().marks.noise,
    "<tool_response>", "<function=weather>", "</function>", "<parameter=city>\n", "\n</parameter>", "<weather>",
    "</weather>", "<city>", "</city>", PARIS, '{"name": "wea', '"arguments": {', "weather", "[weather(", '(city="P")',
    "[ARGS]", "<arg_key>", "city</arg_key><arg_value>", "</arg_value>", "```", "```json\n", "\n", " ", '"', "'", "\\",
    "{", "}", "[", "]", "a", "<",
})  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=9), st.booleans(), st.data())
def test_any_heap_of_marks_is_read_the_same_however_it_is_cut(heap: list[str], told: bool, data: st.DataObject) -> None:
    text = "".join(heap)
    at = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    cut = [text[start:end] for start, end in zip([0, *at], [*at, len(text)], strict=True)]
    whole = read([text], told=told)
    assert read(cut, told=told) == read(text, told=told) == whole
    if all(isinstance(part, str) for part in whole):
        assert "".join(whole) == text


@settings(deadline=None)
@given(st.text())
def test_text_without_a_mark_stays_as_it_is(text: str) -> None:
    assert "".join(read(text)) == text
