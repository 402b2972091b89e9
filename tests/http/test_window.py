"""The context window as a client meets it: what it is told, what is counted, what is refused."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import anthropic
import pytest
from anthropic.types import MessageCountTokensParams, MessageParam, ToolChoiceParam, ToolParam, ToolUnionParam
from anthropic.types.message_create_params import MessageCreateParamsBase

from tests.conformance.servers import Servers, section
from tests.serving import Running, serving

WORDS = "tea " * 300_000
TOOL: ToolParam = {"name": "look", "description": "Looks.", "input_schema": {"type": "object", "properties": {}}}
ASK: MessageParam = {"role": "user", "content": "hi"}
TALK: list[MessageParam] = [
    {"role": "user", "content": "Look."},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "a cat"}]},
]
MILLION = {"anthropic-beta": "context-1m-2025-08-07"}


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A simulator that counts the hidden tool prompt."""
    folder = tmp_path_factory.mktemp("hidden")
    config = folder / "sijo.toml"
    config.write_text("[server]\ntool_prompt = true\n")
    with serving(folder, "--config", str(config), "--model", "simulator") as running:
        yield running


@pytest.mark.filterwarnings("ignore:The model .* is deprecated:DeprecationWarning")
def test_the_million_beta_opens_the_window(client: anthropic.Anthropic) -> None:
    ask: MessageCreateParamsBase = {
        "model": "claude-sonnet-4-5",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": WORDS}],
    }
    with pytest.raises(anthropic.BadRequestError, match=r"prompt is too long: 2\d\d\d\d\d tokens > 200000 maximum"):
        client.messages.create(**ask)
    message = client.messages.create(**ask, extra_headers=MILLION)
    assert message.usage.input_tokens > 200_000


@pytest.mark.parametrize(
    ("model", "choice", "more"),
    [
        ("claude-sonnet-4-6", {"type": "auto"}, 497),
        ("claude-sonnet-4-6", {"type": "any"}, 589),
        ("claude-opus-4-8", {"type": "none"}, 290),
        ("claude-opus-4-8", {"type": "tool", "name": "look"}, 410),
    ],
)
def test_the_hidden_tool_prompt_is_counted_where_it_is_asked_for(
    client: anthropic.Anthropic, hidden: Running, model: str, choice: ToolChoiceParam, more: int
) -> None:
    ask: MessageCountTokensParams = {"model": model, "messages": [ASK], "tools": [TOOL], "tool_choice": choice}
    with anthropic.Anthropic(base_url=hidden.url, api_key="any", max_retries=0) as other:
        counts = [one.messages.count_tokens(**ask).input_tokens for one in (client, other)]
        usage = other.messages.create(**ask, max_tokens=50).usage
        bare = other.messages.count_tokens(model=model, messages=[ASK])
    assert counts[1] - counts[0] == more
    assert usage.input_tokens == counts[1]
    assert bare.input_tokens == client.messages.count_tokens(model=model, messages=[ASK]).input_tokens


@pytest.mark.parametrize(
    ("model", "tool", "more"),
    [
        ("claude-sonnet-4-6", {"type": "bash_20250124", "name": "bash"}, 497 + 245),
        ("claude-opus-4-8", {"type": "bash_20250124", "name": "bash"}, 290 + 325),
        ("claude-opus-4-8", {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}, 290 + 700),
        ("claude-opus-5", {"type": "computer_toolset_20260801"}, 286 + 4500),
        ("claude-opus-5", {"type": "browser_toolset_20260801"}, 286 + 6600),
    ],
)
def test_the_apis_own_tools_take_what_it_says(hidden: Running, model: str, tool: ToolUnionParam, more: int) -> None:
    with anthropic.Anthropic(base_url=hidden.url, api_key="any", max_retries=0) as client:
        bare = client.messages.count_tokens(model=model, messages=[ASK])
        whole = client.messages.count_tokens(model=model, messages=[ASK], tools=[tool])
        usage = client.messages.create(model=model, messages=[ASK], tools=[tool], max_tokens=50).usage
    assert abs(whole.input_tokens - bare.input_tokens - more) <= 3  # that much its neighbours may change of an estimate
    assert usage.input_tokens == whole.input_tokens


def test_an_engine_behind_an_aware_model_hears_of_its_window(tmp_path: Path) -> None:
    with ExitStack() as stack:
        behind = Servers(tmp_path, stack).behind
        config = tmp_path / "sijo.toml"
        config.write_text(section("echo_vllm", "vllm", f"{behind}/v1") + "context = 4096\n")
        running = stack.enter_context(serving(tmp_path, "--config", str(config)))
        client = stack.enter_context(anthropic.Anthropic(base_url=running.url, api_key="any", max_retries=0))
        for model in ("claude-sonnet-4-6", "claude-opus-4-8"):
            client.messages.create(model=model, max_tokens=50, messages=TALK, tools=[TOOL])
        with urlopen(f"{behind}/seen?model=echo_vllm") as reply:
            aware, other = (json.dumps(one["body"]) for one in json.load(reply))
    assert "<budget:token_budget>4096</budget:token_budget>" in aware
    assert re.search(r"a cat\\n<system_warning>Token usage: \d+/4096; \d+ remaining</system_warning>", aware), aware
    assert "token_budget" not in other
    assert "Token usage" not in other
