"""A platform of its own for each test."""

import pytest

from tests.cache.ask import Platform


@pytest.fixture
def platform() -> Platform:
    return Platform()
