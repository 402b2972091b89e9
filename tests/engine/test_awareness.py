"""Models that are aware of their context are told its size and its use, in words that never change afterwards."""

import pytest
from msgspec.structs import replace

from sijo.engine.abilities import Abilities
from sijo.engine.awareness import told
from sijo.engine.lower import lower, merged
from sijo.engine.models import models
from sijo.engine.prompt import Prompt
from sijo.wire import blocks as b
from sijo.wire.request import CountRequest, MessageParam

PLAIN = Abilities()
ASK = MessageParam("user", "Read the file, please.")
TALK = [
    ASK,
    MessageParam(
        "assistant", [b.ToolUse("toolu_1", "read", {"path": "a"}), b.ToolUse("toolu_2", "read", {"path": "b"})]
    ),
    MessageParam("user", [b.ToolResult("toolu_1", "one"), b.ToolResult("toolu_2", [b.Text("two")]), b.Text("Go on.")]),
    MessageParam("assistant", [b.ToolUse("toolu_3", "read", {"path": "c"})]),
    MessageParam("user", [b.ToolResult("toolu_3")]),
]


def prompt(*messages: MessageParam, window: int = 1000, system: str = "Be brief.") -> Prompt:
    model = models().get("claude-sonnet-4-5")
    assert model is not None
    request = CountRequest(model=model.id, messages=list(messages))
    said = [b.Text(system)] if system else []
    return Prompt(model=model, request=request, system=said, items=merged(messages), window=window)


def results(made: Prompt) -> list[b.ToolResult]:
    return [block for item in made.items for block in item.content if isinstance(block, b.ToolResult)]


def warning(result: b.ToolResult) -> str:
    assert isinstance(result.content, list)
    last = result.content[-1]
    assert isinstance(last, b.Text)
    return last.text


def test_the_size_stands_at_the_end_of_the_system_prompt() -> None:
    made = told(prompt(ASK, window=200_000), PLAIN)
    assert [block.text for block in made.system] == ["Be brief.", "<budget:token_budget>200000</budget:token_budget>"]
    assert list(made.items) == merged([ASK])


def test_the_use_stands_in_the_last_result_of_each_round() -> None:
    first, second, third = results(told(prompt(*TALK), PLAIN))
    assert first.content == "one"
    assert isinstance(second.content, list)
    assert second.content[0] == b.Text("two")
    assert warning(second).startswith("<system_warning>Token usage: ")
    assert third.content == [b.Text(warning(third))]


def test_the_figures_add_up_and_grow() -> None:
    used = []
    for result in results(told(prompt(*TALK), PLAIN))[1:]:
        words = (
            warning(result).removeprefix("<system_warning>Token usage: ").removesuffix(" remaining</system_warning>")
        )
        share, left = words.split("; ")
        used.append(int(share.removesuffix("/1000")))
        assert used[-1] + int(left) == 1000
    assert 0 < used[0] < used[1]


def test_a_window_that_is_full_has_nothing_left() -> None:
    last = results(told(prompt(*TALK, window=10), PLAIN))[-1]
    assert warning(last).endswith("; 0 remaining</system_warning>")


@pytest.mark.parametrize("turns", [3, 4])
def test_a_later_turn_says_the_same_of_the_earlier_ones(turns: int) -> None:
    before, after = told(prompt(*TALK[:turns]), PLAIN), told(prompt(*TALK), PLAIN)
    assert list(after.items)[:turns] == list(before.items)
    assert after.system == before.system


def test_a_plain_question_stays_plain() -> None:
    asked = prompt(ASK, system="")
    assert told(asked, PLAIN) is asked


def test_others_are_told_nothing() -> None:
    asked = prompt(*TALK, window=0)
    assert told(asked, PLAIN) is asked
    assert lower(replace(asked, window=1000), Abilities(everything=True)).items == asked.items
