"""The shortest prefix that is cached, model by model: what is shorter is not, and nobody is told."""

from collections.abc import Mapping

import pytest

from sijo.engine.estimate import tokens
from sijo.engine.models import models
from tests.cache.ask import SOON, Platform, text, user

LEAST: Mapping[int, tuple[str, ...]] = {
    512: ("opus-5", "opus-5-5", "sonnet-5-5", "fable-5", "fable-5-1", "mythos-5", "mythos-5-1"),
    1024: (
        "opus-4-8", "sonnet-5", "sonnet-4-6", "sonnet-4-5", "sonnet-4-0", "3-7-sonnet", "opus-4-1", "opus-4-0",
    ),
    2048: ("opus-4-7", "mythos-preview", "3-5-haiku", "3-haiku"),
    4096: ("opus-4-6", "opus-4-5", "haiku-4-5"),
}  # fmt: skip
ROWS = [(f"claude-{name}", least) for least, names in LEAST.items() for name in names]


def words(count: int) -> str:
    """A text of exactly so many tokens."""
    tried = (line * n for line in ("word ", "wording ", "a word ") for n in range(count // 2, 2 * count))
    return next(said for said in tried if tokens(said) == count)


@pytest.mark.parametrize(("name", "least"), ROWS, ids=[name for name, _ in ROWS])
async def test_a_prefix_of_the_least_tokens_is_cached_and_one_below_is_not(
    platform: Platform, name: str, least: int
) -> None:
    model = models().get(name)
    assert model is not None and model.cache_minimum == least
    for length, cached in ((least - 1, 0), (least, least)):
        body = {"model": model.id, "system": [text(words(length), SOON)], "messages": [user("Hi")]}
        first, again = await platform.ask(body), await platform.ask(body)
        assert first[1:] == (0, cached, 0) and again[1:] == (cached, 0, 0)
        assert first.total == again.total > length


async def test_a_short_first_breakpoint_does_not_hinder_a_later_one(platform: Platform) -> None:
    body = {"system": [text("short", SOON)], "messages": [user(text(words(600), SOON))]}
    first = await platform.ask(body)
    assert first.input == 0 and first.five > 600
    assert (await platform.ask({**body, "messages": [user("Other")]})).read == 0  # the short one is not there


async def test_what_a_few_bytes_stand_for_may_be_long_enough(platform: Platform) -> None:
    """A toolset is a line in the request, and thousands of tokens."""
    body = {"tools": [{"type": "browser_toolset_20260801", "cache_control": SOON}], "messages": [user("Hi")]}
    first, again = await platform.ask(body), await platform.ask(body)
    assert first.five > 512 and again.read == first.five


async def test_digits_are_more_tokens_than_bytes(platform: Platform) -> None:
    said = [{"role": "user", "content": "7" * 3940}]
    body = {"model": "claude-opus-4-6", "cache_control": SOON, "messages": said}
    assert (await platform.ask(body)).five > 4096
