"""JSON Schema as engines are held to it: as a grammar of our own, or as a schema that their converters can bear."""

from functools import lru_cache

import msgspec

from sijo.engine.schemas import gbnf, plain, tree
from sijo.engine.schemas.plain import Dialect
from sijo.engine.schemas.regex import Unheld
from sijo.wire.base import Json

KEPT = 256
_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode


def grammar(schema: Json) -> str | None:
    """The grammar of all that is valid by the schema; None where no grammar is made of it."""
    return _grammar(_encode(schema))


@lru_cache(KEPT)
def _grammar(text: bytes) -> str | None:
    try:
        return gbnf.write(tree.read(_decode(text)))
    except Unheld:
        return None


def mended(schema: Json, dialect: Dialect) -> Json:
    """The schema in the words that a converter of this dialect takes."""
    found: Json = _decode(_plain(_encode(schema), dialect))
    return found


@lru_cache(KEPT)
def _plain(text: bytes, dialect: Dialect) -> bytes:
    return _encode(plain.write(_decode(text), dialect))
