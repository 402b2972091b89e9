"""A value against a JSON Schema: whether it fits, and what makes it fit where that is certain.

A number in quotes, a list of one where one is asked for, a key in another spelling, a wrapper too many or too few: each
change is tried, and kept only if the place where it was made is right then. What is still wrong is told in words.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from sijo.engine.calls.mend import Unsure, loads, mended
from sijo.engine.remembered import remembered
from sijo.engine.rules.schemas import KEPT, LONGEST, MOST_REFS
from sijo.wire.base import Json

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, ValidationError

ROUNDS = 64
"""Changes to one value at the most; one that would need as many is not certain, and is left."""
TOLD, WORDS = 5, 240
"""Complaints that are told, and characters of each."""
ALIKE, NEAR = 0.8, 0.6
"""How alike two keys must be for one to be the other misspelt, and for that to be possible, from 0 to 1."""
WRAPPERS = frozenset({"arguments", "parameters", "params", "input", "args", "kwargs", "properties"})
Path = Sequence[str | int]
_GONE = object()
_encode = msgspec.json.encode


def validator(schema: Json) -> "Draft202012Validator | None":
    """What checks values against a schema, or None where it cannot be tried."""
    return _validator(_encode(schema))


@remembered(KEPT, LONGEST)
def _validator(text: bytes) -> "Draft202012Validator | None":
    import jsonschema_rs  # only a turn with calls or a schema needs it

    if text.count(b'"$ref"') > MOST_REFS:
        return None
    try:
        return jsonschema_rs.Draft202012Validator(
            msgspec.json.decode(text), offline=True, pattern_options=jsonschema_rs.RegexOptions()
        )
    except ValueError:
        return None  # a reference that leads nowhere, a pattern that takes more than linear time, or too deep


class Fit:
    """One schema. `name` is the tool's, which some models put around its input."""

    def __init__(self, schema: Json, name: str = "") -> None:
        self.schema, self.name = schema, name
        self._check = validator(schema)

    def fits(self, value: Any) -> bool:
        return self._check is None or self._check.is_valid(value)

    def fitted(self, value: Any) -> tuple[Any, list[str]]:
        """The value, changed where it has to be and it is certain how; and what is wrong with it still."""
        if self._check is None or self._check.is_valid(value):
            return value, []
        near, wrong = self._mended(copy.deepcopy(value))
        if not wrong:
            return near, []
        for other in self._wrapped(value):
            made, still = self._mended(copy.deepcopy(other))
            if not still:
                return made, []
        return value, wrong

    def _mended(self, value: Any) -> tuple[Any, list[str]]:
        for _ in range(ROUNDS):
            errors = self._errors(value)
            if not errors:
                return value, []
            if len(errors) == ROUNDS:
                break
            for error in errors:
                changed = self._changed(value, error)
                if changed is not None:
                    value = changed[0]
                    break
            else:
                break
        return value, [told(error) for error in self._errors(value)[:TOLD]]

    def _errors(self, value: Any) -> "list[ValidationError]":
        assert self._check is not None
        return list(islice(self._check.iter_errors(value), ROUNDS))

    def _changed(self, value: Any, error: "ValidationError") -> tuple[Any] | None:
        """The value with one thing changed, if that is right; in a tuple, for the value may be None."""
        path = list(error.instance_path)
        before = len(self._errors(value))
        for make in CHANGES.get(error.kind.name, ()):
            for edit in make(self, error, path):
                made = edited(value, edit)
                if made is _GONE or made == value:
                    continue
                after = self._errors(made)
                if len(after) < before and not any(list(one.instance_path)[: len(path)] == path for one in after):
                    return (made,)
        return None

    def _wrapped(self, value: Any) -> Iterator[Any]:
        """The whole in other wrappings: as text, in a list, under a key too many, without the one that it needs."""
        properties = self.schema.get("properties") or {}
        if isinstance(value, str) and (inner := parsed(value)) is not None:
            yield inner
        if value is None and not self.schema.get("required"):
            yield {}
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
            yield value[0]
        if isinstance(value, dict) and len(value) == 1:
            ((key, inner),) = value.items()
            if key not in properties and (key in WRAPPERS or key == self.name):
                yield parsed(inner) if isinstance(inner, str) else inner
        only = list(self.schema.get("required") or properties)
        if len(only) == 1 and value is not None and not (isinstance(value, dict) and value.keys() & properties.keys()):
            yield {only[0]: value}

    def known(self, error: "ValidationError") -> Mapping[str, Any]:
        """The properties of the object that an error is about."""
        node: Any = self.schema
        for step in list(error.schema_path)[:-1]:
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):  # the path leads through a reference
                return {}
        found = node.get("properties") if isinstance(node, dict) else None
        return found if isinstance(found, dict) else {}


