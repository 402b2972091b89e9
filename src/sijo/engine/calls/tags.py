"""Calls written as tags: a tag for the tool, and within it one for each parameter, whose text is the value.

`<function=weather><parameter=city>Paris</parameter></function>`, `<invoke name="weather"><parameter name="city">...`,
`weather<arg_key>city</arg_key><arg_value>Paris</arg_value>`, `<weather><city>Paris</city></weather>`. The schema says
which texts are strings, and those stay as they are, to the last line break.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sijo.engine.calls.mend import Unsure, loads, mended
from sijo.engine.calls.python import Properties

_D = "(?:\uff5cDSML\uff5c)?"
FUNCTION = re.compile(rf"""<{_D}(?:function|invoke|tool|call)(?:=|\s+name\s*=\s*)["']?([^"'<>\s]++)["']?[^<>]*+>""")
END = re.compile(rf"</{_D}(?:function|invoke|tool|call)\s*>")
PARAMETER = re.compile(
    rf"""<{_D}(?:parameter|param|arg)(=|\s+name\s*=\s*)["']?([^"'<>\s]++)["']?(?:\s+string="(\w+)")?[^<>]*+>"""
)
CLOSE = re.compile(
    rf"</{_D}(?:parameter|param|arg)\s*>(?=\s*(?:<{_D}(?:parameter|param|arg)\b|</|<{_D}(?:function|invoke)\b|\Z))"
)
KEY = re.compile(r"<arg_key>([^<]*)</arg_key>\s*<arg_value>")
VALUE = re.compile(r"</arg_value>(?=\s*(?:<arg_key>|</|\Z))")
CHILD = re.compile(r"\s*<([\w-]+)>(.*?)</\1>", re.DOTALL)


def calls(text: str, properties: Properties) -> list[tuple[str, str]]:
    """The calls in a text of tags, as names and inputs."""
    heads = list(FUNCTION.finditer(text))
    out = []
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        inner = text[head.end() : following.start() if following else len(text)]
        end = last(END, inner)
        inner = inner[: end.start()] if end else inner
        if PARAMETER.search(inner) or not inner.strip():
            made = json.dumps(dict(parameters(inner, properties(head[1]))), ensure_ascii=False)
        else:
            made = inner.strip()
        out.append((head[1], made))
    return out


def keyed(text: str, properties: Properties) -> list[tuple[str, str]]:
    """A name, then keys and values in turn."""
    first = KEY.search(text)
    name = (text[: first.start()] if first else text).strip()
    types, input, at = properties(name), dict[str, Any](), 0
    while head := KEY.search(text, at):
        end = VALUE.search(text, head.end())
        at = end.end() if end else len(text)
        raw = text[head.end() : end.start() if end else len(text)]
        input[head[1].strip()] = typed(raw, types.get(head[1].strip()))
    return [(name, json.dumps(input, ensure_ascii=False))]


def children(name: str, text: str, properties: Properties) -> list[tuple[str, str]]:
    """The inside of a tag that is a tool's name: a tag for each property, and nothing else."""
    types, input, at = properties(name), dict[str, Any](), 0
    while head := CHILD.match(text, at):
        if head[1] not in types:
            return []
        input[head[1]] = typed(head[2], types[head[1]])
        at = head.end()
    return [(name, json.dumps(input, ensure_ascii=False))] if input and not text[at:].strip() else []


def parameters(text: str, types: Mapping[str, object]) -> Iterator[tuple[str, Any]]:
    at, closes = 0, True
    while head := PARAMETER.search(text, at):
        end = CLOSE.search(text, head.end()) if closes else None
        closes = end is not None  # behind a place where none follows there is none to look for
        following = PARAMETER.search(text, head.end()) if end is None else None
        stop = end.start() if end else following.start() if following else len(text)
        at = end.end() if end else stop
        raw = text[head.end() : stop]
        if head[1] == "=":  # this form stands on lines of its own, and their breaks are not the value's
            raw = raw.removeprefix("\n").removesuffix("\n")
        yield head[2], raw if head[3] == "true" else typed(raw, types.get(head[2]))


def typed(raw: str, schema: object) -> Any:
    """A value by what the schema says of its type: a string is what stands there, anything else is JSON."""
    kinds = types(schema)
    if "string" in kinds:
        return None if raw == "null" and "null" in kinds else raw
    try:
        return loads(mended(raw.strip()))
    except Unsure:
        return raw


def types(schema: object) -> set[str]:
    """The types that a schema names, at its root and in what it is put together of."""
    if not isinstance(schema, Mapping):
        return set()
    kind = schema.get("type")
    found = {kind} if isinstance(kind, str) else set(kind) if isinstance(kind, list) else set()
    for word in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(word) or ():
            found |= types(part)
    if not found and all(isinstance(one, str) for one in schema.get("enum") or (0,)):
        found = {"string"}
    return found


def closed(text: str) -> bool:
    """Whether no value is open where this text ends."""
    opened = last(PARAMETER, text)
    if opened is not None:
        return CLOSE.search(text, opened.end()) is not None
    return text.count("<arg_value>") == len(VALUE.findall(text))


def last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    for found in pattern.finditer(text):  # noqa: B007
        pass
    return found
