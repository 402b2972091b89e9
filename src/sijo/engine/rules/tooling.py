"""Tools against the model, the betas, and `tool_choice`."""

from msgspec import UNSET

from sijo.engine.models import Model
from sijo.engine.rules import entries, limits, schemas, toolsets
from sijo.engine.rules.case import Case
from sijo.errors import InvalidRequest
from sijo.wire.base import Json
from sijo.wire.request import AnyTool as MustCall
from sijo.wire.request import Named
from sijo.wire.tools import Custom, Tool, Toolset


def types(case: Case) -> None:
    """Every type is open to this request, and known to the model."""
    if not case.tools:
        return
    closed, lacking = case.facts.closed_tools, case.facts.model.unsupported_tools
    for at, tool in enumerate(case.tools):
        tag = str(tool.__struct_config__.tag)
        if tag in closed:
            raise InvalidRequest(f"tools.{at}: {entries.unknown(tag, closed)}")
        if tag in lacking and case.facts.holds("tool_types"):
            raise lacks(case.facts.model, tag)
        if isinstance(tool, Toolset):
            toolsets.entry(tool, f"tools.{at}.{tag}", case.facts)


def lacks(model: Model, tag: str) -> InvalidRequest:
    """The model does not know a type of tool."""
    return InvalidRequest(
        f"'{model.id}' does not support tool types: {tag}. Did you mean one of "
        f"{', '.join(sorted((*model.tools, 'custom')))}?"
    )


def inputs(case: Case) -> None:
    """What the hosted API asks of schemas beyond being one."""
    if not case.tools or not case.facts.holds("tool_schemas"):
        return
    strict: list[Json] = []
    for at, tool in enumerate(case.tools):
        if not isinstance(tool, Custom):
            continue
        path = f"tools.{at}.custom"
        if schemas.combined(tool.input_schema):
            raise InvalidRequest(
                f"{path}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
            )
        if tool.strict:
            limits.enforceable(tool.input_schema, path)
            strict.append(tool.input_schema)
    if len(strict) > limits.STRICT_TOOLS:
        raise InvalidRequest(limits.TOO_COMPLEX)
    limits.bounded(strict + ([case.format[1].schema] if case.format else []))


def callers(case: Case) -> None:
    """A strict tool answers the model alone; one that code calls becomes a function, whose schema has an end."""
    for at, tool in enumerate(case.tools):
        if not isinstance(tool, Tool) or all(who == "direct" for who in tool.allowed_callers or ()):
            continue
        tag = tool.__struct_config__.tag
        if tool.strict:
            raise InvalidRequest(f"tools.{at}.{tag}.strict: cannot be combined with programmatic callers")
        if isinstance(tool, Custom) and limits.circular(tool.input_schema):
            raise InvalidRequest(f"tools.{at}.{tag}.input_schema: Circular $ref detected")


def choice(case: Case) -> None:
    """`tool_choice` can be obeyed."""
    choice = case.request.tool_choice
    if choice is UNSET:
        return
    if isinstance(choice, Named) and (choice.name not in case.names or choice.name in case.toolsets):
        raise InvalidRequest(f"Tool '{choice.name}' not found in provided tools")
    if not case.tools and isinstance(choice, MustCall):
        raise InvalidRequest("tool_choice.any may only be specified while providing tools")
    if case.forced and not case.facts.model.forced_tools and case.facts.holds("forced_tools"):
        raise InvalidRequest('tool_choice: type "tool" and "any" are not supported for this model.')


def needed(case: Case) -> None:
    """The first models want the tools of which the conversation speaks."""
    if case.turns.calls and not case.tools and case.facts.early and case.facts.holds("tools_needed"):
        raise InvalidRequest("Requests which include `tool_use` or `tool_result` blocks must define tools.")
