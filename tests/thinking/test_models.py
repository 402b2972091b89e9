"""What does not go together, model by model, over HTTP. The pure rules have their own table in tests/wire."""

import anthropic
import pytest

from tests.thinking.ask import INTERLEAVED, MANUAL, NEW, OLD, SUM, WEATHER, Json, kinds, post, refused

USE = 'Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
NOT_ENABLED = f'"thinking.type.enabled" is not supported for this model. {USE}'
NOT_DISABLED = f'"thinking.type.disabled" is not supported for this model. {USE}'
NOT_ADAPTIVE = "adaptive thinking is not supported on this model"
FORCED = "Thinking may not be enabled when tool_choice forces tool use."
UNFORCED = 'tool_choice: type "tool" and "any" are not supported for this model.'
IMPORTANT = (
    "when thinking is enabled or in adaptive mode. Please consult our documentation at "
    "https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
    "#important-considerations-when-using-extended-thinking"
)
BUDGET = (
    "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at "
    "https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size"
)
ADAPTIVE, DISABLED, BETWEEN = ({"type": kind} for kind in ("adaptive", "disabled", "between_tools"))
EVERY = {"any": {"type": "any"}, "tool": {"type": "tool", "name": "get_weather"}}

Row = tuple[str, Json, str | None]
TYPES: list[Row] = [
    *((model, {"thinking": MANUAL}, NOT_ENABLED) for model in (
        "claude-fable-5", "claude-fable-5-2", "claude-mythos-5-1", "claude-opus-5-5", "claude-opus-5",
        "claude-sonnet-5", "claude-opus-4-8", NEW)),
    *((model, {"thinking": DISABLED}, NOT_DISABLED) for model in (
        "claude-fable-5", "claude-fable-5-1", "claude-mythos-5", "claude-opus-5-5")),
    *((model, {"thinking": ADAPTIVE}, NOT_ADAPTIVE) for model in (
        "claude-opus-4-5", "claude-sonnet-4-5", OLD, "claude-opus-4-1", "claude-sonnet-4-0",
        "claude-3-7-sonnet-latest")),
    *((model, {"thinking": thinking}, None) for model in ("claude-opus-4-6", "claude-sonnet-4-6")
      for thinking in (MANUAL, ADAPTIVE, DISABLED)),
    ("claude-sonnet-5-5", {"thinking": BETWEEN}, None),
    ("claude-opus-5", {"thinking": DISABLED, "output_config": {"effort": "high"}}, None),
    ("claude-opus-5", {"thinking": DISABLED, "output_config": {"effort": "xhigh"}},
     "thinking.disabled: not supported at effort 'xhigh' on this model"),
    ("claude-sonnet-5", {"thinking": DISABLED, "output_config": {"effort": "max"}}, None),
]  # fmt: skip
TOGETHER: list[Row] = [
    (OLD, {"thinking": MANUAL, "tools": [WEATHER], "tool_choice": EVERY["any"]}, FORCED),
    (OLD, {"thinking": MANUAL, "tools": [WEATHER], "tool_choice": EVERY["tool"]}, FORCED),
    (OLD, {"thinking": MANUAL, "tools": [WEATHER], "tool_choice": {"type": "none"}}, None),
    (NEW, {"thinking": ADAPTIVE, "tools": [WEATHER], "tool_choice": EVERY["any"]}, None),
    *((model, {"tools": [WEATHER], "tool_choice": EVERY["any"]}, UNFORCED) for model in (
        "claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-1", "claude-mythos-5-2", "claude-mythos-preview")),
    (OLD, {"thinking": MANUAL, "temperature": 0.5}, f"`temperature` may only be set to 1 {IMPORTANT}"),
    (OLD, {"thinking": MANUAL, "top_k": 5}, f"`top_k` must be unset {IMPORTANT}"),
    (OLD, {"thinking": MANUAL, "top_p": 0.94}, f"`top_p` must be at least 0.95 or unset {IMPORTANT}"),
    (OLD, {"thinking": MANUAL, "top_p": 0.95}, None),
    (OLD, {"thinking": MANUAL, "temperature": 1}, None),
    ("claude-opus-4-6", {"thinking": ADAPTIVE, "temperature": 0.5}, f"`temperature` may only be set to 1 {IMPORTANT}"),
    (OLD, {"thinking": MANUAL, "max_tokens": 0}, "max_tokens: 0 cannot be combined with thinking.enabled"),
]  # fmt: skip
BUDGETS: list[tuple[str, list[str], bool, str | None]] = [
    (OLD, [], False, BUDGET),
    (OLD, [], True, BUDGET),
    (OLD, [INTERLEAVED], False, BUDGET),
    (OLD, [INTERLEAVED], True, None),
    ("claude-sonnet-4-6", [INTERLEAVED], True, None),
    ("claude-opus-4-6", [INTERLEAVED], True, BUDGET),
    ("claude-3-7-sonnet-latest", [INTERLEAVED], True, BUDGET),
]


def verdict(
    client: anthropic.Anthropic, model: str, fields: Json, words: str | None, betas: tuple[str, ...] = ()
) -> None:
    if words is None:
        assert post(client, SUM, model=model, betas=betas, **fields).stop_reason
    else:
        assert refused(client, SUM, model=model, betas=betas, **fields) == words


@pytest.mark.parametrize(("model", "fields", "words"), TYPES)
def test_each_model_takes_its_own_types_of_thinking(
    strict: anthropic.Anthropic, model: str, fields: Json, words: str | None
) -> None:
    verdict(strict, model, fields, words)


@pytest.mark.parametrize(("model", "fields", "words"), TOGETHER)
def test_what_does_not_go_with_thinking(
    strict: anthropic.Anthropic, model: str, fields: Json, words: str | None
) -> None:
    verdict(strict, model, fields, words)


@pytest.mark.parametrize(("model", "betas", "tools", "words"), BUDGETS)
def test_a_budget_may_be_more_than_the_answer_only_over_several_rounds(
    strict: anthropic.Anthropic, model: str, betas: list[str], tools: bool, words: str | None
) -> None:
    fields: Json = {"thinking": {"type": "enabled", "budget_tokens": 3000}, "max_tokens": 2000}
    verdict(strict, model, {**fields, "tools": [WEATHER]} if tools else fields, words, tuple(betas))


@pytest.mark.parametrize("model", [OLD, NEW, "claude-opus-5-5"])
@pytest.mark.parametrize("thinking", [MANUAL, ADAPTIVE, DISABLED, BETWEEN])
def test_a_lenient_server_takes_every_type_for_every_model(
    lenient: anthropic.Anthropic, model: str, thinking: Json
) -> None:
    expected = ["text"] if thinking in (DISABLED, BETWEEN) else ["thinking", "text"]
    assert kinds(post(lenient, SUM, model=model, thinking=thinking)) == expected


def test_a_lenient_server_forces_a_tool_without_a_thought(lenient: anthropic.Anthropic) -> None:
    asked: Json = {"thinking": MANUAL, "tools": [WEATHER], "tool_choice": EVERY["any"]}
    assert kinds(post(lenient, SUM, model=OLD, **asked)) == ["tool_use"]
