"""Tool search over a real engine: a llama.cpp with random weights searches for nonsense, but it searches."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from tests.serving import Running, serving
from tests.tiny import build
from tests.tools.test_tool_search import BM25, REGEX, say

CITY = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 8}}, "required": ["city"]}
WORDS = ("the", "of", "and", "to", "in", "is", "you", "that", "it", "for", "on", "are", "as", "with", "his", "they")
DEFERRED: list[Any] = [
    {"name": f"find_{word}", "description": f"Find {word}.", "input_schema": CITY, "defer_loading": True}
    for word in WORDS
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("llama")
    path = build(folder / "call.gguf", template="call", context=8192)
    lines = ("[[engine]]", 'name = "call"', 'kind = "llama"', f'path = "{path}"', "thinks = false")
    (folder / "sijo.toml").write_text("\n".join((*lines, 'extra = { "cpuparams.n_threads" = 1 }\n')))
    with serving(folder, "--config", str(folder / "sijo.toml")) as running:
        yield running


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("finder", [BM25, REGEX])
def test_a_search_is_run_and_the_model_goes_on(server: Running, finder: Any, streamed: bool) -> None:
    choice = {"type": "tool", "name": finder["name"], "disable_parallel_tool_use": True}
    messages = [{"role": "user", "content": "look for the city"}]
    tools = [finder, *DEFERRED]
    ask: Any = {"model": "call", "max_tokens": 2000, "tools": tools, "tool_choice": choice, "messages": messages}
    ask["extra_body"] = {"temperature": 0.0}  # the SDK has no parameter for it any more
    with anthropic.Anthropic(base_url=server.url, api_key="any", max_retries=0) as client:
        message = say(client, ask, streamed)
    call = next(block for block in message.content if block.type == "server_tool_use")
    result = next(block for block in message.content if block.type == "tool_search_tool_result")
    assert call.name == finder["name"] and result.tool_use_id == call.id
    known = {tool["name"] for tool in DEFERRED}
    if result.content.type == "tool_search_tool_search_result":
        assert {one.tool_name for one in result.content.tool_references} <= known
    else:
        assert result.content.error_code in ("invalid_tool_input", "execution_time_exceeded")
    assert message.usage.input_tokens + message.usage.cache_read_input_tokens > 2 * len(messages[0]["content"])
    assert message.stop_reason in ("end_turn", "tool_use", "max_tokens", "pause_turn")
