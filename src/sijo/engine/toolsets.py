"""The API's toolsets (computer and browser) as ordinary tools, from `data/toolsets.toml`.

An entry stands for a family of tools. How an engine is shown the members, and how its calls come back, is for
`members`.
"""

import json
import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from sijo.wire import tools as t
from sijo.wire.base import Json

NAMES: Mapping[type, str] = {t.ComputerToolset: "computer", t.BrowserToolset: "browser"}
"""The `toolset_name` of each, which is also the name that it takes up in `tools`."""


class Member(NamedTuple):
    """What a member is for, its input, and whether it is on where nothing is said of it."""

    says: str
    schema: Json
    on: bool


@cache
def families() -> Mapping[str, Any]:
    """The toolsets, as they stand in the file."""
    return tomllib.loads((resources.files("sijo") / "data/toolsets.toml").read_text("utf-8"))


def tokens(tool: t.Toolset) -> int:
    """What the hosted API says that it takes."""
    return int(families()[NAMES[type(tool)]]["tokens"])


@cache
def members(toolset: str) -> Mapping[str, Member]:
    """All members of a toolset by name, in the order of the file."""
    family = families()[toolset]
    fields = {name: json.loads(schema) for name, schema in family["fields"].items()}
    return {
        name: Member(row["says"], _schema(row["takes"], fields), not row.get("off", False))
        for name, row in family["members"].items()
    }


def _schema(takes: Mapping[str, str], fields: Mapping[str, Json]) -> Json:
    return {
        "type": "object",
        "properties": {name: fields[field.removesuffix("?")] for name, field in takes.items()},
        "required": [name for name, field in takes.items() if not field.endswith("?")],
        "additionalProperties": False,
    }


def enabled(tool: t.Toolset) -> list[str]:
    """The members that are on. A name that is not known is none."""
    configs = tool.configs or {}
    on = {name: configs[name].enabled if name in configs else None for name in members(NAMES[type(tool)])}
    return [name for name, row in members(NAMES[type(tool)]).items() if (row.on if on[name] is None else on[name])]


def deferred(tool: t.AnyTool | t.Toolset) -> bool:
    """Whether a tool is not shown before it is found: of a toolset all its members or none, of an MCP server's tools
    whether that is their default."""
    if isinstance(tool, t.McpToolset):
        return bool((tool.default_config or {}).get("defer_loading"))
    if not isinstance(tool, t.Toolset):
        return getattr(tool, "defer_loading", False)
    configs, on = tool.configs or {}, enabled(tool)
    return bool(on) and all(name in configs and configs[name].defer_loading for name in on)


def whole(tool: t.Toolset) -> t.Custom:
    """The toolset as one tool, for a search: what is found is all of it."""
    toolset = NAMES[type(tool)]
    rows = members(toolset)
    about = "\n".join(f"{name}: {rows[name].says}" for name in enabled(tool))
    return t.Custom(name=toolset, description=about, input_schema={"type": "object"}, defer_loading=True)


def customs(tool: t.Toolset, taken: Collection[str] = ()) -> dict[str, t.Custom]:
    """The members that are on, each as a tool of its own. `taken` are names that mean another tool."""
    toolset = NAMES[type(tool)]
    rows, on = members(toolset), enabled(tool)
    out: dict[str, t.Custom] = {}
    for name in on:
        shown = f"{toolset}__{name}"
        while shown in taken:
            shown += "_"
        out[name] = t.Custom(
            name=shown, description=rows[name].says, input_schema=rows[name].schema, defer_loading=deferred(tool)
        )
    if out and tool.cache_control is not None:
        out[on[-1]].cache_control = tool.cache_control
    return out
