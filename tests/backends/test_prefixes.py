"""Bodies that leave for an engine: each turn's prompt begins with the whole of the one before, byte for byte.

So an engine with a cache of prefixes has to read only what is new. What changes from request to request, such as Claude
Code's first block or where a mark for the cache stands, is not in them.
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from sijo.app import offline
from sijo.backends import openai_request
from sijo.backends.engines import engines
from sijo.config import EngineSection, Settings
from sijo.engine.caller import Caller
from sijo.engine.intake import Intake, Terms
from sijo.engine.thinking.seal import Sealed

Json = dict[str, Any]
ROWS = engines().rows
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
IMAGE: Json = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
TOOLS: list[Json] = [
    {"name": name, "description": f"To {name}.", "input_schema": {"type": "object", "properties": {"b": {}, "a": {}}}}
    for name in ("read", "write")
]
BETAS = frozenset({"task-budgets-2026-03-13"})


def intake_of(kind: str) -> Intake:
    section = EngineSection(name=kind, kind=kind, url="http://127.0.0.1:9/v1", model="m", context=100_000)
    return offline(Settings(engine=(section,)))


INTAKES = {kind: intake_of(kind) for kind in ROWS}


def left(kind: str, body: Json, *, workspace: str | None = None) -> Json:
    """What leaves for the engine."""
    raw = json.dumps({"max_tokens": 4000, **body}).encode()
    turn, _, _ = INTAKES[kind].turn(raw, Terms("2023-06-01", BETAS, Caller(workspace)))
    made: Json = msgspec.json.decode(msgspec.json.encode(openai_request.body(turn.prompt, ROWS[kind], "m")))
    return made


def call(n: int) -> Json:
    return {"type": "tool_use", "id": f"toolu_{n}", "name": "read", "input": {"b": n, "a": 1}}


def result(n: int, content: Any = "done", **fields: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": f"toolu_{n}", "content": content, **fields}


def thought(kind: str, words: str) -> Json:
    return {"type": "thinking", "thinking": "", "signature": INTAKES[kind].seal.sign(Sealed(words, ""))}


def user(*content: Any) -> Json:
    return {"role": "user", "content": list(content) if not isinstance(content[0], str) else content[0]}


def said(*content: Any) -> Json:
    return {"role": "assistant", "content": list(content) if not isinstance(content[0], str) else content[0]}


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def chat(_: str) -> Json:
    turns = [[user("One")], [said("Two"), user("Three")], [said(text("Four"), text("Five")), user(text("Six"))]]
    return {"model": "claude-opus-4-8", "system": "Be brief.", "turns": turns}


def tools(_: str) -> Json:
    turns = [
        [user("Go")],
        [said(text("I read."), call(1), call(2)), user(result(1), result(2, [text("a"), text("b")]), text("Go on."))],
        [said(call(3)), user(result(3, "broken", is_error=True))],
        [said(call(4)), user(result(4, []))],
        [said("Done."), user("And now?")],
    ]
    return {"model": "claude-opus-4-8", "tools": TOOLS, "turns": turns}


def thinking(kind: str) -> Json:
    """A model that keeps all of its thinking."""
    turns = [
        [user("Prove it.")],
        [said(thought(kind, "First."), text("I read."), call(1)), user(result(1))],
        [said(thought(kind, "Second."), call(2)), user(result(2))],
        [said("Done."), user("And the next?")],
        [said(thought(kind, "Third."), text("So.")), user("Go on.")],
    ]
    return {"model": "claude-opus-4-8", "tools": TOOLS, "thinking": {"type": "adaptive"}, "turns": turns}


def within_a_turn(kind: str) -> Json:
    """A model that loses its thinking with the next question: until then it is all there."""
    turns = thinking(kind)["turns"][:3]
    return {
        "model": "claude-sonnet-4-5", "tools": TOOLS, "turns": turns,
        "thinking": {"type": "enabled", "budget_tokens": 2000},
    }  # fmt: skip


def aware(kind: str) -> Json:
    return {**tools(kind), "model": "claude-sonnet-4-5", "system": "Be brief."}


def budget(kind: str) -> Json:
    task = {"task_budget": {"type": "tokens", "total": 50_000}}
    return {**tools(kind), "model": "claude-opus-4-8", "output_config": task}


def reminders(_: str) -> Json:
    turns = [
        [user("Go"), {"role": "system", "content": "Speak Korean."}],
        [said("가요."), user("Again"), {"role": "system", "content": [text("Now English.")]}],
        [said("I go."), user("And again")],
    ]
    return {"model": "claude-opus-4-8", "system": "Be brief.", "turns": turns}


def documents(_: str) -> Json:
    plain: Json = {"type": "text", "media_type": "text/plain", "data": "Words."}
    cited: Json = {"type": "search_result", "source": "s", "title": "t", "content": [text("Found.")]}
    turns = [
        [user({"type": "document", "source": plain, "title": "One"}, text("Read it."))],
        [said("Read."), user(cited, text("And this."))],
        [said("Yes."), user("So?")],
    ]
    return {"model": "claude-opus-4-8", "turns": turns}


def images(_: str) -> Json:
    turns = [
        [user(IMAGE, text("What is it?"))],
        [said(call(1)), user(result(1, [text("seen"), IMAGE]))],
        [said("A dot."), user("And?")],
    ]
    return {"model": "claude-opus-4-8", "tools": TOOLS, "turns": turns}


TALKS = [chat, tools, thinking, within_a_turn, aware, budget, reminders, documents, images]


def requests(talk: Json) -> Iterator[Json]:
    """The request of each turn: its billing block is another, and the mark for the cache moves on."""
    turns, messages = talk["turns"], list[Json]()
    system = [text(talk["system"])] if "system" in talk else []
    for n, turn in enumerate(turns):
        messages = [*messages, *turn]
        marked = json.loads(json.dumps(messages))
        last = marked[-1]["content"]
        if isinstance(last, list) and last and marked[-1]["role"] == "user":
            last[-1]["cache_control"] = {"type": "ephemeral"}
        head = text(f"x-anthropic-billing-header: cc_version=2.1; cch={n:05};")
        rest = {key: value for key, value in talk.items() if key not in ("turns", "system")}
        yield {**rest, "system": [head, *system], "messages": marked}


@pytest.mark.parametrize("make", TALKS, ids=[make.__name__ for make in TALKS])
@pytest.mark.parametrize("kind", ROWS)
def test_a_prompt_begins_with_the_whole_of_the_one_before(kind: str, make: Any) -> None:
    if make is images and ROWS[kind].images == "none":
        make = chat
    before: Json | None = None
    for request in requests(make(kind)):
        body = left(kind, request)
        if before is not None:
            length = len(before["messages"])
            assert encoded(body["messages"][:length]) == encoded(before["messages"])
            assert encoded(body.get("tools")) == encoded(before.get("tools"))
        before = body


def encoded(value: Any) -> bytes:
    return msgspec.json.encode(value)


@pytest.mark.parametrize("kind", ROWS)
def test_a_stripped_thought_changes_nothing_before_it(kind: str) -> None:
    """And nothing at all where the engine is given no thoughts back."""
    talk = {**thinking(kind), "model": "claude-sonnet-4-5", "thinking": {"type": "enabled", "budget_tokens": 2000}}
    third, fourth = (left(kind, request)["messages"] for request in list(requests(talk))[2:4])
    field = ROWS[kind].replay
    same = next((n for n, message in enumerate(third) if field and field in message), len(third))
    assert same > 0
    assert encoded(fourth[:same]) == encoded(third[:same])
    assert "First." not in json.dumps(fourth)


@pytest.mark.parametrize("kind", ROWS)
def test_a_workspace_has_a_salt_of_its_own_where_the_engine_takes_one(kind: str) -> None:
    field = ROWS[kind].cache_salt
    request = next(requests(chat(kind)))
    one, other = (left(kind, request, workspace=name) for name in ("wrkspc_1", "wrkspc_2"))
    assert set(one) == set(left(kind, request)) | ({field} if field else set())
    if field:
        assert one[field] != other[field]
        assert one[field].isalnum() and len(one[field]) <= 64
        assert "wrkspc" not in one[field]
        assert left(kind, request, workspace="wrkspc_1")[field] == one[field]
        del one[field], other[field]
    assert one == other
