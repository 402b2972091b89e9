"""Thinking, effort and sampling, against the model and against each other."""

from msgspec import UNSET

from sijo.engine.rules.case import Case
from sijo.engine.rules.turns import tag
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire.explain import EXTRA
from sijo.wire.request import Adaptive, BetweenTools, Disabled, Enabled

CONSULT = "Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
INTERLEAVED = "interleaved-thinking-2025-05-14"
SMALLEST_TASK = 20_000
LEAST_TOP_P = 0.95


def fields(case: Case) -> None:
    """Inner fields that another place or a beta is for."""
    thinking = case.request.thinking
    if thinking is UNSET or not isinstance(thinking, Enabled | Adaptive):
        return
    closed = case.facts.closed_paths
    path = f"thinking.{thinking.__struct_config__.tag}"
    if thinking.display == "updates" and "thinking.display=updates" in closed:
        raise InvalidRequest(f"{path}.display: Input should be 'summarized' or 'omitted'")
    if thinking.block_binding is not None and "thinking.block_binding" in closed:
        raise InvalidRequest(f"{path}.block_binding: {EXTRA}")


def kind(case: Case) -> None:
    """The model knows this type of thinking, at this effort."""
    thinking, model = case.request.thinking, case.facts.model
    if thinking is UNSET:
        return
    asked = str(thinking.__struct_config__.tag)
    if asked not in model.thinking and case.facts.holds("thinking_type"):
        raise InvalidRequest(_unsupported(asked, model.thinking, model.id))
    if isinstance(thinking, Disabled | BetweenTools) and case.facts.holds("thinking_effort"):
        if case.effort in model.effort and case.effort not in model.effort_disabled:
            raise InvalidRequest(f"thinking.{asked}: not supported at effort '{case.effort}' on this model")
        if asked == "between_tools" and any(item.output_config is not None for item in case.request.messages):
            raise InvalidRequest("thinking.between_tools: cannot be combined with a change of effort in messages")


def _unsupported(asked: str, known: tuple[str, ...], model: str) -> str:
    if not {"adaptive", "enabled"} & set(known):
        return f"'{model}' does not support thinking."
    if asked == "adaptive":
        return "adaptive thinking is not supported on this model"
    words = f'"thinking.type.{asked}" is not supported for this model. '
    if asked == "between_tools":
        return words.strip()
    if "between_tools" in known:
        return (
            f'{words}Use "thinking.type.between_tools" to think between tool calls only, or "thinking.type.adaptive" '
            'and "output_config.effort" to control thinking behavior.'
        )
    if "enabled" in known:
        return (
            f'{words}Thinking defaults to adaptive mode when not specified; use "thinking.type.enabled" with '
            '"budget_tokens" for extended thinking.'
        )
    return f'{words}Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'


def budget(case: Case) -> None:
    """What is thought fits into what is answered; over several rounds of tools it may be more."""
    thinking = case.request.thinking
    if not isinstance(thinking, Enabled) or case.whole is None or thinking.budget_tokens < case.whole.max_tokens:
        return
    interleaved = INTERLEAVED in case.facts.betas and case.facts.model.interleaved in ("header", "both")
    if not (interleaved and case.tools):
        raise InvalidRequest(
            f"`max_tokens` must be greater than `thinking.budget_tokens`. {CONSULT}#max-tokens-and-context-window-size"
        )


def forced(case: Case) -> None:
    """Who must call a tool at once cannot think first."""
    if isinstance(case.request.thinking, Enabled) and case.forced and case.facts.holds("thinking_choice"):
        raise InvalidRequest("Thinking may not be enabled when tool_choice forces tool use.")


def first(case: Case) -> None:
    """An assistant turn that is still open begins with its thinking (the first thinking models)."""
    if not (isinstance(case.request.thinking, Enabled) and case.facts.early and case.facts.holds("thinking_first")):
        return
    last: int | None = None
    for i in range(len(case.request.messages) - 1, -1, -1):
        item = case.request.messages[i]
        blocks = item.content if isinstance(item.content, list) else [b.Text(item.content)] if item.content else []
        if item.role == "assistant" and blocks:
            if isinstance(blocks[0], b.Thinking | b.RedactedThinking):
                return
            last = i if last is None else last
        elif item.role == "user" and not any(isinstance(block, b.ToolResult) for block in blocks):
            break
    if last is not None:
        content = case.request.messages[last].content
        found = tag(content[0]) if isinstance(content, list) else "text"
        raise InvalidRequest(
            f"messages.{last}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{found}`. When "
            "`thinking` is enabled, a final `assistant` message must start with a thinking block (preceding the "
            "lastmost set of `tool_use` and `tool_result` blocks)."
        )


