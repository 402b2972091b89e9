"""Parts of a message whose type, or shape, is not known here: kept whole, and passed on as they are.

An engine can be newer than this server. What it says then is not for us to understand, but neither is it ours to lose.
"""

import logging
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from sijo.wire.base import Json

log = logging.getLogger("sijo.wire")
T = TypeVar("T")
SHAPES = 256  # what comes from outside has bounds; beyond them shapes are made again


class Opaque(msgspec.Struct):
    """A part that is not known here. It encodes to the object that it was made of, `type` first."""


def opaque(value: Json) -> Opaque:
    """Keep a JSON object as it is. Raises ValueError for one without a `type`, which is no part of anything."""
    tag = value.get("type")
    if not isinstance(tag, str):
        raise ValueError("a part of a message has no type")
    rest = {name: field for name, field in value.items() if name != "type"}
    return _shape(tag, tuple(rest))(*rest.values())


def known(value: Json, kind: type[T]) -> T | Opaque:
    """The part as one of the structs of `kind`, or opaque where it fits none of them."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        part = opaque(value)
        _note(str(value["type"])[:100], str(error)[:200])
        return part


@lru_cache(SHAPES)
def _shape(tag: str, keys: tuple[str, ...]) -> type[Opaque]:
    # A key of JSON need not be a name in Python, so fields are numbered and written under their keys.
    names = [f"field_{n}" for n in range(len(keys))]
    fields = [(name, Any) for name in names]
    shape = msgspec.defstruct("Opaque", fields, bases=(Opaque,), tag=tag, rename=dict(zip(names, keys, strict=True)))
    assert issubclass(shape, Opaque)
    return shape


@lru_cache(SHAPES)
def _note(tag: str, why: str) -> None:
    """Say it once."""
    log.warning("%r is passed on as it is: %s", tag, why)
