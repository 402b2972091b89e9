"""Bodies of `POST /v1/messages`, as values: talks that hold together, rows of the tables, and requests by shape."""

import json
from typing import Any, get_args

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from sijo.engine.models import models
from sijo.wire.blocks import Block
from sijo.wire.request import MessageRequest
from tests.fuzz.shapes import Made, own, schemas, shaped, struct, words
from tests.wire.bad_bodies import BASE, rows

MODELS = (
    *("claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-5", "claude-sonnet-5-5") * 3,
    *(model.id for model in models() if "preview" not in model.id),
    "simulator", "m", "claude-haiku-4-5-latest", "no such model", "", "../x", "é", "\ud800",
)  # fmt: skip
TABLED: tuple[dict[str, Any], ...] = tuple(
    {**BASE, "model": row.model, **json.loads(row.set)}
    for name in ("good_bodies", "bad_bodies")
    for row in rows(name)
    if row.body is None and len(row.set) < 2000 and "preview" not in row.model
)
MAGIC = ("REFUSAL", "1FAEFB6177B4672DEE07F9D3AFC62588CCD2631EDCF22E8CCC1FB35B501C9C86")
REFUSAL = "_".join(("ANTHROPIC_MAGIC_STRING_TRIGGER", *MAGIC))
spoken: Made = words.filter(str.strip)
THINKING: Made = st.sampled_from(
    (
        {"type": "enabled", "budget_tokens": 1024},
        {"type": "adaptive"},
        {"type": "adaptive", "display": "omitted"},
        {"type": "disabled"},
        {"type": "between_tools"},
    )
)
CHOICES: Made = st.sampled_from(
    ({"type": "auto"}, {"type": "any"}, {"type": "none"}, {"type": "tool", "name": "f"},
     {"type": "any", "disable_parallel_tool_use": True})
)  # fmt: skip
MORE: dict[str, Made] = {
    "system": words | st.lists(st.builds(lambda text: {"type": "text", "text": text}, words), max_size=2),
    "stop_sequences": st.lists(words, max_size=3),
    "temperature": st.sampled_from((0, 0.5, 1, 1.5)),
    "top_p": st.sampled_from((0, 0.99, 1)),
    "top_k": st.sampled_from((0, 1, -1, 2**40)),
    "thinking": THINKING,
    "tool_choice": CHOICES,
    "output_config": st.builds(lambda schema: {"format": {"type": "json_schema", "schema": schema}}, schemas)
    | st.sampled_from(({"effort": "low"}, {"effort": "max"}, {})),
    "metadata": st.builds(lambda user: {"user_id": user}, words),
    "service_tier": st.sampled_from(("auto", "standard_only")),
    "inference_geo": st.sampled_from(("us", "global", None)),
}

UNSUPPORTED = frozenset({"minimum", "maximum", "multipleOf", "minLength", "maxLength", "prefixItems", "not", "oneOf"})
"""Some of what structured outputs refuse."""
BLOCKS: tuple[type[msgspec.Struct], ...] = get_args(Block)
FIELDS: dict[str, Made] = {
    field.encode_name: shaped(inspect.type_info(field.type), field.encode_name)
    for field in msgspec.structs.fields(MessageRequest)
}


@st.composite
def talks(draw: st.DrawFn) -> dict[str, Any]:
    """A talk of a few turns in which calls have results; most of them are good."""
    tools = draw(st.lists(own, max_size=2, unique_by=lambda tool: tool["name"]))
    names = [tool["name"] for tool in tools] or ["f"]
    messages: list[dict[str, Any]] = [{"role": "user", "content": draw(spoken | st.just(REFUSAL))}]
    for turn in range(draw(st.sampled_from((0, 0, 0, 1, 1, 2)))):
        calls = draw(st.sampled_from((0, 1, 2)))
        messages.append({"role": "assistant", "content": said(draw, names, turn, calls)})
        messages.append({"role": "user", "content": answered(draw, turn, calls)})
    body: dict[str, Any] = {
        "model": draw(st.sampled_from(MODELS)),
        "max_tokens": draw(st.sampled_from((1, 5, 64, 64, 1500, 1500, 4096, 4096, 0))),
        "messages": messages,
        "stream": draw(st.booleans()),
    }
    if tools:
        body["tools"] = tools
    more = draw(st.lists(st.sampled_from(sorted(MORE)), max_size=2, unique=True))
    return {**body, **{name: draw(MORE[name]) for name in more}}


@st.composite
def filled(draw: st.DrawFn) -> dict[str, Any]:
    """A request that must be answered with what a schema wants: a call, or JSON."""
    properties = draw(
        st.dictionaries(st.sampled_from(("a", "b", "city", "count", "to")), schemas, min_size=1, max_size=3)
    )
    required = draw(st.sampled_from((sorted(properties), [], ["a", "zz"])))
    schema = {"type": "object", "properties": properties, "required": required}
    body: dict[str, Any] = {
        "model": "claude-haiku-4-5",
        "max_tokens": draw(st.sampled_from((20, 4096))),
        "messages": [{"role": "user", "content": draw(spoken)}],
        "stream": draw(st.booleans()),
    }
    if draw(st.booleans()):
        return {**body, "tools": [{"name": "f", "input_schema": schema}], "tool_choice": {"type": "any"}}
    return {**body, "output_config": {"format": {"type": "json_schema", "schema": closed(schema)}}}


def closed(schema: Any) -> Any:
    """The schema as structured outputs want it: no object has more than it names."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: closed(part) for key, part in schema.items() if key not in UNSUPPORTED}
    return {**kept, "additionalProperties": False} if "object" in str(kept.get("type")) else kept


def said(draw: st.DrawFn, names: list[str], turn: int, calls: int) -> list[dict[str, Any]]:
    """What the assistant said in a turn: words, then calls."""
    text = [{"type": "text", "text": draw(spoken)}]
    return text + [
        {"type": "tool_use", "id": f"toolu_{turn}_{n}", "name": draw(st.sampled_from(names)), "input": {"a": n}}
        for n in range(calls)
    ]


def answered(draw: st.DrawFn, turn: int, calls: int) -> list[dict[str, Any]]:
    """What the user answered: results, then perhaps words."""
    results = [
        {
            "type": "tool_result",
            "tool_use_id": f"toolu_{turn}_{n}",
            "content": draw(words),
            "is_error": draw(st.booleans()),
        }
        for n in range(calls)
    ]
    return results + ([] if calls else [{"type": "text", "text": draw(spoken)}])


@st.composite
def by_shape(draw: st.DrawFn) -> dict[str, Any]:
    """A talk with blocks of any kind in one of its messages, or with a field of any kind."""
    whole = draw(talks())
    if draw(st.booleans()):
        message = draw(st.sampled_from(whole["messages"]))
        message["content"] = draw(st.lists(st.sampled_from(BLOCKS).flatmap(struct), min_size=1, max_size=2))
        return whole
    name = draw(st.sampled_from(sorted(FIELDS)))
    return {**whole, name: draw(FIELDS[name])}


@st.composite
def tabled(draw: st.DrawFn) -> dict[str, Any]:
    """A row of the tables, streamed or not."""
    return {**draw(st.sampled_from(TABLED)), "stream": draw(st.booleans())}


bodies: st.SearchStrategy[dict[str, Any]] = st.sampled_from((talks(), talks(), filled(), tabled(), by_shape())).flatmap(
    lambda kind: kind
)
