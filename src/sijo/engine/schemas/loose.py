"""A schema without what no grammar holds: an engine is held to the rest of it, and who reads the answer checks it."""

from typing import Any

from sijo.engine.schemas.tree import REFUSED

MAPS = frozenset({"properties", "$defs", "definitions"})
LISTS = frozenset({"anyOf", "allOf"})
PARTS = frozenset({"items", "additionalProperties"})
FEW = 100
"""Whole numbers between two bounds that are counted out."""


def loosened(schema: Any) -> Any:
    """All that is valid by the schema is valid by this one, and more."""
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Any] = {}
    for word, value in schema.items():
        if word in MAPS and isinstance(value, dict):
            out[word] = {name: loosened(part) for name, part in value.items()}
        elif word in LISTS and isinstance(value, list):
            out[word] = [loosened(part) for part in value]
        elif word in PARTS:
            out[word] = loosened(value)
        elif word == "oneOf" and isinstance(value, list):
            out.setdefault("anyOf", [loosened(part) for part in value])
        elif word not in REFUSED:
            out[word] = value
    if "patternProperties" in schema or "prefixItems" in schema:  # what is closed to these would be closed to all
        for word in PARTS:
            out.pop(word, None)
    if schema.get("type") == "integer" and "enum" not in schema and (numbers := between(schema)):
        out["enum"] = list(numbers)
    return out


def between(schema: dict[str, Any]) -> range:
    """The whole numbers between the bounds of a schema; none where it has not both, or they are too many."""
    least, most = schema.get("minimum"), schema.get("maximum")
    if type(least) is not int or type(most) is not int or most - least >= FEW:
        return range(0)
    return range(least, most + 1)
