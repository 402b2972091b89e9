"""JSON schemas, which come from outside: what is meant, whether a value is valid, and which value nearly fits.

Nothing is filled in here. What is not understood is passed over; nothing in a schema makes this fail.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from sijo.backends.simulator import regular

Schema = Mapping[str, Any]

CHARACTERS = 10_000
"""Of a text that is made longer to be valid."""
LARGEST = 1e300
"""Numbers beyond are passed over: an integer may have more digits than a float can hold."""
FORMATS = {
    "date": "2026-01-01", "date-time": "2026-01-01T09:00:00Z", "time": "09:00:00Z", "email": "user@example.com",
    "idn-email": "user@example.com", "uri": "https://example.com/", "url": "https://example.com/",
    "uri-reference": "https://example.com/", "iri": "https://example.com/", "hostname": "example.com",
    "uuid": "00000000-0000-4000-8000-000000000000", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "duration": "P1D",
    "json-pointer": "/", "regex": ".*",
}  # fmt: skip
"""A valid text for each format."""
_LEAST: Schema = {"object": {}, "array": [], "integer": 0, "number": 0, "boolean": False, "null": None, "string": ""}


def listed(schema: Schema, key: str) -> Sequence[Any]:
    """What stands in a list of the schema; nothing if there is no such list."""
    value = schema.get(key)
    return value if isinstance(value, list) else ()


def number_at(schema: Schema, key: str) -> float | None:
    """A number of the schema."""
    value = schema.get(key)
    real = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
    return value if real else None


def count_at(schema: Schema, key: str, otherwise: int) -> int:
    """A number of the schema that counts something."""
    value = number_at(schema, key)
    return otherwise if value is None else max(0, int(value))


def kind_of(schema: Schema) -> str:
    """The type that is meant: of several the first that is not null; without any, by what else there is."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), "null")
    if not isinstance(kind, str) or kind not in _LEAST:
        kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
    return kind


def least_of(schema: Schema) -> Any:
    """The least value of the type: there is no going deeper."""
    if choices := listed(schema, "enum"):
        return choices[0]
    return None if "null" in listed(schema, "type") else _LEAST[kind_of(schema)]


def merged(parts: Sequence[Schema]) -> dict[str, Any]:
    """One schema out of several that all hold."""
    out: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            before = out.get(key)
            if key == "properties" and isinstance(value, dict) and isinstance(before, dict):
                out[key] = {**before, **value}
            elif key == "required" and isinstance(value, list) and isinstance(before, list):
                out[key] = [*before, *value]
            else:
                out[key] = value
    return out


def accepts(schema: Schema, text: str) -> bool:
    """Whether a text is valid, as far as that can be told at once; where it cannot be told, it is not."""
    if not count_at(schema, "minLength", 0) <= len(text) <= count_at(schema, "maxLength", CHARACTERS * 10):
        return False
    if isinstance(pattern := schema.get("pattern"), str) and not regular.matches(pattern, text):
        return False
    kind = schema.get("format")
    return not isinstance(kind, str) or kind not in FORMATS or _formed(kind, text)


def holds(schema: Schema, value: Any) -> bool:
    """Whether a value that the schema itself proposes is valid. Formats, and patterns that are not searched with here,
    are taken at its word."""
    if choices := listed(schema, "enum"):
        return any(type(one) is type(value) and one == value for one in choices)
    kind = schema.get("type")
    if value is None:
        return kind == "null" or "null" in listed(schema, "type") or schema.get("nullable") is True
    match kind_of(schema) if kind is not None or isinstance(value, str) else "":
        case "string":
            if not isinstance(value, str) or not accepts({**schema, "format": None, "pattern": None}, value):
                return False
            return not isinstance(pattern := schema.get("pattern"), str) or regular.matches(pattern, value) is not False
        case "integer" | "number":
            real = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
            return real and valid_number(schema, value) == value
        case "boolean":
            return isinstance(value, bool)
    return kind is None


def _formed(kind: str, text: str) -> bool:
    """Whether a text that was found is in a format; in most formats nothing can be found."""
    try:
        match kind:
            case "date":
                return len(text) == 10 and msgspec.convert(f"{text}T00:00:00Z", datetime) is not None
            case "date-time":
                return msgspec.convert(text, datetime).tzinfo is not None
    except msgspec.ValidationError:
        return False
    return kind in ("email", "idn-email", "uri", "url") and text.isascii()


def valid_text(schema: Schema, text: str) -> str:
    """The text, cut or made longer, or what must stand in its place."""
    if isinstance(kind := schema.get("format"), str) and kind in FORMATS:
        return FORMATS[kind]
    least = min(count_at(schema, "minLength", 0), CHARACTERS)
    if isinstance(pattern := schema.get("pattern"), str) and not regular.matches(pattern, text):
        try:
            return regular.example(pattern, least)
        except regular.Unknown:
            return text
    return (text + "." * (least - len(text)))[: count_at(schema, "maxLength", CHARACTERS * 10)]


def as_number(text: str) -> float | None:
    """The number that a text is."""
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def fits(schema: Schema) -> Callable[[float], bool]:
    """Whether a number is within the bounds."""
    low, high = _bounds(schema)
    whole = kind_of(schema) == "integer"
    return lambda value: low <= value <= high and (not whole or value == int(value))


def valid_number(schema: Schema, value: float) -> int | float:
    """The number nearest to `value` that is valid."""
    low, high = _bounds(schema)
    value = min(max(value, low), high)
    if step := number_at(schema, "multipleOf"):
        exact = Decimal(str(step))
        value = float(round(Decimal(str(value)) / exact) * exact)
        value = value + step if value < low else value - step if value > high else value
    return int(value) if value == int(value) else value


def _bounds(schema: Schema) -> tuple[float, float]:
    """The least and the most that a number may be."""
    low, high = number_at(schema, "minimum"), number_at(schema, "maximum")
    over, under = number_at(schema, "exclusiveMinimum"), number_at(schema, "exclusiveMaximum")
    least = -math.inf if low is None else low
    most = math.inf if high is None else high
    if over is not None and over >= least:
        top = most if under is None else min(most, under)
        least = over + 1 if over + 1 < top or kind_of(schema) == "integer" else (over + top) / 2
    if under is not None and under <= most:
        most = under - 1 if under - 1 >= least or kind_of(schema) == "integer" else max(least, (least + under) / 2)
    if kind_of(schema) == "integer" and math.isfinite(least):
        least = math.ceil(least)
    return least, max(least, most)
