"""What is written is read as it was: decode(encode(x)) == x, over every struct of the wire."""

import inspect as python
import json
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw, inspect

from sijo.wire import base, blocks, events, request, results, sources, tools

MODULES: tuple[ModuleType, ...] = (base, blocks, events, request, results, sources, tools)
SHARED = (base.Part, base.Out, events.Frozen, tools.Schema)
"""Bases, and one that keeps only what it knows."""
STRUCTS = sorted(
    {
        cls
        for module in MODULES
        for _, cls in python.getmembers(module, python.isclass)
        if issubclass(cls, msgspec.Struct) and cls not in SHARED and cls.__module__ == module.__name__
    },
    key=lambda cls: (cls.__module__, cls.__name__),
)
texts = st.text(max_size=12)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def of(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """Values of a type."""
    match kind:
        case inspect.Metadata():
            return of(kind.type)
        case inspect.StructType():
            return struct(kind)
        case inspect.UnionType():
            return st.one_of([of(choice) for choice in kind.types])
        case inspect.ListType():
            return st.lists(of(kind.item_type), min_size=kind.min_length or 0, max_size=2)
        case inspect.DictType():
            return st.dictionaries(texts, of(kind.value_type), max_size=2)
        case inspect.LiteralType():
            return st.sampled_from(kind.values)
        case inspect.StrType():
            if kind.pattern:
                return st.from_regex(kind.pattern.replace("$", r"\Z"), alphabet="abXY09_-", fullmatch=True)
            return st.text(min_size=kind.min_length or 0, max_size=20)
        case inspect.IntType():
            return st.integers(kind.ge if kind.ge is not None else -(2**70), kind.le)
        case inspect.FloatType():
            return st.floats(kind.ge, kind.le, allow_nan=False, allow_infinity=False)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.AnyType():
            return values
        case inspect.RawType():
            return values.map(lambda value: Raw(msgspec.json.encode(value)))
    raise NotImplementedError(kind)


def struct(kind: inspect.StructType) -> st.SearchStrategy[Any]:
    """Structs with all that they need, and some of what they may have."""
    needed = {field.name: of(field.type) for field in kind.fields if field.required}
    spare = {field.name: of(field.type) for field in kind.fields if not field.required}
    return st.fixed_dictionaries(needed, optional=spare).map(lambda fields: kind.cls(**fields))


@pytest.mark.parametrize("cls", STRUCTS, ids=lambda cls: f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}")
def test_what_is_written_is_read_as_it_was(cls: type[msgspec.Struct]) -> None:
    decoder, kind = msgspec.json.Decoder(cls), inspect.type_info(cls)

    @settings(max_examples=12, deadline=None, derandomize=True, database=None)
    @given(of(kind))
    def back(value: msgspec.Struct) -> None:
        written = msgspec.json.encode(value)
        again = decoder.decode(written)
        assert again == value
        assert msgspec.json.encode(again) == written
        # the same through a body that was decoded first, as requests are
        if not any(isinstance(part, Raw) for part in getattr(value, "tools", None) or ()):
            assert msgspec.convert(json.loads(written), cls) == value

    back()


@pytest.mark.parametrize("cls", [cls for cls in STRUCTS if issubclass(cls, base.Part)], ids=lambda cls: cls.__name__)
def test_an_unknown_field_is_never_taken(cls: type[msgspec.Struct]) -> None:
    @settings(max_examples=3, deadline=None, derandomize=True, database=None)
    @given(of(inspect.type_info(cls)))
    def refused(value: msgspec.Struct) -> None:
        fields = msgspec.json.decode(msgspec.json.encode(value))
        with pytest.raises(msgspec.ValidationError, match="unknown field `zzz`"):
            msgspec.json.decode(msgspec.json.encode({**fields, "zzz": 1}), type=cls)

    refused()
