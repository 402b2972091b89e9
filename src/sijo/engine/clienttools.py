"""The API's own client tools (bash, text editor, memory, computer) as ordinary tools, from `data/clienttools.toml`.

The client runs them; here they only get the schema and the description that the model needs to call them.
"""

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from sijo.wire import tools as t


@cache
def rows() -> Mapping[str, tuple[str, dict[str, Any]]]:
    """`type` -> description and input schema."""
    table = tomllib.loads((resources.files("sijo") / "data/clienttools.toml").read_text("utf-8"))
    whole = {kind: {**table.get(row.get("like", ""), {}), **row} for kind, row in table.items()}
    return {kind: (row["description"], json.loads(row["schema"])) for kind, row in whole.items()}


def as_custom(tool: t.AnyTool) -> t.AnyTool:
    """The tool as a `custom` one, or itself where it is one already or is not the client's to run."""
    if not isinstance(tool, t.Typed):
        return tool
    description, schema = rows()[str(tool.__struct_config__.tag)]
    if isinstance(tool, t.Computer):
        description = description.format_map(msgspec.structs.asdict(tool))
    return t.Custom(
        name=tool.name,
        input_schema=schema,
        description=description,
        strict=tool.strict,
        cache_control=tool.cache_control,
        defer_loading=tool.defer_loading,
        eager_input_streaming=tool.eager_input_streaming,
    )
