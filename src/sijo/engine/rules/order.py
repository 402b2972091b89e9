"""The rules, in the order in which the API applies them, and the few that belong to no other module."""

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from operator import attrgetter

from sijo.engine.rules import caching, limits, schemas, thinking, tooling, unserved
from sijo.engine.rules.case import Case
from sijo.engine.rules.facts import Facts
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire import tools as t
from sijo.wire.request import CountRequest, Enabled, MessageRequest
from sijo.wire.tools import AnyTool

CODE = (t.CodeMay2025, t.CodeAugust2025, t.CodeJanuary2026, t.CodeMay2026)
MOST_STOPS = 1000
"""Stop sequences: each is looked for in every piece of text."""
THINKING_EDIT = "clear_thinking_20251015"
EDITS = (THINKING_EDIT, "clear_tool_uses_20250919", "compact_20260112")
RESUMED = (b.ServerToolUse, b.McpToolUse, b.McpToolResult, *b.SERVER_RESULTS)
"""An assistant message that ends with one of these was paused: to go on with it is no prefill."""


def check(request: CountRequest, tools: Sequence[AnyTool], facts: Facts) -> Case:
    """What is known of a request once it broke no rule. Raises InvalidRequest for the first one that it breaks."""
    case, has = Case(request, tools, facts), given(request)
    for rule, needs in FIRST:
        if not has.isdisjoint(needs):
            rule(case)
    case.turns.walk()
    for rule in those(has, tools=bool(tools), blocks=case.turns.blocks):
        rule(case)
    return case


def conversation(case: Case) -> None:
    """The messages: roles, turns, calls and results, blocks."""
    case.turns.walk()


def system(case: Case) -> None:
    """The system prompt says something."""
    found = case.request.system
    for block in [b.Text(found)] if isinstance(found, str) and found else found:
        assert isinstance(block, b.Text)
        if not block.text and block.cache_control is None:
            raise InvalidRequest("system: text content blocks must be non-empty")
        if block.text.isspace() and block.cache_control is None and case.facts.holds("blank_text"):
            raise InvalidRequest("system: text content blocks must contain non-whitespace text")


def prefill(case: Case) -> None:
    """An answer that the caller has begun."""
    if case.request.messages[-1].role == "user":
        return
    said = [item for item in case.request.messages if item.role != "system"]
    if not said or said[-1].role != "assistant" or not said[-1].content:
        return
    content = said[-1].content
    end = b.Text(content) if isinstance(content, str) else content[-1]
    if isinstance(end, RESUMED):
        return
    if not case.facts.model.prefill and case.facts.holds("prefill"):
        raise InvalidRequest(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )
    if isinstance(end, b.Text) and end.text[-1:].isspace():
        raise InvalidRequest("messages: final assistant content cannot end with trailing whitespace")
    if case.format is not None:
        raise InvalidRequest(f"{case.format[0]}: cannot be combined with assistant message prefill")


def format(case: Case) -> None:
    """A schema for the answer, which a grammar can enforce."""
    if case.format is None:
        return
    field, form = case.format
    if field == "output_config.format" and case.request.output_format is not None:
        raise InvalidRequest("output_format: cannot be combined with output_config.format")
    if not schemas.sound(form.schema):
        raise InvalidRequest(f"{field}.schema: {schemas.INVALID.partition(' Learn')[0]}")
    if case.facts.holds("format"):
        if not case.facts.model.structured_outputs:
            raise InvalidRequest(f"{field}: not supported for this model")
        limits.enforceable(form.schema, f"{field}.schema")
        limits.bounded([form.schema])
    limits.possible(form.schema, f"{field}.schema")
    if True in case.turns.documents or True in case.turns.searches:
        raise InvalidRequest(f"{field}: cannot be combined with citations")


def citations(case: Case) -> None:
    """All documents are to be cited, or none; the same of search results."""
    if len(case.turns.documents) > 1:
        raise InvalidRequest("messages: citations must be enabled on all documents or on none")
    if len(case.turns.searches) > 1:
        raise InvalidRequest("messages: citations must be enabled on all search results or on none")


def images(case: Case) -> None:
    """What counts over all images."""
    case.turns.images.whole(case.facts)


def length(case: Case) -> None:
    """How long the answer may be; 0 asks for none, only for the cache to be filled."""
    whole = case.whole
    if whole is None:
        return
    facts = case.facts
    if whole.max_tokens > facts.model.max_output and facts.holds("max_tokens"):
        most = facts.model.limit(facts.betas, batch=facts.batch)
        if whole.max_tokens > most:
            raise InvalidRequest(
                f"max_tokens: {whole.max_tokens} > {most}, which is the maximum allowed number of output tokens for "
                f"{facts.model.id}"
            )
    if whole.max_tokens:
        return
    with_ = {
        "stream": whole.stream,
        "thinking.enabled": isinstance(whole.thinking, Enabled),
        case.format[0] if case.format else "": case.format is not None,
        "tool_choice any or tool": case.forced,
        "message batches": case.facts.batch,
    }
    for what, found in with_.items():
        if found:
            raise InvalidRequest(f"max_tokens: 0 cannot be combined with {what}")


def stops(case: Case) -> None:
    """Stop sequences can be found."""
    if case.whole and len(case.whole.stop_sequences) > MOST_STOPS:
        raise InvalidRequest(f"stop_sequences: List should have at most {MOST_STOPS} items")
    for sequence in case.whole.stop_sequences if case.whole else ():
        if not sequence:
            raise InvalidRequest("stop_sequences: each stop sequence must be non-empty")
        if sequence.isspace() and case.facts.holds("stop_blank"):
            raise InvalidRequest("stop_sequences: each stop sequence must contain non-whitespace")


