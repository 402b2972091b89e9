"""What a field is for, by its format, its name and its description, and what the schema itself proposes for it."""

from typing import Any

from sijo.backends.simulator.lexicon import split, words
from sijo.backends.simulator.schema import Schema, holds

_FORMATTED = {"date": "date", "date-time": "date", "email": "email", "idn-email": "email", "uri": "url", "url": "url"}
NONE = object()
"""The schema proposes nothing that is valid."""


def wanted(name: str, schema: Schema) -> str:
    """What a field is for: by its format, the words of its name, or else the first ones of its description."""
    if kind := _FORMATTED.get(str(schema.get("format"))):
        return kind
    for said in (name, str(schema.get("description", ""))[:60]):
        own = {form for word in split(said) for form in _forms(word.lower())}
        for role, names in words().roles.items():
            if not own.isdisjoint(names):
                return role
    return ""


def _forms(word: str) -> tuple[str, ...]:
    """A word, and what it would be the plural of."""
    if word.endswith("ies"):
        return word, f"{word[:-3]}y"
    return (word, word[:-1]) if word.endswith("s") else (word,)


def example(schema: Schema) -> str | None:
    """What the description gives as an example."""
    _, mark, after = str(schema.get("description", ""))[:500].partition("e.g.")
    return after.split(")")[0].split(";")[0].strip(" ,:.\"'") if mark else None


def proposed(schema: Schema) -> Any:
    """The default, if that is valid."""
    return schema["default"] if "default" in schema and holds(schema, schema["default"]) else NONE
