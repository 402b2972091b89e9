"""Starts what the targets need, each once and only when a test asks for it, and looks into the logs after each test."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conformance.servers import Servers
from tests.conformance.talk import Talk
from tests.conformance.targets import Target


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with ExitStack() as stack:
        yield Servers(tmp_path_factory.mktemp("conformance"), stack)


@pytest.fixture(scope="session")
def talks(servers: Servers) -> Iterator[dict[str, Talk]]:
    """The conversations by target, kept: an SDK client is not cheap."""
    with ExitStack() as stack:
        kept: dict[str, Talk] = {}
        yield kept
        for talk in kept.values():
            stack.callback(talk.close)


@pytest.fixture
def target(request: pytest.FixtureRequest, servers: Servers, talks: dict[str, Talk]) -> Iterator[Talk]:
    """A conversation with the target that the test is run over. Afterwards no server has anything to be ashamed of."""
    row: Target = request.param
    if row.name not in talks:
        url = servers.get(row.server).url
        talks[row.name] = Talk(row, url, servers.behind if row.can("seen") else None)
    yield talks[row.name]
    assert servers.faults() == []
