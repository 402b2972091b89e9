"""What a backend is asked: as the body that would ask it, and in the form in which two questions are compared.

The comparable form leaves out what is never the same twice, and names ids by their position. Where recordings lie and
which of them answers is left to `record` and `replay`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from hashlib import blake2b
from typing import Any

import msgspec

from sijo.engine.lower import BILLING
from sijo.engine.prompt import Prompt
from sijo.wire.base import Json
from sijo.wire.request import MessageParam

encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode
UNASKED = ("metadata", "stream")
"""Fields of a body that say nothing of the answer."""
SECRET = frozenset({"authorization_token", "fallback_credit_token"})
"""Keys whose values authorise something: masked in recordings, and never compared."""
MARKS = frozenset({"cache_control", "signature"}) | SECRET
"""Keys that are left out wherever they stand."""
PREFIXES = frozenset({"toolu", "srvtoolu", "mcptoolu", "msg", "req", "file", "container"})
LONG = 16  # characters after the prefix from which on a word in a text is taken for an id
WORD = re.compile(r"\b([a-z]{2,12})_([A-Za-z0-9_-]+)")
PRESETS = {
    "dates": r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| ?[+-]\d\d:?\d\d)?)?",
    "uuids": r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b",
}
"""Patterns that can be asked for by name."""
TAIL, CLOSE = 300, 20
AROUND, SHOWN, LISTED = 40, 3, 8


def body_of(prompt: Prompt) -> Json:
    """What a backend is asked, as a body would ask it: with all that was done to the prompt on its way there.

    Only `max_tokens` is what the client asked for, because what there is room for may be an estimate. `begun`, `held`
    and `format` are the prompt's own: an answer may be asked for in parts.
    """
    messages = [MessageParam(item.role, list(item.content)) for item in prompt.items]
    made = {"system": prompt.system, "messages": messages, "tools": prompt.tools}
    body: Json = decode(encode(prompt.request))
    for name, value in made.items():
        body.pop(name, None)
        if value:
            body[name] = decode(encode(value))
    if prompt.begun is not None:
        body["begun"] = prompt.begun
    if not prompt.held:
        body["held"] = False
    config = prompt.request.output_config
    if prompt.format is not None and prompt.format not in (config and config.format, prompt.request.output_format):
        body["format"] = decode(encode(prompt.format))
    return body


def patterns(ignore: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """Names in `PRESETS` or regular expressions, ready for use. Raises ValueError for what is neither."""
    try:
        return tuple(re.compile(PRESETS.get(one, one)) for one in ignore)
    except re.error as error:
        raise ValueError(f"ignore: {error.pattern!r} is no pattern: {error}") from error


@dataclass(frozen=True)
class Question:
    """A body in its comparable form. `ids` are those that it names, in the order in which they first appear."""

    body: Json
    ids: tuple[str, ...]

    @classmethod
    def of(cls, body: Json, ignore: Sequence[re.Pattern[str]] = ()) -> "Question":
        """The comparable form of a body as it stands on the wire."""
        plain = _Plain(ignore)
        return cls(plain.body(body), tuple(plain.ids))

    @cached_property
    def parts(self) -> dict[str, str]:
        """Digests of what a body is made of: `model`, `system.0`, `tools.Bash`, `messages.3` and so on."""
        return {name: digest(value) for name, value in split(self.body)}

    @cached_property
    def key(self) -> str:
        """The same for two questions that ask the same."""
        return digest(self.parts)

    @cached_property
    def tail(self) -> str:
        """The end of the last message, to tell apart what is otherwise as near."""
        messages = self.body.get("messages") or [""]
        return dumps(messages[-1])[-TAIL:]


class _Plain:
    """Walks a body once, in one order whatever the order of its keys."""

    def __init__(self, ignore: Sequence[re.Pattern[str]]) -> None:
        self.ignore = ignore
        self.ids: dict[str, str] = {}

    def body(self, body: Json) -> Json:
        whole = {name: value for name, value in body.items() if name not in UNASKED}
        system = [block for block in blocks(body.get("system") or []) if not billing(block)]
        messages = [{**message, "content": blocks(message["content"])} for message in body.get("messages") or []]
        plain: Json = self.walk({**whole, "system": system, "messages": messages})
        return plain

    def walk(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.walk(item) for item in value]
        if isinstance(value, dict):
            named = dict(self.names(value))
            return {key: named.get(key) or self.walk(value[key]) for key in sorted(value) if key not in MARKS}
        return value

    def names(self, value: Json) -> Iterator[tuple[str, str]]:
        """The ids of a block that calls a tool or answers a call: those are ids, whatever they look like."""
        kind = value.get("type")
        if not isinstance(kind, str):
            return
        for field, ending in (("id", "tool_use"), ("tool_use_id", "tool_result")):
            if kind.endswith(ending) and isinstance(value.get(field), str):
                yield field, self.id(value[field])

    def text(self, text: str) -> str:
        text = WORD.sub(self.word, text)
        for pattern in self.ignore:
            text = pattern.sub("", text)
        return text.strip()

    def word(self, found: re.Match[str]) -> str:
        word, prefix, rest = found[0], found[1], found[2]
        if word in self.ids or (prefix in PREFIXES and len(rest) >= LONG):
            return self.id(word)
        return word

    def id(self, word: str) -> str:
        return self.ids.setdefault(word, f"id#{len(self.ids) + 1}")


def blocks(content: str | list[Any]) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def billing(block: Any) -> bool:
    """Claude Code's first system block: it names the client and a fingerprint, and is not for the model."""
    return isinstance(block, dict) and str(block.get("text", "")).startswith(BILLING)


