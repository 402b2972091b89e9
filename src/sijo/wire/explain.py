"""Why a body was refused, in the API's words.

msgspec decides whether a body is good, in one fast pass, and names the first fault that it meets. Hosted, the first
fault is the first in the order of the *fields*, whatever the order of the keys. So when a body is refused, and only
then, this module walks type and value together and looks again. It decides nothing: it words what msgspec refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import inspect

Path = tuple[str | int, ...]
Fault = tuple[Path, str]
EXTRA = "Extra inputs are not permitted"
CHUNK = 64
"""How many items of a list msgspec is asked about at once: those that it finds good are not walked."""


class Tag(str):
    """A step of a path that names which of several shapes was meant: in the words, not in the body."""

    __slots__ = ()


WANTED: Mapping[type, str] = {
    inspect.StrType: "Input should be a valid string",
    inspect.IntType: "Input should be a valid integer",
    inspect.FloatType: "Input should be a valid number",
    inspect.BoolType: "Input should be a valid boolean",
    inspect.ListType: "Input should be a valid array",
    inspect.DictType: "Input should be an object",
    inspect.StructType: "Input should be an object",
}
HOLDS: Mapping[type, tuple[type, ...]] = {
    inspect.StrType: (str,),
    inspect.IntType: (int,),
    inspect.FloatType: (int, float),
    inspect.BoolType: (bool,),
    inspect.ListType: (list,),
    inspect.DictType: (dict,),
    inspect.StructType: (dict,),
}


class Explainer:
    """Finds the first fault of a value.

    `order` names the fields that are looked at first; `objects` words what is no object where this struct must be;
    `names` is the step that stands for a struct beside a string; `raw` finds the faults of what is decoded elsewhere.
    """

    def __init__(
        self,
        order: tuple[str, ...] = (),
        objects: Mapping[type, str] | None = None,
        names: Mapping[type, str] | None = None,
        raw: Callable[[object, Path], Iterator[Fault]] | None = None,
    ) -> None:
        self.order = {name: at for at, name in enumerate(order)}
        self.objects = objects or {}
        self.names = names or {}
        self.raw = raw
        self._types: dict[Any, inspect.Type] = {}
        self._holders: dict[Any, type] = {}
        self._literals: dict[frozenset[Any], tuple[Any, ...]] = {}
        self._seen: set[type] = set()

    def fault(self, value: object, wanted: Any, *, closed: frozenset[str] = frozenset()) -> Fault | None:
        """The path and the words of the first fault, or None. Fields in `closed` count as unknown at the top."""
        return next(self.faults(value, wanted, closed=closed), None)

    def faults(self, value: object, wanted: Any, *, closed: frozenset[str] = frozenset()) -> Iterator[Fault]:
        """All of them, in order. The value must not change before the last was taken."""
        kind = self._types.get(wanted)
        if kind is None:
            kind = self._types[wanted] = inspect.type_info(wanted)
        yield from self._any(value, kind, (), closed)

    def _any(
        self, value: object, kind: inspect.Type, path: Path, closed: frozenset[str] = frozenset()
    ) -> Iterator[Fault]:
        says = None
        while isinstance(kind, inspect.Metadata):
            says, kind = (kind.extra or {}).get("says", says), kind.type
        match kind:
            case inspect.UnionType():
                yield from self._union(value, kind, path)
            case inspect.LiteralType():
                if value not in kind.values:
                    yield path, says or f"Input should be {either(self._declared(kind))}"
            case inspect.RawType() if self.raw is not None:
                yield from self.raw(value, path)
            case inspect.AnyType() | inspect.RawType() | inspect.NoneType():
                return
            case _:
                yield from self._plain(value, kind, path, says, closed)

    def _plain(
        self, value: object, kind: inspect.Type, path: Path, says: str | None, closed: frozenset[str]
    ) -> Iterator[Fault]:
        if not holds(value, kind):
            words = WANTED.get(type(kind), "Input does not match the expected shape.")
            if isinstance(kind, inspect.StructType):
                words = self.objects.get(kind.cls, words)
            yield path, words
            return
        for bound in bounds(value, kind):
            yield path, says or bound
            return
        match kind:
            case inspect.StructType():
                yield from self._struct(value, kind, path, closed)  # type: ignore[arg-type]
            case inspect.ListType() if not isinstance(kind.item_type, inspect.AnyType):
                yield from self._list(value, kind.item_type, path)  # type: ignore[arg-type]
            case inspect.DictType() if not isinstance(kind.value_type, inspect.AnyType):
                for key, item in value.items():  # type: ignore[attr-defined]
                    yield from self._any(item, kind.value_type, (*path, key))

    def _list(self, items: list[Any], kind: inspect.Type, path: Path) -> Iterator[Fault]:
        """Only what msgspec refuses is walked: a body of a million good blocks and a bad one costs little more than
        the good ones."""
        holder = self._holder(kind)
        for start in range(0, len(items), CHUNK):
            chunk = items[start : start + CHUNK]
            if holder is not None and len(chunk) > 1 and good(chunk, holder, kind):
                continue
            for i, item in enumerate(chunk, start):
                if holder is None or not good([item], holder, kind):
                    yield from self._any(item, kind, (*path, i))

    def _holder(self, kind: inspect.Type) -> type | None:
        """A struct that holds a list of these, for msgspec to try; None for what holds more than structs and words."""
        kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
        known = tuple(python(choice) for choice in kinds)
        if None in known:
            return None
        if known not in self._holders:
            item: Any = Union[known]  # noqa: UP007 - made from a tuple
            self._holders[known] = msgspec.defstruct("Holder", [("items", list[item])])
        return self._holders[known]

    def _declared(self, kind: inspect.LiteralType) -> tuple[Any, ...]:
        """The values in the order in which they were written, which is the API's; msgspec sorts them."""
        return self._literals.get(frozenset(kind.values), kind.values)

    def _learn(self, cls: type) -> None:
        """Remember the order of the literals among a struct's fields."""
        self._seen.add(cls)
        todo: list[Any] = list(get_type_hints(cls, include_extras=True).values())
        while todo:
            hint = todo.pop()
            if get_origin(hint) is Literal:
                self._literals.setdefault(frozenset(get_args(hint)), get_args(hint))
            else:
                todo.extend(get_args(hint))

    def _struct(
        self, value: dict[str, Any], kind: inspect.StructType, path: Path, closed: frozenset[str]
    ) -> Iterator[Fault]:
        if kind.cls not in self._seen:
            self._learn(kind.cls)
        fields = kind.fields
        if kind.tag_field and kind.tag_field not in value:
            yield (*path, kind.tag_field), "Field required"
        elif kind.tag_field and value[kind.tag_field] != kind.tag:
            yield (*path, kind.tag_field), f"Input should be '{kind.tag}'"
        if not path:
            fields = tuple(sorted(fields, key=lambda field: self.order.get(field.name, len(self.order))))
        for field in fields:
            if field.encode_name in closed:
                continue
            if field.encode_name in value:
                yield from self._any(value[field.encode_name], field.type, (*path, field.encode_name))
            elif field.required:
                yield (*path, field.encode_name), "Field required"
        known = {field.encode_name for field in fields} - closed
        if kind.tag_field:
            known.add(kind.tag_field)
        for key in value:
            if key not in known and kind.forbid_unknown_fields:
                yield (*path, key), EXTRA

    def _union(self, value: object, kind: inspect.UnionType, path: Path) -> Iterator[Fault]:
        if value is None and kind.includes_none:
            return
        choices = [c for c in kind.types if not isinstance(c, inspect.NoneType)]
        structs = [c for c in choices if isinstance(c, inspect.StructType)]
        if isinstance(value, dict) and len(structs) > 1:
            yield from self._tagged(value, structs, path)
            return
        fitting = [c for c in choices if holds(value, bare(c))]
        choice = (fitting or choices[-1:])[0]
        if isinstance(choice, inspect.StructType) and choice.cls in self.names:
            path = (*path, Tag(self.names[choice.cls]))
        yield from self._any(value, choice, path)

    def _tagged(self, value: dict[str, Any], structs: list[inspect.StructType], path: Path) -> Iterator[Fault]:
        tags = {struct.tag: struct for struct in structs}
        tag = value.get("type")
        if "type" not in value:
            yield (*path, "type"), "Field required"
        elif not isinstance(tag, str) or tag not in tags:
            expected = ", ".join(f"'{name}'" for name in sorted(map(str, tags)))
            yield path, f"Input tag '{tag}' found using 'type' does not match any of the expected tags: {expected}"
        else:
            yield from self._struct(value, tags[tag], (*path, Tag(tag)), frozenset())


