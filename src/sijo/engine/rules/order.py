"""The rules, in the order in which the API applies them, and the few that belong to no other module."""

from collections.abc import Callable, Sequence
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


def check(request: CountRequest, tools: Sequence[AnyTool], facts: Facts) -> bool:
    """Whether a request asks for caching. Raises InvalidRequest for the first rule that it breaks."""
    case = Case(request, tools, facts)
    rules = RULES
    if not tools and plain(request):
        case.turns.walk()
        rules = PLAIN if case.turns.blocks else WORDS
    for rule in rules:
        rule(case)
    return case.cached


def plain(request: CountRequest) -> bool:
    """Whether a request has nothing but a model, messages and a length: most rules have nothing to say about it."""
    if isinstance(request, MessageRequest):
        return _message(request) == MESSAGE
    return _count(request) == COUNT


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


COUNTED = (
    "tool_choice", "system", "thinking", "output_config", "cache_control", "container", "context_management",
    "mcp_servers", "output_format", "speed", "compaction", "thread", "fallbacks", "fallback_credit_token",
    "billing_policy",
)  # fmt: skip
ANSWERED = (*COUNTED, "stop_sequences", "temperature", "top_k", "top_p", "inference_geo")
"""Fields that a rule of more than the messages looks at."""
_count, _message = attrgetter(*COUNTED), attrgetter(*ANSWERED)
COUNT = _count(CountRequest(model="-", messages=[]))
MESSAGE = _message(MessageRequest(model="-", messages=[], max_tokens=1))
"""What these fields are where they were left out."""

Rule = Callable[[Case], None]
RULES: tuple[Rule, ...] = (
    thinking.fields,
    conversation,
    system,
    prefill,
    tooling.choice,
    tooling.types,
    tooling.inputs,
    tooling.callers,
    tooling.needed,
    images,
    citations,
    thinking.kind,
    thinking.first,
    thinking.forced,
    thinking.effort,
    thinking.task,
    format,
    caching.breakpoints,
    length,
    thinking.budget,
    stops,
    thinking.sampling,
    container,
    place,
    edits,
    served,
)
WORDS: tuple[Rule, ...] = (prefill, length)
"""For a plain request whose messages are strings, once they were walked."""
PLAIN: tuple[Rule, ...] = (
    prefill, tooling.needed, images, citations, thinking.effort, caching.breakpoints, length, served,
)  # fmt: skip
"""The same where there are blocks in them. Both keep the order of all."""
