"""Thinking bound to its conversation, over real servers: agents that change nothing never meet it, others do."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import anthropic
import pytest
from anthropic.types.beta import BetaMessage

from tests.cli.shapes import MARK, attribution
from tests.replies import fault
from tests.serving import beside, serving
from tests.thinking.ask import CONVERT, HARD, SUM, TWO_STEPS, WEATHER, Json, user

BETA = "thinking-binding-controls-2026-08-01"
ADAPTIVE: Json = {"type": "adaptive"}
DROP: Json = {**ADAPTIVE, "block_binding": {"prefix_mismatch_behavior": "drop_block"}}
CHECKING = ["claude-opus-5-5", "claude-fable-5-1", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5-2"]
OTHERS = ["claude-mythos-5-1", "claude-opus-5", "claude-opus-4-7"]
OPUS = CHECKING[0]
SEARCH: Json = {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"}
PARIS = "What is the weather in Paris?"
MISMATCH = (
    "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation. "
    'Remove the block, or set `thinking.block_binding.prefix_mismatch_behavior` to "drop_block".'
)


class Talk:
    """A conversation as a client holds it: what is said is added, and everything is sent again each time."""

    def __init__(self, client: anthropic.Anthropic, model: str, streamed: bool = False, **fields: Any) -> None:
        self.client, self.streamed = client, streamed
        self.body: Json = {"model": model, "max_tokens": 4000, "thinking": ADAPTIVE, "messages": [], **fields}
        self.betas: list[str] = [BETA]

    @property
    def messages(self) -> list[Json]:
        found: list[Json] = self.body["messages"]
        return found

    def ask(self, *said: Json) -> BetaMessage:
        """Say something and hear the answer, which becomes part of the conversation."""
        self.messages.extend(said)
        sent: Any = deepcopy(self.body)
        if self.streamed:
            with self.client.beta.messages.stream(**sent, betas=self.betas) as stream:
                answer: Any = stream.get_final_message()
        else:
            answer = self.client.beta.messages.create(**sent, betas=self.betas)
        content = [block.model_dump(exclude_none=not self.streamed) for block in answer.content]
        self.messages.append({"role": "assistant", "content": content})
        return answer  # type: ignore[no-any-return]

    def again(self) -> BetaMessage:
        """The last answer once more, to a conversation that was changed in between."""
        self.messages.pop()
        return self.ask()

    def refused(self) -> str:
        self.messages.pop()
        with pytest.raises(anthropic.BadRequestError) as caught:
            self.ask()
        self.messages.append({"role": "assistant", "content": "-"})
        return str(fault(caught.value)["message"])

    def count(self) -> int:
        fields = {name: value for name, value in self.body.items() if name != "max_tokens"}
        fields["messages"] = self.messages[:-1]
        counted = self.client.beta.messages.count_tokens(**fields, betas=self.betas)
        return counted.input_tokens


def results(message: BetaMessage, content: object = "17 degrees") -> Json:
    calls = [block for block in message.content if block.type == "tool_use"]
    return {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": call.id, "content": content} for call in calls],
    }


def told(message: BetaMessage) -> list[tuple[str, str, str]]:
    assert message.input_transformations is not None
    return [(one.type, one.path, one.reason) for one in message.input_transformations]


def thinking(message: BetaMessage) -> int:
    return sum(block.type == "thinking" for block in message.content)


@pytest.fixture(params=["strict", "lenient"])
def client(request: pytest.FixtureRequest) -> anthropic.Anthropic:
    found: anthropic.Anthropic = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("model", [*CHECKING, *OTHERS])
def test_an_agent_that_only_goes_on_never_meets_it(client: anthropic.Anthropic, model: str, streamed: bool) -> None:
    """As Claude Code does it: its first line is another each time, the marks move on, tools come in late."""
    tools = [WEATHER, CONVERT, {**WEATHER, "name": "unused", "defer_loading": True}]
    talk, thoughts = Talk(client, model, streamed, tools=tools), 0

    def step(*said: Json) -> BetaMessage:
        nonlocal thoughts
        number = len(talk.messages)
        talk.body["system"] = [attribution(f"{number}"), {"type": "text", "text": "Be kind."}]
        talk.body["system"][1] |= {"cache_control": MARK} if number % 4 else {}
        talk.body["tools"] = [*tools, *[{**WEATHER, "name": f"late{n}", "defer_loading": True} for n in range(number)]]
        for message in talk.messages:
            if isinstance(message["content"], list):
                message["content"][-1].pop("cache_control", None)
        answer = talk.ask(*said)
        assert told(answer) == []
        thoughts += thinking(answer)
        if talk.messages[-2]["role"] == "user" and isinstance(talk.messages[-2]["content"], list):
            talk.messages[-2]["content"][-1]["cache_control"] = MARK
        return answer

    answer = step(user(TWO_STEPS))
    while answer.stop_reason == "tool_use":
        answer = step(results(answer, "17 degrees" if streamed else [{"type": "text", "text": "17 degrees"}]))
    talk.messages[0]["content"] = [{"type": "text", "text": TWO_STEPS}]
    step(user(HARD))
    step(user(SUM), {"role": "system", "content": "Be exact."}) if "4-7" not in model else step(user(SUM))
    step(user(HARD))
    assert thoughts >= 4


@pytest.mark.parametrize("streamed", [False, True])
def test_server_tools_within_a_turn_and_paused_turns_are_no_change(strict: anthropic.Anthropic, streamed: bool) -> None:
    endless = {"name": "endless", "input_schema": {"type": "object"}}
    tools = [SEARCH, {**WEATHER, "defer_loading": True}, endless]
    talk = Talk(strict, OPUS, streamed, tools=tools)
    first = talk.ask(user("Search without end."))
    assert (first.stop_reason, thinking(first)) == ("pause_turn", 10)
    second = talk.ask()  # the paused turn beside what goes on from it
    assert (second.stop_reason, told(second)) == ("pause_turn", [])
    one = [*talk.messages[1]["content"], *talk.messages[2]["content"]]
    talk.messages[1:] = [{"role": "assistant", "content": one}]  # or both as one
    third = talk.ask()
    assert (third.stop_reason, told(third), thinking(third) > 5) == ("pause_turn", [], True)


def test_a_tool_that_is_found_and_called_is_no_change(client: anthropic.Anthropic) -> None:
    deferred = {**WEATHER, "defer_loading": True}
    talk = Talk(client, OPUS, tools=[SEARCH, CONVERT, deferred])
    answer = talk.ask(user(PARIS))
    kinds = [block.type for block in answer.content]
    assert "tool_search_tool_result" in kinds and kinds[-1] == "tool_use"
    answer = talk.ask(results(answer))
    assert told(talk.ask(user(HARD))) == []
    talk.body["tools"].append({**CONVERT, "name": "another", "defer_loading": True})
    assert told(talk.ask(user(HARD))) == []


def edited(client: anthropic.Anthropic, streamed: bool = False, **fields: Any) -> Talk:
    """Two thoughts, and a first question that was another when the first was made."""
    talk = Talk(client, OPUS, streamed, **fields)
    talk.ask(user(HARD))
    talk.ask(user(HARD))
    talk.ask(user(SUM))
    talk.messages[0]["content"] = SUM
    return talk


PLACES = ["messages.1.content.0", "messages.3.content.0"]


@pytest.mark.parametrize("streamed", [False, True])
def test_where_strict_an_edited_conversation_is_refused_and_the_words_say_how_to_go_on(
    strict: anthropic.Anthropic, streamed: bool
) -> None:
    talk = edited(strict, streamed)
    change = " A message before it was changed after the block was made."
    assert talk.refused() == MISMATCH + change
    with pytest.raises(anthropic.BadRequestError, match="bound to a different conversation"):
        talk.count()
    talk.betas = []
    needs = f" That setting requires the `{BETA}` value in the `anthropic-beta` header."
    assert talk.refused() == MISMATCH + needs + change
    for n in (1, 3):
        talk.messages[n]["content"] = talk.messages[n]["content"][1:]
    assert talk.again().stop_reason == "end_turn"


@pytest.mark.parametrize("streamed", [False, True])
def test_what_is_dropped_is_told_and_not_counted(client: anthropic.Anthropic, streamed: bool) -> None:
    talk = edited(client, streamed, thinking=DROP)
    with_thoughts = edited(client, streamed, thinking=DROP)
    with_thoughts.messages[0]["content"] = HARD
    dropped = [("thinking_dropped", path, "prefix_binding_mismatch") for path in PLACES]
    answer, whole = talk.again(), with_thoughts.again()
    assert (told(answer), told(whole)) == (dropped, [])
    counts = talk.count(), with_thoughts.count()
    talk.messages[1]["content"] = talk.messages[1]["content"][1:]
    talk.messages[3]["content"] = talk.messages[3]["content"][1:]
    assert talk.count() == counts[0] < counts[1]
    bare = talk.again()
    assert (told(bare), bare.usage.input_tokens) == ([], answer.usage.input_tokens)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("thinking", [ADAPTIVE, {**ADAPTIVE, "block_binding": {"prefix_mismatch_behavior": "error"}}])
def test_where_lenient_it_is_told_and_nothing_fails(
    lenient: anthropic.Anthropic, thinking: Json, streamed: bool
) -> None:
    talk = edited(lenient, streamed, thinking=thinking)
    before = talk.count()
    answer = talk.again()
    assert told(answer) == [("thinking_mismatch_allowed", path, "prefix_binding_mismatch") for path in PLACES]
    for n in (1, 3):
        talk.messages[n]["content"] = talk.messages[n]["content"][1:]
    assert talk.count() < before  # it was kept, and counted
    talk.betas = []
    assert talk.again().input_transformations is None


def test_thoughts_in_another_order_are_noticed_in_an_earlier_turn(strict: anthropic.Anthropic) -> None:
    for model in (OPUS, OTHERS[1]):
        talk = Talk(strict, model)
        talk.ask(user("Think twice."))
        talk.ask(user(SUM))
        content = talk.messages[1]["content"]
        content[0], content[1] = content[1], content[0]
        talk.messages.append(user(HARD))
        if model == OPUS:
            talk.messages.append({"role": "assistant", "content": "-"})
            assert "Thinking blocks before it are missing or in another order." in talk.refused()
        else:
            assert told(talk.ask()) == []


def test_where_no_thinking_is_sent_on_its_conversation_does_not_matter(strict: anthropic.Anthropic) -> None:
    talk = Talk(strict, "claude-haiku-5-5")
    talk.ask(user(HARD))
    talk.ask(user(SUM))
    talk.messages[0]["content"] = SUM
    talk.body["thinking"] = {"type": "disabled"}
    assert told(talk.again()) == []
    talk.body["thinking"] = ADAPTIVE
    assert talk.refused().startswith(MISMATCH)


SWITCHES = [
    ("claude-opus-5-5", "claude-fable-5-1", True),
    ("claude-fable-5-1", "claude-opus-5-5", False),
    ("claude-opus-5", "claude-opus-5-5", True),
    ("claude-opus-5", "claude-sonnet-5-5", False),
    ("claude-opus-5-5", "claude-opus-4-7", False),
    ("claude-opus-4-7", "claude-sonnet-5-5", True),
]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("first", "then", "reads"), SWITCHES)
def test_another_model_reads_it_or_goes_on_without_it(
    client: anthropic.Anthropic, first: str, then: str, reads: bool, streamed: bool
) -> None:
    talk = Talk(client, first, streamed)
    talk.ask(user(HARD))
    talk.body["model"] = then
    answer = talk.ask(user(SUM))
    reason = "model_binding_mismatch"
    assert told(answer) == ([] if reads else [("thinking_dropped", "messages.1.content.0", reason)])
    counted = talk.count()
    talk.messages[1]["content"] = talk.messages[1]["content"][1:]
    assert (talk.count() < counted) is reads
    talk.betas = []
    talk.body["model"] = first
    assert talk.ask(user(HARD)).stop_reason == "end_turn"


def test_without_its_beta_the_setting_is_refused(strict: anthropic.Anthropic) -> None:
    for model, mode in ((OPUS, "adaptive"), ("claude-opus-4-5", "enabled")):
        budget = {"budget_tokens": 2000} if mode == "enabled" else {}
        talk = Talk(strict, model, thinking={**DROP, "type": mode, **budget})
        assert talk.ask(user(SUM)).stop_reason == "end_turn"
        talk.betas = []
        assert talk.refused() == f"thinking.{mode}.block_binding: Extra inputs are not permitted"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.mark.parametrize(
    ("flags", "enforced", "model", "action"),
    [
        ((), "false", OPUS, "allowed"),
        ((), "false", "claude-fable-5-2", "error"),
        (("--lenient",), "true", OPUS, "error"),
        (("--lenient",), "true", OTHERS[1], "none"),
    ],
)
def test_a_server_may_be_told_to_hold_to_it_or_not(
    kept: Path, flags: tuple[str, ...], enforced: str, model: str, action: str
) -> None:
    env = {"SIJO_BIND_THINKING": enforced}
    with (
        serving(kept, "--model", "simulator", *flags, env=env) as server,
        anthropic.Anthropic(base_url=server.url, api_key="any", max_retries=0) as client,
    ):
        talk = Talk(client, model)
        talk.ask(user(HARD))
        talk.ask(user(SUM))
        talk.messages[0]["content"] = SUM
        if action == "error":
            assert talk.refused().startswith(MISMATCH)
        else:
            found = [("thinking_mismatch_allowed", PLACES[0], "prefix_binding_mismatch")] if action == "allowed" else []
            assert told(talk.again()) == found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], anthropic.Anthropic]]:
    """Clients of workspaces of one organization, by their names."""
    folder = tmp_path_factory.mktemp("shared")
    beside(folder, "key", "create")
    keys = {}
    for name in ("research", "sales"):
        beside(folder, "workspace", "create", name)
        keys[name] = beside(folder, "key", "create", "--workspace", name)
    with serving(folder, "--model", "simulator") as server:
        yield lambda name: anthropic.Anthropic(base_url=server.url, api_key=keys[name], max_retries=0)


@pytest.mark.parametrize("model", CHECKING)
def test_workspaces_of_one_organization_read_each_others_thinking(
    shared: Callable[[str], anthropic.Anthropic], model: str
) -> None:
    talk = Talk(shared("research"), model)
    assert thinking(talk.ask(user(HARD))) == 1
    talk.client = shared("sales")
    assert told(talk.ask(user(SUM))) == []
