"""JSON Schema as engines are held to it: as a grammar of our own, or as a schema that their converters can bear."""

from functools import lru_cache

import msgspec

from sijo.engine.schemas import gbnf, plain, tree
from sijo.engine.schemas.plain import Dialect, complete
from sijo.engine.schemas.regex import Impossible, Unheld
from sijo.engine.schemas.tree import target
from sijo.wire.base import Json

__all__ = ["Dialect", "complete", "grammar", "held", "impossible", "kept", "mended", "target"]

KEPT = 256
"""How many schemas are remembered, each as what was made of it."""
_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode


def grammar(schema: Json) -> str:
    """The grammar of all that is valid by the schema. Raises Unheld where no grammar is made of it."""
    found = _grammar(_encode(schema))
    if isinstance(found, Unheld):
        raise type(found)(*found.args)
    return found


def held(schema: Json) -> bool:
    """Whether a grammar is made of it."""
    return isinstance(_grammar(_encode(schema)), str)


def impossible(schema: Json) -> bool:
    """Whether it is certain that nothing is valid by it."""
    return isinstance(_grammar(_encode(schema)), Impossible)


@lru_cache(KEPT)
def _grammar(text: bytes) -> str | Unheld:
    try:
        return gbnf.write(tree.read(_decode(text)))
    except Unheld as error:
        return type(error)(*error.args)


def mended(schema: Json, dialect: Dialect) -> Json:
    """The schema in the words that a converter of this dialect takes."""
    found: Json = _decode(_mended(_encode(schema), dialect)[0])
    return found


def kept(schema: Json, dialect: Dialect) -> bool:
    """Whether a converter of this dialect is told all that the schema says, in words that it knows."""
    text = _encode(schema)
    return isinstance(_grammar(text), str) and not _mended(text, dialect)[1]


@lru_cache(KEPT)
def _mended(text: bytes, dialect: Dialect) -> tuple[bytes, bool]:
    writer = plain.Writer(_decode(text), dialect)
    return _encode(writer.write()), writer.lossy
