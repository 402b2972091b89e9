"""Filters hold back only what they must, and lose nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sijo.engine import deltas as d
from sijo.engine.filters import Filter, Keys, One, Stops, push
from sijo.engine.thinking import Hide, Seal, Show, Thoughts
from sijo.wire.blocks import ToolUse

SEAL = Seal([b"k" * 32])


def passed(filter: Filter, deltas: list[d.AnyDelta]) -> list[d.AnyDelta]:
    out: list[d.AnyDelta] = []
    for delta in deltas:
        out += filter.feed(delta)
        if filter.done:
            return out
    return out + list(filter.end())


def words(deltas: list[d.AnyDelta]) -> list[str]:
    return [delta.text for delta in deltas if isinstance(delta, d.Text)]


STOPS: list[tuple[list[str], list[str], list[str], str | None]] = [
    (["END"], ["one ", "two"], ["one ", "two"], None),
    (["END"], ["one END two"], ["one "], "END"),
    (["END"], ["one E", "N", "D two"], ["one "], "END"),
    (["END"], ["one E", "N", "G"], ["one ", "ENG"], None),
    (["END"], ["one EN"], ["one ", "EN"], None),
    (["END"], ["END"], [], "END"),
    (["\n\n", "x"], ["a\n", "\nb"], ["a"], "\n\n"),
    (["ab", "b"], ["zab"], ["z"], "ab"),
    (["b", "ab"], ["zab"], ["z"], "ab"),
    (["aab"], ["aaab"], ["a"], "aab"),
    (["abcd", "bc"], ["abcd"], ["a"], "bc"),
    (["abcd", "bc"], ["abc", "d"], ["a"], "bc"),
    (["끝"], ["이제 ", "끝", "났다"], ["이제 "], "끝"),
]


@pytest.mark.parametrize(("sequences", "texts", "out", "stop"), STOPS)
def test_a_stop_sequence_ends_the_answer_before_it(
    sequences: list[str], texts: list[str], out: list[str], stop: str | None
) -> None:
    deltas = passed(Stops(sequences), [d.Text(text) for text in texts])
    assert words(deltas) == out
    assert [x.sequence for x in deltas if isinstance(x, d.Stop)] == ([stop] if stop else [])


def test_stop_sequences_are_not_looked_for_in_thinking_or_in_tools() -> None:
    deltas: list[d.AnyDelta] = [d.Thinking("END"), d.ToolCall("t", "f"), d.ToolInput("END")]
    assert passed(Stops(["END"]), deltas) == deltas


@given(st.text("abE", max_size=40), st.lists(st.text("abE", min_size=1, max_size=4), min_size=1, max_size=3), st.data())
def test_stops_however_the_text_is_cut(text: str, sequences: list[str], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[i:j] for i, j in zip([0, *cuts], [*cuts, len(text)], strict=True) if i < j]
    cut = passed(Stops(sequences), [d.Text(piece) for piece in pieces])
    whole = passed(Stops(sequences), [d.Text(text)] if text else [])
    out = "".join(words(cut))
    assert out == "".join(words(whole))
    assert [x for x in cut if isinstance(x, d.Stop)] == [x for x in whole if isinstance(x, d.Stop)]
    hits = [text.find(s) for s in sequences if s in text]
    if hits:
        assert text.startswith(out)
        assert not any(s in out for s in sequences)
    else:
        assert out == text


def test_tool_input_comes_a_key_at_a_time() -> None:
    pieces = ['{"a": ', '"x, ', 'y", "b"', ': {"c": 1, "d": 2}', "}"]
    deltas = passed(Keys(), [d.ToolCall("t", "f"), *[d.ToolInput(piece) for piece in pieces]])
    assert [x.json for x in deltas if isinstance(x, d.ToolInput)] == ['{"a": "x, y",', ' "b": {"c": 1, "d": 2}}']


def test_eager_tools_get_their_pieces_raw() -> None:
    deltas: list[d.AnyDelta] = [d.ToolCall("t", "f"), d.ToolInput('{"a'), d.ToolInput('": 1')]
    assert passed(Keys(frozenset({"f"})), deltas) == deltas


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=8,
    ).flatmap(lambda value: st.just({"k": value, "l": value})),
    st.integers(1, 5),
)
def test_keys_lose_nothing(value: object, size: int) -> None:
    import json

    text = json.dumps(value)
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    deltas = passed(Keys(), [d.ToolCall("t", "f"), *[d.ToolInput(piece) for piece in pieces]])
    assert "".join(x.json for x in deltas if isinstance(x, d.ToolInput)) == text


def test_thinking_that_was_not_asked_for_is_hidden() -> None:
    assert passed(Hide(), [d.Thinking("hm"), d.Text("a")]) == [d.Text("a")]


def test_each_thinking_block_ends_with_its_signature() -> None:
    said: list[d.AnyDelta] = [d.Thinking("a"), d.Thinking("b"), d.Text("x"), d.Thinking("c")]
    deltas = passed(Show(Thoughts(SEAL, "msg_1"), "full"), said)
    kinds = [type(delta).__name__ for delta in deltas]
    assert kinds == ["Thinking", "Thinking", "Signature", "Text", "Thinking", "Signature", "Spent"]
    signatures = [delta.value for delta in deltas if isinstance(delta, d.Signature)]
    assert [SEAL.open(value).thinking for value in signatures] == ["ab", "c"]


def test_omitted_thinking_is_one_empty_delta_and_a_signature_that_holds_it_all() -> None:
    deltas = passed(Show(Thoughts(SEAL, "msg_1"), "omitted"), [d.Thinking("a"), d.Thinking("b"), d.Text("x")])
    assert deltas[0] == d.Thinking("")
    assert isinstance(deltas[1], d.Signature)
    assert SEAL.open(deltas[1].value).thinking == "ab"
    assert deltas[2:] == [d.Text("x"), d.Spent(thinking=1)]


def test_the_second_call_is_not_made_where_one_was_asked_for() -> None:
    first: list[d.AnyDelta] = [
        d.Text("a"),
        d.ToolCall("s", "web_search", True),
        d.ToolCall("1", "f"),
        d.ToolInput("{}"),
    ]
    second: d.AnyDelta
    for second in (d.ToolCall("2", "g"), d.Open(ToolUse("2", "g", {}, toolset_name="browser"))):
        rest: list[d.AnyDelta] = [second, d.ToolInput("{}"), d.Stop("tool_use")]
        assert list(push([One()], [*first, *rest])) == [*first, d.Stop("tool_use")]
        assert passed(One(), [*first, *rest]) == [*first, d.Stop("tool_use")]
    assert passed(One(), first) == first
