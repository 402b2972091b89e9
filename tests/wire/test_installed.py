"""Blocks and tools against those of the installed SDK: what it can send has a field here."""

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import anthropic.types
import anthropic.types.beta
import msgspec
import pytest
from typing_extensions import is_typeddict

from sijo.wire.blocks import Block, ResultPart
from sijo.wire.tools import AnyTool

OURS = {str(kind.__struct_config__.tag): kind for kind in (*get_args(Block | ResultPart), *get_args(AnyTool))}
OTHERS = "Managed", "ToolChange", "Source", "Caller"
"""In the names of what has the `type` of a block or a tool, and is none."""


def literal(hint: Any) -> str:
    """The one value of a field, without what is around it."""
    while (inner := get_args(hint)) and not isinstance(hint, str):
        hint = inner[0]
    return str(hint)


def sent() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Each block and tool of the SDK: its name there, its type, and its fields."""
    for module in (anthropic.types, anthropic.types.beta):
        for name, shape in vars(module).items():
            if not is_typeddict(shape) or not name.endswith("Param") or any(word in name for word in OTHERS):
                continue
            hints = get_type_hints(shape, include_extras=True)
            if (tag := literal(hints.get("type"))) in OURS:
                yield name, tag, frozenset(hints)


ROWS = sorted(set(sent()))


def test_most_types_are_found_there() -> None:
    assert len({tag for _, tag, _ in ROWS}) > len(OURS) - 5


@pytest.mark.parametrize(("name", "tag", "fields"), ROWS, ids=[row[0] for row in ROWS])
def test_what_the_sdk_can_send_has_a_field(name: str, tag: str, fields: frozenset[str]) -> None:
    known = {field.encode_name for field in msgspec.structs.fields(OURS[tag])}
    assert fields - known <= {"type"}, name
