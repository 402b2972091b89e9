"""System messages that were for one turn of the user's are not shown after it, by what the request counts."""

import json
from typing import Any

import pytest

from sijo.app import offline
from sijo.engine.intake import Terms
from sijo.engine.turn import Turn
from sijo.wire import blocks as b

Json = dict[str, Any]
TERMS = Terms("2023-06-01", frozenset({"mid-conversation-system-clear-at-2026-08-21"}))
INTAKE = offline()
SHORTLY: Json = {"role": "system", "content": "Answer shortly.", "clear_at": "next_user_message"}
CALL: Json = {
    "role": "assistant",
    "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}],
}
RESULT: Json = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "17"}]}
TOOL: Json = {"name": "f", "input_schema": {"type": "object"}}


def user(text: str) -> Json:
    return {"role": "user", "content": text}


def said(text: str) -> Json:
    return {"role": "assistant", "content": text}


def turn(*messages: Json) -> Turn:
    body = {"model": "claude-opus-5", "max_tokens": 9, "messages": messages, "tools": [TOOL]}
    return INTAKE.turn(json.dumps(body).encode(), TERMS)[0]


def words(*messages: Json) -> list[tuple[str, str]]:
    """The texts of the prompt, each with its role."""
    items = turn(*messages).prompt.items
    return [(item.role, block.text) for item in items for block in item.content if isinstance(block, b.Text)]


ROWS: list[tuple[str, list[Json], int]] = [
    ("in its turn", [user("Hi."), SHORTLY], 1),
    ("after its turn", [user("Hi."), SHORTLY, said("Ho."), user("And?")], 0),
    ("after results, which are the user's too", [user("Hi."), SHORTLY, CALL, RESULT], 0),
    ("one of each turn", [user("Hi."), SHORTLY, said("Ho."), user("And?"), SHORTLY], 1),
    ("for ever", [user("Hi."), {**SHORTLY, "clear_at": "never"}, said("Ho."), user("And?")], 1),
    ("for ever, unsaid", [user("Hi."), {"role": "system", "content": "Shortly."}, said("Ho."), user("And?")], 1),
]


@pytest.mark.parametrize(("messages", "times"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_message_for_one_turn_is_shown_in_it_alone(messages: list[Json], times: int) -> None:
    assert sum(role == "system" for role, _ in words(*messages)) == times


def test_what_is_not_shown_is_not_counted() -> None:
    with_, without = ([user("Hi."), *between, said("Ho."), user("And?")] for between in ([SHORTLY], []))
    assert turn(*with_).input() == turn(*without).input()