def effort(case: Case) -> None:
    """The model knows the level, and that it can change on the way."""
    config, model, thinking = case.request.output_config, case.facts.model, case.request.thinking
    if not (config or isinstance(thinking, Adaptive) or case.turns.directed) or not case.facts.holds("effort"):
        return
    levels = [config.effort] if config else []
    if isinstance(thinking, Adaptive):
        levels.append(thinking.effort)
    for i, item in enumerate(case.request.messages):
        if item.output_config is not None:
            if not model.message_effort:
                raise InvalidRequest(f"messages.{i}.output_config: not supported for this model")
            levels.append(item.output_config.effort)
    for level in levels:
        if level is not None and not model.effort:
            raise InvalidRequest("This model does not support the effort parameter.")
        if level is not None and level not in model.effort:
            raise InvalidRequest(
                f"This model does not support effort level '{level}'. Supported levels: "
                f"{', '.join(sorted(model.effort))}."
            )


def task(case: Case) -> None:
    """A task budget, with its beta and a model that can count; inside of `thinking` no beta opens it."""
    config, thinking = case.request.output_config, case.request.thinking
    if isinstance(thinking, Adaptive) and thinking.task_budget is not None:
        _total(case, "thinking.adaptive.task_budget", thinking.task_budget)
    if not config or config.task_budget is None:
        return
    path = "output_config.task_budget"
    if path in case.facts.closed_paths:
        raise InvalidRequest(f"{path}: {EXTRA}")
    if config.task_budget.remaining is not None and config.task_budget.remaining < 0:
        raise InvalidRequest(f"{path}.remaining: Input should be greater than or equal to 0")
    _total(case, path, config.task_budget.total, ".total")


def _total(case: Case, path: str, total: int, field: str = "") -> None:
    if total < SMALLEST_TASK:
        raise InvalidRequest(f"{path}{field}: Input should be greater than or equal to {SMALLEST_TASK}")
    if not case.facts.model.task_budget and case.facts.holds("task_budget"):
        raise InvalidRequest(f"{path}: not supported for this model")


def sampling(case: Case) -> None:
    """Temperature, top_p and top_k, where the model takes them, and beside thinking."""
    whole = case.whole
    if whole is None or whole.temperature is whole.top_p is whole.top_k is UNSET:
        return
    given = {
        "temperature": whole.temperature not in (UNSET, 1),
        "top_p": whole.top_p not in (UNSET, 1),
        "top_k": whole.top_k is not UNSET and whole.top_k > 0,
    }
    model = case.facts.model
    if model.sampling == "fixed" and any(given.values()) and case.facts.holds("sampling"):
        field = next(field for field, changed in given.items() if changed)
        raise InvalidRequest(f"`{field}` is deprecated for this model.")
    both = whole.temperature is not UNSET and whole.top_p is not UNSET
    if model.sampling == "either" and both and case.facts.holds("sampling"):
        raise InvalidRequest("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
    if not isinstance(whole.thinking, Enabled | Adaptive) or not case.facts.holds("thinking_sampling"):
        return
    when = "when thinking is enabled or in adaptive mode"
    if given["temperature"]:
        raise InvalidRequest(f"`temperature` may only be set to 1 {when}. {CONSULT}#{IMPORTANT}")
    if whole.top_p is not UNSET and whole.top_p < LEAST_TOP_P:
        raise InvalidRequest(f"`top_p` must be at least {LEAST_TOP_P} or unset {when}. {CONSULT}#{IMPORTANT}")
    if whole.top_k is not UNSET and model.sampling != "fixed":
        raise InvalidRequest(f"`top_k` must be unset {when}. {CONSULT}#{IMPORTANT}")


IMPORTANT = "important-considerations-when-using-extended-thinking"
