"""The table of targets is whole: what a target cannot do is said, with a reason."""

import pytest

from tests.conformance.targets import CLAIMS, SCENES, TARGETS, Target


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_target_says_of_everything_whether_it_can(target: Target) -> None:
    everything = {*SCENES, *CLAIMS}
    can = {what for what in everything if target.can(what)}
    assert can | target.cannot.keys() == everything
    assert not can & target.cannot.keys()
    assert all(len(why) > 10 for why in target.cannot.values())
    assert target.extra.keys() <= target.models.keys() <= SCENES.keys()


@pytest.mark.parametrize("what", [*SCENES, *CLAIMS])
def test_something_can_do_everything(what: str) -> None:
    assert any(target.can(what) for target in TARGETS)