def place(case: Case) -> None:
    """Where and how fast: what the model can be asked for."""
    whole, model = case.whole, case.facts.model
    if whole is not None and whole.inference_geo is not None and not model.geo and case.facts.holds("geo"):
        raise InvalidRequest("inference_geo: not supported for this model")
    if case.request.speed == "fast" and model.fast_mode == "no" and case.facts.holds("speed"):
        raise InvalidRequest("speed: 'fast' is not supported for this model")


def container(case: Case) -> None:
    """A container is for code to run in."""
    if case.request.container is not None and not any(isinstance(tool, CODE) for tool in case.tools):
        raise InvalidRequest("container: Container identifier can only be provided when using the code execution tool")


def edits(case: Case) -> None:
    """What is cleared from the context: kinds that are known and open, thinking first."""
    management = case.request.context_management
    if management is None or not management.edits:
        return
    found, closed = management.edits, case.facts.closed_paths
    known = [kind for kind in EDITS if f"context_management.edits.*.type={kind}" not in closed]
    for at, edit in enumerate(found):
        path, kind = f"context_management.edits.{at}", edit.get("type")
        if kind is None:
            raise InvalidRequest(f"{path}.type: Field required")
        if kind not in known:
            expected = ", ".join(f"'{name}'" for name in sorted(known))
            raise InvalidRequest(
                f"{path}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {expected}"
            )
        if kind == THINKING_EDIT and at:
            raise InvalidRequest(f"{path}: {THINKING_EDIT} must be the first edit")
    if found[0]["type"] == THINKING_EDIT and case.facts.holds("edits"):
        mode = getattr(case.request.thinking, "__struct_config__", None)
        on = mode.tag != "disabled" if mode else case.facts.model.thinking_default == "on"
        if not on:
            raise InvalidRequest(f"`{THINKING_EDIT}` strategy requires `thinking` to be enabled or adaptive")


def served(case: Case) -> None:
    """Nothing is asked for that this server lacks."""
    if case.facts.relayed:
        return
    unserved.refuse(case.request, case.tools, case.turns.unserved, case.facts.own)


Rule = Callable[[Case], None]
EVERY, TOOLS, BLOCKS = "messages", "tools", "blocks"
"""What not only a field can bring with it: any request, tools of any kind, messages that are more than strings."""
RULES: tuple[tuple[Rule, Collection[str]], ...] = (
    (thinking.fields, ["thinking"]),
    (conversation, [EVERY]),
    (system, ["system"]),
    (prefill, [EVERY]),
    (tooling.choice, ["tool_choice"]),
    (tooling.types, [TOOLS]),
    (tooling.inputs, [TOOLS]),
    (tooling.callers, [TOOLS]),
    (tooling.needed, [BLOCKS]),
    (images, [BLOCKS]),
    (citations, [BLOCKS]),
    (thinking.kind, ["thinking"]),
    (thinking.first, ["thinking"]),
    (thinking.forced, ["thinking"]),
    (thinking.effort, ["output_config", "thinking", BLOCKS]),
    (thinking.task, ["output_config", "thinking"]),
    (format, ["output_config", "output_format"]),
    (caching.breakpoints, ["cache_control", "system", TOOLS, BLOCKS]),
    (length, [EVERY]),
    (thinking.budget, ["thinking"]),
    (stops, ["stop_sequences"]),
    (thinking.sampling, ["temperature", "top_p", "top_k"]),
    (container, ["container"]),
    (place, ["inference_geo", "speed"]),
    (edits, ["context_management"]),
    (served, [*unserved.FIELDS, "context_management", TOOLS, BLOCKS]),
)
"""In order, each with what a request has to have for the rule to have anything to say about it."""
BEFORE = [rule for rule, _ in RULES].index(conversation)
FIRST = RULES[:BEFORE]
"""Rules that come before the messages are walked."""
FIELDS = tuple(sorted({need for _, needs in RULES for need in needs} - {EVERY, TOOLS, BLOCKS}))
COUNTED = tuple(field for field in FIELDS if field in CountRequest.__struct_fields__)
_message, _count = attrgetter(*FIELDS), attrgetter(*COUNTED)
MESSAGE = _message(MessageRequest(model="-", messages=[], max_tokens=1))
COUNT = _count(CountRequest(model="-", messages=[]))
"""What these fields are where they were left out."""
NONE: frozenset[str] = frozenset()


@lru_cache(1024)
def those(has: frozenset[str], *, tools: bool, blocks: bool) -> Sequence[Rule]:
    """The rules that have something to say about what a request has, after the messages were walked."""
    found = has | {EVERY, *([TOOLS] if tools else ()), *([BLOCKS] if blocks else ())}
    return [rule for rule, needs in RULES[BEFORE + 1 :] if not found.isdisjoint(needs)]


def given(request: CountRequest) -> frozenset[str]:
    """The fields of a request that rules look at, and that were not left out."""
    if isinstance(request, MessageRequest):
        values, names, default = _message(request), FIELDS, MESSAGE
    else:
        values, names, default = _count(request), COUNTED, COUNT
    if values == default:
        return NONE
    return frozenset([name for name, value, left in zip(names, values, default, strict=True) if value != left])
