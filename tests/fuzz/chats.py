"""What engines stream from `/v1/chat/completions`, good and bad: chunks as values, and the bytes of their streams."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.breaking import broken, noise, spoiled, written
from tests.fuzz.shapes import Made, texts
from tests.fuzz.upstream import KEY

Json = dict[str, Any]
DEEP = (99, 200, 300, 700, 990, 1000, 5000)
PIECES = (
    "Hello", " ", "\n\n", "", "é", "東京", "😀", "<think>", "</think>", "<thi", "nk>", "</thi", "nk>\n", "<think>\n",
    "END", "EN", "D", "{", '{"a": 1}', "[1, 2", "<tool_call>", '{"name": "f", "arguments": {}}', "</tool_call>",
    "```json\n", "<function=f>", "[TOOL_CALLS]", "f(a=1)", "\0", "\u2028", "a" * 3000, " " * 3000,
)  # fmt: skip
ARGUMENTS = (
    "{}", "", '{"a": 1}', '{"a": "b', '{"a": 1', '"}', "{", "}", "null", "[]", "1", '"x"', "not json", "{'a': 1}",
    '{"a": NaN}', '{"a": Infinity}', '{"a": 1e999}', '{"a": "\\ud800"}', '{"a": "\\', "u00e9", '{"a": 1}{"a": 2}',
    '{"a": %s}' % ("9" * 30), '{"a": %s}' % ("9" * 5000), '{"a": 18446744073709551616}', '{"\\ud83d": 1}', '{"a":01}',
    '{"a": "%s"}' % ("x" * 70_000), *('{"a":' * deep + "1" + "}" * deep for deep in DEEP),
    *('{"a":' + "[" * deep for deep in DEEP),
)  # fmt: skip
NAMES = ("f", "g", "", "F", "functions.f", "no such", "x" * 300, "é", "\0", None)
COUNTS: Made = st.sampled_from((0, 1, 7, 300, 7, 7, -5, 2**31, 2**63, 2**64, 10**30, "7", 1.5, None, True, [], {}))
FINISHES = ("stop", "length", "tool_calls", "content_filter", "error", "abort", "odd", "", "function_call", None)
ERRORS: tuple[Any, ...] = (
    {"message": f"no: {KEY}", "code": 500}, {"message": "busy", "code": "503"}, {"message": None, "type": "x"}, "no",
    {"message": "x", "code": "²"}, {"message": "x", "code": "9" * 5000}, {"message": {"a": [KEY]}}, None, "", 0, [],
    {"message": "maximum context length is 9999999999999999999999 tokens", "code": "context_length_exceeded"},
    {"message": "This model's maximum context length is 4096 tokens. However, your request has 9000 input tokens."},
    {"message": "x" * 90_000}, {"code": 429, "message": "rate"}, {"code": -1}, {"code": True}, {"code": 401},
    {"message": f"http://user:pass@127.0.0.1:9/{KEY}"}, {"code": "insufficient_quota"}, [KEY], {KEY: KEY},
    {"message": "", "param": ["max_tokens"], "code": "unsupported_parameter"},
    {"message": "no", "param": "temperature", "code": "unsupported_value"},
)  # fmt: skip
parts: Made = st.sampled_from(PIECES) | texts.map(lambda text: text.replace(KEY, ""))


@st.composite
def usages(draw: st.DrawFn) -> Any:
    if draw(st.sampled_from((False, False, False, True))):
        return draw(st.sampled_from((None, {}, [], "many", 3, {"prompt_tokens_details": [], "completion_tokens": 2})))
    good = {"prompt_tokens": draw(COUNTS), "completion_tokens": draw(COUNTS), "total_tokens": 9}
    if draw(st.booleans()):
        good["prompt_tokens_details"] = {"cached_tokens": draw(COUNTS), "cache_write_tokens": draw(COUNTS)}
        good["completion_tokens_details"] = {"reasoning_tokens": draw(COUNTS)}
    return good


@st.composite
def calls(draw: st.DrawFn) -> Json:
    """A piece of a call; any part of it may be missing."""
    function: Json = {}
    if draw(st.sampled_from((True, True, False))):
        function["name"] = draw(st.sampled_from(("f", "f", "f", *NAMES)))
    if draw(st.sampled_from((True, True, True, False))):
        function["arguments"] = draw(st.sampled_from((*ARGUMENTS, {}, {"a": 1}, None, [])))
    call: Json = {"type": "function", "function": function}
    if draw(st.sampled_from((True, True, False))):
        call["index"] = draw(st.sampled_from((0, 0, 0, 1, 1, 2, -1, 2**70, None)))
    if draw(st.booleans()):
        call["id"] = draw(st.sampled_from(("call_1", "call_2", "", None, "x" * 999)))
    return call


@st.composite
def deltas(draw: st.DrawFn) -> Json:
    kind = draw(st.sampled_from(("content",) * 4 + ("reasoning_content", "reasoning", "tools", "tools", "others")))
    if kind == "tools":
        return {"tool_calls": draw(st.lists(calls(), min_size=1, max_size=3))}
    if kind == "others":
        return draw(
            st.sampled_from(
                ({}, {"role": "assistant", "content": None}, {"refusal": "No."}, {"content": "a", "refusal": None},
                 {"function_call": {"name": "f", "arguments": "{}"}}, {"content": ["a"]}, {"tool_calls": {}},
                 {"content": "b", "reasoning_content": "c", "reasoning": "c"}, {"reasoning_details": [{"text": "d"}]},
                 {"tool_calls": [None]}, {"tool_calls": []}, {"content": {"a": 1}})
            )
        )  # fmt: skip
    return {kind: draw(parts)}


@st.composite
def chunks(draw: st.DrawFn) -> Json:
    kind = draw(st.sampled_from(("delta",) * 12 + ("end", "end", "usage", "odd", "error")))
    whole: Json = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": []}
    match kind:
        case "error":
            return {"error": draw(st.sampled_from(ERRORS)), **draw(st.sampled_from(({}, whole)))}
        case "usage":
            whole["usage"] = draw(usages())
        case "odd":
            odd: tuple[Any, ...]
            odd = (None, {}, [{}], [None], [{"index": 1, "text": "t"}], [{"message": {"content": "m"}}], "no", [[]],
                   [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}])  # fmt: skip
            whole["choices"] = draw(st.sampled_from(odd))
        case _:
            finish = draw(st.sampled_from(FINISHES)) if kind == "end" else None
            whole["choices"] = [{"index": 0, "delta": draw(deltas()), "finish_reason": finish}]
            more = draw(st.sampled_from((None,) * 6 + ("usage", "stop_reason", "matched_stop")))
            if more == "usage":
                whole["usage"] = draw(usages())
            elif more:
                whole["choices"][0][more] = draw(st.sampled_from(("END", 7, None, [], {"a": 1}, "é")))
    return whole


@st.composite
def data(draw: st.DrawFn, value: Json) -> bytes:
    """A chunk or an event as JSON, now and then broken."""
    how = draw(st.sampled_from(("good",) * 14 + ("broken", "broken", "spoiled")))
    body: bytes = draw(written(draw(broken(value)) if how == "broken" else value))
    return draw(spoiled(body)) if how == "spoiled" else body


END: Json = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
BESIDE = (b": ping", b"", b"id: 7", b"retry: 0", b"event: error", b"data:", b"data", b"data: [DONE]", b"datum: 1")


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """The body of a stream."""
    told: list[Json] = draw(st.lists(chunks(), max_size=8))
    ended = draw(st.sampled_from((True, True, True, False)))
    told += [END] if ended else []
    if draw(st.booleans()):
        told.append({"choices": [], "usage": draw(usages())})
    return draw(framed([(b"", draw(data(value))) for value in told], [b"[DONE]"] * draw(st.sampled_from((1, 1, 0, 2)))))


@st.composite
def framed(draw: st.DrawFn, told: Sequence[tuple[bytes, bytes]], last: Sequence[bytes]) -> bytes:
    """Server-sent events, each by its name and its data; what is between them may be odd."""
    odd = draw(st.sampled_from((False, False, True)))
    line = draw(st.sampled_from((b"\n", b"\n", b"\r\n", b"\r"))) if odd else b"\n"
    space = draw(st.sampled_from((b" ", b" ", b""))) if odd else b" "
    out: list[bytes] = []
    for name, value in (*told, *((b"", value) for value in last)):
        if odd:
            out += [draw(st.sampled_from(BESIDE)) for _ in range(draw(st.sampled_from((0, 0, 0, 1, 3))))]
        if name:
            out.append(b"event: " + name)
        if odd and value[:1] == b"{" and draw(st.sampled_from((False,) * 9 + (True,))):
            out.append(b"data:" + space + value.replace(b",", b"," + line + b"data: ", 1))
        else:
            out.append(b"data:" + space + value)
        out.append(b"")
    whole = line.join((*out, b""))
    if odd and draw(st.sampled_from((False,) * 5 + (True,))):
        at = draw(st.integers(0, len(whole)))
        whole = whole[:at] + draw(noise) + whole[at:]
    return whole


@st.composite
def completions(draw: st.DrawFn) -> bytes:
    """An answer of one piece, where a stream was asked for."""
    message = draw(deltas())
    whole = {"object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    return draw(data({**whole, "usage": draw(usages())}))


def deep(levels: int) -> bytes:
    return b'{"error":%s%s}' % (b"[" * levels, b"]" * levels)


MISTAKES: tuple[bytes, ...] = (
    b"", b"<html><body>Bad gateway</body></html>", b"no", b"null", b"[]", b"{}", b"\xff\xfe\x00", b"{", b'"x"', b"7",
    b'{"error":"\xff"}', b'{"error":{"message":"\\ud800"}}', b"Bearer " + KEY.encode(), b"Internal Server Error",
    *(b'data: {"error": %s}\n\n' % json.dumps(error).encode() for error in ERRORS[:3]),
    *(deep(levels) for levels in DEEP), *(b'{"error":{"message":%s1%s}}' % (b"[" * n, b"]" * n) for n in DEEP),
    *(json.dumps({"error": error}).encode() for error in ERRORS),
    *(json.dumps(error).encode() for error in ERRORS), b"x" * 5_000_000, b"{" + b" " * 3_000_000 + b"}",
)  # fmt: skip
"""Bodies of replies that are no answer."""
