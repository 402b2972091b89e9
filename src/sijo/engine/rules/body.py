"""From the bytes of a body to a request that is right in itself: JSON, fields, types, ranges.

msgspec says in one pass whether a body is good. Only one that is not is walked (`wire/explain.py`), for the first fault
in the API's own order. What depends on the model, or on several fields at once, is for `check`.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import jiter
import msgspec
from msgspec import Raw

from sijo.engine.rules import entries, verdict
from sijo.errors import InvalidRequest
from sijo.wire.explain import Explainer
from sijo.wire.request import NAMES, OBJECTS, ORDER, CountRequest

R = TypeVar("R", bound=CountRequest)
EXPLAIN = Explainer(ORDER, OBJECTS, NAMES, entries.faults)
KEY = re.compile(rb'"(?<!\\")[ \t\r\n]*:')
"""A quote, not an escaped one, before a colon: the end of a key, or the start of a string that begins with a colon."""
BLANKS = b" \t\r\n"
SHORT = 8192
"""Bytes of a body that is sooner written again than walked."""
DEEPEST = 200
"""Levels of JSON, as many as the parser takes that gives the reasons. Nothing that is done with a body later comes near
the interpreter's own limit then."""
LONE = frozenset({"system", "output_config", "output_format"})
"""Fields that hold objects of which only one kind would do."""
SLASHED = re.compile(rb'\\\\"[ \t\r\n]*:')
"""The end of a key that may end with a backslash, which `KEY` does not see."""
PLACED = re.compile(r"(?P<reason>.*) at line (?P<line>\d+) column (?P<column>\d+)", re.DOTALL)
REASONS = {
    "lone leading surrogate in hex escape": "no low surrogate in string",
    "unexpected end of hex escape": "no low surrogate in string",
}
"""Where the parser's words are not the API's."""

_decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode
_encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode


def read(
    found: Any,
    kind: type[R],
    *,
    closed: frozenset[str] | Callable[[str], frozenset[str]] = frozenset(),
    lenient: bool = False,
    betas: bool = False,
) -> R:
    """The request that a body's JSON is. Raises InvalidRequest with the first fault.

    `closed` are top-level fields that this request may not have, or what tells them for a model: they count as unknown.
    Where `lenient`, unknown fields of a request that carries any beta (`betas`) are left out instead, and logged.
    """
    if not isinstance(found, dict):
        raise InvalidRequest("The request body must be a JSON object")
    if callable(closed):
        closed = closed(str(found.get("model")))
    prune = lenient and betas
    if closed.isdisjoint(found) and not untagged(found) and not (prune and entries.strange(found.get("tools"))):
        try:
            return made(found, kind)
        except msgspec.ValidationError:
            pass  # the walk below finds the first fault in the API's order, which need not be the one that was met
    _complete(found.get("messages"))
    verdict.settle(found, EXPLAIN.faults(found, kind, closed=closed), prune=prune)
    try:
        return made(found, kind)
    except msgspec.ValidationError as error:
        raise InvalidRequest(worded(error)) from error


def _complete(messages: Any) -> None:
    """Give the system messages that only direct, and may leave their content out, an empty one."""
    for item in messages if isinstance(messages, list) else ():
        if isinstance(item, dict) and item.get("role") == "system" and item.get("output_config"):
            item.setdefault("content", [])


def parse(body: bytes) -> Any:
    """The body's JSON, without duplicate keys. Raises InvalidRequest that names the place."""
    try:
        found = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"The request body is not valid JSON: {reason(body) or clean(error)}") from error
    if not once(body, found) and (duplicate := reason(body)) is not None:
        raise InvalidRequest(f"The request body is not valid JSON: {duplicate}")
    return found


def made(found: dict[str, Any], kind: type[R]) -> R:
    """The request that a decoded body is. Its `tools` stay encoded: each is decoded by what owns its type."""
    entries = found.get("tools")
    if not isinstance(entries, list):
        return msgspec.convert(found, kind)
    request = msgspec.convert({**found, "tools": []}, kind)
    request.tools = [Raw(_encode(entry)) for entry in entries]
    return request


def untagged(found: dict[str, Any]) -> bool:
    """Whether a `type` is missing where only one would do: msgspec takes that, the API does not."""
    if LONE.isdisjoint(found):
        return False
    system, config, form = found.get("system"), found.get("output_config"), found.get("output_format")
    lone = list(system) if isinstance(system, list) else []
    if form is not None:
        lone.append(form)
    if isinstance(config, dict):
        lone += [config.get("format"), config.get("task_budget")]
    return bool(lone) and any(isinstance(part, dict) and "type" not in part for part in lone)


def once(body: bytes, found: Any) -> bool:
    """Whether it is certain that no key of valid JSON stands twice, for it has as many in writing as are left of it,
    and that it is not too deep.

    That costs half of what the parsing does, where a parser that looks for duplicates costs twice as much. In doubt,
    which is rare, that parser is asked.
    """
    if body.find(b"\\") < 0:  # then no quote stands inside a string, and blanks tell nothing
        if len(body) < SHORT and (len(body) < 2 * DEEPEST or body.count(b"{") + body.count(b"[") <= DEEPEST):
            return ends(body) == ends(_encode(found))
        return ends(body) == held(found)
    return len(KEY.findall(body)) == held(found) and SLASHED.search(body) is None


def ends(text: bytes) -> int:
    """How many keys end, or strings begin with a colon, in JSON without backslashes."""
    return text.translate(None, BLANKS).count(b'":')


def held(value: Any) -> int:
    """How many keys a decoded value has, at all levels; -1 where there are too many levels."""
    keys, level = 0, [value]
    for _ in range(DEEPEST + 1):
        below: list[Any] = []
        add = below.extend
        for part in level:
            if part.__class__ is dict:
                keys += len(part)
                add(part.values())
            elif part.__class__ is list:
                add(part)
        if not below:
            return keys
        level = below
    return -1


def reason(body: bytes) -> str | None:
    """Why a body is no JSON, or says a thing twice, and where; None for one that is good after all."""
    try:
        jiter.from_json(body, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        found = PLACED.fullmatch(str(error))
        if found is None:
            return clean(error)
        line, column = int(found["line"]), max(1, int(found["column"]))
        *above, rest = body.split(b"\n", line - 1)
        ahead = rest[: column - 1].decode("utf-8", "replace")
        char = sum(len(text.decode("utf-8", "replace")) + 1 for text in above) + len(ahead)
        words = REASONS.get(found["reason"], found["reason"])
        return f"{words}: line {line} column {len(ahead) + 1} (char {char})"
    return None


def clean(error: Exception) -> str:
    """An error's words on one line, without the path that msgspec adds."""
    return " ".join(str(error).partition(" - at ")[0].split()) or type(error).__name__


def worded(error: msgspec.ValidationError) -> str:
    """What msgspec refused and the walk did not find, with the path as the API writes it."""
    words, _, path = str(error).partition(" - at ")
    dotted = re.sub(r"\[(\d+|\.\.\.)\]", r".\1", path.strip("`").removeprefix("$").lstrip("."))
    return f"{dotted}: {words}" if dotted else words
