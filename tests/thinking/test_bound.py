"""What a thought is bound to, as tables: which rewriting of a conversation is a change to it, and which is none."""

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

import msgspec
import pytest

from sijo.engine import rules
from sijo.engine.models import Model, models
from sijo.engine.thinking import Bond, Past, Seal, Sealed, Thoughts, action, restored, thinks
from sijo.engine.thinking.bind import BETA, Action
from sijo.errors import InvalidRequest
from sijo.wire.request import CountRequest
from tests.thinking.ask import CONVERT, WEATHER, Json

SEAL = Seal([b"k" * 32])
BOUND = "claude-opus-5-5"
MARK = {"type": "ephemeral"}
LATE: Json = {**CONVERT, "name": "late", "defer_loading": True}
FOUND: Json = {**CONVERT, "name": "found", "defer_loading": True}
BILLING = "x-anthropic-billing-header: cc_version=2.1.{0}; cc_entrypoint=cli; cch={0};"
Edit = Callable[[Json], object]


def row(name: str) -> Model:
    found = models().get(name)
    assert found is not None
    return found


def read(body: Json) -> tuple[CountRequest, Any]:
    request = rules.read(deepcopy(body), CountRequest, lenient=True)
    return request, rules.tools(request.tools)


def past(body: Json, act: Action | None = "drop_block", known: bool = True) -> Past:
    """What becomes of a body's thinking."""
    request, tools = read(body)
    if not thinks(request.messages):
        return Past(request.messages)
    return restored(
        request.messages, SEAL, lenient=True, bond=Bond(row(body["model"]), request, tools, act, known=known)
    )


def says(body: Json, turn: str, *blocks: Json | str) -> None:
    """The model answers a body: strings are thoughts, signed as the server signs them."""
    request, tools = read(body)
    signer = Thoughts(SEAL, turn, partial(past(body).origin, request, tools, row(body["model"])))
    content = [
        {"type": "thinking", "thinking": block, "signature": signer.sign(block, None)}
        if isinstance(block, str)
        else block
        for block in blocks
    ]
    body["messages"].append({"role": "assistant", "content": content})


def call(id: str, name: str = "get_weather", **input: object) -> Json:
    return {"type": "tool_use", "id": id, "name": name, "input": input}


def result(id: str, content: object = "17 degrees") -> Json:
    return {"type": "tool_result", "tool_use_id": id, "content": content}


def text(said: str) -> Json:
    return {"type": "text", "text": said}


def talk(model: str = BOUND) -> Json:
    """Two turns, the first with two rounds of tools and a system message between them. Thoughts: 1.0, 1.2, 4.0, 6.0."""
    body: Json = {
        "model": model,
        "system": [text(BILLING.format(1)), text("Be brief.")],
        "tools": deepcopy([WEATHER, CONVERT, FOUND]),
        "messages": [{"role": "user", "content": "How warm is it in Seoul?"}],
    }
    messages = body["messages"]
    says(body, "msg_1", "Where?", text("I look."), "There.", call("t1", location="Seoul", unit="c"), call("t2", "find"))
    reference = {"type": "tool_reference", "tool_name": "found"}
    messages.append({"role": "user", "content": [result("t1"), result("t2", [reference])]})
    messages.append({"role": "system", "content": "The user likes Fahrenheit."})
    says(body, "msg_2", "Convert it.", text("63 F."))
    messages.append({"role": "user", "content": [text("And here?"), text("I mean Busan.")]})
    says(body, "msg_3", "Busan now.", text("Mild."))
    messages.append({"role": "user", "content": "Thanks."})
    return body


def told(body: Json, **fields: Any) -> dict[str, str]:
    """The thoughts that do not fit, and why."""
    return {one["path"]: one["reason"].partition("_")[0] for one in past(body, **fields).told}


def at(message: int, block: int | None = None) -> Callable[[Json], Json]:
    def find(body: Json) -> Json:
        found: Json = body["messages"][message]
        return found if block is None else found["content"][block]

    return find


def content(message: int, made: Callable[[Any], object]) -> Edit:
    return lambda body: at(message)(body).update(content=made(at(message)(body)["content"]))


def without(kind: str, *messages: int) -> Edit:
    def leave_out(body: Json) -> None:
        for message in messages:
            at(message)(body)["content"] = [one for one in at(message)(body)["content"] if one["type"] != kind]

    return leave_out