def bare(kind: inspect.Type) -> inspect.Type:
    """The type without its notes."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind


def holds(value: object, kind: inspect.Type) -> bool:
    """Whether the value is of the JSON kind that the type wants; what is inside is looked at later."""
    if isinstance(kind, inspect.LiteralType):
        return value in kind.values
    wanted = HOLDS.get(type(kind))
    if wanted is None:
        return True
    if isinstance(value, bool):
        return bool in wanted
    return isinstance(value, wanted)


def bounds(value: Any, kind: inspect.Type) -> Iterator[str]:
    """What a value of the right kind breaks: its length, its range, its pattern."""
    match kind:
        case inspect.IntType() | inspect.FloatType():
            if kind.ge is not None and value < kind.ge:
                yield f"Input should be greater than or equal to {kind.ge}"
            if kind.le is not None and value > kind.le:
                yield f"Input should be less than or equal to {kind.le}"
        case inspect.StrType() if kind.min_length and len(value) < kind.min_length:
            yield f"String should have at least {kind.min_length} character{'s' * (kind.min_length > 1)}"
        case inspect.StrType() if kind.max_length is not None and len(value) > kind.max_length:
            yield f"String should have at most {kind.max_length} character{'s' * (kind.max_length > 1)}"
        case inspect.StrType() if kind.pattern is not None and re.search(kind.pattern, value) is None:
            yield f"String should match pattern '{kind.pattern}'"
        case inspect.ListType() if kind.min_length and len(value) < kind.min_length:
            yield f"List should have at least {kind.min_length} item{'s' * (kind.min_length > 1)}"


def either(values: tuple[Any, ...]) -> str:
    """`'a', 'b' or 'c'`."""
    quoted = [f"'{value}'" for value in values]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def dotted(path: Path) -> str:
    """`messages.0.content`."""
    return ".".join(map(str, path))


def python(kind: inspect.Type) -> Any:
    """The type as it is written, for the kinds of which lists are made; else None."""
    match kind:
        case inspect.StructType():
            return kind.cls
        case inspect.LiteralType():
            return Literal[kind.values]
        case inspect.StrType(min_length=None, max_length=None, pattern=None):
            return str
    return None


def good(items: list[Any], holder: type, kind: inspect.Type) -> bool:
    """Whether msgspec takes them all. It takes a lone struct without its tag, which the API does not."""
    if isinstance(kind, inspect.StructType) and kind.tag_field:
        tag = kind.tag_field
        if not all(isinstance(item, dict) and tag in item for item in items):
            return False
    try:
        msgspec.convert({"items": items}, holder)
    except msgspec.ValidationError:
        return False
    return True


def prune(value: Any, path: Path) -> None:
    """Take the field at `path` out of a decoded body."""
    *steps, last = (step for step in path if not isinstance(step, Tag))
    for step in steps:
        value = value[step]
    del value[last]