Edit = tuple[Path, Callable[[Any], Any]]
"""A place, and what becomes of the value there; `_GONE` takes it out."""


def other_types(_: Fit, error: "ValidationError", path: Path) -> Iterator[Edit]:
    """The same value written as another type, or with a list too many or too few around it."""
    value = error.instance
    if isinstance(value, str):
        inner = parsed(value)
        if inner is not None and not isinstance(inner, str):
            yield path, lambda _: inner
        if value.strip() in ("null", "None"):
            yield path, lambda _: None
    if isinstance(value, int) and not isinstance(value, bool):
        yield path, str
    if isinstance(value, list) and len(value) == 1:
        yield path, lambda value: value[0]
    if not isinstance(value, list) and value is not None:
        yield path, lambda value: [value]
    if value is None and path and isinstance(path[-1], str):
        yield path, lambda _: _GONE


def other_keys(fit: Fit, error: Any, path: Path) -> Iterator[Edit]:
    """Keys that nobody knows: known ones in another spelling, or too many. One that may be either is left."""
    absent = [name for name in fit.known(error) if name not in error.instance]
    names: dict[str, str] = {}
    for key in error.kind.unexpected[:ROUNDS]:
        name = spelt(key, [name for name in absent if name not in names.values()])
        if name is None and any(alike(key, one) >= NEAR for one in absent):
            return
        names[key] = name or ""
    if len(names) < ROUNDS:
        yield path, lambda value: {names.get(key, key): one for key, one in value.items() if names.get(key, key)}


def lacking(fit: Fit, error: Any, path: Path) -> Iterator[Edit]:
    """A key that must be there and is, in another spelling."""
    name, names = str(error.kind.property), fit.known(error)
    found = [key for key in error.instance if key not in names and spelt(key, [name])]
    if len(found) == 1:
        yield path, lambda value: {name if key == found[0] else key: one for key, one in value.items()}


def other_case(_: Fit, error: "ValidationError", path: Path) -> Iterator[Edit]:
    """A word of an enumeration in another spelling."""
    options = getattr(error.kind, "options", None)
    if isinstance(error.instance, str) and isinstance(options, list):
        words = [one for one in options if isinstance(one, str) and plain(one) == plain(error.instance)]
        if len(words) == 1:
            yield path, lambda _: words[0]


CHANGES: Mapping[str, Sequence[Callable[[Fit, "ValidationError", Path], Iterator[Edit]]]] = {
    "type": (other_types,),
    "anyOf": (other_types,),
    "oneOfNotValid": (other_types,),
    "enum": (other_case, other_types),
    "additionalProperties": (other_keys,),
    "required": (lacking,),
}


def edited(value: Any, edit: Edit) -> Any:
    """A copy of the value with an edit made."""
    path, change = edit
    if not path:
        return change(value)
    whole = copy.deepcopy(value)
    *steps, last = path
    holder = whole
    for step in steps:
        holder = holder[step]
    made = change(holder[last])
    if made is _GONE:
        del holder[last]
    else:
        holder[last] = made
    return whole


def parsed(text: str) -> Any:
    """What a string says as JSON, or None."""
    try:
        return loads(mended(text))
    except Unsure:
        return None


def spelt(word: str, names: Sequence[str]) -> str | None:
    """The one of the names that is meant by a word, if there is only one that can be."""
    same = [name for name in names if plain(name) == plain(word)]
    if not same and len(word) > 3:
        same = [name for name in names if alike(word, name) >= ALIKE]
    return same[0] if len(same) == 1 else None


def alike(one: str, other: str) -> float:
    """How alike two words are, from 0 to 1."""
    return SequenceMatcher(None, plain(one), plain(other)).ratio()


def plain(word: str) -> str:
    """A word without what differs from one way of writing to the next."""
    return "".join(char for char in word.casefold() if char.isalnum())


def told(error: "ValidationError") -> str:
    """An error in words, with its place."""
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path).lstrip(".")
    words = error.message if len(error.message) <= WORDS else f"{error.message[:WORDS]}..."
    return f"{place}: {words}" if place else words
