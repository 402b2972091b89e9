"""Deferred tools, for engines: they are shown once they were found, and where they are shown is the question here.

A chat template puts all tools at the very start, so one more tool there makes the whole prompt new to the engine's
cache. Inline, a definition stands where it was found, as text, and one tool that is always there calls the found ones
by name: all before stays as it was, byte for byte. What the model says through it is unwrapped into an ordinary call.
Listed, a found tool stands after all other tools, natively, and the prompt is read anew.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import jiter
import msgspec
from msgspec.structs import replace

from sijo.engine import deltas as d
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
    return replace(prompt, items=items, tools=[*tools, caller_tool(caller)], caller=caller)


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


class Unwrap:
    """Makes a call of the found tool out of a call of the one that calls it, as it comes."""

    HEAD = re.compile(r'\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.){1,256}")\s*,\s*"input"\s*:\s*(?=\{)')
    HEAD_SIZE = 400
    """Characters within which the input begins, or the call is read whole."""
    INPUTS = ("input", "arguments", "parameters")

    def __init__(self, caller: str) -> None:
        self.caller = caller
        self.done = False
        self._call: d.ToolCall | None = None
        self._parts: list[str] = []
        self._size = 0
        self._inner: Depth | None = None

    def feed(self, delta: d.AnyDelta, /) -> Iterable[d.AnyDelta]:
        if type(delta) is d.ToolInput and self._call is not None:
            return self._input(delta.json)
        if type(delta) is d.Spent:
            return (delta,)
        held = self._release()
        if type(delta) is d.ToolCall and delta.name == self.caller:
            self._call = delta
            return held
        return [*held, delta]

    def end(self) -> Iterable[d.AnyDelta]:
        return self._release()

    def _input(self, piece: str) -> list[d.AnyDelta]:
        assert self._call is not None
        if self._inner is not None:
            return [d.ToolInput(text) for text in self._inner.feed(piece)]
        self._parts.append(piece)
        self._size += len(piece)
        if self._size - len(piece) > self.HEAD_SIZE:
            return []
        text = "".join(self._parts)
        if (head := self.HEAD.match(text)) is None:
            return []
        self._inner = Depth()
        named = d.ToolCall(self._call.id, msgspec.json.decode(head[1], type=str))
        return [named, *(d.ToolInput(rest) for rest in self._inner.feed(text[head.end() :]))]

    def _release(self) -> list[d.AnyDelta]:
        """The whole of a call that did not begin as expected. What names no tool stays what it is."""
        call, inner, text = self._call, self._inner, "".join(self._parts)
        self._call, self._inner, self._parts, self._size = None, None, [], 0
        if call is None or inner is not None:
            return []
        name, input = self._read(text)
        return [d.ToolCall(call.id, name or self.caller), *([d.ToolInput(input)] if input else [])]

    def _read(self, text: str) -> tuple[str, str]:
        try:
            value = jiter.from_json(text.encode(), partial_mode="trailing-strings")
        except ValueError:
            return "", text
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            return "", text
        name = value.pop("name")
        input = next((value[key] for key in self.INPUTS if isinstance(value.get(key), dict | str)), value)
        return name, input if isinstance(input, str) else _encode(input).decode()


class Depth:
    """Passes the text of one JSON object on, and nothing of what comes after its end."""

    def __init__(self) -> None:
        self._depth = 0
        self._string = self._escape = self._ended = False

    def feed(self, piece: str) -> Iterator[str]:
        if self._ended:
            return
        for at, char in enumerate(piece):
            if self._string:
                if self._escape:
                    self._escape = False
                elif char == "\\":
                    self._escape = True
                elif char == '"':
                    self._string = False
            elif char == '"':
                self._string = True
            elif char in "{[":
                self._depth += 1
            elif char in "}]":
                self._depth -= 1
                if not self._depth:
                    self._ended = True
                    yield piece[: at + 1]
                    return
        if piece:
            yield piece
