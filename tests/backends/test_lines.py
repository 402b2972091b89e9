"""Bytes of an event stream become lines, however they are cut, and none without end."""

import pytest

from sijo.backends.lines import LONGEST, MOST, Lines
from sijo.errors import ApiError

EVENT = b"event: x\r\ndata: {}\n: note\ndata:[1]\nerrors: x\nerror: 1\r\n\n"


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_however_bytes_come_the_lines_are_the_same(size: int) -> None:
    lines = Lines()
    found = [line for at in range(0, len(EVENT), size) for line in lines.feed(EVENT[at : at + size])]
    assert found == [b" {}", b"[1]", b'{"error": 1\r}']


def test_a_line_without_end_is_not_listened_to() -> None:
    lines, piece = Lines(), b"x" * (LONGEST // 4)
    for _ in range(4):
        assert lines.feed(piece) == []
    with pytest.raises(ApiError, match="a line without end"):
        lines.feed(piece)


def test_an_answer_without_end_is_not_listened_to() -> None:
    lines, piece = Lines(), b"data: " + b"x" * (MOST // 16) + b"\n"
    for _ in range(15):
        assert len(lines.feed(piece)) == 1
    with pytest.raises(ApiError, match="an answer without end"):
        lines.feed(piece)
