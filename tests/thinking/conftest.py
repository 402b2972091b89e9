"""Two servers over one data folder, replicas of each other: one strict, one lenient."""

from collections.abc import Iterator
from pathlib import Path

import anthropic
import pytest

from tests.serving import Running, serving
from tests.thinking.ask import SCRIPT


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("thinking")
    (made / "script.toml").write_text(SCRIPT)
    return made


@pytest.fixture(scope="package")
def strict_server(folder: Path) -> Iterator[Running]:
    with serving(folder, "--model", "simulator", "--scripts", str(folder / "script.toml")) as running:
        yield running


@pytest.fixture(scope="package")
def lenient_server(folder: Path, strict_server: Running) -> Iterator[Running]:
    with serving(folder, "--model", "simulator", "--lenient") as running:
        assert running.url != strict_server.url
        yield running


@pytest.fixture
def strict(strict_server: Running) -> Iterator[anthropic.Anthropic]:
    yield from client(strict_server)


@pytest.fixture
def lenient(lenient_server: Running) -> Iterator[anthropic.Anthropic]:
    yield from client(lenient_server)


def client(server: Running) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=server.url, api_key="any", max_retries=0) as made:
        yield made
