"""Two servers with one PostgreSQL: to their clients they are one."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.databases import fresh
from tests.http.raw import HEADERS, ask, hello
from tests.serving import Running, printed, serving

CONFIG = """
[[limit]]
models = "claude-opus-*"
requests = 40

[[limit]]
models = "claude-sonnet-*"
requests = 1200
"""
Pair = tuple[Running, Running]


@pytest.fixture
async def shared(postgres: str) -> str:
    """The address of a database of their own."""
    return await fresh(postgres)


@pytest.fixture
def pair(tmp_path: Path, shared: str) -> Iterator[Pair]:
    config = tmp_path / "sijo.toml"
    config.write_text(CONFIG)
    flags = ("--model", "simulator", "--config", str(config), "--database", shared)
    with serving(tmp_path / "a", *flags) as one, serving(tmp_path / "b", *flags) as other:
        yield one, other


def send(running: Running, key: str = "any", model: str = "claude-opus-5") -> int:
    return ask(running.url, body=hello(model=model, max_tokens=1), headers={**HEADERS, "x-api-key": key}).status


def test_they_share_one_limit(pair: Pair) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda at: send(pair[at % 2]), range(90)))
    seconds = time.monotonic() - began
    assert set(statuses) == {200, 429}
    assert 40 <= statuses.count(200) <= 41 + seconds * 40 / 60


def test_what_is_drawn_in_advance_is_brought_back(pair: Pair) -> None:
    """A thousand at once leave less than a burst, whichever replica was asked."""
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda at: send(pair[at % 2], model="claude-sonnet-5"), range(1300)))
    seconds = time.monotonic() - began
    served = statuses.count(200)
    assert 1190 <= served <= 1200 + seconds * 20 + 1


def test_a_key_opens_both_and_ends_on_both_within_a_second(pair: Pair, shared: str) -> None:
    key = printed("key", "create", "--name", "k", "--database", shared)
    time.sleep(1)
    assert [send(one, key, "claude-haiku-4-5") for one in pair] == [200, 200]
    assert [send(one, "any", "claude-haiku-4-5") for one in pair] == [401, 401]
    printed("key", "revoke", "k", "--database", shared)
    time.sleep(1)
    assert [send(one, key, "claude-haiku-4-5") for one in pair] == [401, 401]
