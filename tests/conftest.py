"""Fixtures: the real server over the simulator, once for all tests that only talk to it, and clients for it."""

from collections.abc import Iterator

import anthropic
import pytest

from tests.databases import address, postgres, store  # noqa: F401
from tests.serving import Running, serving


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over the simulator, strict as it is by default."""
    with serving(tmp_path_factory.mktemp("simulator"), "--model", "simulator") as running:
        yield running


@pytest.fixture
def client(simulator: Running) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=simulator.url, api_key="any", max_retries=0) as client:
        yield client
