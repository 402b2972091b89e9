"""A server that wants a key, for the samples: theirs differ from a guide's in `base_url` and key alone."""

from collections.abc import Iterator

import pytest

from tests.serving import Running, serving

KEY = "sk-sijo-for-tests"


@pytest.fixture(scope="session")
def key() -> str:
    return KEY


@pytest.fixture(scope="session")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over the simulator that lets in one key."""
    folder = tmp_path_factory.mktemp("locked")
    with serving(folder, "--model", "simulator", env={"SIJO_KEYS": KEY}) as running:
        yield running
