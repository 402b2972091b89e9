"""What a JSON schema lets one write, as a tree: every reference followed, every `allOf` merged, every format a pattern.

A grammar can hold more than the schemas that are asked for, and less than JSON Schema: what is not held raises
`Unheld`. Objects are closed, their required properties come first.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain
from typing import Any
from urllib.parse import unquote

import msgspec

from sijo.engine.schemas import formats, regex
from sijo.engine.schemas.regex import Impossible, Large, Regex, Unheld

Schema = Mapping[str, Any]

KINDS = ("object", "array", "string", "number", "integer", "boolean", "null")
MOST = 5_000
"""Parts of a schema, and steps to them."""
DEEPEST = 100
LONGEST = 1_000
"""Characters or items that are counted out."""
REFUSED = frozenset({
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems", "contains",
    "minContains", "maxContains", "prefixItems", "minProperties", "maxProperties", "patternProperties", "propertyNames",
    "dependentRequired", "dependentSchemas", "dependencies", "if", "then", "else", "not", "oneOf",
    "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef", "$anchor",
})  # fmt: skip
"""Keywords that no tree holds."""


@dataclass(frozen=True, slots=True)
class Literals:
    """One of these values, which are no objects and no arrays."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A string: of any characters, between so many and so many, or as a pattern has it."""

    pattern: Regex | None = None
    least: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number, `whole` or not."""

    whole: bool


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """Between so many and so many items."""

    item: "Node"
    least: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    node: "Node"
    required: bool


@dataclass(frozen=True, slots=True, eq=False)
class Object:
    """These fields in this order and no others; the required ones stand first."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Union:
    """One of these."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Free:
    """Any value; any object or any array where `kind` says so."""

    kind: str = ""


Node = Literals | Text | Number | Array | Object | Union | Free


def read(schema: Schema) -> Node:
    """The tree of a schema. Raises Unheld where there is none, or nothing that could be written."""
    return _some(_Reader(schema).read([schema], 0))


def _some(node: Node | None) -> Node:
    if node is None:
        raise Impossible("the schema")
    return node


@dataclass(slots=True)
class _Reader:
    """Reads one schema. A part that is met again is the same node again: a tree is as small as its schema."""

    root: Schema
    known: dict[int, tuple[Any, Node | None]] = field(default_factory=dict)
    """By identity; what is known is kept alive, so that nothing else can have it."""
    open: set[int] = field(default_factory=set)
    left: int = MOST

    def read(self, parts: Sequence[Any], depth: int) -> Node | None:
        """What is valid by all parts, or None where nothing is."""
        self.left -= 1
        if self.left < 0 or depth > DEEPEST:
            raise Large("the schema")
        lone = parts[0] if len(parts) == 1 else None
        while isinstance(lone, dict) and isinstance(reference := lone.get("$ref"), str) and not _says(lone):
            lone = self._target(reference)
            parts = [lone]
            self.left -= 1
            if self.left < 0:
                raise Large("the schema")
        if not isinstance(lone, dict):
            return self._whole(parts, depth)
        place = id(lone)
        if place in self.open:
            raise Unheld("recursion")
        if place not in self.known:
            self.open.add(place)
            self.known[place] = lone, self._whole(parts, depth)
            self.open.discard(place)
        return self.known[place][1]

    def _whole(self, parts: Sequence[Any], depth: int) -> Node | None:
        plain: list[Schema] = []
        choices: list[Sequence[Any]] = []
        for part in self._flat(parts):
            if part is False:
                return None
            if part is True:
                continue
            if isinstance(part.get("anyOf"), list):
                choices.append(part["anyOf"])
            plain.append(part)
        if not choices:
            return self._plain(plain, depth)
        rest = [{key: value for key, value in part.items() if key != "anyOf"} for part in plain]
        rest += [{"anyOf": more} for more in choices[1:]]
        rest = [part for part in rest if _says(part) or "anyOf" in part]
        found = (self.read([*rest, choice] if rest else [choice], depth + 1) for choice in choices[0])
        return union(found)

    def _flat(self, parts: Sequence[Any]) -> Iterator[Any]:
        """The parts, with what they point to and what they are put together from."""
        todo = list(reversed(parts))
        while todo:
            part = todo.pop()
            self.left -= 1
            if self.left < 0:
                raise Large("the schema")
            if isinstance(part, bool):
                yield part
                continue
            if not isinstance(part, dict) or REFUSED & part.keys() or not _sound(part):
                raise Unheld("a keyword")
            if isinstance(part.get("allOf"), list):
                todo.extend(reversed(part["allOf"]))
            if isinstance(reference := part.get("$ref"), str):
                todo.append(self._target(reference))
            yield {key: value for key, value in part.items() if key not in ("allOf", "$ref")}

    def _target(self, reference: str) -> Any:
        """What a local reference points to."""
        found = target(self.root, reference)
        if found is None:
            raise Unheld("a reference to elsewhere, or to nothing")
        return found

    def _plain(self, parts: Sequence[Schema], depth: int) -> Node | None:
        """What is valid by parts that need no more following."""
        kinds = reduce(lambda one, other: one & other, map(_kinds, parts), frozenset(KINDS))
        lists = [part["enum"] for part in parts if "enum" in part]
        lists += [[part["const"]] for part in parts if "const" in part]
        if lists:
            return self._literals(parts, lists[0])
        if len(kinds) == len(KINDS) and not any(map(_shapes, parts)):
            return Free()
        makers: Mapping[str, Callable[[], Node | None]] = {
            "object": lambda: self._object(parts, depth),
            "array": lambda: self._array(parts, depth),
            "string": lambda: _text(parts),
            "number": lambda: Number(whole=False),
            "integer": lambda: Number(whole=True) if "number" not in kinds else None,
            "boolean": lambda: Literals((True, False)),
            "null": lambda: Literals((None,)),
        }
        return union(makers[kind]() for kind in KINDS if kind in kinds)

    def _literals(self, parts: Sequence[Schema], values: Sequence[Any]) -> Node | None:
        """The values that are valid. Where none has the format it is taken for a remark, as the standard has it."""
        if any(isinstance(value, dict | list) for value in values):
            raise Unheld("values that are objects or arrays")
        valid = _valid(parts, values, formats=True) or _valid(parts, values, formats=False)
        seen = {msgspec.json.encode(value): value for value in valid}
        return Literals(tuple(seen.values())) if seen else None

    def _object(self, parts: Sequence[Schema], depth: int) -> Node | None:
        named = [part.get("properties") or {} for part in parts]
        required = dict.fromkeys(chain.from_iterable(part.get("required") or () for part in parts))
        if not any(named):
            closed = any(part.get("additionalProperties") is False for part in parts)
            if not closed and (required or any(isinstance(p.get("additionalProperties"), dict) for p in parts)):
                raise Unheld("properties without names")
            return (None if required else Object(())) if closed else Free("object")
        fields = []
        for name in dict.fromkeys(chain(chain.from_iterable(named), required)):
            node = self._property(parts, name, depth)
            if node is None and name in required:
                return None
            if node is not None:
                fields.append(Field(name, node, name in required))
        return Object((*(f for f in fields if f.required), *(f for f in fields if not f.required)))

    def _property(self, parts: Sequence[Schema], name: str, depth: int) -> Node | None:
        inner = []
        for part in parts:
            if name in (part.get("properties") or {}):
                inner.append(part["properties"][name])
            elif "additionalProperties" in part:
                inner.append(part["additionalProperties"])
        return self.read(inner, depth + 1)

    def _array(self, parts: Sequence[Schema], depth: int) -> Node | None:
        items = [part["items"] for part in parts if "items" in part]
        least = max((part.get("minItems", 0) for part in parts), default=0)
        most = min((part["maxItems"] for part in parts if "maxItems" in part), default=None)
        if max(least, most or 0) > LONGEST:
            raise Large("the items")
        if most is not None and most < least:
            return None
        if not items and not least and most is None:
            return Free("array")
        node = self.read(items, depth + 1)
        if node is None:
            return None if least else Array(Free(), 0, 0)
        return Array(node, int(least), None if most is None else int(most))


def target(root: Schema, reference: str) -> Any:
    """The schema that a reference points to, inside `root`; None where there is none."""
    if not reference.startswith("#"):
        return None
    found: Any = root
    for step in unquote(reference.removeprefix("#")).split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict | bool) and reference[1:2] in ("", "/") else None


_SOUND: Mapping[str, tuple[type, ...]] = {
    "type": (str, list), "enum": (list,), "required": (list,), "properties": (dict,), "pattern": (str,),
    "format": (str,), "minLength": (int, float), "maxLength": (int, float), "minItems": (int, float),
    "maxItems": (int, float),
}  # fmt: skip
_SCALAR = frozenset({"type", "enum", "const", "pattern", "format", "minLength", "maxLength"})
_SHAPING = (_SCALAR - {"type"}) | {"properties", "required", "items", "minItems", "maxItems", "additionalProperties"}
_SAYING = _SHAPING | {"type", "anyOf", "allOf", "$ref"} | REFUSED


def _valid(parts: Sequence[Schema], values: Sequence[Any], *, formats: bool) -> list[Any]:
    import jsonschema_rs

    told = [{key: part[key] for key in _SCALAR & part.keys()} for part in parts]
    try:
        validator = jsonschema_rs.Draft202012Validator(
            {"allOf": told}, offline=True, validate_formats=formats, pattern_options=jsonschema_rs.RegexOptions()
        )
    except jsonschema_rs.ValidationError as error:
        raise Unheld("a pattern") from error
    return [value for value in values if validator.is_valid(value)]


def _sound(part: Schema) -> bool:
    """Whether its keywords are what they must be. The standard's own schema does not look where only a reference
    leads, such as into a keyword that it does not know."""
    if not all(isinstance(part[word], kinds) for word, kinds in _SOUND.items() if word in part):
        return False
    kind, required = part.get("type", ""), part.get("required", ())
    return all(isinstance(name, str) for name in (*((kind,) if isinstance(kind, str) else kind), *required))


def _says(part: Schema) -> bool:
    """Whether a schema says anything of values beside what it points to."""
    return not (_SAYING - {"$ref"}).isdisjoint(part)


def _shapes(part: Schema) -> bool:
    """Whether it says anything of values beside their type."""
    return not _SHAPING.isdisjoint(part)


def _kinds(part: Schema) -> frozenset[str]:
    kind = part.get("type", KINDS)
    kinds = {kind} if isinstance(kind, str) else set(kind)
    return frozenset(kinds | {"integer"} if "number" in kinds else kinds)


def _text(parts: Sequence[Schema]) -> Node | None:
    patterns = {part["pattern"] for part in parts if "pattern" in part}
    named = {part["format"] for part in parts if part.get("format") in formats.PATTERNS}
    least = max((part.get("minLength", 0) for part in parts), default=0)
    most = min((part["maxLength"] for part in parts if "maxLength" in part), default=None)
    if max(least, most or 0) > LONGEST:
        raise Large("the characters")
    if most is not None and most < least:
        return None
    trees = [*map(regex.read, sorted(patterns)), *map(formats.tree, sorted(named))]
    if len(trees) > 1 or (trees and (least or most is not None)):
        raise Unheld("several patterns")
    return Text(trees[0]) if trees else Text(None, int(least), None if most is None else int(most))


def union(nodes: Iterator[Node | None]) -> Node | None:
    """One node for several: those that are unions opened, values put together, what is met twice left out."""
    flat: dict[Node, None] = {}
    values: dict[bytes, Any] = {}
    for node in nodes:
        for inner in node.nodes if isinstance(node, Union) else (node,):
            if isinstance(inner, Literals):
                values.update((msgspec.json.encode(value), value) for value in inner.values)
            elif inner is not None:
                flat[inner] = None
    every = (*flat, Literals(tuple(values.values()))) if values else tuple(flat)
    if len(every) > 1:
        return Union(every)
    return every[0] if every else None