def backwards(value: Any) -> Any:
    """JSON that means the same, its keys the other way round."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(one) for one in value] if isinstance(value, list) else value


def split(body: Json) -> None:
    """One block a message, as some clients keep them."""
    body["messages"] = [
        {**message, "content": [block]}
        for message in body["messages"]
        for block in (message["content"] if isinstance(message["content"], list) else [text(message["content"])])
    ]


def marked(body: Json) -> None:
    for part in (body["system"][1], body["tools"][1], at(0)(body), at(2, 0)(body), at(5, 1)(body)):
        if isinstance(part.get("content"), str):
            part["content"] = [{**text(part["content"]), "cache_control": MARK}]
        else:
            part["cache_control"] = MARK


SAME: dict[str, Edit] = {
    "as it was": lambda _: None,
    "keys in another order": lambda body: body.update(backwards(body)),
    "a text instead of a string": content(0, lambda said: [text(said)]),
    "a text in a result": lambda body: at(2, 0)(body).update(content=[text("17 degrees")]),
    "a string instead of a text": content(4, lambda said: said),
    "a string of one system text": lambda body: body.update(system="Be brief."),
    "marks for the cache": marked,
    "no marks, said aloud": lambda body: at(1, 1)(body).update(cache_control=None, citations=None),
    "no citations": lambda body: at(1, 1)(body).update(citations=[]),
    "a default said aloud": lambda body: at(2, 0)(body).update(is_error=False),
    "a direct call": lambda body: at(1, 3)(body).update(caller={"type": "direct"}),
    "one block a message": split,
    "another line of Claude Code's": lambda body: body["system"][0].update(text=BILLING.format(2)),
    "no line of Claude Code's": lambda body: body["system"].pop(0),
    "its line with the rest": lambda body: body.update(system=BILLING.format(3) + "\n\nBe brief."),
    "a deferred tool that nobody found": lambda body: body["tools"].insert(0, LATE),
    "an empty text": content(4, lambda said: [said[0], text(""), said[1], text("\n\n")]),
    "an empty message": lambda body: body["messages"].insert(1, {"role": "user", "content": []}),
    "an effort": lambda body: body["messages"].insert(
        5, {"role": "system", "content": [], "output_config": {"effort": "low"}}
    ),
    "a message for a turn": lambda body: body["messages"].insert(
        1, {"role": "system", "content": "Now.", "clear_at": "next_user_message"}
    ),
    "other parameters": lambda body: body.update(tool_choice={"type": "none"}, output_config={"effort": "low"}),
    "no thinking at the start": without("thinking", 1),
    "no thinking in two turns": without("thinking", 1, 4),
    "no thinking at the end": without("thinking", 6),
    "no thinking": without("thinking", 1, 4, 6),
    "the last turn taken back": lambda body: body["messages"].__delitem__(slice(5, None)),
    "something new at the end": lambda body: at(7)(body).update(content="No thanks."),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_conversation_written_otherwise_is_no_change(name: str) -> None:
    body = talk()
    SAME[name](body)
    assert told(body) == {}


NUMBERS: list[tuple[object, object, bool]] = [
    (17.0, 17, True),
    ({"at": [1.0, {"of": -0.0}]}, {"at": [1, {"of": 0}]}, True),
    (12345678901234567890, 12345678901234567000, True),
    (1e21, 10**21, True),
    (10**400, 10**400, True),
    (17.0, 17.5, False),
    (17.0, "17.0", False),
    (1, True, False),
]


@pytest.mark.parametrize(("written", "again", "fits"), NUMBERS)
def test_a_number_that_javascript_writes_otherwise_is_no_change(written: object, again: object, fits: bool) -> None:
    body: Json = {"model": BOUND, "tools": [CONVERT], "messages": [{"role": "user", "content": "Convert it."}]}
    says(body, "msg_1", "So.", call("t1", "convert_temperature", value=written))
    body["messages"].append({"role": "user", "content": [result("t1")]})
    says(body, "msg_2", "There.", text("63 F."))
    at(1, 1)(body)["input"]["value"] = again
    assert (told(body) == {}) is fits


CITED: Json = {
    "type": "char_location", "cited_text": "Mild.", "document_index": 0, "document_title": None,
    "start_char_index": 0, "end_char_index": 5,
}  # fmt: skip
FOUND_TEXT: Json = {"type": "search_result", "source": "a", "title": "b", "content": [text("Mild.")]}
PLAIN_TEXT: Json = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Mild."}}
PARTS: list[Json] = [
    FOUND_TEXT,
    PLAIN_TEXT,
    {"type": "image", "source": {"type": "url", "url": "https://a.example/1"}},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
    call("t9", "convert_temperature", value=17.0, more=[1, -0.0, 1e-7, True, None, "é\u2028"]),
    result("t9", [text("63 F."), FOUND_TEXT]),
]
ALOUD: dict[str, Edit] = {
    "citations that a client keeps apart": lambda body: at(1, 1)(body).pop("citations"),
    "a document not to be cited": lambda body: at(0, 0)(body).update(citations={"enabled": False}),
    "a search result not to be cited": lambda body: at(0, 1)(body).update(citations={"enabled": False}),
    "marks in a search result": lambda body: at(0, 1)(body).update(content=[{**text("Mild."), "cache_control": MARK}]),
    "a tool that the model calls": lambda body: body["tools"][0].update(allowed_callers=["direct"]),
    "a tool whose input comes in pieces": lambda body: body["tools"][0].update(eager_input_streaming=True),
}


@pytest.mark.parametrize("name", ALOUD)
def test_what_no_model_is_given_is_no_change(name: str) -> None:
    asked = [deepcopy(PLAIN_TEXT), deepcopy(FOUND_TEXT)]
    body: Json = {"model": BOUND, "tools": [deepcopy(WEATHER)], "messages": [{"role": "user", "content": asked}]}
    says(body, "msg_1", "I read.", {**text("Mild."), "citations": [CITED]})
    body["messages"].append({"role": "user", "content": "Thanks."})
    says(body, "msg_2", "So.", text("Welcome."))
    ALOUD[name](body)
    assert told(body) == {}


ALL = ("messages.1.content.0", "messages.1.content.2", "messages.4.content.0", "messages.6.content.0")
FIRST, SECOND, THIRD, FOURTH = ALL
OTHER: dict[str, tuple[Edit, tuple[str, ...]]] = {
    "another system prompt": (lambda body: body["system"][1].update(text="Be long."), ALL),
    "no system prompt": (lambda body: body.pop("system"), ALL),
    "another tool": (lambda body: body["tools"][0].update(description="Rain"), ALL),
    "one tool more": (lambda body: body["tools"].append({**WEATHER, "name": "more"}), ALL),
    "tools in another order": (lambda body: body["tools"].reverse(), ALL),
    "another question": (content(0, lambda said: said + "?"), ALL),
    "another tool that was found": (lambda body: body["tools"][2].update(description="Rain"), ALL[2:]),
    "another call": (lambda body: at(1, 3)(body)["input"].update(unit="f"), ALL[2:]),
    "a shorter result": (lambda body: at(2, 0)(body).update(content="17"), ALL[2:]),
    "another text of its own": (lambda body: at(4, 1)(body).update(text="17 C."), ALL[3:]),
    "a tool for programs": (lambda body: body["tools"][0].update(allowed_callers=["code_execution_20250825"]), ALL),
    "no system message": (lambda body: body["messages"].pop(3), ("messages.3.content.0", "messages.5.content.0")),
    "one part of a question": (lambda body: at(5)(body)["content"].pop(), ALL[3:]),
    "a message more": (
        lambda body: body["messages"].insert(5, {"role": "user", "content": "Oh."}),
        ("messages.7.content.0",),
    ),
    "a message more before all": (
        lambda body: body["messages"].insert(0, {"role": "user", "content": "Oh."}),
        ("messages.2.content.0", "messages.2.content.2", "messages.5.content.0", "messages.7.content.0"),
    ),
    "a turn less": (
        lambda body: body["messages"].__delitem__(slice(1, 5)),
        ("messages.2.content.0",),
    ),
    "a gap in thinking": (without("thinking", 4), ALL[3:]),
    "a gap within a turn": (lambda body: at(1)(body)["content"].pop(2), ("messages.4.content.0", FOURTH)),
    "another order of thinking": (content(1, lambda all: [all[2], all[1], all[0], *all[3:]]), ALL[1:]),
}


def test_a_turn_of_thoughts_alone_may_be_left_out_with_them() -> None:
    """As agents do it with what was cut off before it came to a word."""
    edits: list[Edit] = [lambda body: body["messages"].pop(1), content(1, lambda _: [])]
    for gone in edits:
        body: Json = {"model": BOUND, "messages": [{"role": "user", "content": "Hi"}]}
        for turn, said in enumerate(([], [text("Hello")], [text("Fine")])):
            says(body, f"msg_{turn}", "Hm.", *said)
            body["messages"].append({"role": "user", "content": "Go on"})
        assert told(body) == {}
        gone(body)
        assert told(body) == {}


def test_a_reminder_behind_the_last_mark_may_stay_or_go() -> None:
    """Claude Code ends each request so for some models, and leaves it out of the next one."""
    for stays in (True, False):
        body: Json = {"model": BOUND, "messages": [{"role": "user", "content": "Hi"}]}
        for turn in range(3):
            left = text(f"{turn} tokens left")
            reminder = {"role": "system", "content": [{**left, "cache_control": MARK}, text("First think.")]}
            body["messages"].append(reminder)
            says(body, f"msg_{turn}", "Hm.", text("Hello"))
            reminder["content"] = [left, text("First think.")] if stays else left["text"]
            body["messages"].append({"role": "user", "content": "Go on"})
            assert told(body) == {}
        at(1)(body)["content"] = "0 tokens"
        assert list(told(body)) == [f"messages.{n}.content.0" for n in (2, 5, 8)]


def test_what_stands_before_the_last_mark_or_is_the_users_stays() -> None:
    for role, marked, fits in (("system", 1, False), ("user", 0, False), ("system", 0, True)):
        body: Json = {"model": BOUND, "messages": [{"role": "user", "content": "Hi"}]}
        said = [text("One."), text("Two.")]
        said[marked]["cache_control"] = MARK
        body["messages"].append({"role": role, "content": said})
        says(body, "msg_1", "Hm.", text("Hello"))
        said.pop()
        assert (told(body) == {}) is fits
    addition = {"type": "tool_addition", "tool": CONVERT}
    body = {"model": BOUND, "messages": [{"role": "user", "content": "Hi"}]}
    body["messages"].append({"role": "system", "content": [{**text("One."), "cache_control": MARK}, addition]})
    says(body, "msg_1", "Hm.", text("Hello"))
    assert told(body) == {}
    at(1)(body)["content"].pop()
    assert list(told(body)) == ["messages.2.content.0"]


@pytest.mark.parametrize("name", OTHER)
def test_another_conversation_is_a_change_from_there_on(name: str) -> None:
    body, (edit, paths) = talk(), OTHER[name]
    edit(body)
    assert told(body) == dict.fromkeys(paths, "prefix")


def test_where_it_is_allowed_each_thought_is_told_of_by_itself() -> None:
    body = talk()
    at(2, 0)(body)["content"] = "17"
    del body["messages"][5:]
    fits = past(body, "allow")
    assert fits.told == [{"type": "thinking_mismatch_allowed", "path": THIRD, "reason": "prefix_binding_mismatch"}]
    assert [block.thinking for block in fits.messages[4].content[:1]] == ["Convert it."]  # type: ignore[union-attr]
    at(0)(body)["content"] = "How cold is it?"
    assert list(told(body, act="allow")) == [FIRST, SECOND, THIRD]


def test_what_is_dropped_is_gone_and_nothing_else() -> None:
    body = talk()
    at(2, 0)(body)["content"] = "17"
    fits, left = past(body), [1, 4, 6]
    kinds = [[type(block).__name__ for block in fits.messages[n].content] for n in left]
    assert kinds == [["Thinking", "Text", "Thinking", "ToolUse", "ToolUse"], ["Text"], ["Text"]]
    assert fits.after == "msg_1/1"


WORDS = (
    "{}: Invalid `signature` in `thinking` block. The block is bound to a different conversation. Remove the block, or "
    'set `thinking.block_binding.prefix_mismatch_behavior` to "drop_block".'
)
SENTENCES = [
    ("another tool", FIRST, "`system` or `tools` changed after the block was made."),
    ("a shorter result", THIRD, "A message before it was changed after the block was made."),
    ("a turn less", "messages.2.content.0", "Messages or blocks before it are missing."),
    ("a message more", "messages.7.content.0", "There are new messages between it and those that it followed."),
    ("a gap in thinking", FOURTH, "Thinking blocks before it are missing or in another order."),
]


@pytest.mark.parametrize(("name", "path", "sentence"), SENTENCES)
def test_the_refusal_names_the_block_the_setting_its_beta_and_the_change(name: str, path: str, sentence: str) -> None:
    body = talk()
    OTHER[name][0](body)
    for known, beta in (
        (True, ""),
        (False, f" That setting requires the `{BETA}` value in the `anthropic-beta` header."),
    ):
        with pytest.raises(InvalidRequest) as refused:
            past(body, "error", known)
        assert refused.value.message == f"{WORDS.format(path)}{beta} {sentence}"


@pytest.mark.parametrize("name", SAME)
def test_it_goes_on_from_any_writing_of_it(name: str) -> None:
    """A turn that is answered after the conversation was written otherwise fits to it in every further writing."""
    body = talk()
    SAME[name](body)
    says(body, "msg_9", "At last.", text("You are welcome."))
    body["messages"].append({"role": "user", "content": "Bye."})
    assert told(body) == {}
    body.update(backwards(body))
    split(body)
    assert told(body) == {}


def test_it_goes_on_after_thoughts_were_dropped_and_taken_out() -> None:
    body = talk()
    at(2, 0)(body)["content"] = "17"
    says(body, "msg_9", "At last.", text("You are welcome."))
    assert list(told(body)) == [THIRD, FOURTH, "messages.8.content.0"]  # and all later thinking
    without("thinking", 4, 6)(body)
    assert told(body) == {}


def test_an_address_may_change_and_a_picture_may_not() -> None:
    def shown(source: Json) -> Json:
        return {"role": "user", "content": [{"type": "image", "source": source}, result("t1", "ok")]}

    for first, then, fits in (
        (
            {"type": "url", "url": "https://a.example/1?sig=1"},
            {"type": "url", "url": "https://a.example/1?sig=2"},
            True,
        ),
        ({"type": "file", "file_id": "file_1"}, {"type": "file", "file_id": "file_2"}, False),
        (
            {"type": "base64", "media_type": "image/png", "data": "AAAA"},
            {"type": "base64", "media_type": "image/png", "data": "AAAB"},
            False,
        ),
    ):
        body: Json = {"model": BOUND, "messages": [shown(first)]}
        says(body, "msg_1", "I see.", text("A cat."))
        body["messages"][0] = shown(then)
        assert (told(body) == {}) is fits


OLD_4_5, OPUS, FABLE = ["claude-sonnet-4-5", "claude-haiku-4-5"], "claude-opus-5-5", "claude-fable-5-1"
SONNET, HAIKU, MYTHOS = "claude-sonnet-5-5", "claude-haiku-5-5", "claude-mythos-5-1"
NEWER = [OPUS, FABLE, SONNET, HAIKU, MYTHOS, "claude-fable-5-2", "claude-mythos-5-2"]
READS: list[tuple[str, list[str], list[str]]] = [
    (FABLE, [*OLD_4_5, FABLE, MYTHOS, OPUS, "claude-opus-5", "claude-fable-5", "claude-mythos-5"], [SONNET, HAIKU]),
    (MYTHOS, [*OLD_4_5, FABLE, MYTHOS, OPUS, "claude-opus-5", "claude-fable-5", "claude-mythos-5"], [SONNET, HAIKU]),
    (OPUS, [*OLD_4_5, OPUS, "claude-opus-5", "claude-sonnet-5"], [FABLE, MYTHOS, SONNET, "claude-fable-5"]),
    (
        SONNET,
        [*OLD_4_5, SONNET, "claude-sonnet-5", "claude-opus-4-8"],
        ["claude-opus-5", OPUS, FABLE, "claude-mythos-5"],
    ),
    *[(name, ["claude-opus-4-8", name], NEWER) for name in (*OLD_4_5, "claude-opus-4-7", "claude-opus-5")],
]


@pytest.mark.parametrize(("reader", "read", "unread"), READS)
def test_a_model_reads_the_thinking_of_some(reader: str, read: list[str], unread: list[str]) -> None:
    for writers, dropped in ((read, {}), (unread, {FIRST: "model"})):
        for writer in writers:
            body: Json = {"model": row(writer).id, "messages": [{"role": "user", "content": "Hi"}]}
            says(body, "msg_1", "Hm.", text("Hello"))
            body["model"] = reader
            assert told(body) == dropped, writer


def test_a_model_that_checks_no_prefix_takes_any() -> None:
    for model in (MYTHOS, "claude-opus-5", "claude-opus-4-7"):
        body = talk(model)
        body["model"] = row(model).id
        OTHER["another tool"][0](body)
        request, _ = read(body)
        assert action(request, row(model), strict=True, enforced=True) is None
        assert told(body, act=action(request, row(model), strict=True, enforced=True)) == {}
        body["model"] = FABLE  # nor is it bound where it is checked
        assert told(body) == {}


def test_another_reason_comes_before_the_prefix() -> None:
    body = talk()
    body["model"] = "claude-sonnet-5-5"
    at(1, 0)(body)["signature"] = "EqQBCkYIARgCIkA"
    OTHER["another tool"][0](body)
    says(body, "msg_9", "At last.")
    body["messages"][0]["content"] = "Hello"
    last = "messages.8.content.0"
    assert told(body) == {FIRST: "organization", **dict.fromkeys(ALL[1:], "model"), last: "prefix"}


class Before(msgspec.Struct, array_like=True):
    """What was sealed before origins were."""

    thinking: str
    shown: str | None = None
    turn: str = ""
    index: int = 0


def test_a_signature_of_before_is_read_by_every_model_and_bound_to_nothing() -> None:
    signature = SEAL.sign(Before("Hm.", None, "msg_1", 0))  # type: ignore[arg-type]
    for model in [*NEWER, *OLD_4_5]:
        block = {"type": "thinking", "thinking": "Hm.", "signature": signature}
        messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [block]}]
        assert told({"model": row(model).id, "messages": messages}) == {}


@pytest.mark.parametrize("step", [-1, 1])
def test_a_signature_that_was_made_with_another_form_is_bound_to_nothing(step: int) -> None:
    """Servers are renewed one after the other, in the midst of conversations."""
    body = talk()
    OTHER["another tool"][0](body)
    for message, block in ((1, 0), (1, 2), (4, 0), (6, 0)):
        thought = at(message, block)(body)
        sealed = SEAL.open(thought["signature"])
        sealed.origin = msgspec.structs.replace(sealed.origin, form=sealed.origin.form + step)
        thought["signature"] = SEAL.sign(sealed)
    assert told(body) == {}


def test_the_form_is_what_it_was() -> None:
    """Where this fails, conversations that go on now are digested otherwise: raise the number, and note the digest."""
    body = talk()
    for part in (*PARTS, {**text("It says so."), "citations": [CITED]}):
        body["messages"].append({"role": "user", "content": [deepcopy(part)]})
    request, tools = read(body)
    origin = Past(request.messages).origin(request, tools, row(BOUND))
    assert (origin.form, origin.length, origin.prefix.hex()) == (1, 19, "84f8f88eb6b8fcaa47707fd2bc8d1299")


def test_a_server_of_before_reads_a_signature_of_now() -> None:
    body = talk()
    plain = msgspec.msgpack.encode(SEAL.open(at(1, 0)(body)["signature"]))
    assert msgspec.msgpack.decode(plain, type=Before) == Before("Where?", None, "msg_1", 0)
    assert isinstance(msgspec.msgpack.decode(plain, type=Sealed), Sealed)


ADAPTIVE = {"type": "adaptive"}
ACTIONS: list[tuple[str, str | None, bool, bool | None, str | None]] = [
    # model, asked for, strict, setting, what is done
    (OPUS, None, True, None, "error"),
    (OPUS, None, False, None, "allow"),
    (OPUS, None, True, False, "allow"),
    (OPUS, None, False, True, "error"),
    (OPUS, "drop_block", True, None, "drop_block"),
    (OPUS, "drop_block", False, None, "drop_block"),
    (OPUS, "drop_block", True, False, "drop_block"),
    (OPUS, "error", True, False, "error"),
    (OPUS, "error", False, None, "allow"),
    (OPUS, "error", False, True, "error"),
    ("claude-fable-5-2", None, True, False, "error"),
    ("claude-fable-5-2", None, False, None, "allow"),
    (MYTHOS, "error", True, True, None),
    ("claude-opus-5", "drop_block", True, True, None),
]


@pytest.mark.parametrize(("model", "asked", "strict", "enforced", "done"), ACTIONS)
def test_what_is_done_depends_on_who_asks_and_on_the_server(
    model: str, asked: str | None, strict: bool, enforced: bool | None, done: str | None
) -> None:
    binding = {} if asked is None else {"block_binding": {"prefix_mismatch_behavior": asked}}
    request, _ = read({"model": model, "messages": [{"role": "user", "content": "Hi"}], "thinking": ADAPTIVE | binding})
    assert action(request, row(model), strict=strict, enforced=enforced) == done
