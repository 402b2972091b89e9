"""What engines behind `/v1/chat/completions` can do and how they spell it: the rows of `data/engines.toml`, as data.

A row says; the adapter (`openai_chat`) does. Which engine answers on a port is found out by `discover`.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Literal, Self

import msgspec

from sijo.engine.abilities import Abilities
from sijo.engine.schemas.plain import Dialect
from sijo.errors import BY_TYPE
from sijo.wire.base import Json

_STEP = re.compile(r"([^.\[\]]+)|\[([^\]]+)\]")


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value to ask for: `path` from the origin, and where it lies in the JSON that comes back. Empty: none."""

    path: str = ""
    at: str = ""


class Probe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"value": "is"}):
    """Tells an engine by a value in an answer; an empty `value` is any."""

    path: str = ""
    at: str = ""
    value: str = ""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One engine. `[engine.default]` in the data file names every key and says what it means."""

    name: str
    title: str
    ports: tuple[int, ...]
    hosts: tuple[str, ...]
    probe: Probe
    context: tuple[Place, ...]

    max_tokens: str
    top_k: bool
    stops: bool
    stop_limit: int
    stream_usage: Literal["final", "continuous", "always", "none"]
    system: Literal["first", "anywhere"]
    images: Literal["data", "url", "none"]
    files: bool
    tool_images: bool
    schema: Literal["json_schema", "json_object", "none"]
    grammar: str
    patterns: Dialect
    optional: bool
    shows_schema: bool
    keeps: bool
    holds_thinking: bool
    holds_calls: bool
    cache_salt: str
    refusals: Mapping[str, tuple[str, ...] | Json]

    tools: bool
    convention: str
    tool_choice: frozenset[Literal["auto", "none", "required", "named"]]
    auto: str
    parallel: bool
    strict: bool
    strict_forced: bool
    found: Literal["inline", "listed"]

    think_tags: Literal["maybe", "opened", "asked", "none"]
    thinking_on: Json
    thinking_off: Json
    effort: Json
    efforts: tuple[str, ...]
    budget: Json
    replay: str

    prefill: bool
    prefill_body: Json
    prefill_message: Json
    prefill_path: str

    tokenize: Place
    completions: bool
    render: Place
    truncates: bool

    @property
    def abilities(self) -> Abilities:
        """What the turn needs to know of it; all else is lowered before, or done by the adapter."""
        return Abilities(
            images=self.images != "none",
            image_urls=self.images == "url",
            documents=self.files,
            system_anywhere=self.system == "anywhere",
            truncates=self.truncates,
            found=self.found,
            budget=bool(self.budget),
            effort=bool(self.efforts),
            asks=self.completions,
            resumes=self.completions and bool(self.render.path),
            holds=self.schema == "json_schema",
            keeps=("grammar" if self.grammar else self.patterns) if self.keeps and self.schema == "json_schema" else "",
            holds_thinking=self.holds_thinking,
            holds_calls=self.holds_calls,
            strict=self.tools and self.strict,
            optional=self.optional,
        )

    def changed(self, overrides: Mapping[str, object]) -> Self:
        """The row with some keys set otherwise. Raises msgspec.ValidationError for what is no key or no value of it."""
        return msgspec.convert({**msgspec.to_builtins(self), **overrides}, type(self))


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How replies are read, whatever the engine: what a finish reason means, and errors that say "too long" or "no
    images"."""

    finish: Mapping[str, str]
    overflow: tuple[str, ...]
    blind: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...] = ()
    eyeless: re.Pattern[str] = re.compile(r"(?!)")


class Engines(msgspec.Struct, frozen=True):
    """The rows by name, and how their answers are read. `engines()` gives the one that ships."""

    rows: Mapping[str, Row]
    answer: Answer

    def __getitem__(self, name: str) -> Row:
        return self.rows[name]

    def hosted(self, host: str) -> Row | None:
        """The row of a hosted service, known by its host name alone."""
        return next((row for row in self.rows.values() if host in row.hosts), None)


@cache
def engines() -> Engines:
    """The catalogue that ships, read once. Raises ValueError or msgspec.ValidationError where the file is wrong."""
    return read((resources.files("sijo") / "data/engines.toml").read_text("utf-8"))


def read(text: str) -> Engines:
    """A catalogue written as TOML: a row is `[engine.default]` with its own keys instead."""
    tables = tomllib.loads(text)
    rows = dict(tables["engine"])
    default = rows.pop("default")
    filled = {name: msgspec.convert({**default, **row, "name": name}, Row) for name, row in rows.items()}
    answer = msgspec.convert(tables["answer"], Answer)
    if unknown := {word for word in answer.finish.values() if word[:1] == "!" and word[1:] not in BY_TYPE}:
        raise ValueError(f"no such error: {', '.join(sorted(unknown))}")
    patterns = tuple(re.compile(pattern, re.IGNORECASE) for pattern in answer.overflow)
    eyeless = re.compile("|".join(answer.blind))
    return Engines(filled, msgspec.structs.replace(answer, patterns=patterns, eyeless=eyeless))


def merge(body: Json, patch: Mapping[str, Any], words: Mapping[str, object] | None = None) -> None:
    """Put a patch into a body, inner tables too; what is named in `words` (`$effort`) stands for its value."""
    for key, value in patch.items():
        if isinstance(value, Mapping):
            inner = body.setdefault(key, {})
            if not isinstance(inner, dict):
                inner = body[key] = {}
            merge(inner, value, words)
        else:
            body[key] = words.get(value, value) if words and isinstance(value, str) else value


def find(value: object, at: str, model: str = "") -> object:
    """What lies at a place in decoded JSON, or None: `a.b`, `a[0]`, and `a[id]`, the entry whose `id` is `model`."""
    for key, inner in _STEP.findall(at):
        if key:
            value = value.get(key) if isinstance(value, Mapping) else None
        elif not isinstance(value, Sequence) or isinstance(value, str):
            return None
        elif inner.isdigit():
            value = value[int(inner)] if int(inner) < len(value) else None
        else:
            value = next((entry for entry in value if isinstance(entry, Mapping) and entry.get(inner) == model), None)
    return value
