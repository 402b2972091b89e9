"""`max_tokens: 0`: the cache is filled, and nothing is said."""

import pytest

from sijo.errors import InvalidRequest
from tests.cache.ask import LONG, SOON, Json, Platform, text, tool, used, user

TALK: Json = {"model": "claude-sonnet-4-5", "system": [text(LONG * 2, SOON)], "messages": [user("Hi")]}


async def test_it_writes_and_says_nothing(platform: Platform) -> None:
    message = await platform.message(TALK, max_tokens=0)
    assert (message.content, message.stop_reason, message.usage.output_tokens) == ([], "max_tokens", 0)
    written = used(message)
    assert written.five > 1024 and written.input > 0
    assert (await platform.ask(TALK)).read == written.five


async def test_once_it_is_warm_it_is_only_renewed(platform: Platform) -> None:
    first = await platform.ask(TALK, max_tokens=0)
    platform.now += 299
    assert await platform.ask(TALK, max_tokens=0) == (first.input, first.five, 0, 0)
    platform.now += 299
    assert (await platform.ask(TALK)).read == first.five


FORMAT: Json = {"type": "json_schema", "schema": {"type": "object", "properties": {}, "additionalProperties": False}}
REFUSED: dict[str, Json] = {
    "stream": {"stream": True},
    "thinking.enabled": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
    "output_config.format": {"output_config": {"format": FORMAT}},
    "tool_choice any or tool": {"tools": [tool("read")], "tool_choice": {"type": "any"}},
}


@pytest.mark.parametrize(("words", "fields"), REFUSED.items(), ids=list(REFUSED))
async def test_what_it_cannot_be_combined_with(platform: Platform, words: str, fields: Json) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await platform.ask({**TALK, **fields}, max_tokens=0)
    assert refused.value.message == f"max_tokens: 0 cannot be combined with {words}"


async def test_a_tool_by_name_is_a_choice_of_tool_too(platform: Platform) -> None:
    named: Json = {"tools": [tool("read")], "tool_choice": {"type": "tool", "name": "read"}}
    with pytest.raises(InvalidRequest):
        await platform.ask({**TALK, **named}, max_tokens=0)
    auto: Json = {"tools": [tool("read")], "tool_choice": {"type": "auto"}}
    assert (await platform.ask({**TALK, **auto}, max_tokens=0)).five > 0
