"""Adaptive thinking and effort: when it thinks, and how much it says."""

from typing import Any

import anthropic
import pytest

from tests.thinking.ask import ADAPTIVE, HARD, NEW, Json, ask, kinds, refused, text, thinking_tokens, thoughts

GUIDE: Json = {"type": "adaptive", "effort": "xhigh", "task_budget": 50_000}
"""As a guide writes it: effort and task budget inside of `thinking`."""


@pytest.mark.parametrize("asked", ["Hello!", "안녕하세요", "Thanks!"])
def test_a_greeting_is_answered_at_once(strict: anthropic.Anthropic, asked: str) -> None:
    assert kinds(ask(strict, asked, model=NEW, thinking=ADAPTIVE)) == ["text"]


@pytest.mark.parametrize("model", ["claude-opus-4-6", NEW, "claude-opus-5"])
def test_a_hard_problem_is_thought_about(strict: anthropic.Anthropic, model: str) -> None:
    message = ask(strict, HARD, model=model, thinking=ADAPTIVE)
    assert kinds(message) == ["thinking", "text"]
    assert thoughts(message)[0].thinking


@pytest.mark.parametrize("asked", [HARD, "Tell me about tides"])
def test_less_effort_says_less(strict: anthropic.Anthropic, asked: str) -> None:
    low, high = (
        ask(strict, asked, model=NEW, thinking=ADAPTIVE, output_config={"effort": effort}) for effort in ("low", "high")
    )
    assert low.usage.output_tokens < high.usage.output_tokens
    assert thinking_tokens(low) < thinking_tokens(high)


def test_the_default_effort_is_the_same_as_none(strict: anthropic.Anthropic) -> None:
    unsaid = ask(strict, HARD, model=NEW, thinking=ADAPTIVE)
    default = ask(strict, HARD, model=NEW, thinking=ADAPTIVE, output_config={"effort": "high"})
    assert (text(unsaid), thinking_tokens(unsaid)) == (text(default), thinking_tokens(default))


@pytest.mark.parametrize("mode", ["strict", "lenient"])
def test_effort_inside_of_thinking_means_the_same(mode: str, request: pytest.FixtureRequest) -> None:
    client: anthropic.Anthropic = request.getfixturevalue(mode)
    inside = ask(client, HARD, model=NEW, thinking=GUIDE)
    config: Json = {"effort": "xhigh", "task_budget": {"type": "tokens", "total": 50_000}}
    beside = ask(
        client, HARD, model=NEW, thinking={"type": "adaptive"}, output_config=config, betas=["task-budgets-2026-03-13"]
    )
    assert text(inside) == text(beside)
    assert thinking_tokens(inside) == thinking_tokens(beside) > 0
    low = ask(client, HARD, model=NEW, thinking={**GUIDE, "effort": "low"})
    assert thinking_tokens(low) < thinking_tokens(inside)


EASILY: Json = {"role": "system", "content": [], "output_config": {"effort": "low"}}
DEEPLY: Json = {"role": "system", "content": [], "output_config": {"effort": "max"}}
DIRECTED = ["mid-conversation-output-config-2026-07-01"]


def test_a_system_message_changes_the_effort_from_there_on(strict: anthropic.Anthropic) -> None:
    def spent(*messages: Json | str, **fields: Any) -> int:
        model = "claude-opus-5"
        return thinking_tokens(ask(strict, *messages, model=model, thinking=ADAPTIVE, betas=DIRECTED, **fields))

    low = spent(HARD, output_config={"effort": "low"})
    assert low < spent(HARD)
    assert spent(EASILY, HARD) == spent(HARD, EASILY) == spent(DEEPLY, HARD, EASILY) == low
    assert spent(HARD, EASILY, output_config={"effort": "max"}) == low
    assert spent(EASILY, HARD, DEEPLY) == spent(HARD, output_config={"effort": "max"})


def test_effort_inside_of_thinking_is_checked_like_effort_beside_it(strict: anthropic.Anthropic) -> None:
    words = "This model does not support effort level 'xhigh'. Supported levels: high, low, max, medium."
    assert refused(strict, HARD, model="claude-opus-4-6", thinking={"type": "adaptive", "effort": "xhigh"}) == words
    assert refused(strict, HARD, model=NEW, thinking={**GUIDE, "task_budget": 19_999}) == (
        "thinking.adaptive.task_budget: Input should be greater than or equal to 20000"
    )
    assert refused(strict, HARD, model="claude-sonnet-5", thinking=GUIDE) == (
        "thinking.adaptive.task_budget: not supported for this model"
    )
