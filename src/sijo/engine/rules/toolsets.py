"""Entries of toolsets: their `configs`, and what cannot stand beside them."""

from sijo.engine import toolsets
from sijo.engine.rules.facts import Facts
from sijo.errors import InvalidRequest
from sijo.wire import tools as t
from sijo.wire.explain import EXTRA

FINE_GRAINED = "fine-grained-tool-streaming-2025-05-14"


def entry(tool: t.Toolset, path: str, facts: Facts) -> None:
    """One entry of `tools`. Raises InvalidRequest."""
    known = toolsets.members(toolsets.NAMES[type(tool)])
    for name in tool.configs or {}:
        if name not in known and facts.holds("toolset_members"):
            raise InvalidRequest(f"{path}.configs.{name}: {EXTRA}")
    configs = tool.configs or {}
    if len({name in configs and configs[name].defer_loading is True for name in toolsets.enabled(tool)}) > 1:
        raise InvalidRequest(f"{path}.configs: defer_loading must be the same for every enabled member")
    if FINE_GRAINED in facts.betas:
        raise InvalidRequest(f"{path}: cannot be combined with the beta {FINE_GRAINED}")
