"""Thinking, sealed and opened again: what was not edited is accepted anywhere, what was edited nowhere."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sijo.engine import deltas as d
from sijo.engine.models import models
from sijo.engine.thinking import Foreign, Seal, Sealed, Show, Tampered, Thoughts, kept, restored
from sijo.engine.thinking.extract import Extract
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire.request import MessageParam

KEY, OLD, OTHER = b"k" * 32, b"o" * 32, b"x" * 32
SEAL = Seal([KEY])
REPLICA = Seal([KEY])


def block(thinking: str, turn: str = "msg_1", index: int = 0, shown: str | None = None) -> b.Thinking:
    return b.Thinking(thinking if shown is None else shown, SEAL.sign(Sealed(thinking, shown, turn, index)))


def assistant(*blocks: b.Block) -> MessageParam:
    return MessageParam("assistant", list(blocks))


def user(text: str = "go on") -> MessageParam:
    return MessageParam("user", text)


@given(st.text(max_size=200), st.none() | st.text(max_size=50))
def test_another_replica_opens_what_was_sealed(thinking: str, shown: str | None) -> None:
    sealed = Sealed(thinking, shown, "msg_1", 3)
    assert REPLICA.open(SEAL.sign(sealed)) == sealed


@settings(max_examples=200)
@given(st.text(max_size=60), st.data())
def test_any_edit_of_a_signature_is_seen_as_tampering(thinking: str, data: st.DataObject) -> None:
    signature = SEAL.sign(Sealed(thinking))
    at = data.draw(st.integers(0, len(signature) - 1))
    char = data.draw(st.sampled_from("ABab01+/=-é"))
    if signature[at] != char:
        with pytest.raises(Tampered):
            SEAL.open(signature[:at] + char + signature[at + 1 :])
    with pytest.raises(Tampered):
        SEAL.open(signature[:at] + signature[at + 1 :])


def test_a_rotated_key_still_opens_and_the_new_one_seals() -> None:
    rotated = Seal([OTHER, KEY])
    assert rotated.open(SEAL.sign(Sealed("a"))).thinking == "a"
    with pytest.raises(Foreign):
        SEAL.open(rotated.sign(Sealed("b")))


@pytest.mark.parametrize("signature", ["", "EqQBCkYIARgCIkA", "sig", "c2ox", "\ud55c\uae00"])
def test_what_was_sealed_elsewhere_is_foreign(signature: str) -> None:
    with pytest.raises(Foreign):
        SEAL.open(signature)


def test_the_engine_is_given_the_thought_and_never_its_summary() -> None:
    messages = [user(), assistant(block("all of it", shown="a summary"), b.Text("x"))]
    back = restored(messages, REPLICA, lenient=False).messages[1].content
    assert isinstance(back[0], b.Thinking)
    assert back[0].thinking == "all of it"


def test_what_is_put_into_an_omitted_block_is_ignored() -> None:
    omitted = msgspec.structs.replace(block("all of it", shown=""), thinking="something else")
    back = restored([user(), assistant(omitted)], SEAL, lenient=False).messages[1].content
    assert isinstance(back[0], b.Thinking)
    assert back[0].thinking == "all of it"


def test_redacted_thinking_is_restored_too() -> None:
    data = SEAL.sign(Sealed("secret", "", "msg_1", 0))
    back = restored([user(), assistant(b.RedactedThinking(data))], SEAL, lenient=False).messages[1].content
    assert isinstance(back[0], b.Thinking)
    assert back[0].thinking == "secret"


FIRST, SECOND, THIRD = block("1", index=0), block("2", index=1), block("3", index=2)
EDITED = msgspec.structs.replace(FIRST, thinking="other")
CUT = msgspec.structs.replace(FIRST, signature=FIRST.signature[:-4])
REFUSED: list[tuple[str, list[b.Block], str]] = [
    ("edited", [EDITED], "cannot be modified"),
    ("cut", [CUT], "messages.1.content.0: Invalid `signature` in `thinking` block"),
    ("reordered", [SECOND, FIRST], "cannot be modified"),
    ("one missing", [FIRST, THIRD], "messages.1.content.1: `thinking` or `redacted_thinking` blocks in the latest"),
    ("the first missing", [SECOND], "cannot be modified"),
    ("twice the same", [FIRST, FIRST], "cannot be modified"),
    ("changed data", [b.RedactedThinking("A" + FIRST.signature[1:])], "Invalid `data` in `redacted_thinking` block"),
]


@pytest.mark.parametrize("lenient", [True, False])
@pytest.mark.parametrize(("blocks", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_our_own_thinking_is_refused_when_it_was_changed(blocks: list[b.Block], words: str, lenient: bool) -> None:
    with pytest.raises(InvalidRequest) as refused:
        restored([user(), assistant(*blocks)], SEAL, lenient=lenient)
    assert words in refused.value.message


def test_foreign_thinking_is_dropped_or_refused() -> None:
    messages = [user(), assistant(b.Thinking("hm", "EqQBCkYIARgC"), b.Text("x"))]
    assert restored(messages, SEAL, lenient=True).messages[1].content == [b.Text("x")]
    with pytest.raises(InvalidRequest):
        restored(messages, SEAL, lenient=False)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=5))
def test_any_conversation_that_was_not_edited_is_accepted(turns: list[int]) -> None:
    messages: list[MessageParam] = []
    for turn, count in enumerate(turns):
        messages += [user(), assistant(*[block(f"{turn}.{n}", f"msg_{turn}", n) for n in range(count)], b.Text("x"))]
    assert list(restored(messages, REPLICA, lenient=False).messages) == messages


def test_a_turn_goes_on_over_tool_results() -> None:
    call = b.ToolUse("toolu_1", "f", {})
    messages = [
        user(),
        assistant(block("1", "msg_1"), call),
        MessageParam("user", [b.ToolResult("toolu_1", "ok")]),
        assistant(block("2", "msg_2"), b.Text("x")),
    ]
    assert list(restored(messages, SEAL, lenient=False).messages) == messages


KEEPING = [
    ("claude-opus-4-5", "enabled", [True, True]),
    ("claude-sonnet-4-5", "enabled", [False, True]),
    ("claude-sonnet-4-5", "off", [False, False]),
    ("claude-opus-5", "off", [False, False]),
]


@pytest.mark.parametrize(("name", "mode", "thinks"), KEEPING)
def test_thinking_of_earlier_turns_is_kept_as_the_model_has_it(name: str, mode: str, thinks: list[bool]) -> None:
    model = models().get(name)
    assert model is not None
    call, result = b.ToolUse("t", "f", {}), MessageParam("user", [b.ToolResult("t", "ok")])
    messages = [user(), assistant(block("1"), b.Text("x")), user(), assistant(block("2", "msg_2"), call), result]
    left = kept(messages, model, mode)
    assert [any(isinstance(x, b.Thinking) for x in left[at].content) for at in (1, 3)] == thinks


def test_an_extract_begins_in_full_and_then_keeps_what_concludes() -> None:
    opening = "Let me work this out. " * 25
    body = "\n\nThere are many cats. Some are grey. So the answer is seven.\n\nThe weather is fine today.\n\n"
    extract = Extract()
    shown = "".join(extract.feed(piece) for piece in [opening, *body]) + extract.end()
    assert shown.startswith("Let me work this out. " * 18)
    assert "So the answer is seven." in shown
    assert "Some are grey." not in shown
    assert len(shown) < len(opening + body)


def test_a_summary_streams_while_thinking_goes_on() -> None:
    show = Show(Thoughts(SEAL, "msg_1"), "summarized")
    pieces = [f"Step {n}. We look at it. So it is {n}.\n\n" for n in range(60)]
    spoken = [bool(list(show.feed(d.Thinking(piece)))) for piece in pieces]
    assert all(spoken)
    signed = [x for x in show.end() if isinstance(x, d.Signature)]
    assert SEAL.open(signed[0].value).thinking == "".join(pieces)
