"""What a picky engine says of a chat body: the first thing in it that a real one would refuse, ignore or misread."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Json = dict[str, Any]

SURROGATE = re.compile("[\ud800-\udfff]")
FIELDS = frozenset(
    {"model", "messages", "stream", "stream_options", "tools", "tool_choice", "temperature", "top_p", "stop", "seed",
     "response_format"}
)  # fmt: skip
"""What every engine takes, with the field that limits the reply."""
KEYS: Mapping[str, frozenset[str]] = {
    "system": frozenset({"role", "content"}),
    "user": frozenset({"role", "content"}),
    "assistant": frozenset({"role", "content", "tool_calls"}),
    "tool": frozenset({"role", "content", "tool_call_id", "name"}),
}
AFTER: Mapping[str, frozenset[str]] = {
    "": frozenset({"user"}),
    "user": frozenset({"assistant"}),
    "assistant": frozenset({"user"}),
    "call": frozenset({"tool"}),
    "tool": frozenset({"tool", "user", "assistant"}),
}
"""Who may speak after whom: templates want them in turns. A `call` is an assistant's message with calls in it."""


def rows() -> Mapping[str, Json]:
    """How picky each engine is, by its name."""
    table = tomllib.loads((Path(__file__).parent / "picky.toml").read_text("utf-8"))
    default = table.pop("default")
    return {name: {**default, **row} for name, row in table.items()}


def complaint(body: Json, row: Json) -> str | None:
    """The first complaint, or None for a body that is good."""
    return next(complaints(body, row), None)


def complaints(body: Json, row: Json) -> Iterator[str]:
    if SURROGATE.search(json.dumps(body, ensure_ascii=False)):
        yield "half a character"
    if unknown := body.keys() - FIELDS - {row["limit"], *row["fields"]}:
        yield f"unknown field {sorted(unknown)[0]}"
    if not isinstance(body.get(row["limit"]), int) or body[row["limit"]] < 1:
        yield f"{row['limit']} must be a positive number"
    stops = body.get("stop", [])
    if not isinstance(stops, list) or len(stops) > row["stops"] or not all(stops):
        yield f"stop must be a list of at most {row['stops']}"
    yield from tools(body, row)
    yield from messages(body["messages"], row)
    yield from ending(body, row)


def tools(body: Json, row: Json) -> Iterator[str]:
    entries, choice = body.get("tools"), body.get("tool_choice")
    if entries is None:
        if choice is not None:
            yield "tool_choice without tools"
        return
    if not entries:
        yield "tools is empty"
    for entry in entries:
        function = entry["function"]
        if entry["type"] != "function" or not set(function) <= {"name", "description", "parameters", "strict"}:
            yield f"not a function: {entry}"
        if function["parameters"].get("type") != "object":
            yield f"the parameters of {function['name']} are no object"
    form = "named" if isinstance(choice, dict) else choice
    if form is not None and form not in row["choice"]:
        yield f"tool_choice {choice!r} is not obeyed"
    if isinstance(choice, dict) and choice["function"]["name"] not in {e["function"]["name"] for e in entries}:
        yield f"no such tool: {choice}"


def messages(found: Sequence[Json], row: Json) -> Iterator[str]:
    before, open_calls = "", list[str]()
    seen: set[str] = set()
    for at, message in enumerate(found):
        role = message["role"]
        extra = {row["replay"], *row.get("last", ())} if role == "assistant" else set()
        if role not in KEYS or message.keys() - KEYS[role] - extra:
            yield f"messages.{at}: {sorted(message)} of {role}"
            continue
        if role == "system":
            if row["system"] == "first" and at:
                yield f"messages.{at}: System message must be at the beginning."
            yield from content(message["content"], at, row)
            continue
        if role not in AFTER[before]:
            yield f"messages.{at}: {role} after {before or 'nothing'}"
        calls = message.get("tool_calls", [])
        yield from said(message, at, row, calls, seen)
        if role == "tool":
            if message["tool_call_id"] not in open_calls:
                yield f"messages.{at}: answers {message['tool_call_id']}, which was not called"
            else:
                open_calls.remove(message["tool_call_id"])
        elif open_calls:
            yield f"messages.{at}: no answer for {open_calls}"
        open_calls += [call["id"] for call in calls]
        before = "call" if calls else role
    if open_calls:
        yield f"no answer for {open_calls}"


def said(message: Json, at: int, row: Json, calls: Sequence[Json], seen: set[str]) -> Iterator[str]:
    """One message of a user, an assistant or a tool."""
    role, words = message["role"], message.get("content")
    if role != "assistant" or words is not None:
        yield from content(words, at, row, results=role == "tool")
    elif not calls:
        yield f"messages.{at}: the assistant says nothing"
    if role == "assistant" and words == "" and not calls:
        yield f"messages.{at}: the assistant says nothing"
    for call in calls:
        function = call["function"]
        if not call["id"] or call["id"] in seen or call["type"] != "function" or not function["name"]:
            yield f"messages.{at}: no call, or one that came before: {call}"
        seen.add(call["id"])
        if not isinstance(json.loads(function["arguments"]), dict):
            yield f"messages.{at}: arguments that are no object"


def content(words: object, at: int, row: Json, *, results: bool = False) -> Iterator[str]:
    if isinstance(words, str):
        return
    if not isinstance(words, list) or not words:
        yield f"messages.{at}: content {words!r}"
        return
    kinds = {part["type"] for part in words}
    if results and row["results"] == "text":
        yield f"messages.{at}: a tool's message must be one text"
    if kinds == {"text"} and not row["lists"]:
        yield f"messages.{at}: a list that could be one text is read as several messages"
    allowed = {"text"} | ({"image_url"} if row["images"] != "none" else set()) | ({"file"} if row["files"] else set())
    if results and row["results"] != "images":
        allowed = {"text"}
    if kinds - allowed:
        yield f"messages.{at}: no {sorted(kinds - allowed)} here"
    for part in words:
        if part["type"] == "image_url":
            yield from image(part["image_url"]["url"], at, row)


def image(url: str, at: int, row: Json) -> Iterator[str]:
    if url.startswith("data:"):
        media = url.removeprefix("data:").partition(";base64,")[0]
        if media not in row["media"]:
            yield f"messages.{at}: no images of type {media}"
    elif row["images"] != "url":
        yield f"messages.{at}: image URLs are not currently supported"


def ending(body: Json, row: Json) -> Iterator[str]:
    last = body["messages"][-1]
    if last["role"] in ("user", "tool") or (last["role"] == "system" and row["system"] == "anywhere"):
        return
    if "prefill" not in row or last["role"] != "assistant":
        yield f"the last message is of {last['role']}"
        return
    if any(body.get(name) != value for name, value in row["prefill"].items()):
        yield f"to go on with the last message takes {row['prefill']}"
    if any(last.get(name) != value for name, value in row.get("last", {}).items()):
        yield f"to go on with the last message it takes {row['last']}"
    if not isinstance(last["content"], str):
        yield "the last message must be one text"
