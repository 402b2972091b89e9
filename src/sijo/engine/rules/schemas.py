"""JSON Schema, of tools and of structured outputs: whether it is one, and whether a grammar can be made of it.

Schemas come from outside: nothing that they point at is fetched, and their patterns are matched in linear time.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from sijo.errors import InvalidRequest
from sijo.wire.base import Json

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

INVALID = (
    "JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12). "
    "Learn more about tool use at https://docs.claude.com/en/docs/tool-use."
)
DRAFT = "https://json-schema.org/draft/2020-12/schema"
COMBINATORS = ("oneOf", "allOf", "anyOf")
KEPT, LONGEST = 512, 32_768
"""How many schemas are remembered as sound, and the longest of them, in bytes."""
MOST_REFS = 24
"""References in a schema against which examples are tried: more could multiply without end."""

UNSUPPORTED = frozenset({
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems",
    "uniqueItems", "contains", "minContains", "maxContains", "prefixItems", "minProperties", "maxProperties",
    "patternProperties", "propertyNames", "dependentRequired", "dependentSchemas", "dependencies", "if", "then", "else",
    "not", "oneOf", "unevaluatedProperties", "unevaluatedItems",
})  # fmt: skip
FORMATS = frozenset({
    "date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid",
})  # fmt: skip
_UNLIKELY = re.compile(r"(?<!\\)(?:\\\\)*(\\[1-9bB]|\(\?<?[=!])")
_encode = msgspec.json.encode


@cache
def _meta() -> "Draft202012Validator":
    import jsonschema_rs  # only requests with tools need it, and the import takes 40 ms

    return jsonschema_rs.Draft202012Validator({"$ref": DRAFT}, offline=True)


def sound(schema: Json) -> bool:
    """Whether it is JSON Schema, draft 2020-12, whatever `$schema` says."""
    text = _encode(schema)
    return (_sound if len(text) <= LONGEST else _sound.__wrapped__)(text)


@lru_cache(KEPT)
def _sound(text: bytes) -> bool:
    return _meta().is_valid(msgspec.json.decode(text))


def misfit(schema: Json, examples: Sequence[Json]) -> int | None:
    """The place of the first example that does not fit. A schema of many references is not tried."""
    import jsonschema_rs

    if _encode(schema).count(b'"$ref"') > MOST_REFS:
        return None
    try:
        validator = jsonschema_rs.Draft202012Validator(
            schema, offline=True, pattern_options=jsonschema_rs.RegexOptions()
        )
    except jsonschema_rs.ValidationError:
        return None  # a reference that leads nowhere, or a pattern that takes more than linear time
    return next((at for at, example in enumerate(examples) if not validator.is_valid(example)), None)


def combined(schema: Json) -> bool:
    """Whether its root is put together from others."""
    return any(word in schema for word in COMBINATORS)


def enforceable(schema: Json, path: str) -> None:
    """Raise InvalidRequest for what the hosted grammar cannot enforce: `path` names the schema."""
    todo: list[Any] = [schema]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            for words in _limits(node):
                raise InvalidRequest(f"{path}: {words}")
            todo.extend(reversed(list(_parts(node))))
    if _circular(schema):
        raise InvalidRequest(f"{path}: Circular $ref detected")


def optional(schema: Json) -> int:
    """How many properties of the root object may be absent."""
    return len((schema.get("properties") or {}).keys() - set(schema.get("required") or ()))


def unions(schema: Json) -> int:
    """How many parameters have several types."""
    parts = (schema.get("properties") or {}).values()
    return sum(isinstance(part, dict) and ("anyOf" in part or isinstance(part.get("type"), list)) for part in parts)


def _limits(node: Mapping[str, Any]) -> Iterator[str]:
    kind = node.get("type")
    named = f"For '{kind}' type, " if isinstance(kind, str) else ""
    if (kind == "object" or (isinstance(kind, list) and "object" in kind)) and (
        node.get("additionalProperties") is not False
    ):
        yield "For 'object' type, 'additionalProperties' must be explicitly set to false"
    if refused := sorted(UNSUPPORTED & node.keys()):
        several = len(refused) > 1
        yield (
            f"{named}properties {', '.join(refused)} are not supported"
            if several
            else f"{named}property '{refused[0]}' is not supported"
        )
    if node.get("minItems") not in (None, 0, 1):
        yield "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
    if isinstance(form := node.get("format"), str) and form not in FORMATS:
        yield f"For 'string' type, format '{form}' is not supported"
    if isinstance(pattern := node.get("pattern"), str) and _UNLIKELY.search(pattern):
        yield f"Unsupported regex feature in pattern field: {pattern[:200]}"
    if any(isinstance(value, dict | list) for value in node.get("enum") or ()):
        yield "enum values must be strings, numbers, booleans or null"
    if isinstance(ref := node.get("$ref"), str) and not ref.startswith("#"):
        yield f"External $ref '{ref[:200]}' is not supported"
    if any(isinstance(part, dict) and "$ref" in part for part in node.get("allOf") or ()):
        yield "allOf with $ref is not supported"


def _parts(node: Mapping[str, Any]) -> Iterator[Any]:
    """The schemas right inside a schema."""
    for word in ("properties", "$defs", "definitions"):
        if isinstance(found := node.get(word), dict):
            yield from found.values()
    for word in ("anyOf", "allOf"):
        if isinstance(found := node.get(word), list):
            yield from found
    if "items" in node:
        yield node["items"]


def _circular(schema: Json) -> bool:
    """Whether following `$ref`s from any definition comes back to it, or reaches the whole from inside."""
    places: dict[str, Any] = {"#": schema}
    for word in ("$defs", "definitions"):
        for title, part in (schema.get(word) or {}).items():
            places[f"#/{word}/{title}"] = part
    leads = {place: set(_refs(part, inner=place == "#")) & places.keys() for place, part in places.items()}
    done: set[str] = set()
    for start in places:
        path: list[tuple[str, Iterator[str]]] = [(start, iter(leads[start]))]
        open_ = {start}
        while path:
            place, rest = path[-1]
            ahead = next(rest, None)
            if ahead is None:
                path.pop()
                open_.discard(place)
                done.add(place)
            elif ahead in open_:
                return True
            elif ahead not in done:
                open_.add(ahead)
                path.append((ahead, iter(leads[ahead])))
    return False


def _refs(schema: Any, *, inner: bool) -> Iterator[str]:
    """The `$ref`s in a schema; for the root, those outside its definitions."""
    todo = [schema]
    while todo:
        node = todo.pop()
        if not isinstance(node, dict):
            continue
        if isinstance(ref := node.get("$ref"), str):
            yield ref
        if inner and node is schema:
            node = {key: value for key, value in node.items() if key not in ("$defs", "definitions")}
        todo.extend(_parts(node))
