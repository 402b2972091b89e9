"""Broken JSON: made whole where it has one meaning, and left where it has several."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sijo.engine.calls.mend import Unsure, mended

MENDED = {
    "{'a': 'b'}": {"a": "b"},
    "{'a': 'it's'}": {"a": "it's"},
    "{'a': 'say \"x\"'}": {"a": 'say "x"'},
    "{'a': 'b\\'c'}": {"a": "b'c"},
    '{"a": True, "b": None, "c": False,}': {"a": True, "b": None, "c": False},
    '{"a": "x\ny\n"}': {"a": "x\ny\n"},
    '{"a": "x\ty"}': {"a": "x\ty"},
    '{"a": 1, // one\n "b": 2 /* two */ }': {"a": 1, "b": 2},
    "{a: 1, b_c: 2}": {"a": 1, "b_c": 2},
    '{"a": [1, 2,], }': {"a": [1, 2]},
    '{"a": [1, 2}': {"a": [1, 2]},
    '{"a": {"b": "c"}': {"a": {"b": "c"}},
    '{"a": "b"': {"a": "b"},
    '{"a": [true': {"a": [True]},
    '{"a": 1}}': {"a": 1},
    '{"a": 1}</tool_call>': {"a": 1},
    '{"a": "b" "c": 2}': {"a": "b", "c": 2},
    '{"a": "b"\n"c": 2}': {"a": "b", "c": 2},
    '{"a": 1}{"a": 1}': {"a": 1},
    '{}{"a": 1}': {"a": 1},
    '```json\n{"a": 1}\n```': {"a": 1},
    '\ufeff{"a": 1}': {"a": 1},
    '{\\"a\\": \\"b\\\\n\\"}': {"a": "b\n"},
    '{"a": "\\d+"}': {"a": "\\d+"},
    '{"a": "it\\\'s"}': {"a": "it's"},
    '{"a": """x "y"\nz"""}': {"a": 'x "y"\nz'},
    "{“a”: “b”}": {"a": "b"},
    '{"a": "// no comment, # none, /* none */"}': {"a": "// no comment, # none, /* none */"},
}
UNSURE = (
    "", "{", "[", "nothing", '{"a"', '{"a":', '{"a": "b', '{"a": "b",', '{"a": 12', '{"a": tru', '{"a": "b\\', "{,}",
    '{"a": "he said "no" to"}', '{"a": 1,, "b": 2}', '{"a": 1_000}', '{"a": Paris}', '{"a": 01}', '{"a": NaN}',
    '{"a": 1}{"a": 2}', '{"a": 1} and more', '{"a" "b"}', '{"a": "C:\\users\\new"}', '{"a": "\\d\\n"}', '["a" "b"]',
    '{"a": "\\ud800"}', "[" * 500, '{"a":' * 500, "`a`",
)  # fmt: skip


@pytest.mark.parametrize("text", MENDED)
def test_what_has_one_meaning_is_made_whole(text: str) -> None:
    assert json.loads(mended(text)) == MENDED[text]


@pytest.mark.parametrize("text", UNSURE)
def test_nothing_is_guessed(text: str) -> None:
    with pytest.raises(Unsure):
        mended(text)


Values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(Values)
def test_json_stays_as_it_is_to_the_character(value: object) -> None:
    for text in (json.dumps(value, ensure_ascii=False), f" {json.dumps(value, indent=1)}\n"):
        assert mended(text) == text


@settings(deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1), Values, min_size=1, max_size=3), st.integers(1))
def test_cut_json_is_whole_or_refused_and_never_something_else(value: dict[str, object], cut: int) -> None:
    """Whatever is left of it is the beginning of what it was."""
    text = json.dumps(value)
    try:
        left = json.loads(mended(text[: cut % len(text)]))
    except Unsure:
        return
    assert begins(value, left)


def begins(whole: object, left: object) -> bool:
    if isinstance(whole, dict) and isinstance(left, dict):
        *before, last = list(left) or [None]
        same = all(whole[key] == left[key] for key in before)
        return list(whole)[: len(left)] == list(left) and same and (last is None or begins(whole[last], left[last]))
    if isinstance(whole, list) and isinstance(left, list):
        return whole[: len(left) - 1] == left[:-1] and (not left or begins(whole[len(left) - 1], left[-1]))
    return whole == left
