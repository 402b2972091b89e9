"""What was not edited is accepted by any replica that has the key; what was edited by one character, by none."""

import re
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import anthropic
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sijo.engine import deltas as d
from sijo.engine.filters import push
from sijo.engine.thinking import Screen, Seal, Show, Thoughts, restored
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire.request import MessageParam
from tests.serving import Running
from tests.thinking.ask import CONVERT, MANUAL, WEATHER, Json, ask, brought, request, said, user

KEY = bytes(range(32))
HERE, THERE = Seal([KEY]), Seal([bytes(32), KEY])
"""Two replicas; the other one has been given a newer key before."""
MARKS = "ABab01+/=-. é\u0000한"

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80)
pieces = st.lists(words, min_size=1, max_size=6)
thought = st.tuples(st.sampled_from(["full", "summarized", "omitted", "redacted"]), pieces)
rounds = st.lists(st.lists(thought, max_size=3), min_size=1, max_size=3)
conversations = st.lists(rounds, min_size=1, max_size=3)


def blocks(turn: str, thoughts: Sequence[tuple[str, list[str]]]) -> tuple[list[b.Block], list[str]]:
    """One message as it leaves, its thoughts through the filters, and what was thought."""
    left: list[b.Block] = []
    signer = Thoughts(HERE, turn)
    for display, parts in thoughts:
        filters = [Show(signer, display)]
        deltas: list[d.AnyDelta] = [d.Thinking(part) for part in parts]
        if display == "redacted":
            deltas = [d.Whole(b.RedactedThinking("".join(parts)))]
        out = [*push(filters, deltas), *filters[0].end()]
        shown = "".join(delta.text for delta in out if isinstance(delta, d.Thinking))
        left += [b.Thinking(shown, delta.value) for delta in out if isinstance(delta, d.Signature)]
        for delta in out:
            if isinstance(delta, d.Whole):
                assert isinstance(delta.block, b.RedactedThinking)
                left.append(delta.block)
    return left, ["".join(parts) for _, parts in thoughts]


def conversation(turns: Sequence[Sequence[Sequence[tuple[str, list[str]]]]]) -> tuple[list[MessageParam], list[str]]:
    """Turns of several rounds of tools each, as a client sends them back."""
    messages: list[MessageParam] = []
    every: list[str] = []
    for at, turn in enumerate(turns):
        messages.append(MessageParam("user", "go on"))
        for n, one in enumerate(turn):
            thinking, thoughts = blocks(f"msg_{at}.{n}", one)
            every += thoughts
            messages.append(MessageParam("assistant", [*thinking, b.ToolUse(f"toolu_{at}_{n}", "f", {})]))
            messages.append(MessageParam("user", [b.ToolResult(f"toolu_{at}_{n}", "ok")]))
    return messages, every


def edited(text: str, data: st.DataObject) -> str:
    """A text with one character replaced, added or gone."""
    at = data.draw(st.integers(0, max(0, len(text) - 1)))
    match data.draw(st.sampled_from(["replace", "add", "drop"])):
        case "add":
            return text[:at] + data.draw(st.sampled_from(MARKS)) + text[at:]
        case "drop" if text:
            return text[:at] + text[at + 1 :]
    return (
        text[:at] + data.draw(st.sampled_from([mark for mark in MARKS if text[at : at + 1] != mark])) + text[at + 1 :]
    )


@settings(max_examples=60, deadline=None)
@given(conversations)
def test_what_was_not_edited_is_accepted_and_restored_by_another_replica(turns: Any) -> None:
    messages, thoughts = conversation(turns)
    for lenient in (True, False):
        back = restored(messages, THERE, lenient=lenient).messages
        found = [x.thinking for message in back for x in message.content if isinstance(x, b.Thinking)]
        assert found == thoughts


@settings(max_examples=120, deadline=None)
@given(conversations, st.data())
def test_any_edit_of_one_character_is_refused(turns: Any, data: st.DataObject) -> None:
    messages, _ = conversation(turns)
    places = [
        (at, n, field)
        for at, message in enumerate(messages)
        if not isinstance(message.content, str)
        for n, block in enumerate(message.content)
        for field in ("thinking", "signature", "data")
        if getattr(block, field, "")
    ]
    if not places:
        return
    at, n, field = data.draw(st.sampled_from(places))
    content = messages[at].content
    assert not isinstance(content, str)
    changed = edited(getattr(content[n], field), data)
    block = msgspec.structs.replace(content[n], **{field: changed})
    messages[at] = MessageParam("assistant", [*content[:n], block, *content[n + 1 :]])
    if field == "thinking" and not changed:
        return  # an omitted block has no text; its thought is restored all the same
    for lenient in (True, False):
        with pytest.raises(InvalidRequest) as refusal:
            restored(messages, THERE, lenient=lenient)
        assert refusal.value.message.startswith(f"messages.{at}.content.{n}: ")


@given(pieces)
def test_a_screened_thought_is_sealed_once(parts: list[str]) -> None:
    signer = Thoughts(HERE, "msg_1")
    screen, show = Screen(signer, [re.compile("")]), Show(signer, "full")
    deltas = [*push([screen, show], map(d.Thinking, parts)), *push([show], screen.end()), *show.end()]
    [whole] = [delta for delta in deltas if isinstance(delta, d.Whole)]
    assert isinstance(whole.block, b.RedactedThinking)
    assert THERE.open(whole.block.data).thinking == "".join(parts)
    assert not any(isinstance(delta, d.Thinking) for delta in deltas)


ASKED = ["What is 27 * 453?", "What is the weather in Paris?", "Think twice.", "Think of a secret.", "Hello"]


@settings(max_examples=10, deadline=None)
@given(asked=st.lists(st.sampled_from(ASKED), min_size=1, max_size=3), data=st.data())
def test_replicas_that_share_a_data_folder_take_each_others_thoughts(
    strict_server: Running, lenient_server: Running, asked: list[str], data: st.DataObject
) -> None:
    tools: Json = {"thinking": MANUAL, "tools": [WEATHER, CONVERT]}
    servers = [anthropic.Anthropic(base_url=one.url, api_key="any") for one in (strict_server, lenient_server)]
    turns: list[Json] = []
    for words in asked:
        turns.append(user(words))
        while True:
            speaker = servers[data.draw(st.integers(0, 1))]
            message = ask(speaker, *turns, **tools)
            turns.append(said(message))
            if message.stop_reason != "tool_use":
                break
            turns.append(brought(message))
    sealed = [
        (at, n)
        for at, turn in enumerate(turns)
        for n, block in enumerate(turn["content"] if turn["role"] == "assistant" else ())
        if block["type"] in ("thinking", "redacted_thinking")
    ]
    turns.append(user("And now?"))
    for one in servers:
        assert ask(one, *turns, **tools).stop_reason
    at, n = data.draw(st.sampled_from(sealed))
    changed = deepcopy(turns)
    block = changed[at]["content"][n]
    field = data.draw(st.sampled_from([name for name in ("thinking", "signature", "data") if block.get(name)]))
    block[field] = edited(block[field], data)
    for one in servers:
        with pytest.raises(anthropic.BadRequestError):
            one.messages.create(**request(*changed, **tools))
        one.close()
