"""What a change loses: each row of the table, and where the cache goes on all the same."""

from copy import deepcopy
from typing import Any, NamedTuple

import pytest

from tests.cache.ask import LONG, SOON, Json, Platform, call, result, said, text, tool, user

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
IMAGE: Json = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
SEARCH: Json = {"type": "web_search_20250305", "name": "web_search"}
FORMAT: Json = {"type": "json_schema", "schema": {"type": "object", "properties": {}, "additionalProperties": False}}
BASE: Json = {
    "model": "claude-opus-4-8",
    "tools": [tool("read"), tool("write", SOON)],
    "system": [text("You are of few words. " * 20, SOON)],
    "messages": [
        user(LONG * 2),
        said("Fine.", call("toolu_1", {"a": 1, "b": 2})),
        user(result("toolu_1"), text("And now?", SOON)),
    ],
}


def document(cited: bool) -> Json:
    source = {"type": "text", "media_type": "text/plain", "data": "What is written."}
    return {"type": "document", "source": source, "citations": {"enabled": cited}}


def changed(**fields: Any) -> Json:
    return {**deepcopy(BASE), **fields}


def first(*blocks: Any) -> Json:
    """The conversation with other blocks at the head of its last message."""
    body = deepcopy(BASE)
    body["messages"][-1]["content"][1:1] = blocks
    return body


def tools(change: str) -> Json:
    read, write = tool("read"), tool("write", SOON)
    match change:
        case "name":
            return changed(tools=[tool("reed"), write])
        case "description":
            return changed(tools=[{**read, "description": "Another."}, write])
        case "schema":
            return changed(tools=[{**read, "input_schema": {"type": "object", "properties": {}}}, write])
        case "order":
            return changed(tools=[tool("write"), tool("read", SOON)])
        case _:
            return changed(tools=[read, tool("more"), write])


def keys() -> Json:
    body = deepcopy(BASE)
    body["messages"][1]["content"][1]["input"] = {"b": 2, "a": 1}
    return body


class Row(NamedTuple):
    """Which of the three levels is still read."""

    name: str
    one: Json
    other: Json
    tools: bool
    system: bool
    messages: bool
    betas: tuple[str, ...] = ()


