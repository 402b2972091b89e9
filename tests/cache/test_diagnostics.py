"""Why a prefix was not reused, by the id of the message before."""

import dataclasses
from copy import deepcopy
from typing import Any

import pytest

from sijo.engine.cache import Cache
from tests.cache.ask import LONG, SOON, Json, Platform, said, text, tool, user

BASE: Json = {
    "model": "claude-opus-4-8",
    "tools": [tool("read")],
    "system": [text(LONG * 2, SOON)],
    "messages": [user("One"), said("Two"), user("Three")],
}


async def why(platform: Platform, body: Json, before: str | None, **fields: Any) -> tuple[str, Any]:
    """The id of the answer, and the reason that it gives."""
    message = await platform.message({**body, "diagnostics": {"previous_message_id": before}}, **fields)
    assert message.diagnostics is not None and list(message.diagnostics) == ["cache_miss_reason"]
    return message.id, message.diagnostics["cache_miss_reason"]


def grown() -> Json:
    body = deepcopy(BASE)
    body["messages"] += [said("Four"), user("Five")]
    return body


async def test_without_the_object_there_is_no_diagnosis(platform: Platform) -> None:
    assert (await platform.message(BASE)).diagnostics is None


async def test_the_first_turn_has_nothing_to_be_compared_with(platform: Platform) -> None:
    assert (await why(platform, BASE, None))[1] is None


async def test_what_only_goes_on_has_no_reason(platform: Platform) -> None:
    before, _ = await why(platform, BASE, None)
    assert (await why(platform, grown(), before))[1] is None
    assert (await why(platform, BASE, before))[1] is None


def edited() -> Json:
    body = grown()
    body["messages"][0] = user("One, edited")
    return body


CHANGES: dict[str, tuple[Json, str]] = {
    "the model": ({**grown(), "model": "claude-opus-5"}, "model_changed"),
    "the speed": ({**grown(), "speed": "fast"}, "model_changed"),
    "the system prompt": ({**grown(), "system": [text(LONG * 3, SOON)]}, "system_changed"),
    "the tools": ({**grown(), "tools": [tool("write")]}, "tools_changed"),
    "the system prompt before the tools": (
        {**grown(), "system": [text(LONG * 3, SOON)], "tools": [tool("write")]},
        "system_changed",
    ),
    "an earlier message": (edited(), "messages_changed"),
    "fewer messages": ({**BASE, "messages": BASE["messages"][:1]}, "messages_changed"),
    "only a setting": ({**grown(), "tool_choice": {"type": "any"}}, "unavailable"),
    "only thinking": ({**grown(), "thinking": {"type": "adaptive"}, "max_tokens": 3000}, "unavailable"),
}


@pytest.mark.parametrize(("body", "type"), CHANGES.values(), ids=list(CHANGES))
async def test_the_first_thing_that_differs_is_named(platform: Platform, body: Json, type: str) -> None:
    betas = ["fast-mode-2026-02-01"]
    before, _ = await why(platform, BASE, None, betas=betas)
    _, reason = await why(platform, body, before, betas=betas)
    assert reason["type"] == type
    assert ("cache_missed_input_tokens" in reason) == type.endswith("_changed")


async def test_how_much_was_missed(platform: Platform) -> None:
    message = await platform.message({**BASE, "diagnostics": {"previous_message_id": None}})
    cached = message.usage.cache_creation_input_tokens
    _, changed = await why(platform, {**grown(), "system": [text(LONG * 3, SOON)]}, message.id)
    assert changed["cache_missed_input_tokens"] == cached > 1024
    _, edit = await why(platform, edited(), message.id)
    assert edit["cache_missed_input_tokens"] == 0  # only the system prompt was cached, and it still is


@pytest.mark.parametrize("id", ["msg_01unknown", ""])
async def test_a_message_that_is_not_known(platform: Platform, id: str) -> None:
    assert (await why(platform, BASE, id))[1] == {"type": "previous_message_not_found"}


async def test_only_requests_with_the_object_are_kept(platform: Platform) -> None:
    silent = await platform.message(BASE)
    assert (await why(platform, grown(), silent.id))[1] == {"type": "previous_message_not_found"}


async def test_another_workspaces_message_is_not_known(platform: Platform) -> None:
    before, _ = await why(platform, BASE, None, workspace="wrkspc_1")
    assert (await why(platform, BASE, before))[1] == {"type": "previous_message_not_found"}
    assert (await why(platform, BASE, before, workspace="wrkspc_1"))[1] is None


async def test_it_is_forgotten_after_a_day(platform: Platform) -> None:
    before, _ = await why(platform, BASE, None)
    platform.now += 24 * 3600 - 1
    assert (await why(platform, BASE, before))[1] is None
    platform.now += 1
    assert (await why(platform, BASE, before))[1] == {"type": "previous_message_not_found"}


async def test_where_nothing_is_accounted_there_is_no_diagnosis(platform: Platform) -> None:
    """With `[server] cache = "engine"`, only the engine knows."""
    platform.intake = dataclasses.replace(platform.intake, cache=Cache())
    assert (await why(platform, BASE, "msg_01"))[1] == {"type": "unavailable"}


async def test_it_needs_no_breakpoint(platform: Platform) -> None:
    plain = {**BASE, "system": [text(LONG)]}
    message = await platform.message({**plain, "diagnostics": {"previous_message_id": None}})
    assert message.usage.cache_creation_input_tokens == 0
    _, reason = await why(platform, {**plain, "tools": []}, message.id)
    assert reason == {"type": "tools_changed", "cache_missed_input_tokens": message.usage.input_tokens}
