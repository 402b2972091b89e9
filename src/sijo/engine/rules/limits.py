"""What a schema may have that an answer or a strict tool is held to: the limits of the hosted grammar, and its words.

A lenient server takes more, where its engine does; only what nothing could ever match is refused everywhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sijo.engine import schemas
from sijo.engine.schemas.regex import Large, Unheld, read
from sijo.errors import InvalidRequest
from sijo.wire.base import Json

STRICT_TOOLS, OPTIONAL, UNIONS = 20, 24, 16
"""Limits of all strict tools of a request and the format of its answer together."""
TOO_COMPLEX = "Schema is too complex for compilation."
SHOWN = 200
"""Characters of a schema that are repeated in an error."""
UNSUPPORTED = frozenset({
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems",
    "uniqueItems", "contains", "minContains", "maxContains", "prefixItems", "minProperties", "maxProperties",
    "patternProperties", "propertyNames", "dependentRequired", "dependentSchemas", "dependencies", "if", "then", "else",
    "not", "oneOf", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef",
})  # fmt: skip
FORMATS = frozenset({
    "date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid",
})  # fmt: skip


def enforceable(schema: Json, path: str) -> None:
    """Raise InvalidRequest for what the hosted grammar cannot enforce: `path` names the schema."""
    try:
        schemas.weighed(schema)
    except Large as error:
        raise InvalidRequest(TOO_COMPLEX) from error
    for node in _nodes(schema):
        for words in _limits(node, schema):
            raise InvalidRequest(f"{path}: {words}")
    if circular(schema):
        raise InvalidRequest(f"{path}: Circular $ref detected")
    try:
        schemas.grammar(schema)
    except Large as error:
        raise InvalidRequest(TOO_COMPLEX) from error
    except Unheld:
        pass  # what is not held by a grammar of ours is checked when it is answered


def possible(schema: Json, path: str) -> None:
    """Raise InvalidRequest for a schema that no value matches."""
    if schemas.impossible(schema):
        raise InvalidRequest(f"{path}: no value can match this schema")


def bounded(every: Sequence[Json]) -> None:
    """Raise InvalidRequest where schemas that are held to have too many parameters together."""
    nodes = [node for schema in every for node in _nodes(schema)]
    if sum(map(_optional, nodes)) > OPTIONAL or sum(map(_unions, nodes)) > UNIONS:
        raise InvalidRequest(TOO_COMPLEX)


def _nodes(schema: Json) -> Iterator[Mapping[str, Any]]:
    """The schema and all those inside, each once."""
    todo: list[Any] = [schema]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            yield node
            todo.extend(reversed(list(_parts(node))))


def _optional(node: Mapping[str, Any]) -> int:
    """How many properties of an object may be absent."""
    return len((node.get("properties") or {}).keys() - set(node.get("required") or ()))


def _unions(node: Mapping[str, Any]) -> int:
    """How many properties of an object have several types."""
    parts = (node.get("properties") or {}).values()
    return sum(isinstance(part, dict) and ("anyOf" in part or isinstance(part.get("type"), list)) for part in parts)


def _limits(node: Mapping[str, Any], root: Json) -> Iterator[str]:
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
        yield f"For 'string' type, format '{form[:SHOWN]}' is not supported"
    if isinstance(pattern := node.get("pattern"), str):
        yield from _pattern(pattern)
    if any(isinstance(value, dict | list) for value in (*(node.get("enum") or ()), node.get("const"))):
        yield "enum values must be strings, numbers, booleans or null"
    if isinstance(ref := node.get("$ref"), str):
        yield from _reference(ref, root)
    if any(isinstance(part, dict) and "$ref" in part for part in node.get("allOf") or ()):
        yield "allOf with $ref is not supported"


def _pattern(pattern: str) -> Iterator[str]:
    try:
        read(pattern)
    except Large as error:
        raise InvalidRequest(TOO_COMPLEX) from error
    except Unheld:
        yield f"Unsupported regex feature in pattern field: {pattern[:SHOWN]}"


def _reference(ref: str, root: Json) -> Iterator[str]:
    if not ref.startswith("#"):
        yield f"External $ref '{ref[:SHOWN]}' is not supported"
    elif schemas.target(root, ref) is None:
        yield f"$ref '{ref[:SHOWN]}' points to nothing"


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


def circular(schema: Json) -> bool:
    """Whether a `$ref` leads back to where it stands."""
    done: set[int] = set()
    open_: set[int] = set()
    path: list[tuple[int, Iterator[Any]]] = [(id(schema), _ahead(schema, schema))]
    open_.add(id(schema))
    while path:
        place, rest = path[-1]
        node = next(rest, None)
        if node is None:
            path.pop()
            open_.discard(place)
            done.add(place)
        elif id(node) in open_:
            return True
        elif id(node) not in done:
            open_.add(id(node))
            path.append((id(node), _ahead(node, schema)))
    return False


def _ahead(node: Mapping[str, Any], root: Json) -> Iterator[Any]:
    """What a schema is made of, and what it points to. A part of the whole is met by the parts on its way."""
    yield from (part for part in _parts(node) if isinstance(part, dict))
    if isinstance(ref := node.get("$ref"), str) and isinstance(found := schemas.target(root, ref), dict):
        yield found
