"""What a Messages API behind a relay says, good and bad: events in any order, known or not, and whole messages."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.chats import ARGUMENTS, DEEP, Json, data, framed, parts
from tests.fuzz.shapes import Made
from tests.fuzz.upstream import KEY

COUNTS: Made = st.sampled_from((0, 1, 7, 7, 300, -5, 2**63, 2**64, 10**30, "7", 1.5, None, True, [], {}))
DETAILS = {"error_code": "x", "at": KEY, "more": [{"key": KEY, KEY: 1}]}
ERRORS: tuple[Any, ...] = (
    {"type": "overloaded_error", "message": "Overloaded"}, {"type": "api_error", "message": f"no: {KEY}"},
    {"type": "new_error", "message": "x", "details": DETAILS}, {"type": KEY, "message": "x"}, "no", None, 7, [KEY],
    {"type": "rate_limit_error", "message": ""}, {"type": "", "message": "x"}, {"message": f"m {KEY}"}, {"type": "a"},
    {"type": "x" * 200, "message": "y" * 90_000}, {"type": 7, "message": "x"}, {"type": "x", "message": None},
    {"type": "invalid_request_error", "message": f"http://me:secret@127.0.0.1:1/{KEY}"}, {"detail": [KEY]}, {},
    {"type": "authentication_error", "message": f"invalid x-api-key: {KEY}"}, {"type": "é\n", "message": "x"},
    {"type": "permission_error", "message": "x", "details": {}}, {"type": "api_error", "message": " "},
)  # fmt: skip
BLOCKS: tuple[Json, ...] = (
    {"type": "text", "text": ""}, {"type": "text", "text": "", "citations": None}, {"type": "text", "text": "given"},
    {"type": "text"}, {"type": "text", "text": None}, {"type": "text", "text": "", "citations": [{"type": "new"}]},
    {"type": "thinking", "thinking": "", "signature": ""}, {"type": "thinking", "thinking": ""}, {"type": "thinking"},
    {"type": "redacted_thinking", "data": "abc"}, {"type": "redacted_thinking"}, {"type": "compaction"},
    {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}, {"type": "tool_use", "id": "toolu_1"},
    {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}, {"type": "tool_use", "id": 1, "name": "f"},
    {"type": "tool_use", "id": "toolu_2", "name": "f", "input": {"a": 1}}, {"type": "tool_use", "name": "f"},
    {"type": "tool_use", "id": "toolu_3", "name": "f", "input": [1]}, {"type": "tool_use", "id": "", "name": ""},
    {"type": "tool_use", "id": "toolu_3", "name": "f", "input": "x", "caller": {"type": "direct"}},
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}, {"type": "new", "a": [1]},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}, {"type": "new", "type_": 1, "": 2},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": {"type": "error"}}, {"no": "type"},
    {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "x", "server_name": "s", "input": {}}, {"type": None},
    {"type": "mcp_tool_use", "id": "mcptoolu_1"}, {"type": ["text"]}, {}, {"type": "", "text": "x"},
    {"type": "message_start"}, {"type": "container_upload", "file_id": "file_1"}, {"type": "class", "class": 1},
)  # fmt: skip
PIECES: tuple[Json, ...] = (
    {"type": "signature_delta", "signature": "c2ln"}, {"type": "signature_delta", "signature": ""}, {"type": "new"},
    {"type": "text_delta"}, {"type": "text_delta", "text": None}, {"type": "text_delta", "text": "x", "more": 1}, {},
    {"type": "citations_delta", "citation": {"type": "new", "x": 1}}, {"type": "citations_delta", "citation": None},
    {"type": "citations_delta", "citation": {"type": "char_location", "cited_text": "x", "document_index": 0}},
    {"type": "input_json_delta", "partial_json": 7}, {"type": "input_json_delta"}, {"type": None}, {"type": []},
    {"type": "new_delta", "new": "x", "content": 7, "type2": {}}, {"type": "compaction_delta", "content": "x"},
    {"type": "thinking_delta", "thinking": "x", "estimated_tokens": 7}, {"type": "new", "partial_json": "{"},
)  # fmt: skip
REASONS: tuple[Any, ...] = (
    "end_turn",
    "end_turn",
    "tool_use",
    "max_tokens",
    "stop_sequence",
    "new_reason",
    "",
    None,
    7,
    [],
    {"a": 1},
)
ABOUT: tuple[Json, ...] = (
    {}, {}, {"container": {"id": "c", "expires_at": "now"}}, {"container": 7}, {"context_management": []}, {"new": 1},
    {"id": 7}, {"id": "msg_" + "x" * 40}, {"role": "user"}, {"content": [{"type": "text", "text": "early"}]},
    {"stop_reason": "end_turn"}, {"diagnostics": []}, {"type": "odd"}, {"model": None}, {"stop_details": [1]}, {"": 0},
)  # fmt: skip


@st.composite
def usages(draw: st.DrawFn) -> Any:
    if draw(st.sampled_from((False, False, False, True))):
        odd: tuple[Any, ...]
        odd = (None, {}, [], "many", {"cache_creation": []}, {"service_tier": {}}, {"server_tool_use": 7, "new": [1]},
               {"iterations": "x", "inference_geo": None}, {"output_tokens_details": 1}, {"speed": 7})  # fmt: skip
        return draw(st.sampled_from(odd))
    good = {"input_tokens": draw(COUNTS), "output_tokens": draw(COUNTS)}
    if draw(st.booleans()):
        split = {"ephemeral_5m_input_tokens": draw(COUNTS), "ephemeral_1h_input_tokens": draw(COUNTS)}
        good |= {"cache_read_input_tokens": draw(COUNTS), "cache_creation_input_tokens": draw(COUNTS)}
        good |= {"cache_creation": split, "output_tokens_details": {"thinking_tokens": draw(COUNTS)}}
    return good


@st.composite
def starts(draw: st.DrawFn) -> Json:
    message: Json = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
    message |= {"stop_reason": None, "stop_sequence": None, "usage": draw(usages())}
    return {"type": "message_start", "message": {**message, **draw(st.sampled_from(ABOUT))}}


@st.composite
def blocks(draw: st.DrawFn) -> list[Json]:
    """The events of a block: most of them go together."""
    block = draw(st.sampled_from(BLOCKS[:1] * 8 + BLOCKS[6:7] * 4 + BLOCKS[12:13] * 4 + BLOCKS))
    own = {"text": ("text_delta", "text", parts), "thinking": ("thinking_delta", "thinking", parts)}
    kind, field, words = own.get(
        str(block.get("type")), ("input_json_delta", "partial_json", st.sampled_from(ARGUMENTS))
    )
    pieces: list[Json] = [{"type": kind, field: draw(words)} for _ in range(draw(st.sampled_from((0, 1, 1, 2))))]
    if draw(st.sampled_from((False, False, True))):
        pieces.insert(draw(st.integers(0, len(pieces))), draw(st.sampled_from(PIECES)))
    if field == "thinking":
        pieces.append(PIECES[0])
    at = draw(st.sampled_from((0, 0, 1, 7, -1, None)))
    return [
        {"type": "content_block_start", "index": at, "content_block": block},
        *({"type": "content_block_delta", "index": at, "delta": piece} for piece in pieces),
        {"type": "content_block_stop", "index": at},
    ]


@st.composite
def endings(draw: st.DrawFn) -> Json:
    delta = {
        "stop_reason": draw(st.sampled_from(REASONS)),
        "stop_sequence": draw(st.sampled_from((None, None, "END", 7))),
    }
    more = draw(st.sampled_from(ABOUT))
    if draw(st.sampled_from((False, False, True))):
        odd: tuple[Any, ...] = ({"type": "refusal"}, {"type": "new"}, [], 7, {"type": "refusal", "category": 1})
        delta["stop_details"] = draw(st.sampled_from(odd))
    return {"type": "message_delta", "delta": {**delta, **more}, "usage": draw(usages())}


ODD: tuple[Json, ...] = (
    {"type": "ping"}, {"type": "new_event", "a": 1}, {"type": ""}, {}, {"type": None}, {"type": 7}, {"type": ["ping"]},
    {"type": "message_start"}, {"type": "message_start", "message": None}, {"type": "content_block_start"},
    {"type": "content_block_delta", "index": 0}, {"type": "content_block_stop"}, {"type": "message_delta"},
    {"type": "message_stop"}, {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x"}},
    {"type": "message_delta", "delta": {"stop_reason": "refusal"}}, {"type": "content_block_start", "content_block": 0},
    *({"type": "error", "error": error} for error in ERRORS), {"error": "no"},
)  # fmt: skip


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """The body of a stream."""
    told = [draw(starts())]
    for block in draw(st.lists(blocks(), max_size=3)):
        told += block
    told += [draw(endings()), {"type": "message_stop"}]
    how = draw(st.sampled_from(("good", "good", "good", "odd", "odd", "missing", "moved", "twice", "flood")))
    at, to = draw(st.integers(0, len(told) - 1)), draw(st.integers(0, len(told) - 1))
    match how:
        case "odd":
            told.insert(at, draw(st.sampled_from(ODD)))
        case "missing":
            del told[at]
        case "moved":
            told.insert(to, told.pop(at))
        case "twice":
            told.insert(to, told[at])
    named = [(str(event.get("type", "")).encode("utf-8", "replace"), draw(data(event))) for event in told]
    if how == "flood":
        named[at:at] = [(b"ping", b'{"type": "ping"}')] * 300
    if draw(st.sampled_from((False,) * 9 + (True,))):
        levels = draw(st.sampled_from(DEEP))
        deep = b'{"type":"content_block_start","content_block":{"type":"new","a":%s%s}}'
        named.insert(at, (b"", deep % (b"[" * levels, b"]" * levels)))
    return draw(framed(named, [b"[DONE]"] * draw(st.sampled_from((0, 0, 1)))))


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A message of one piece, or an error with status 200."""
    if draw(st.sampled_from((False, False, True))):
        return json.dumps({"type": "error", "error": draw(st.sampled_from(ERRORS))}).encode()
    whole = draw(starts())["message"]
    whole["content"] = draw(st.lists(st.sampled_from(BLOCKS), max_size=3))
    return draw(data({**whole, "stop_reason": draw(st.sampled_from(REASONS))}))


MISTAKES: tuple[bytes, ...] = (
    *(json.dumps({"type": "error", "error": error}).encode() for error in ERRORS),
    *(json.dumps({"error": error}).encode() for error in ERRORS),
    *(b'{"type":"error","error":{"type":"a","message":"b","details":{"a":%s%s}}}' % (b"[" * n, b"]" * n) for n in DEEP),
)  # fmt: skip
