"""A prompt as the body of a chat completion. Pure: a prompt, an engine's row and a model's name in, JSON out.

What an engine does not take is left out only where something else does the same, here or in the reader of its answer;
else the request is refused.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from sijo.backends import openai_formats as formats
from sijo.backends.engines import Row, merge
from sijo.backends.openai_messages import messages
from sijo.engine import ran
from sijo.engine.prompt import Prompt
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire.base import Json
from sijo.wire.request import AnyTool, Named, NoTools
from sijo.wire.tools import Custom

NO_PREFILL = "This model does not support assistant message prefill. The conversation must end with a user message."
COUNTED = ("model", "messages", "tools", "chat_template_kwargs", "continue_final_message", "add_generation_prompt")
"""The fields of a body that a tokenizer's endpoint is given."""
LEVELS = ("minimal", "low", "medium", "high", "xhigh", "max")
_encode = msgspec.json.encode


def body(prompt: Prompt, row: Row, model: str) -> Json:
    """The body of a streamed request. Raises InvalidRequest for what cannot be said to this engine."""
    out: Json = {"model": model, "messages": messages(system(prompt, row), prompt.items, row), "stream": True}
    if prompt.max_tokens:
        out[row.max_tokens] = prompt.max_tokens
    if row.stream_usage in ("final", "continuous"):
        out["stream_options"] = {"include_usage": True}
        if row.stream_usage == "continuous":
            out["stream_options"]["continuous_usage_stats"] = True
    if row.cache_salt and prompt.salt:
        out[row.cache_salt] = prompt.salt
    _sample(out, prompt, row)
    if prompt.tools:
        _tools(out, prompt, row)
    if prompt.format is not None:
        formats.hold(out, prompt, row)
    _think(out, prompt, row)
    if prompt.prefill is not None:
        _prefill(out, row)
    return out


def counted(prompt: Prompt, row: Row, model: str) -> Json:
    """The body that asks how many tokens the prompt has."""
    whole = body(prompt, row, model)
    return {key: whole[key] for key in COUNTED if key in whole}


def system(prompt: Prompt, row: Row) -> str:
    """The system prompt, with the schema of the answer."""
    texts = [block.text for block in prompt.system]
    if prompt.format is not None:
        texts.append(formats.told(prompt, row))
    return "\n\n".join(filter(None, texts))


def stops(prompt: Prompt, row: Row) -> tuple[str, ...]:
    """The stop sequences that the engine is told; all are looked for in its text anyway.

    Only where it names the one that matched, and where all that it writes is text: engines look for them inside
    thoughts and calls too, and the API does not.
    """
    if not row.stops or prompt.tools or prompt.thought.mode != "off":
        return ()
    return prompt.stops[: row.stop_limit or None]


def single(prompt: Prompt) -> bool:
    """Whether one call at a time was asked for."""
    return getattr(prompt.choice, "disable_parallel_tool_use", False)


def thinks(prompt: Prompt) -> bool:
    """Whether the answer is to begin with a thought. `between_tools` thinks about results, and not before."""
    if prompt.thought.mode == "between_tools":
        last = prompt.items[-1].content if prompt.items else ()
        return any(isinstance(block, b.ToolResult) for block in last) or isinstance((*last, None)[-1], ran.RESULTS)
    return prompt.thought.mode != "off"


def _sample(out: Json, prompt: Prompt, row: Row) -> None:
    given = {"temperature": prompt.temperature, "top_p": prompt.top_p, "top_k": prompt.top_k if row.top_k else None}
    out.update({key: value for key, value in given.items() if value is not None})
    if told := stops(prompt, row):
        out["stop"] = told


def _tools(out: Json, prompt: Prompt, row: Row) -> None:
    if not row.tools:
        raise InvalidRequest("tools: the engine behind this model takes no tools")
    choice, tools = prompt.choice, prompt.tools
    word: str | Json = row.auto
    match choice:
        case NoTools() if "none" not in row.tool_choice:
            return
        case NoTools():
            word = "none"
        case AnyTool():
            word = "required"
        case Named(name=name) if "named" in row.tool_choice:
            word = {"type": "function", "function": {"name": name}}
        case Named(name=name):
            tools = [tool for tool in tools if getattr(tool, "name", None) == name]
            word = "required"
    forced = isinstance(choice, AnyTool | Named)
    out["tools"] = [_function(tool, f"tools.{at}", row, forced) for at, tool in enumerate(tools)]
    if word and not isinstance(word, dict) and word not in row.tool_choice:
        word = row.auto
    if word:
        out["tool_choice"] = word
    if row.parallel and single(prompt):
        out["parallel_tool_calls"] = False


def _function(tool: Any, path: str, row: Row, forced: bool) -> Json:
    if not isinstance(tool, Custom):
        raise InvalidRequest(f"{path}: a tool of type `{tool.__struct_config__.tag}` is not served by this engine")
    strict = formats.strict(tool, row, forced)
    schema = formats.parameters(tool, row, strict)
    function: Json = {"name": tool.name, "description": tool.description, "parameters": schema}
    if tool.input_examples:
        function["description"] = _exemplified(tool.description, tool.input_examples)
    if strict:
        function["strict"] = True
    return {"type": "function", "function": function}


def _exemplified(description: str, examples: Sequence[Json]) -> str:
    """The format has no field for examples of a tool's input; they are for the model, so it is told in words."""
    lines = "\n".join(_encode(example).decode() for example in examples)
    return f"{description}\n\nExamples of its input:\n{lines}".lstrip()


def _think(out: Json, prompt: Prompt, row: Row) -> None:
    thought = prompt.thought
    if not thinks(prompt):
        merge(out, row.thinking_off)
        return
    merge(out, row.thinking_on)
    if thought.budget is not None and row.budget:
        merge(out, row.budget, {"$budget": thought.budget})
    elif thought.effort is not None and row.efforts:
        merge(out, row.effort, {"$effort": level(thought.effort, row.efforts)})


def level(effort: str, efforts: Sequence[str]) -> str:
    """The engine's word for an effort: the same, else the next one below it, else its least."""
    below = LEVELS[: LEVELS.index(effort) + 1]
    return next((word for word in reversed(below) if word in efforts), efforts[0])


def _prefill(out: Json, row: Row) -> None:
    if not row.prefill:
        raise InvalidRequest(NO_PREFILL)
    merge(out, row.prefill_body)
    merge(out["messages"][-1], row.prefill_message)
