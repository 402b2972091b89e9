"""Engines and relays that may say anything, the same each time; `python -m bench.engines` makes up others for as long
as one likes."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.answers import talks
from tests.fuzz.engines import Stage, stage
from tests.fuzz.same import same
from tests.fuzz.upstream import Talk

EXAMPLES = 5
AT_ONCE = 32


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("fuzz")) as place:
        yield place


def test_no_engine_brings_a_client_more_than_an_error_and_none_is_listened_to_for_ever(place: Stage) -> None:
    with asyncio.Runner() as runner:

        @same(EXAMPLES)
        @given(st.lists(talks, min_size=AT_ONCE // 2, max_size=AT_ONCE))
        def answered(every: list[Talk]) -> None:
            runner.run(place.play(every))

        answered()
    assert place.faults() == []
    assert place.stop() == []
