"""The picky engine itself: it takes a good body and refuses each that a real engine would."""

import copy
from typing import Any

import pytest

from tests.conformance.picky import complaint, rows
from tests.conformance.talk import Json

TOOL = {"type": "function", "function": {"name": "f", "description": "", "parameters": {"type": "object"}}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
GOOD: Json = {
    "model": "m",
    "stream": True,
    "max_tokens": 5,
    "tools": [TOOL],
    "messages": [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "u"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "r"},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": [{"type": "text", "text": "u"}, {"type": "image_url", "image_url": {"url": "U"}}]},
    ],
}


def body(engine: str, **changes: Any) -> Json:
    good = copy.deepcopy(GOOD) | changes
    row = rows()[engine]
    if "max_tokens" not in changes and row["limit"] != "max_tokens":
        good[row["limit"]] = good.pop("max_tokens")
    parts = good["messages"][-1]["content"]
    if isinstance(parts, list) and row["images"] == "none":
        good["messages"][-1]["content"] = "u"
    elif parts and isinstance(parts, list) and parts[-1]["type"] == "image_url":
        parts[-1]["image_url"]["url"] = "data:image/png;base64,aa=="
    return good


@pytest.mark.parametrize("engine", rows())
def test_a_good_body_is_taken(engine: str) -> None:
    assert complaint(body(engine), rows()[engine]) is None


USER, SYSTEM = {"role": "user", "content": "u"}, {"role": "system", "content": "s"}
SAID, CALLED = {"role": "assistant", "content": "a"}, {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "r"}


@pytest.mark.parametrize(
    ("engine", "changes", "words"),
    [
        ("vllm", {"messages": [USER, USER]}, "user after user"),
        ("vllm", {"messages": [SAID, USER]}, "assistant after nothing"),
        ("vllm", {"messages": [USER, SAID, SAID, USER]}, "assistant after assistant"),
        ("vllm", {"messages": [USER, SYSTEM, SAID, USER]}, "at the beginning"),
        ("openai", {"messages": [USER, SAID]}, "the last message"),
        ("vllm", {"messages": [USER, SAID]}, "to go on with"),
        ("deepseek", {"messages": [USER, SAID]}, "to go on with"),
        ("vllm", {"messages": [USER, CALLED, USER]}, "user after call"),
        ("vllm", {"messages": [USER, CALLED]}, "no answer for"),
        ("vllm", {"messages": [USER, CALLED, RESULT | {"tool_call_id": "x"}]}, "was not called"),
        ("vllm", {"messages": [USER, CALLED, RESULT, RESULT]}, "was not called"),
        ("vllm", {"messages": [USER, SAID | {"content": None}, USER]}, "says nothing"),
        ("vllm", {"messages": [USER, SAID | {"content": ""}, USER]}, "says nothing"),
        ("vllm", {"messages": [USER | {"cache_control": {}}]}, "cache_control"),
        ("vllm", {"messages": [USER, SAID | {"reasoning_content": "r"}, USER]}, "reasoning_content"),
        ("vllm", {"messages": [USER | {"content": ""}, SAID, USER | {"content": []}]}, "content"),
        ("vllm", {"messages": [USER | {"content": "\ud83d"}]}, "half a character"),
        ("ollama", {"messages": [USER | {"content": [{"type": "text", "text": "u"}]}]}, "several messages"),
        ("ollama", {"messages": [USER, CALLED, RESULT | {"content": [{"type": "text", "text": "r"}]}]}, "one text"),
        ("lmstudio", {"tool_choice": {"type": "function", "function": {"name": "f"}}}, "is not obeyed"),
        ("ollama", {"tool_choice": "none"}, "is not obeyed"),
        ("vllm", {"tool_choice": {"type": "function", "function": {"name": "x"}}}, "no such tool"),
        ("vllm", {"tools": []}, "tools is empty"),
        ("vllm", {"tools": None, "tool_choice": "auto"}, "tool_choice without tools"),
        ("vllm", {"stop": list("abcde")}, "stop must be"),
        ("openai", {"max_tokens": 5}, "max_tokens"),
        ("openai", {"top_k": 5}, "unknown field top_k"),
        ("vllm", {"max_tokens": 0}, "must be a positive number"),
    ],
)
def test_a_bad_body_is_refused(engine: str, changes: Json, words: str) -> None:
    found = complaint(body(engine, **changes), rows()[engine])
    assert found and words in found
