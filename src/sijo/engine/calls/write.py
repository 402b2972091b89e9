"""Tools, calls and results said as text, to an engine that takes no tools: a pure step on a prompt.

What a convention says of a tool or a call is the same in every turn, to the byte, and the tools come first of all: so
the engine finds what it has read already. What holds for one turn alone, such as a tool that must be called, is said at
the very end.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from string import Template
from typing import Any

import msgspec
from msgspec.structs import replace

from sijo.engine import ran
from sijo.engine.calls.conventions import Convention
from sijo.engine.prompt import Item, Prompt
from sijo.engine.thinking.speak import noted
from sijo.wire import blocks as b
from sijo.wire.base import Json
from sijo.wire.request import AnyTool as MustCall
from sijo.wire.request import Named, NoTools
from sijo.wire.tools import AnyTool, Custom

CALLS = (b.ToolUse, *ran.CALLS)
TOLD = (*CALLS, b.ToolResult, *ran.RESULTS)
"""Blocks that are said otherwise."""
_encode = msgspec.json.encode


def spoken_of(prompt: Prompt) -> bool:
    """Whether there is anything about tools in a prompt."""
    return bool(prompt.tools) or any(isinstance(block, TOLD) for item in prompt.items for block in item.content)


def lowered(prompt: Prompt, convention: Convention) -> Prompt:
    """The same prompt without tools. Stop sequences are not told either: engines would look for them inside calls."""
    items = written(prompt.items, convention)
    system = prompt.system
    if prompt.tools:
        system = [b.Text(definitions(prompt.tools, convention)), *system]
    plain = replace(prompt, system=system, items=items, tools=(), choice=None, stops=(), worded=bool(prompt.tools))
    words = told(prompt)
    return noted(plain, words) if words and prompt.prefill is None else plain


def told(prompt: Prompt) -> str:
    """What this turn's `tool_choice` asks, in words."""
    if not prompt.tools:
        return ""
    one = getattr(prompt.choice, "disable_parallel_tool_use", False)
    match prompt.choice:
        case NoTools():
            return "Do not call a tool in this answer."
        case MustCall():
            return f"Call {'exactly one tool' if one else 'a tool'} now, and write nothing before it."
        case Named(name=name):
            return f"Call the tool `{name}` now{', once' if one else ''}, and write nothing before it."
        case _:
            return "Call one tool at the most in this answer." if one else ""


def definitions(tools: Sequence[AnyTool], convention: Convention) -> str:
    """What tools there are, and how to call one."""
    lines = (_encode(definition(tool, convention)).decode() for tool in tools if isinstance(tool, Custom))
    between = ", " if "[$tools]" in convention.tools else "\n"
    return Template(convention.tools).substitute(tools=between.join(lines))


def definition(tool: Custom, convention: Convention) -> Json:
    made: Json = {"name": tool.name, "description": tool.description, "parameters": tool.input_schema}
    if tool.input_examples:
        made["examples"] = tool.input_examples
    return {"type": "function", "function": made} if convention.wrapped else made


def call(name: str, input: Mapping[str, Any], convention: Convention) -> str:
    """One call as the model's family writes it."""
    if not convention.parameter:
        return Template(convention.call).substitute(name=name, input=json.dumps(input, ensure_ascii=False))
    parameter, between = Template(convention.parameter), ", " if convention.python else ""
    said = between.join(parameter.substitute(key=key, value=valued(one, convention)) for key, one in input.items())
    return Template(convention.call).substitute(name=name, parameters=said)


def valued(value: Any, convention: Convention) -> str:
    if convention.python:
        return repr(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def written(items: Sequence[Item], convention: Convention) -> list[Item]:
    """The conversation. Results of tools that ran on the server become a turn of the user's between two of a model."""
    out: list[Item] = []
    names: dict[str, str] = {}
    done = {block.tool_use_id for item in items for block in item.content if isinstance(block, ran.RESULTS)}
    for item in items:
        if not any(isinstance(block, TOLD) for block in item.content):
            out.append(item)
        elif item.role == "assistant":
            out += said(item.content, convention, names, done)
        else:
            out.append(Item(item.role, answered(item.content, convention, names)))
    return out


def said(
    content: Sequence[b.Block], convention: Convention, names: dict[str, str], done: Collection[str]
) -> list[Item]:
    """A turn of the model, its calls written out; of those that run on the server, those that are `done`."""
    out: list[Item] = []
    now: list[b.Block] = []
    run: list[str] = []

    def close() -> None:
        if run:
            gap = "\n" if any(isinstance(block, b.Text) and block.text for block in now) else ""
            now.append(b.Text(gap + convention.before + convention.between.join(run) + convention.after))
            run.clear()

    for block in content:
        if isinstance(block, ran.CALLS) and block.id not in done:
            continue
        if isinstance(block, CALLS):
            names[block.id] = block.name
            run.append(call(block.name, block.input, convention))
            continue
        close()
        if isinstance(block, ran.RESULTS):
            if block.tool_use_id in names:
                out += [Item("assistant", now)] if now else []
                out.append(Item("user", result(names[block.tool_use_id], [b.Text(ran.told(block))], convention)))
                now = []
        else:
            now.append(block)
    close()
    return [*out, Item("assistant", now)] if now else out


def answered(content: Sequence[b.Block], convention: Convention, names: Mapping[str, str]) -> list[b.Block]:
    """A turn of the user's: the results in the order of the calls, for nothing else tells which is whose."""
    order = {id: at for at, id in enumerate(names)}
    results = [block for block in content if isinstance(block, b.ToolResult)]
    results.sort(key=lambda block: order.get(block.tool_use_id, len(order)))
    out: list[b.Block] = []
    for block in results:
        parts = [b.Text(block.content)] if isinstance(block.content, str) else list(block.content)
        if block.is_error:
            parts = [b.Text(ran.FAILED), *parts]
        out += result(names.get(block.tool_use_id, "tool"), parts, convention)
    return [*out, *(block for block in content if not isinstance(block, b.ToolResult))]


def result(name: str, parts: Sequence[Any], convention: Convention) -> list[b.Block]:
    """A result. Its text stays as it is; images stand where they stood."""
    before, _, after = Template(convention.result).safe_substitute(name=name).partition("$content")
    pieces: list[str | b.Block] = [before]
    for part in parts:
        if not isinstance(part, b.Text):
            pieces.append(part)
        elif isinstance(pieces[-1], str):
            gap = "\n" if pieces[-1] not in (before, before + ran.FAILED) else ""
            pieces[-1] += gap + part.text
        else:
            pieces.append(part.text)
    if isinstance(pieces[-1], str):
        pieces[-1] += after
    else:
        pieces.append(after)
    return [b.Text(piece) if isinstance(piece, str) else piece for piece in pieces if piece]
