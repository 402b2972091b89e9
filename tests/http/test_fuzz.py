"""Clients good and bad, the same ones each time; `python -m bench.fuzz` makes up others for as long as one likes."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.acts import Act, acts
from tests.fuzz.ground import Ground, ground
from tests.fuzz.link import play
from tests.fuzz.same import same

EXAMPLES = 150
AT_ONCE = 6


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("fuzz")) as place:
        yield place


def test_no_client_is_answered_badly_and_none_leaves_anything_behind(place: Ground) -> None:
    with asyncio.Runner() as runner:

        @same(EXAMPLES)
        @given(st.lists(acts, min_size=1, max_size=AT_ONCE))
        def answered(every: list[Act]) -> None:
            runner.run(play(every, place.ports))

        answered()
    assert place.faults() == []
    assert place.stop() == []