def split(body: Json) -> Iterator[tuple[str, Any]]:
    """The parts of a comparable body, each with the path under which it is spoken of."""
    for name, value in body.items():
        if name == "tools":
            for tool in value:
                yield f"tools.{tool.get('name') or tool.get('type')}", tool
        elif isinstance(value, list):
            yield from ((f"{name}.{at}", item) for at, item in enumerate(value))
        else:
            yield name, value


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(value: Any) -> str:
    return blake2b(dumps(value).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def likeness(one: Mapping[str, str], other: Mapping[str, str]) -> float:
    """How much of two questions is the same, from 0 to 1, by their parts: half is said for one that differs."""
    same = sum(1.0 if other[name] == value else 0.5 for name, value in one.items() if name in other)
    return 2 * same / (len(one) + len(other))


def closest(question: Question, tails: Sequence[str]) -> int:
    """Which of the ends is most like the question's: the last one of those that are as near. Looks at a bounded few."""
    few = range(max(0, len(tails) - CLOSE), len(tails))
    return max(few, key=lambda at: (SequenceMatcher(None, question.tail, tails[at], autojunk=False).ratio(), at))


def difference(recorded: Question, here: Question) -> str:
    """Where two questions differ, in a few words: which parts, and the first text in them that is not the same."""
    old, new = dict(split(recorded.body)), dict(split(here.body))
    names = [name for name in {**new, **old} if recorded.parts.get(name) != here.parts.get(name)]
    told = []
    for name in names[:SHOWN]:
        if name not in new:
            told.append(f"{name} is only in the recording")
        elif name not in old:
            told.append(f"{name} is only in the request")
        else:
            path, was, now = next(leaves(old[name], new[name], name))
            told.append(f"{path}: recorded {was}, asked {now}")
    rest = ", ".join(names[SHOWN:LISTED]) + (" and more" if len(names) > LISTED else "")
    return "; ".join([*told, f"also {rest}"] if rest else told)


def leaves(old: Any, new: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """The places at which two values differ, each with what stands there in the one and in the other."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from leaves(old.get(key), new.get(key), f"{path}.{key}")
    elif isinstance(old, list) and isinstance(new, list):
        for at in range(max(len(old), len(new))):
            yield from leaves(nth(old, at), nth(new, at), f"{path}.{at}")
    elif old != new:
        yield (path, *excerpts(old, new))


def nth(items: list[Any], at: int) -> Any:
    return items[at] if at < len(items) else None


def excerpts(old: Any, new: Any) -> tuple[str, str]:
    """Two values, cut to what surrounds the first character in which they differ."""
    one, two = (value if isinstance(value, str) else dumps(value) for value in (old, new))
    at = next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    start = max(0, at - AROUND)
    cut = [("…" * (start > 0)) + text[start : at + AROUND] + ("…" * (len(text) > at + AROUND)) for text in (one, two)]
    return json.dumps(cut[0], ensure_ascii=False), json.dumps(cut[1], ensure_ascii=False)