LOST = (False, False, False)
FAST, TASKS, SERVED = ("fast-mode-2026-02-01",), ("task-budgets-2026-03-13",), (True, True, False)
ADAPTIVE = {"type": "adaptive"}
DIRECTED = ("mid-conversation-output-config-2026-07-01",)
ABLE: Json = {**BASE, "model": "claude-opus-5"}
QUICKLY: Json = {"role": "system", "content": [], "output_config": {"effort": "low"}}
ROWS = [
    Row("nothing", BASE, BASE, True, True, True),
    *(Row(f"tool {what}", BASE, tools(what), *LOST) for what in ("name", "description", "schema", "order", "added")),
    Row("citations", first(document(False)), first(document(True)), True, False, False),
    Row("speed", BASE, changed(speed="fast"), True, False, False, FAST),
    Row("speed that is the default", BASE, changed(speed="standard"), True, True, True, FAST),
    Row("format", BASE, changed(output_config={"format": FORMAT}), True, False, False),
    Row("tool_choice", BASE, changed(tool_choice={"type": "any"}), *SERVED),
    Row("tool_choice that is the default", BASE, changed(tool_choice={"type": "auto"}), True, True, True),
    Row(
        "disable_parallel_tool_use",
        BASE,
        changed(tool_choice={"type": "auto", "disable_parallel_tool_use": True}),
        *SERVED,
    ),
    Row("an image added", BASE, first(IMAGE), *SERVED),
    Row("an image removed", first(IMAGE), BASE, *SERVED),
    Row("thinking type", BASE, changed(thinking=ADAPTIVE, max_tokens=4000), *SERVED),
    Row("thinking that is the default", BASE, changed(thinking={"type": "disabled"}), True, True, True),
    Row(
        "thinking display",
        changed(thinking=ADAPTIVE, max_tokens=4000),
        changed(thinking={**ADAPTIVE, "display": "summarized"}, max_tokens=4000),
        *SERVED,
    ),
    Row(
        "thinking display that is the default",
        changed(thinking=ADAPTIVE, max_tokens=4000),
        changed(thinking={**ADAPTIVE, "display": "omitted"}, max_tokens=4000),
        True, True, True,
    ),
    Row("effort", BASE, changed(output_config={"effort": "low"}), *SERVED),
    Row("effort from here on", ABLE, {**ABLE, "messages": [*ABLE["messages"], QUICKLY]}, True, True, True, DIRECTED),
    Row("effort that is the default", BASE, changed(output_config={"effort": "high"}), True, True, True),
    Row(
        "task budget",
        changed(output_config={"task_budget": {"type": "tokens", "total": 30_000}}),
        changed(output_config={"task_budget": {"type": "tokens", "total": 40_000}}),
        *SERVED, TASKS,
    ),
    Row("key order in a call's input", BASE, keys(), *SERVED),
    Row("stop sequences", BASE, changed(stop_sequences=["END"]), True, True, True),
    Row("max_tokens", BASE, changed(max_tokens=9), True, True, True),
    Row("temperature", BASE, changed(temperature=1.0), True, True, True),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
async def test_a_change_loses_what_the_table_says(platform: Platform, row: Row) -> None:
    ends = await ends_of(row.one, row.betas)
    await platform.ask(row.one, betas=row.betas)
    read = (await platform.ask(row.other, betas=row.betas)).read
    levels = [row.tools, row.system, row.messages]
    assert read == max((end for end, kept in zip(ends, levels, strict=True) if kept), default=0)


async def ends_of(body: Json, betas: tuple[str, ...]) -> list[int]:
    """The tokens of the prefixes that end with the tools, the system prompt and the messages."""
    ends = []
    for keep in ("tools", "system", "messages"):
        one = deepcopy(body)
        places = {"tools": one["tools"], "system": one["system"], "messages": one["messages"][-1]["content"]}
        for name, blocks in places.items():
            for block in blocks:
                if name != keep:
                    block.pop("cache_control", None)
        used = await Platform().ask(one, betas=betas)
        assert used.five > 0
        ends.append(used.five)
    return ends


async def test_web_search_on_or_off_keeps_the_tools(platform: Platform) -> None:
    """It is told of in the system prompt. Asked of the layout, for whether the tool runs here is another matter."""
    from sijo.engine.cache.layout import lay
    from tests.backends.simulator.build import prompt

    def digests(*extra: Json) -> list[bytes]:
        asked = prompt(BASE["messages"], tools=[tool("read"), tool("write", SOON), *extra], system=BASE["system"])
        layout = lay(asked, b"root")
        return [layout.digests[position] for position, _ in layout.marks]

    off, on = digests(), digests(SEARCH)
    assert [a == b for a, b in zip(off, on, strict=True)] == [True, False, False]


async def test_a_question_strips_thinking_where_the_model_does_and_loses_what_follows(platform: Platform) -> None:
    """Sonnet 4.5 keeps the thinking of the last turn alone; Opus 4.5 keeps all of it."""
    reads = {}
    for model in ("claude-sonnet-4-5", "claude-opus-4-5"):
        fields: Any = {
            "model": model, "max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 2000},
            "tools": [tool("read")], "cache_control": SOON,
        }  # fmt: skip
        messages: list[Json] = [user(LONG * 8 + "Prove that 17 is prime, step by step.")]
        answer = await platform.message({"messages": messages}, **fields)
        back = [block for block in map(wire, answer.content) if block["type"] != "tool_use"]
        assert back[0]["type"] == "thinking"
        messages += [
            {"role": "assistant", "content": [back[0], call("toolu_1")]},
            user(result("toolu_1")),
        ]
        within = await platform.ask({"messages": messages}, **fields)
        assert within.read > 0  # a result is no question: the thinking is part of the prefix
        messages += [said("It is."), user("And 19?")]
        after = await platform.ask({"messages": messages}, **fields)
        reads[model] = (within.total, within.read, after.read)
    total, asked, then = reads["claude-sonnet-4-5"]
    assert then == asked  # from the stripped thought on nothing is found; the question before it is
    total, asked, then = reads["claude-opus-4-5"]
    assert then == total


async def test_thinking_is_part_of_the_prefix_and_counted_when_it_is_read(platform: Platform) -> None:
    fields: Any = {"model": "claude-opus-4-8", "max_tokens": 4000, "thinking": ADAPTIVE, "cache_control": SOON}
    messages: list[Json] = [user(LONG * 4 + "Prove that 17 is prime, step by step.")]
    answer = await platform.message({"messages": messages}, **fields)
    back = [wire(block) for block in answer.content]
    assert back[0]["type"] == "thinking"
    messages += [{"role": "assistant", "content": back}, user("And 19?")]
    whole = await platform.ask({"messages": messages}, **fields)
    without = [messages[0], {"role": "assistant", "content": back[1:]}, messages[2]]
    assert whole.total > (await platform.ask({"messages": without}, **fields)).total
    assert (await platform.ask({"messages": [*messages, said("x"), user("y")]}, **fields)).read == whole.total


async def test_what_is_cleared_from_the_context_loses_what_follows(platform: Platform) -> None:
    """Whoever clears it: from there on the words are others."""
    await platform.ask(BASE)
    cleared = deepcopy(BASE)
    cleared["messages"][2]["content"][0]["content"] = "[cleared]"
    ends = await ends_of(BASE, ())
    assert (await platform.ask(cleared)).read == ends[1]


def wire(block: Any) -> Json:
    import msgspec

    made: Json = msgspec.to_builtins(block)
    return made
