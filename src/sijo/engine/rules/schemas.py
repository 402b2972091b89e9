"""JSON Schema, of tools and of structured outputs: whether it is one, and whether examples fit it.

Schemas come from outside: nothing that they point at is fetched, and their patterns are matched in linear time. Whether
a grammar can be made of one is for `limits`.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import msgspec

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
