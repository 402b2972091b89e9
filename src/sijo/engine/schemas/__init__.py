"""JSON Schema as engines are held to it: as a grammar of our own, or as a schema that their converters can bear."""

import msgspec

from sijo.engine.remembered import remembered
from sijo.engine.schemas import gbnf, plain, tree
from sijo.engine.schemas.loose import loosened
from sijo.engine.schemas.plain import Dialect, complete
from sijo.engine.schemas.regex import Impossible, Large, Unheld
from sijo.engine.schemas.tree import target
from sijo.wire.base import Json

__all__ = ["Dialect", "complete", "grammar", "held", "impossible", "kept", "loosened", "mended", "target", "weighed"]

KEPT, LONGEST = 256, 32_768
"""How many schemas are remembered, each as what was made of it, and the longest of them, in bytes."""
MOST_PATTERNS, EACH = 50_000, 50
"""Characters of all patterns of a schema together, and how many each counts for beside its own: they are taken apart
while everybody waits."""
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


@remembered(KEPT, LONGEST)
def _grammar(text: bytes) -> str | Unheld:
    schema = _decode(text)
    try:
        weighed(schema)
        return gbnf.write(tree.read(schema))
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


@remembered(KEPT, LONGEST)
def _mended(text: bytes, dialect: Dialect) -> tuple[bytes, bool]:
    writer = plain.Writer(_decode(text), dialect)
    try:
        weighed(writer.root)
    except Large:
        return text, True
    return _encode(writer.write()), writer.lossy


def weighed(schema: Json) -> None:
    """Raise Large for a schema whose patterns are too long together."""
    size, todo = 0, [schema]
    for part in todo:  # which grows on the way
        if isinstance(part, dict):
            size += EACH + len(part["pattern"]) if isinstance(part.get("pattern"), str) else 0
            todo.extend(part.values())
        elif isinstance(part, list):
            todo.extend(part)
    if size > MOST_PATTERNS:
        raise Large("the patterns")
