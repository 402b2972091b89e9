"""What is remembered of what comes from outside has bounds: how many, and how long."""

import tracemalloc
from collections.abc import Callable

import pytest

from sijo.backends.grammar import dear
from sijo.backends.simulator.lexicon import called
from sijo.backends.simulator.tongue import demanded
from sijo.engine import schemas
from sijo.engine.betas import betas
from sijo.engine.calls.fit import Fit
from sijo.engine.calls.marks import marks
from sijo.engine.remembered import Texts, remembered
from sijo.errors import InvalidRequest
from sijo.wire.base import Json

LONG, TIMES = 1 << 20, 8


def text(at: int) -> str:
    return f"{at} {'x ' * (LONG // 2)}"


def schema(at: int) -> Json:
    return {"type": "object", "description": text(at), "properties": {"a": {"type": "string"}}}


MADE: dict[str, Callable[[int], object]] = {
    "grammar": lambda at: schemas.held(schema(at)),
    "plain": lambda at: schemas.mended(schema(at), "raw"),
    "validator": lambda at: Fit(schema(at)),
    "pattern": lambda at: dear(text(at)),
    "names": lambda at: marks(tuple(f"{at} {n} {'x' * 50}" for n in range(LONG // 100)), True),
    "language": lambda at: demanded(text(at)),
    "value": lambda at: called(text(at)),
}


@pytest.mark.parametrize("kind", MADE)
def test_nothing_long_that_came_once_stays(kind: str) -> None:
    make = MADE[kind]
    make(-1)
    tracemalloc.start()
    try:
        for at in range(TIMES):
            make(at)
        stayed, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert stayed < 2 * LONG


def test_what_is_short_is_made_once() -> None:
    made = []

    @remembered(2, 3)
    def make(text: str) -> str:
        made.append(text)
        return text

    for said in ("abc", "abc", "abcd", "abcd", "a", "b", "abc"):
        assert make(said) == said
    assert made == ["abc", "abcd", "abcd", "a", "b", "abc"]


def test_a_header_of_betas_has_an_end() -> None:
    assert len(betas().parse([",".join(f"x{at}" for at in range(100))], strict=False)) == 100
    with pytest.raises(InvalidRequest, match="anthropic-beta: the header may have at most 4096 characters"):
        betas().parse(["x," * 1000, "y," * 1100], strict=False)


def test_texts_are_made_once_and_the_oldest_go() -> None:
    made: list[str] = []
    texts = Texts(10)

    def of(data: str) -> str:
        known = texts.known(data)
        if known is None:
            made.append(data)
            texts.keep(data, known := data.upper())
        return known

    assert [of("aaaa"), of("bbbb"), of("aaaa"), of("cccc"), of("aaaa"), of("bbbb")] == [
        "AAAA", "BBBB", "AAAA", "CCCC", "AAAA", "BBBB",
    ]  # fmt: skip
    assert made == ["aaaa", "bbbb", "cccc", "bbbb"]
    assert of("much longer than all") == "MUCH LONGER THAN ALL"
