"""The summary of thinking that needs no model, however the thinking is cut into pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sijo.engine.thinking.extract import FULL, Extract

OPENING = "Let me look at this from the start . "
PARAGRAPH = "There are many ways to do it. Some of them are long. So the answer must be seven. Nobody minds."
THOUGHT = OPENING * 12 + "\n\n" + "\n\n".join([PARAGRAPH] * 4)


def shown(pieces: list[str]) -> str:
    extract = Extract()
    return "".join([*map(extract.feed, pieces), extract.end()])


def test_the_opening_ends_with_its_sentence_also_where_a_full_stop_is_a_piece_of_its_own() -> None:
    words = THOUGHT.replace(" ", "\0 ").split("\0")
    found = shown(words)
    assert found.startswith(OPENING * (FULL // len(OPENING)))
    assert found.count("So the answer must be seven.") == 4
    assert "Some of them are long." not in found


@given(st.lists(st.integers(1, 30), min_size=1))
def test_what_a_paragraph_comes_to_does_not_depend_on_how_it_is_cut(sizes: list[int]) -> None:
    pieces, at, n = [], 0, 0
    while at < len(THOUGHT):
        pieces.append(THOUGHT[at : at + sizes[n % len(sizes)]])
        at, n = at + sizes[n % len(sizes)], n + 1
    assert shown(pieces).endswith("\n\n".join(["", *["So the answer must be seven."] * 4]))


@pytest.mark.parametrize("size", [1, 4, 50])
def test_a_thought_without_any_sentence_is_not_shown_whole(size: int) -> None:
    endless = "and so on " * 2000
    assert len(shown([endless[at : at + size] for at in range(0, len(endless), size)])) < len(endless)
    assert len(Extract().feed(endless)) < len(endless)


def test_a_short_thought_is_shown_as_it_is() -> None:
    assert shown(["Seven", "."]) == "Seven."


def test_a_sentence_may_end_without_a_space_and_a_number_have_a_point() -> None:
    opening = "はじめに考える。" * 60
    paragraph = "たくさんある。答は1.5です。So it is 3.14 at most. 誰も気にしない。\n\n"
    found = shown([opening, "\n\n", paragraph * 2])
    assert found.startswith(opening[:FULL])
    assert found.count("So it is 3.14 at most.") == 2
    assert "たくさんある。" not in found
