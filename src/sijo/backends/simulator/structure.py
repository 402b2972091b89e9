"""Answers that are JSON, by a schema or with the keys that the text names; and JSON that was begun, carried on."""

import json
import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

import msgspec

from sijo.backends.simulator.fill import Filler
from sijo.backends.simulator.finds import Finds
from sijo.backends.simulator.known import entries
from sijo.backends.simulator.material import parted
from sijo.backends.simulator.prose import asked_length
from sijo.backends.simulator.reply import HARD, MIDDLING, Reply
from sijo.backends.simulator.results import document_text
from sijo.backends.simulator.scene import Scene, glance
from sijo.backends.simulator.tongue import phrase
from sijo.engine.rules.schemas import sound
from sijo.engine.schemas.fit import fitted
from sijo.wire import blocks as b

ASKED = 300
"""Characters in which the keys are named."""
SHOWN = 20_000
"""Characters of a text in which a schema is looked for."""
TRIES = 20
"""Places at which it may begin."""
_FIELDS = '"properties"'
_HELD = re.compile(r"\b(?:match|respond|return|repl|answer|output|format|adher|conform|according)", re.IGNORECASE)
_DECODER = json.JSONDecoder()
_JSON = re.compile(
    r"\b(?:in|as|return|returning|output|produce|valid|only|give me|with|create|generate|write|make|an?)"
    r"\s+(?:\w+\s+)?json\b"
    r"|\bjson (?:object|only|array|format)|(?:json|제이슨)\s?(?:으로|로|형식|객체)",
    re.IGNORECASE,
)
_KEYS = re.compile(
    r"\b(?:keys?|fields?|properties|attributes)\b(?: named| called|:| are| of)?[:\s]+([^.\n]{1,300})"
    r"|([^.\n]{1,120}?)(?:을|를|이라는|라는|인)?\s*(?:키|필드|속성)(?:로|를|가|이|\b)",
    re.IGNORECASE,
)
_AS_JSON = re.compile(
    r"\b(?:extract|get|find|return|give me|output|with|pull)\s+((?:(?:the|an?)\s+)?[a-z_]{1,30}"
    r"(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+)(?:(?:the|an?)\s+)?[a-z_]{1,30}){0,8})\s+(?:(?:from|of|in)\b[^.:\n]{0,60}?\s)?"
    r"(?:as|in|into|to|and return)\s+(?:\w+\s+)?json\b"
    r"|([가-힣]{1,10}(?:(?:,\s*|[과와]\s*|\s*및\s*)[가-힣]{1,10}){0,8}?)(?:을|를)\s*json",
    re.IGNORECASE,
)
_NAMES_OF = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+|(?<=[가-힣])[과와]\s+|\s+및\s+", re.IGNORECASE)
_KOREAN_KEY = re.compile(r"([가-힣]{1,10})[이가]\s+[^\s,]{1,30}?(?:이고|이며|인)(?=\s)")  # 이름이 철수이고
_ORDER = re.compile(
    r"^(?:please )?(?:give me|generate|write|create|make|extract|tags for)\s*:?\s+(?:an?\s+"
    r"|the\s+)?",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\([^)]{0,60}\)")  # as in: keys title (string), year (number)
_SYSTEM = re.compile(
    r"\b(?:only|always|must|strictly)\b[^.\n]{0,40}\bjson\b|\bjson\b[^.\n]{0,30}\bonly\b|\b(?:answer|respond|reply"
    r"|output)\w*\s+(?:in|with|using)\s+"
    r"(?:valid\s+)?json\b|json\s?(?:으로만|만|으로 답|형식으로)",
    re.IGNORECASE,
)
"""How a system prompt asks for JSON whatever is said."""
_ARRAY = re.compile(r"\bjson (?:array|list)\b|배열", re.IGNORECASE)
_OBJECT = re.compile(r"[\"'](\w{1,40})[\"']\s*:")
_TEMPLATE = re.compile(r"\{[^{}]{0,500}\}")  # shows the keys; its values are none
_WORD = re.compile(r"[\"'`]?([A-Za-z_][\w-]{0,40})[\"'`]?")
_FILLERS = {
    "and",
    "or",
    "the",
    "a",
    "an",
    "with",
    "of",
    "in",
    "json",
    "object",
    "to",
    "as",
    "only",
    "no",
    "other",
}
_NO_KEYS = frozenset(("it", "them", "following", "data", "answer"))
_NUMBERS = {
    "age",
    "year",
    "count",
    "price",
    "amount",
    "quantity",
    "total",
    "score",
    "number",
    "temperature",
    "population",
    "나이",
    "가격",
    "수량",
}
_LAST = {"no", "for", "is", "that", "from", "which", "where", "about", "please", "based", "using", "whose"}


