"""Both databases for tests that must hold on either: `database` is a fresh one, opened; `address` names it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from sijo.store import Database, database
from tests.postgres import cluster

BOTH = ("sqlite", "postgres")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL that all tests share."""
    with cluster() as address:
        yield address


@pytest.fixture(params=BOTH)
async def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: a file, or one of its own in the shared PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path / 'test.db'}"
    return await fresh(request.getfixturevalue("postgres"))


async def fresh(server: str) -> str:
    """The address of a new database in a PostgreSQL."""
    name = f"t{uuid4().hex}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return server.rpartition("/")[0] + f"/{name}"


@pytest.fixture
async def store(address: str, tmp_path: Path) -> AsyncIterator[Database]:
    """It, opened."""
    opened = database(address, tmp_path)
    await opened.open()
    yield opened
    await opened.close()
