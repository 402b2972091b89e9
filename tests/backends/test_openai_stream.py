"""Recorded streams of many engines, read in every way in which they can arrive: `streams/README.md` names them."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sijo.backends.engines import engines
from sijo.backends.lines import Lines, Whole
from sijo.backends.openai_errors import Fault
from sijo.backends.openai_stream import Reader
from sijo.backends.think import Tags
from sijo.engine import deltas as d
from sijo.engine.assemble import tool_input
from sijo.errors import ApiError
from sijo.wire.events import StopReason

STREAMS = Path(__file__).parent / "streams"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((STREAMS / "expected.toml").read_text())


def reader(**settings: Any) -> Reader:
    return Reader(engines().answer, **settings)


def row_tags(name: str) -> Tags:
    return Tags(engines()[name.split("_")[1]].think_tags)


def told(reader: Reader, pieces: Iterable[bytes]) -> tuple[list[d.AnyDelta], ApiError | None]:
    """All deltas, and the error that ended them."""
    out: list[d.AnyDelta] = []
    for piece in pieces:
        out += reader.feed(piece)
    try:
        return out + reader.end(), None
    except ApiError as error:
        return out, error


def summary(deltas: list[d.AnyDelta], error: ApiError | None) -> dict[str, Any]:
    """What was said, under the names of `expected.toml`."""
    calls: list[tuple[str, list[str]]] = []
    total = d.Spent()
    for delta in deltas:
        match delta:
            case d.ToolCall(id=id, name=name):
                assert id.startswith("toolu_")
                calls.append((name, []))
            case d.ToolInput(json=json):
                calls[-1][1].append(json)
            case d.Spent():
                total = d.Spent(**{key: getattr(total, key) + getattr(delta, key) for key in d.Spent.__struct_fields__})
    last = deltas[-1] if deltas else None
    return {
        "text": "".join(delta.text for delta in deltas if isinstance(delta, d.Text)),
        "thinking": "".join(delta.text for delta in deltas if isinstance(delta, d.Thinking)),
        "tools": [(name, "".join(parts)) for name, parts in calls],
        "stop_reason": last.reason if isinstance(last, d.Stop) else None,
        "stop_sequence": last.sequence if isinstance(last, d.Stop) else None,
        "input_tokens": total.input,
        "output_tokens": total.output,
        "cache_read": total.cache_read,
        "cache_write": total.cache_5m,
        "error": error.type if error else None,
    }


def pieces(stream: bytes, size: int) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def chunk(**fields: Any) -> bytes:
    return b"data: " + msgspec.json.encode(fields) + b"\n\n"


def says(finish: str | None = None, **delta: Any) -> bytes:
    return chunk(choices=[{"index": 0, "delta": delta, "finish_reason": finish}])


def calls(*pieces: dict[str, Any]) -> bytes:
    return says(tool_calls=list(pieces))


DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize("name", EXPECTED)
def test_a_stream_means_what_it_should(name: str) -> None:
    expected = EXPECTED[name]
    stream = (STREAMS / f"{name}.txt").read_bytes()
    deltas, error = told(reader(stops=expected.get("stops", ()), tags=row_tags(name)), [stream])
    said = summary(deltas, error)
    for key in ("text", "thinking"):
        assert said[key] == expected.get(key, "")
    for key in ("stop_reason", "stop_sequence", "error"):
        assert said[key] == expected.get(key)
    if "stop_reason" in expected:
        for key in ("input_tokens", "output_tokens", "cache_read", "cache_write"):
            assert said[key] == expected.get(key, 0)
    assert len(said["tools"]) == len(expected.get("tools", ()))
    for (tool, written), wanted in zip(said["tools"], expected.get("tools", ()), strict=True):
        assert tool == wanted["name"]
        assert written == wanted["partial"] if "partial" in wanted else tool_input(written) == wanted["input"]
    if "message" in expected:
        assert error is not None and error.message == expected["message"]
    if "used" in expected:
        assert error is not None
        assert error.message == f"prompt is too long: {expected['used']} tokens > {expected['limit']} maximum"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
@pytest.mark.parametrize("name", EXPECTED)
def test_where_the_network_cuts_a_stream_changes_nothing(name: str, size: int) -> None:
    stream = (STREAMS / f"{name}.txt").read_bytes()
    stops = EXPECTED[name].get("stops", ())
    whole = summary(*told(reader(stops=stops, tags=row_tags(name)), [stream]))
    assert summary(*told(reader(stops=stops, tags=row_tags(name)), pieces(stream, size))) == whole


def test_every_recorded_stream_is_expected() -> None:
    assert {path.stem for path in STREAMS.glob("*.txt")} == set(EXPECTED)


def test_ids_of_calls_are_never_the_engines_own() -> None:
    stream = (
        calls({"index": 0, "id": "call_1", "function": {"name": "a", "arguments": "{}"}}) + says("tool_calls") + DONE
    )
    first, _ = told(reader(), [stream])
    second, _ = told(reader(), [stream])
    ids = {delta.id for delta in [*first, *second] if isinstance(delta, d.ToolCall)}
    assert len(ids) == 2 and "call_1" not in ids


@pytest.mark.parametrize(
    "stream",
    [
        # all under one index, told apart by their ids
        calls({"index": 0, "id": "x", "function": {"name": "a", "arguments": '{"n":1}'}})
        + calls({"index": 0, "id": "y", "function": {"name": "b", "arguments": '{"n":2}'}}),
        # id and name again with every piece
        calls({"index": 0, "id": "x", "function": {"name": "a", "arguments": '{"n"'}})
        + calls({"index": 0, "id": "x", "function": {"name": "a", "arguments": ":1}"}})
        + calls({"index": 1, "id": "y", "function": {"name": "b", "arguments": '{"n":2}'}}),
        # the name comes after the first piece of the input
        calls({"index": 0, "id": "x", "function": {"arguments": '{"n":'}})
        + calls({"index": 0, "function": {"name": "a", "arguments": "1}"}})
        + calls({"index": 1, "id": "y"})
        + calls({"index": 1, "function": {"name": "b", "arguments": '{"n":2}'}}),
        # two in one chunk, and an index that does not begin at 0
        calls(
            {"index": 1, "id": "x", "function": {"name": "a", "arguments": '{"n":1}'}},
            {"index": 2, "id": "y", "function": {"name": "b", "arguments": '{"n":2}'}},
        ),
    ],
)
def test_calls_are_told_apart(stream: bytes) -> None:
    deltas, error = told(reader(), [stream, says("tool_calls"), DONE])
    assert error is None
    assert summary(deltas, error)["tools"] == [("a", '{"n":1}'), ("b", '{"n":2}')]
    assert deltas[-1] == d.Stop("tool_use")


def test_one_call_in_the_old_format() -> None:
    deltas, error = told(reader(), [says(function_call={"name": "a", "arguments": '{"n"'}),
                                    says(function_call={"arguments": ":1}"}), says("function_call"), DONE])  # fmt: skip
    assert summary(deltas, error)["tools"] == [("a", '{"n":1}')]
    assert deltas[-1] == d.Stop("tool_use")


def test_inputs_that_are_mixed_are_refused() -> None:
    first = {"index": 0, "id": "x", "function": {"name": "a", "arguments": "{"}}
    second = {"index": 1, "id": "y", "function": {"name": "b", "arguments": "{}"}}
    _, error = told(reader(), [calls(first), calls(second), calls({"index": 0, "function": {"arguments": "}"}}), DONE])
    assert error is not None and error.type == "api_error"


FIRST = calls({"index": 0, "id": "x", "function": {"name": "a", "arguments": "{"}})
REST = calls({"index": 0, "function": {"arguments": "}"}})


@pytest.mark.parametrize(
    "stream",
    [
        FIRST + says(content="Well, ") + REST,
        FIRST + says(reasoning="hm") + REST,
        calls({"function": {"arguments": "{}"}}),
        says(content="Well, ") + calls({"function": {"name": "", "arguments": "{}"}}),
    ],
)
def test_an_input_that_belongs_to_no_call_is_refused(stream: bytes) -> None:
    deltas, error = told(reader(), [stream, says("tool_calls"), DONE])
    assert error is not None and error.type == "api_error"
    assert d.ToolInput("}") not in deltas and d.ToolInput("{}") not in deltas


@pytest.mark.parametrize("input", ["not json", "null", "{}{}", '{"a": "b', '{"a":' + "[" * 900 + "]" * 900 + "}"])
def test_a_call_of_no_tool_is_told_only_if_it_is_right(input: str) -> None:
    piece = calls({"index": 0, "id": "x", "function": {"name": "a", "arguments": input}})
    deltas, error = told(reader(offered=False), [piece, says("tool_calls"), DONE])
    assert error is not None and error.type == "api_error"
    assert not [delta for delta in deltas if isinstance(delta, d.ToolInput)]
    deltas, error = told(reader(offered=False), [piece, says("length"), DONE])
    assert error is None and summary(deltas, error)["tools"] == [("a", input)]
    deltas, error = told(reader(offered=False), [FIRST, REST, says(content="Well"), DONE])
    assert [type(delta) for delta in deltas[:3]] == [d.ToolCall, d.ToolInput, d.Text]


def test_space_and_empty_pieces_do_not_end_a_call() -> None:
    deltas, error = told(
        reader(), [FIRST, says(content="\n"), REST, says(content="Well"), calls({"index": 0, "function": {}}), DONE]
    )
    assert error is None and summary(deltas, error)["tools"] == [("a", "{}")]


def test_only_the_first_call_where_one_at_a_time_was_asked_for() -> None:
    first = {"index": 0, "id": "x", "function": {"name": "a", "arguments": "{}"}}
    second = {"index": 1, "id": "y", "function": {"name": "b", "arguments": "{}"}}
    deltas, error = told(reader(single=True), [calls(first, second), says("tool_calls"), DONE])
    assert summary(deltas, error)["tools"] == [("a", "{}")]
    assert deltas[-1] == d.Stop("tool_use")


def test_an_answer_that_does_not_stream_is_read_too() -> None:
    message = {
        "role": "assistant",
        "content": "Hi.",
        "tool_calls": [{"id": "x", "function": {"name": "a", "arguments": "{}"}}],
    }
    body = msgspec.json.encode(
        {
            "choices": [{"message": message, "finish_reason": "tool_calls"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2},
        }
    )
    said = summary(*told(reader(lines=Whole()), pieces(body, 9)))
    assert (said["text"], said["tools"], said["stop_reason"]) == ("Hi.", [("a", "{}")], "tool_use")
    assert (said["input_tokens"], said["output_tokens"]) == (3, 2)


def test_an_error_with_status_200_is_an_error() -> None:
    _, error = told(reader(lines=Whole()), [b'{"error":"Unexpected endpoint or method. (POST /v1/chat/completions)"}'])
    assert error is not None and error.message.startswith("Unexpected endpoint")


def test_input_tokens_come_before_the_first_word_where_the_engine_tells_them() -> None:
    usage = {"prompt_tokens": 30, "completion_tokens": 0}
    first = reader().feed(chunk(choices=[{"delta": {"role": "assistant", "content": ""}}], usage=usage))
    assert first == [d.Spent(input=30)]


def test_usage_at_the_end_is_told_once() -> None:
    usage = chunk(choices=[], usage={"prompt_tokens": 30, "completion_tokens": 5})
    deltas, _ = told(reader(), [says(content="Hi"), says("stop"), usage, DONE])
    assert deltas == [d.Text("Hi"), d.Spent(input=30, output=5), d.Stop("end_turn")]


@pytest.mark.parametrize(
    ("usage", "spent"),
    [
        ({"prompt_tokens": -5, "completion_tokens": -3}, d.Spent()),
        ({"prompt_tokens": 10**25, "completion_tokens": 10**25}, d.Spent()),
        ({"prompt_tokens": 30, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": -1}},
         d.Spent(input=30, output=5)),
        ({"prompt_tokens": 30, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 50}},
         d.Spent(cache_read=30, output=5)),
    ],
)  # fmt: skip
def test_a_usage_that_cannot_be_true_is_none(usage: dict[str, object], spent: d.Spent) -> None:
    """What the engine does not tell is counted here."""
    deltas, _ = told(reader(), [says(content="Hi"), says("stop"), chunk(choices=[], usage=usage), DONE])
    assert deltas == [d.Text("Hi"), spent, d.Stop("end_turn")]


def test_a_stop_sequence_that_the_client_did_not_ask_for_is_an_end() -> None:
    named = chunk(choices=[{"delta": {}, "finish_reason": "stop", "stop_reason": "<|im_end|>"}])
    assert told(reader(stops=["END"]), [says(content="Hi"), named, DONE])[0][-1] == d.Stop("end_turn")


def test_what_the_cache_gave_may_be_told_only_at_the_end() -> None:
    start = {"prompt_tokens": 30, "completion_tokens": 0}
    end = {"prompt_tokens": 30, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 20}}
    stream = chunk(choices=[], usage=start) + says("stop", content="Hi") + chunk(choices=[], usage=end) + DONE
    said = summary(*told(reader(), [stream]))
    assert (said["input_tokens"], said["cache_read"], said["output_tokens"]) == (10, 20, 5)


@pytest.mark.parametrize(
    ("mode", "parts", "thinking", "text"),
    [
        ("maybe", ["  <think>", "a", "</think>", "\n\n", "b"], "a", "b"),
        ("maybe", ["<think>\n\n</think>\n\nb"], "", "b"),
        ("maybe", ["\n", " x"], "", "\n x"),
        ("maybe", ["<think>a  ", "\n", "b</think>c"], "a  \nb", "c"),
        ("maybe", ["<think>a </thin", "g> b"], "a </thing> b", ""),
        ("maybe", ["<think>never closed  "], "never closed", ""),
        ("maybe", ["<thi"], "", "<thi"),
        ("maybe", ["a</think>b"], "", "a</think>b"),
        ("opened", ["a", "</th", "ink>", "b"], "a", "b"),
        ("opened", ["<think>", "a</think>b"], "a", "b"),
        ("opened", ["<", "a</think>b"], "<a", "b"),
        ("opened", ["cut"], "cut", ""),
        ("none", ["<think>a</think>b"], "", "<think>a</think>b"),
    ],
)
def test_tags_tell_thought_from_text(mode: str, parts: list[str], thinking: str, text: str) -> None:
    stream = b"".join(says(content=part) for part in parts) + says("stop") + DONE
    said = summary(*told(reader(tags=Tags(mode)), [stream]))
    assert (said["thinking"], said["text"]) == (thinking, text)


def test_space_and_tags_after_a_thought_in_its_own_field() -> None:
    said = summary(*told(reader(), [says(reasoning="Hm."), says(content="\n\n<think>"), says("stop"), DONE]))
    assert (said["thinking"], said["text"]) == ("Hm.", "<think>")


def test_space_after_a_call_is_no_text() -> None:
    call = {"index": 0, "id": "x", "function": {"name": "a", "arguments": "{}"}}
    deltas, _ = told(reader(), [says(content="Hi"), calls(call), says(content="\n"), says("tool_calls"), DONE])
    assert [delta for delta in deltas if isinstance(delta, d.Text)] == [d.Text("Hi")]


def test_a_text_of_nothing_but_space_is_none() -> None:
    call = {"index": 0, "id": "x", "function": {"name": "a", "arguments": "{}"}}
    for between in (says(reasoning="Hm."), b""):
        deltas, _ = told(
            reader(), [between, says(content="\n\n"), calls(call), says(content="\n"), says("tool_calls"), DONE]
        )
        assert not any(isinstance(delta, d.Text) for delta in deltas)


def test_a_prefill_goes_on_with_every_space() -> None:
    stream = says(content="\n") + says(content="  x") + says("stop") + DONE
    assert summary(*told(reader(tags=Tags(whole=True)), [stream]))["text"] == "\n  x"


@pytest.mark.parametrize(
    ("context", "used", "reason"),
    [(256, (182, 74), "model_context_window_exceeded"), (256, (100, 74), "max_tokens"), (None, (182, 74), "max_tokens"),
     (300, (182, 100), "max_tokens")],
)  # fmt: skip
def test_a_full_window_is_not_the_clients_limit(context: int | None, used: tuple[int, int], reason: StopReason) -> None:
    usage = {"prompt_tokens": used[0], "completion_tokens": used[1]}
    stream = says("length", content="x") + chunk(choices=[], usage=usage) + DONE
    deltas, _ = told(reader(max_tokens=100, context=context), [stream])
    assert deltas[-1] == d.Stop(reason)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([rb"\ud83d", rb"\ude00"], "😀"),
        ([rb"a\ud83d", rb"b"], "a\ufffdb"),
        ([rb"a\ud83d"], "a\ufffd"),
        ([rb"\ude00a"], "\ufffda"),
        ([rb"\uD83D", rb"\uDE00 \ud83c", rb"\udf89!"], "😀 🎉!"),
    ],
)
def test_halves_of_a_character_are_joined(parts: list[bytes], text: str) -> None:
    stream = (
        b"".join(b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % part for part in parts) + says("stop") + DONE
    )
    assert summary(*told(reader(), [stream]))["text"] == text


@pytest.mark.parametrize(
    "nonsense",
    [
        b"data: hello\n\n",
        b'data: {"a":1}\n\n',
        b'data: {"choices":3}\n\n',
        b"data: []\n\n",
        b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n',
        b'data: {"choices":[],"a":%s%s}\n\n' % (b"[" * 5000, b"]" * 5000),
        b'data: {"choices":[],"a":%s"\\ud800"%s}\n\n' % (b"[" * 5000, b"]" * 5000),
        b'data: {"error":%s%s}\n\n' % (b"[" * 900, b"]" * 900),
    ],
    ids=lambda data: repr(data[:24]),
)
def test_nonsense_ends_it_after_what_was_said(nonsense: bytes) -> None:
    reading = reader()
    deltas, error = told(reading, [says(content="Hi"), nonsense, says(content="lost"), DONE])
    assert deltas == [d.Text("Hi")]
    assert error is not None and error.type == "api_error"


def test_nothing_at_all_is_an_answer_that_broke_off() -> None:
    for lines in (Lines(), Whole()):
        _, error = told(reader(lines=lines), [])
        assert error is not None and error.status == 500


def test_an_error_in_a_field_of_its_own_is_one() -> None:
    """So llama.cpp wrote it until late in 2025, and what was made of it still does."""
    refused = b'error: {"code":400,"message":"the request exceeds the available context size."}\n\n'
    deltas, error = told(reader(), [says(content="Hi"), refused])
    assert deltas == [d.Text("Hi")]
    assert error is not None and (error.status, error.message) == (400, "prompt is too long")
    _, error = told(reader(), [b"error: nonsense\n\n"])
    assert error is not None and error.type == "api_error"


def test_what_comes_after_the_end_is_not_looked_at() -> None:
    reading = reader()
    reading.feed(says("stop", content="Hi") + DONE)
    assert reading.done
    assert reading.feed(says(content=" again") + b"data: nonsense\n\n") == []
    assert reading.end() == [d.Stop("end_turn")]


UNKNOWN = "The model `x` does not exist."
POOR = "The engine's account has no credit left."


@pytest.mark.parametrize(
    ("status", "body", "type", "message"),
    [
        (400, {"error": {"message": "bad", "code": 400}}, "invalid_request_error", "bad"),
        (422, {"detail": [{"loc": ["a"]}]}, "invalid_request_error", '[{"loc":["a"]}]'),
        (401, {"error": "Unauthorized: sk-1234"}, "api_error", "The engine refused this server's credentials."),
        (403, {"error": "no"}, "api_error", "The engine refused this server's credentials."),
        (402, {"error": {"message": "pay"}}, "billing_error", POOR),
        (404, {"error": {"message": "The model `x` does not exist."}}, "not_found_error", UNKNOWN),
        (404, "<html>", "api_error", "The engine has no such endpoint: its address may be wrong."),
        (413, "", "request_too_large", "Request exceeds the maximum allowed number of bytes."),
        (429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, "rate_limit_error", "slow down"),
        (429, {"error": {"message": "no", "code": "insufficient_quota"}}, "billing_error", POOR),
        (503, {"object": "error", "message": "The queue is full."}, "overloaded_error", "The queue is full."),
        (502, "<html>", "overloaded_error", "The engine answered with status 502."),
        (504, "", "timeout_error", "The engine answered with status 504."),
        (500, "it broke at http://u:pw@host/ with KEY", "api_error", "it broke at http://host/ with ***"),
        (302, "", "api_error", "The engine answered with status 302."),
        (500, b'{"error": "\xff"}', "api_error", '{"error": "\ufffd"}'),
        (500, b"[" * 5000, "api_error", "The engine answered with status 500."),
        (500, b'{"error": %s%s}' % (b"[" * 900, b"]" * 900), "api_error", "The engine answered with status 500."),
    ],
)  # fmt: skip
def test_an_error_keeps_its_meaning(status: int, body: Any, type: str, message: str) -> None:
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else msgspec.json.encode(body)
    error = Fault.read(status, raw, key="KEY").error()
    assert (error.type, error.message) == (type, message)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "qwen3-8b is not a multimodal model"),
        (400, "At most 0 image(s) may be provided in one prompt."),
        (500, "images are not supported"),
        (500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"),
        (400, "this model is missing data required for image input"),
        (400, "Model does not support images. Please use a model that does."),
    ],
)
def test_without_eyes_it_is_said_in_the_apis_words(status: int, words: str) -> None:
    """Clients find these words, take the image out of the conversation, and go on."""
    error = Fault.read(status, msgspec.json.encode({"error": {"message": words}})).error()
    assert (error.type, error.message) == ("invalid_request_error", f"Could not process image: {words}")


@pytest.mark.parametrize("code", ["\u00b2", "9" * 5000, "-1", "600", True, 4.5, ["x"]], ids=lambda code: str(code)[:9])
def test_a_code_that_is_no_status_is_none(code: Any) -> None:
    error = Fault.told({"message": "broke", "code": code}).error()
    assert (error.type, error.message) == ("api_error", "broke")


VLLM = "This model's maximum context length is 8192 tokens. However, "
SGLANG = "Requested token count exceeds the model's maximum context length of 8192 tokens. You requested 9000 tokens: "
ALONE = "prompt is too long: {} tokens > {} maximum"
TOGETHER = (
    "input length and `max_tokens` exceed context limit: {} + 4000 > {}, "
    "decrease input length or `max_tokens` and try again"
)


@pytest.mark.parametrize(
    ("text", "form", "used", "limit"),
    [
        (VLLM + "your prompt contains at least 9000 input tokens, which exceeds this limit.", ALONE, 9000, 8192),
        (VLLM + "you requested 4000 output tokens and your prompt contains 5000 input tokens.", TOGETHER, 5000, 8192),
        (VLLM + "your messages resulted in 10000 tokens.", ALONE, 10000, 8192),
        (VLLM + "you requested 9000 tokens (5000 in the messages, 4000 in the completion).", TOGETHER, 5000, 8192),
        (SGLANG + "5000 tokens from the input messages and 4000 tokens for the completion.", TOGETHER, 5000, 8192),
        ("The input (9001 tokens) is longer than the model's context length (8192 tokens).", ALONE, 9001, 8192),
        ("request (1414 tokens) exceeds the available context size (256 tokens), try it", ALONE, 1414, 256),
        (
            "Input tokens exceed the configured limit of 100 tokens. Your messages resulted in 200 tokens.",
            ALONE,
            200,
            100,
        ),
        ("the prompt is longer than the context length currently available to the model", "prompt is too long", 0, 0),
        ("the request exceeds the available context size. try increasing the context", "prompt is too long", 0, 0),
    ],
)
def test_too_long_is_said_in_the_apis_words(text: str, form: str, used: int, limit: int) -> None:
    body = msgspec.json.encode({"error": {"message": text, "code": 400}})
    error = Fault.read(400, body).error(max_tokens=4000)
    assert (error.type, error.message) == ("invalid_request_error", form.format(used, limit))