def structured(scene: Scene, spare: Callable[[], str]) -> Reply | None:
    """JSON that fits the prompt's schema, or has the keys that the text asks for; `spare` is what words there are."""
    begun = (scene.prompt.prefill or "").lstrip().startswith(("{", "["))
    shown, ask = _shown(scene) or (None, scene.ask)
    if scene.prompt.format:
        schema: Mapping[str, Any] = scene.prompt.format.schema
    elif shown is not None and not scene.prompt.tools:
        schema = shown
    elif begun or _JSON.search(scene.ask):
        schema = _named_schema(scene.ask)
    elif scene.system and _SYSTEM.search(system := glance(scene.system)):
        schema = _named_schema(system)
    else:
        return None
    asked = ask if scene.prompt.format or shown is not None else _TEMPLATE.sub(" ", ask)
    text = "\n".join([asked, *(glance(result.content) for result in scene.results), *_read(scene)])
    about = (scene.work if shown is None else parted(ask)).text or _ORDER.sub("", asked, count=1) or asked
    value = fitted(dict(schema), Filler(schema, Finds(text, spare(), about), whole=True).fill())
    if shown is None and isinstance(value, list) and not scene.prompt.format:
        value = entries(scene.ask, scene.language)[: len(value)] or value
    language = scene.inner
    keys = ", ".join(value) if isinstance(value, dict) else "values"
    compact = scene.prompt.format is not None
    return Reply(
        _written(value, compact), [phrase(language, "t_format", keys=keys)], HARD if len(keys) > 80 else MIDDLING
    )


def _shown(scene: Scene) -> tuple[Mapping[str, Any], str] | None:
    """The JSON schema that the user's words or the system prompt show as the form of the answer, and what else the
    user says: clients that know no other way to ask for structure write it there."""
    for text in (scene.words, scene.system):
        if _FIELDS in text and (found := _schema_in(text[:SHOWN])):
            schema, written = found
            if _HELD.search(text[:SHOWN].replace(written, " ")):
                return schema, glance(scene.words.replace(written, " "))
    return None


def _schema_in(text: str) -> tuple[Mapping[str, Any], str] | None:
    for brace in islice(re.finditer("{", text[: text.find(_FIELDS)]), TRIES):
        try:
            value, end = _DECODER.raw_decode(text, brace.start())
            if isinstance(value.get("properties"), dict) and sound(value):
                return value, text[brace.start() : end]
        except (ValueError, OverflowError, RecursionError):
            continue
    return None


def _read(scene: Scene) -> list[str]:
    return [glance(document_text(block)) for _, block in scene.readings if isinstance(block, b.Document)]


def _written(value: Any, compact: bool) -> str:
    encoded = msgspec.json.encode(value)
    return (encoded if compact else msgspec.json.format(encoded, indent=2)).decode()


def _named_schema(text: str) -> Mapping[str, Any]:
    """A schema with the keys that a text names; an array, if it asks for one and names none."""
    keys = _OBJECT.findall(text) or list(dict.fromkeys(_KOREAN_KEY.findall(text[:ASKED]))) or _listed(text)
    if not keys and _ARRAY.search(text):
        length = asked_length(text)
        return {"type": "array", "items": {"type": "string"}, "minItems": length.many if length else 3}
    properties = {key: {"type": "number" if key.lower() in _NUMBERS else "string"} for key in keys or ["answer"]}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _listed(text: str) -> list[str]:
    match = _KEYS.search(text[:ASKED])
    if match is None:
        return _as_json(text)
    keys: list[str] = []
    named = _ASIDE.sub("", match[1] or match[2])
    for found in _WORD.finditer(named):
        word = found[1]
        if word.lower() in _LAST:
            break
        if word.lower() not in _FILLERS or (word == "a" and named.startswith(",", found.end())):
            keys.append(word)
    return list(dict.fromkeys(keys))[:20]


def _as_json(text: str) -> list[str]:
    """The keys that are only named as what to take: `extract the name and age as JSON`."""
    match = _AS_JSON.search(text[:ASKED])
    parts = _NAMES_OF.split(match[1] or match[2]) if match else []
    keys = [re.sub(r"^(?:the|an?)\s+", "", part, flags=re.IGNORECASE) for part in parts]
    return [key for key in keys if key.lower() not in _FILLERS and key.lower() not in _NO_KEYS]


def rest_of(prefill: str, whole: str) -> str:
    """What follows the JSON in `prefill` to make it the JSON in `whole`, or else to make it complete.

    White space between tokens may differ. What `whole` cannot continue is closed as shortly as it can be.
    """
    at = 0
    for char in prefill:
        if char.isspace():
            continue
        while at < len(whole) and whole[at].isspace():
            at += 1
        if whole[at : at + 1] != char:
            return closed(prefill)
        at += 1
    return whole[at:]


def closed(begun: str) -> str:
    """What completes JSON that was begun: the open string, a value where one is due, then what is still open."""
    open_ones: list[str] = []
    string = escaped = False
    last = ""
    for char in begun:
        if string:
            string, escaped = escaped or char != '"', not escaped and char == "\\"
            last = "s"
        elif char == '"':
            string = True
        elif char in "{[":
            open_ones.append("}" if char == "{" else "]")
            last = char
        elif char in "}]":
            if open_ones:
                open_ones.pop()
            last = char
        elif not char.isspace():
            last = char
    return _due(begun, string, last, open_ones) + "".join(reversed(open_ones))


def _due(begun: str, string: bool, last: str, open_ones: list[str]) -> str:
    end = '"' if string else ""
    inside = bool(open_ones) and open_ones[-1] == "}"
    key = inside and re.search(r"[{,]\s*\"(?:[^\"\\]|\\.)*\"?$", begun) is not None
    if (string or last == "s") and key:
        return end + ': "…"'
    if string:
        return "…" + end
    if last == ":":
        return ' "…"'
    if last == ",":
        return '"more": "…"' if inside else '"…"'
    return ""
