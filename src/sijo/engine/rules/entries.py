"""The entries of `tools`, decoded each by its `type`, and what must be right about them whatever the model.

What depends on the model, on a beta or on the rest of the request is in `tooling`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast, get_args

import msgspec
from msgspec import Raw

from sijo.engine import clienttools
from sijo.engine.rules import schemas
from sijo.engine.toolsets import NAMES, deferred
from sijo.errors import InvalidRequest
from sijo.wire.base import Json
from sijo.wire.explain import Explainer, Fault, Path, Tag, dotted
from sijo.wire.tools import AnyTool, Custom, McpToolset, Schema, Tool, Toolset, Typed

KINDS: Mapping[str, type[msgspec.Struct]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyTool)}
DECODERS = {name: msgspec.json.Decoder(kind) for name, kind in KINDS.items()}
MOST_DEFERRED = 10_000

_EXPLAIN = Explainer(("name", "input_schema", "description"))


class _Peek(msgspec.Struct):
    type: str | None = None


_peek = msgspec.json.Decoder(_Peek).decode


def tools(raws: Sequence[Raw]) -> list[AnyTool]:
    """The tools. Raises InvalidRequest."""
    decoded = [_entry(raw, at) for at, raw in enumerate(raws)]
    for at, tool in enumerate(decoded):
        if isinstance(tool, Custom):
            _custom(tool, f"tools.{at}.custom")
        if isinstance(tool, Typed) and tool.input_examples:
            _examples(tool.input_examples, clienttools.schema(tool), f"tools.{at}.{tool.__struct_config__.tag}")
        if isinstance(tool, Tool | Toolset) and tool.cache_control is not None and deferred(tool):
            raise InvalidRequest(
                f"Tool '{name(tool)}' cannot have both defer_loading=true and cache_control set. "
                "Tools with defer_loading cannot use prompt caching."
            )
    names = [title for tool in decoded if (title := name(tool))]
    if len(set(names)) < len(names):
        raise InvalidRequest("tools: Tool names must be unique.")
    hidden = sum(map(deferred, decoded))
    if decoded and hidden == len(decoded):
        raise InvalidRequest("At least one tool must have defer_loading=false. All tools cannot be deferred.")
    if hidden > MOST_DEFERRED:
        raise InvalidRequest(f"tools: at most {MOST_DEFERRED} tools can have defer_loading=true. Found {hidden}.")
    return decoded


def name(tool: AnyTool) -> str:
    """The name under which a tool is called; of an MCP server's tools none is known here."""
    if isinstance(tool, McpToolset):
        return ""
    return NAMES.get(type(tool)) or tool.name  # type: ignore[union-attr]


def faults(value: object, path: Path) -> Iterator[Fault]:
    """What is wrong with a decoded entry, as `wire/explain.py` words it."""
    if _good(value):
        return
    if not isinstance(value, dict):
        yield path, "Input should be an object"
        return
    tag = "custom" if value.get("type") is None else value["type"]
    kind = KINDS.get(tag) if isinstance(tag, str) else None
    if kind is None:
        yield path, unknown(tag)
        return
    for inner, words in _EXPLAIN.faults({**value, "type": tag}, kind):
        yield (*path, Tag(tag), *inner), words


def unknown(tag: object, closed: frozenset[str] = frozenset()) -> str:
    """What is said of a `type` that is not known, or closed."""
    expected = ", ".join(f"'{known}'" for known in sorted(KINDS.keys() - closed))
    return f"Input tag '{tag}' found using 'type' does not match any of the expected tags: {expected}"


def strange(entries: object) -> bool:
    """Whether some entry of a decoded list has a fault."""
    return isinstance(entries, list) and any(next(faults(entry, ()), None) is not None for entry in entries)


def _good(entry: Any) -> bool:
    tag = entry.get("type", "custom") if isinstance(entry, dict) else None
    try:
        return isinstance(tag, str) and tag in KINDS and msgspec.convert(entry, KINDS[tag]) is not None
    except msgspec.ValidationError:
        return False


def _entry(raw: Raw, at: int) -> AnyTool:
    try:
        tag = _peek(raw).type or "custom"
        if tag in DECODERS:
            return cast(AnyTool, DECODERS[tag].decode(raw))
    except msgspec.ValidationError:
        pass  # worded below
    value = msgspec.json.decode(raw)
    for path, words in faults(value, ("tools", at)):
        raise InvalidRequest(f"{dotted(path)}: {words}")
    return msgspec.convert({key: part for key, part in value.items() if key != "type"}, Custom)


def _custom(tool: Custom, path: str) -> None:
    """A schema that is one, for an object, and examples that fit it."""
    try:
        msgspec.convert(tool.input_schema, Schema)
    except msgspec.ValidationError:
        for inner, words in _EXPLAIN.faults(tool.input_schema, Schema):
            raise InvalidRequest(f"{path}.input_schema.{dotted(inner)}: {words}") from None
    if not schemas.sound(tool.input_schema):
        raise InvalidRequest(f"{path}.input_schema: {schemas.INVALID}")
    if tool.input_examples:
        _examples(tool.input_examples, tool.input_schema, path)


def _examples(examples: Sequence[Json], schema: Json, path: str) -> None:
    wrong = schemas.misfit(schema, examples)
    if wrong is not None:
        raise InvalidRequest(f"{path}.input_examples.{wrong}: does not match the input_schema")
