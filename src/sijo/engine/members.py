"""Members of toolsets toward an engine: each as a tool of its own, under a name that no other tool of the request has.

What the engine calls by that name leaves as the member's own, with the toolset's name beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from sijo.engine import deltas as d
from sijo.engine import tabs
from sijo.engine.abilities import Abilities
from sijo.engine.count import found
from sijo.engine.prompt import Item, Prompt
from sijo.engine.toolsets import NAMES, customs
from sijo.wire import blocks as b
from sijo.wire import tools as t


def toolsets_lowered(prompt: Prompt, _: Abilities) -> Prompt:
    """Members in the place of their toolsets, and in the conversation the names that the engine knows them by."""
    if not any(isinstance(tool, t.Toolset) for tool in prompt.tools):
        return prompt
    taken = {tool.name for tool in prompt.tools if isinstance(tool, t.Custom | t.Typed)}
    known = set(_spoken_of(prompt.items))
    tools: list[t.AnyTool] = []
    names: dict[str, tuple[str, str]] = {}
    for tool in prompt.tools:
        if not isinstance(tool, t.Toolset):
            tools.append(tool)
            continue
        toolset = NAMES[type(tool)]
        shown = customs(tool, taken)
        if not known.isdisjoint((toolset, *shown)):
            shown = {name: msgspec.structs.replace(custom, defer_loading=False) for name, custom in shown.items()}
        tools += shown.values()
        names |= {custom.name: (toolset, name) for name, custom in shown.items()}
    return replace(prompt, tools=tools, members=names, items=_renamed(prompt.items, names))


def _spoken_of(items: Iterable[Item]) -> Iterable[str]:
    """The names of toolsets and members that were found or called."""
    for item in items:
        for block in item.content:
            if isinstance(block, b.ToolUse) and block.toolset_name is not None:
                yield block.toolset_name
            yield from found(block)


def _renamed(items: Sequence[Item], names: Mapping[str, tuple[str, str]]) -> list[Item]:
    """Calls under the engine's names, and results in words."""
    shown = {member: name for name, member in names.items()}
    calls: dict[str, b.ToolUse] = {}
    out = []
    for item in items:
        content = list(item.content)
        for at, block in enumerate(content):
            if isinstance(block, b.ToolUse) and block.toolset_name is not None:
                calls[block.id] = block
                name = shown.get((block.toolset_name, block.name), f"{block.toolset_name}__{block.name}")
                content[at] = msgspec.structs.replace(block, name=name, toolset_name=None)
            elif isinstance(block, b.ToolResult) and block.tool_use_id in calls:
                content[at] = _worded(block, calls[block.tool_use_id])
        out.append(Item(item.role, content))
    return out


def _worded(result: b.ToolResult, call: b.ToolUse) -> b.ToolResult:
    content: Any = result.content
    if isinstance(content, list):
        content = [b.Text(tabs.told(part, call)) if isinstance(part, b.BrowserState) else part for part in content]
    return msgspec.structs.replace(result, content=content, toolset_name=None)


class Members:
    """Gives calls of members back under their own names, the input of each in one piece."""

    def __init__(self, names: Mapping[str, tuple[str, str]]) -> None:
        self.names = names
        self.done = False
        self._open = False
        self._parts: list[str] = []

    def feed(self, delta: d.AnyDelta, /) -> Iterable[d.AnyDelta]:
        if type(delta) is d.Spent:
            return (delta,)
        if type(delta) is d.ToolInput and self._open:
            self._parts.append(delta.json)
            return ()
        held = self._release()
        if type(delta) is d.ToolCall and delta.name in self.names:
            self._open = True
            toolset, name = self.names[delta.name]
            return [*held, d.Open(b.ToolUse(delta.id, name, {}, toolset_name=toolset))]
        return [*held, delta]

    def end(self) -> Iterable[d.AnyDelta]:
        return self._release()

    def _release(self) -> list[d.AnyDelta]:
        whole, self._parts, self._open = "".join(self._parts), [], False
        return [d.ToolInput(whole)] if whole else []
