"""Several processes, one cache: two workers on a file, two replicas on a PostgreSQL."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anthropic
import pytest

from tests.cache.ask import LONG, SOON, Json, text
from tests.serving import serving

ASKED = 12


@pytest.fixture
def urls(address: str, tmp_path: Path) -> Iterator[list[str]]:
    """Where they answer: behind one address, or at two. Replicas are one organization by the key that they share."""
    with ExitStack() as stack:
        flags = ("--model", "simulator", "--database", address)
        if address.startswith("sqlite:"):
            yield [stack.enter_context(serving(tmp_path / "one", *flags, "--workers", "2")).url]
            return
        one = stack.enter_context(serving(tmp_path / "one", *flags))
        (tmp_path / "two" / "data").mkdir(parents=True)
        shutil.copy(tmp_path / "one" / "data" / "thinking.key", tmp_path / "two" / "data")
        yield [one.url, stack.enter_context(serving(tmp_path / "two", *flags)).url]


def talk(**fields: Any) -> Json:
    system = [text(LONG, SOON)]
    messages = [{"role": "user", "content": "Hi"}]
    return {"model": "claude-opus-5", "max_tokens": 5, "system": system, "messages": messages, **fields}


def ask(url: str, body: Json) -> anthropic.types.Message:
    """On a connection of its own, which any worker may take."""
    with anthropic.Anthropic(base_url=url, api_key="any", max_retries=0) as client:
        message: anthropic.types.Message = client.messages.create(**body)
        return message


def test_what_one_process_wrote_all_of_them_read(urls: list[str]) -> None:
    first = ask(urls[0], talk(diagnostics={"previous_message_id": None}))
    written = first.usage.cache_creation_input_tokens
    assert written is not None and written > 512
    for n in range(ASKED):
        again = ask(urls[n % len(urls)], talk(diagnostics={"previous_message_id": first.id}))
        assert again.usage.cache_read_input_tokens == written
        assert again.usage.cache_creation_input_tokens == 0
        assert again.diagnostics is not None and again.diagnostics.cache_miss_reason is None
