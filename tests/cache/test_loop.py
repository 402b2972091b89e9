"""A long agent's loop with the moving breakpoint: 100 turns, over 95 % of the input read.

By the accounting over the simulator and over a real llama.cpp, and by what that llama.cpp says of its own cache.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import anthropic
import msgspec
import pytest

from tests.cache.ask import SOON, Json, call, result, said, text, tool, user
from tests.serving import Running, serving
from tests.tiny import build

TURNS = 100
WORDS = "The file says hello to the city of Paris. "
CONTEXT = 6_144


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A llama.cpp of our own with a tiny model, behind the server."""
    folder = tmp_path_factory.mktemp("loop")
    path = build(folder / "plain.gguf", context=CONTEXT)
    config = folder / "sijo.toml"
    extra = '{ "cpuparams.n_threads" = 1 }'  # several would wait for each other where others want the cores too
    config.write_text(f'[[engine]]\nkind = "llama"\npath = "{path}"\ncontext = {CONTEXT}\nextra = {extra}\n')
    with serving(folder, "--config", str(config)) as running:
        yield running


def requests() -> Iterator[list[Json]]:
    """The messages of each turn: a question, then an answer more each time, or a call and its result."""
    messages = [user(text("Read all files and tell what they say. " + WORDS * 50))]
    yield list(messages)
    for n in range(1, TURNS):
        if n % 10:
            messages += [said("hello Paris"), user("hello again")]
        else:
            messages += [said("I read.", call(f"toolu_{n}")), user(result(f"toolu_{n}", WORDS))]
        yield list(messages)


def loop(url: str) -> list[anthropic.types.Usage]:
    tools: Any = [{**tool("read"), "description": "Reads a file."}]
    mark: Any = SOON
    found = []
    with anthropic.Anthropic(base_url=url, api_key="any", max_retries=0) as client:
        for messages in requests():
            asked: Any = messages
            message = client.messages.create(
                model="claude-opus-5", max_tokens=1, tools=tools, messages=asked, cache_control=mark
            )
            found.append(message.usage)
    return found


def shares(usages: list[anthropic.types.Usage]) -> float:
    """How much of all input was read, of what adds up each time."""
    read = sum(usage.cache_read_input_tokens or 0 for usage in usages)
    rest = sum((usage.cache_creation_input_tokens or 0) + usage.input_tokens for usage in usages)
    for before, after in pairwise(usages):
        whole = (before.cache_read_input_tokens or 0) + (before.cache_creation_input_tokens or 0)
        assert after.cache_read_input_tokens == whole  # what one wrote, the next one reads
    return read / (read + rest)


def test_over_the_simulator(simulator: Running) -> None:
    assert shares(loop(simulator.url)) > 0.95


def test_over_a_real_engine_by_the_accounting_and_by_its_own_count(llama: Running) -> None:
    usages = loop(llama.url)
    assert shares(usages) > 0.95
    llama.stop()
    lines = [msgspec.json.decode(line) for line in llama.lines() if '"/v1/messages"' in line]
    assert len(lines) == TURNS == len(usages)
    whole = [sum(line[f"{kind}_tokens"] for kind in ("input", "cache_read", "cache_write")) for line in lines]
    own = [line["engine_cached_tokens"] for line in lines]
    assert sum(own) / sum(whole) > 0.95
    told = [(u.input_tokens, u.cache_read_input_tokens or 0, u.cache_creation_input_tokens or 0) for u in usages]
    assert whole == [sum(counts) for counts in told]
