"""The API's own client tools (bash, text editor, memory, computer) as ordinary tools, from `data/clienttools.toml`.

The client runs them; here they only get the schema and the description that the model needs to call them.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import msgspec

from sijo.engine.prompt import Prompt
from sijo.wire import blocks as b
from sijo.wire import tools as t
from sijo.wire.base import Json


class Row(NamedTuple):
    """How a type of tool looks to an engine. `options` are fields of its entry that change it where they are set."""

    description: str
    schema: Json
    options: Mapping[str, "Row"]
    tokens: tuple[int, int] = (0, 0)
    """What the hosted API says that it takes: by the older tokenizer, by the dense one."""


@cache
def rows() -> Mapping[str, Row]:
    """The types of client tools."""
    table = tomllib.loads((resources.files("sijo") / "data/clienttools.toml").read_text("utf-8"))
    table.pop("memory")
    return {kind: _row({**table.get(row.get("like", ""), {}), **row}) for kind, row in table.items()}


@cache
def protocol() -> str:
    """What the system prompt says where there is a memory: the same to the byte, for it is part of every prefix."""
    table = tomllib.loads((resources.files("sijo") / "data/clienttools.toml").read_text("utf-8"))
    return str(table["memory"]["protocol"]).strip()


def _row(row: Mapping[str, Any], base: Json | None = None) -> Row:
    schema = json.loads(row["schema"]) if "schema" in row else base or {}
    options = {name: _row(option, schema) for name, option in row.items() if isinstance(option, dict)}
    classic, dense = row.get("tokens", (0, 0))
    return Row(row["description"], schema, options, (classic, dense))


def tokens(tool: t.Typed, *, dense: bool) -> int:
    """What the hosted API says that a tool takes; 0 where it says nothing."""
    return rows()[str(tool.__struct_config__.tag)].tokens[dense]


def schema(tool: t.Typed) -> Json:
    """The schema of a tool's input."""
    return _shown(tool)[1]


def as_custom(tool: t.AnyTool | t.Typed) -> t.AnyTool:
    """The tool as a `custom` one, or itself where it is one already or is not the client's to run."""
    if not isinstance(tool, t.Typed):
        return tool
    description, schema = _shown(tool)
    return t.Custom(
        name=tool.name,
        input_schema=schema,
        description=description,
        input_examples=tool.input_examples,
        strict=tool.strict,
        cache_control=tool.cache_control,
        defer_loading=tool.defer_loading,
        eager_input_streaming=tool.eager_input_streaming,
    )


def _shown(tool: t.Typed) -> tuple[str, Json]:
    row = rows()[str(tool.__struct_config__.tag)]
    description, schema = row.description, row.schema
    for field, option in row.options.items():
        if getattr(tool, field):
            description, schema = f"{description} {option.description}", option.schema
    return description.format_map(msgspec.structs.asdict(tool)), schema


def remembered(prompt: Prompt) -> Sequence[b.Text]:
    """The system prompt, where there is a memory after the memory's protocol."""
    if not any(isinstance(tool, t.Memory) for tool in prompt.tools):
        return prompt.system
    return [b.Text(protocol()), *prompt.system]
