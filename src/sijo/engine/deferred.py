"""Deferred tools, for engines: they are shown once they were found, and where they are shown is the question here.

A chat template puts all tools at the very start, so one more tool there makes the whole prompt new to the engine's
cache. Inline, a definition stands where it was found, as text, and one tool that is always there calls the found ones
by name (`engine/unwrap.py`): all before stays as it was, byte for byte.
Listed, a found tool stands after all other tools, natively, and the prompt is read anew.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from sijo.engine.abilities import Abilities
from sijo.engine.count import found
from sijo.engine.prompt import Item, Prompt
from sijo.wire import blocks as b
from sijo.wire import results as r
from sijo.wire import tools as t
from sijo.wire.base import Json
from sijo.wire.request import Named

CALLER = "call_found_tool"
"""The tool that calls those that were found. It has another name where the client has a tool of that name."""
_encode = msgspec.json.encode


def found_in(items: Iterable[Item]) -> tuple[str, ...]:
    """The names of the tools that were found, in order."""
    return tuple(dict.fromkeys(name for item in items for block in item.content for name in found(block)))


def shown(prompt: Prompt, able: Abilities) -> Prompt:
    """The step of lowering: only what was found is shown, in the way that the engine's row says."""
    hidden = {tool.name: tool for tool in prompt.tools if isinstance(tool, t.Custom) and tool.defer_loading}
    if not hidden:
        return prompt
    tools = [tool for tool in prompt.tools if not getattr(tool, "defer_loading", False)]
    told = (*prompt.known, *found_in(prompt.items))
    called = [block.name for item in prompt.items for block in item.content if isinstance(block, b.ToolUse)]
    # Inline, the definition of a tool that was called and never found is nowhere: it was cut away, perhaps.
    native = [name for name in called if name not in told] if able.found == "inline" else [*told, *called]
    if isinstance(prompt.choice, Named):
        native.append(prompt.choice.name)
    tools += [hidden.pop(name) for name in dict.fromkeys(native) if name in hidden]
    if able.found != "inline":
        return replace(prompt, tools=tools)
    caller = caller_name(prompt)
    teller = Teller(hidden, caller, set(prompt.known))
    items = [Item(item.role, [teller.block(block) for block in item.content]) for item in prompt.items]
    found = tuple(name for name in dict.fromkeys(told) if name in hidden)
    return replace(prompt, items=items, tools=[*tools, caller_tool(caller)], caller=caller, found=found)


def caller_name(prompt: Prompt) -> str:
    names, name = {getattr(tool, "name", "") for tool in prompt.tools}, CALLER
    while name in names:
        name += "_"
    return name


def caller_tool(name: str) -> t.Custom:
    """The tool that calls the others. It says nothing that changes from turn to turn."""
    return t.Custom(
        name=name,
        description="Call a tool that was found, by its name, with an input that fits its parameters.",
        input_schema={
            "type": "object",
            "properties": {"name": {"type": "string"}, "input": {"type": "object"}},
            "required": ["name", "input"],
        },
    )


class Teller:
    """Says blocks inline: definitions where tools were found, and calls of these tools as the model made them."""

    def __init__(self, hidden: Mapping[str, t.Custom], caller: str, told: set[str]) -> None:
        self.hidden, self.caller, self.told = hidden, caller, told

    def block(self, block: b.Block) -> b.Block:
        match block:
            case b.ToolUse(name=name) if name in self.hidden:
                return b.ToolUse(block.id, self.caller, {"name": name, "input": block.input})
            case b.ToolResult(content=list() as parts) if any(isinstance(part, r.ToolReference) for part in parts):
                return msgspec.structs.replace(block, content=self._parts(parts))
            case r.ToolSearchResult(content=r.FoundTools(tool_references=references)):
                return b.McpToolResult(block.tool_use_id, self.said([one.tool_name for one in references]))
        return block

    def said(self, names: Sequence[str]) -> str:
        """What a search brought: each definition once, then its name."""
        if not names:
            return "No tool was found."
        lines = [f"Found {len(names)}. Call one with `{self.caller}`, by its name and with its input:"]
        for name in names:
            tool = self.hidden.get(name)
            if tool is None or name in self.told:
                lines.append(f"{name} (as defined before)" if tool else name)
            else:
                self.told.add(name)
                lines.append(definition(tool))
        return "\n".join(lines)

    def _parts(self, parts: Sequence[b.ResultPart]) -> list[b.ResultPart]:
        """The parts of a client's result, all that it found in one text where the first of it stood."""
        names = [part.tool_name for part in parts if isinstance(part, r.ToolReference)]
        at = next(n for n, part in enumerate(parts) if isinstance(part, r.ToolReference))
        rest = [part for part in parts[at:] if not isinstance(part, r.ToolReference)]
        return [*parts[:at], b.Text(self.said(names)), *rest]


def definition(tool: t.Custom) -> str:
    """A tool as a line of JSON, in the words in which an engine is told of tools."""
    whole: Json = {"name": tool.name, "description": tool.description, "parameters": tool.input_schema}
    if tool.input_examples:
        whole["examples"] = tool.input_examples
    return _encode(whole).decode()
