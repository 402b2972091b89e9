"""Broken calls by the hundred: each is repaired to exactly what was meant, asked again, or left as the words it is."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sijo.engine.calls import Tally, conventions
from sijo.errors import ApiError
from tests.engine.calls.damage import FILE, cases, texts
from tests.engine.calls.engine import Answer, Engine, call, heard, words
from tests.engine.calls.tools import CALLS, TOOLS

Case = dict[str, Any]
CASES: list[Case] = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
IDS = [f"{at}-{case['via']}-{case['kind'].replace(' ', '_')}" for at, case in enumerate(CASES)]


def test_the_file_is_as_it_was_made() -> None:
    assert [json.loads(json.dumps(case)) for case in cases()] == CASES


def test_there_are_enough_of_every_kind() -> None:
    assert len(CASES) >= 500
    outcomes = Counter(case["outcome"] for case in CASES)
    assert outcomes["repaired"] >= 500 and outcomes["asked"] >= 100 and outcomes["words"] >= 20
    assert len({case["kind"] for case in CASES}) >= 60


def said(case: Case) -> Answer:
    if case["via"] == "native":
        return call(case["name"], case["arguments"])
    return words(case["text"], size=7)


def right(case: Case) -> Answer:
    """The answer when the model is asked again."""
    name, input = case["call"]["name"], json.dumps(case["call"]["input"])
    if case["via"] == "told":
        return words(f'Sorry.\n<tool_call>{{"name": "{name}", "arguments": {input}}}</tool_call>')
    return call(name, input)


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_none_reaches_the_client_broken(case: Case) -> None:
    tally, engine = Tally(), Engine(said(case), right(case))
    convention = conventions()["hermes"] if case["via"] == "told" else None
    got = await heard(engine, convention=convention, tally=tally)
    if case["outcome"] == "words":
        assert (got.calls, got.stop, got.text) == ([], "end_turn", case["text"])
        return
    ((name, input),) = got.calls
    assert (name, json.loads(input)) == (case["call"]["name"], case["call"]["input"])
    assert got.stop == "tool_use"
    assert len(engine.asked) == {"repaired": 1, "asked": 2}[case["outcome"]]
    assert tally.get("call asked again", 0) == len(engine.asked) - 1


@pytest.mark.parametrize("case", [case for case in CASES if case["outcome"] == "asked"][::3])
async def test_what_stays_broken_is_refused(case: Case) -> None:
    tally, engine = Tally(), Engine(said(case))
    convention = conventions()["hermes"] if case["via"] == "told" else None
    with pytest.raises(ApiError, match="asked 3 times"):
        await heard(engine, convention=convention, tally=tally)
    assert len(engine.asked) == 3
    assert tally == {"call asked again": 2, "call refused": 1}


CHECKS = {one.name: Draft202012Validator(one.input_schema) for one in TOOLS}
SPLINTERS = st.sampled_from([*"{}[]\"'\\:,\n <>/=()`|", "null", "True", "</tool_call>", "<tool_call>", "```", "//"])


@st.composite
def broken(draw: st.DrawFn) -> str:
    """A good call, in one form or another, with a few characters taken out or put in anywhere."""
    name, input = draw(st.sampled_from(CALLS))
    forms = [text for _, text, _ in texts(name, input)]
    text = draw(st.sampled_from([json.dumps(input, ensure_ascii=False), *forms]))
    for _ in range(draw(st.integers(0, 4))):
        at, gone = draw(st.integers(0, len(text))), draw(st.integers(0, 3))
        text = text[:at] + draw(st.just("") | SPLINTERS) + text[at + gone :]
    return text


@settings(deadline=None, max_examples=300)
@given(broken(), st.sampled_from([name for name, _ in CALLS]), st.sampled_from(["native", "text", *conventions().rows]))
async def test_whatever_is_broken_a_call_that_is_told_is_good(text: str, name: str, via: str) -> None:
    engine = Engine(call(name, text) if via == "native" else words(text, size=5))
    try:
        got = await heard(engine, convention=conventions().rows.get(via))
    except ApiError:
        return
    for called, input in got.calls:
        CHECKS[called].validate(json.loads(input or "{}"))
    assert got.stop == ("tool_use" if got.calls else "end_turn")
