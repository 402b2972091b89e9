"""Tools and documents over an engine that is bad at both, through the real server and the official SDK."""

import json
import re
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import anthropic
import pytest
from anthropic import beta_tool
from anthropic.types import Message, ToolParam, ToolUseBlock
from pydantic import BaseModel

from tests.cli.engine import Engine, Json
from tests.serving import Running, serving

WEATHER: ToolParam = {
    "name": "weather",
    "description": "The weather in a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
SETTINGS = """
[[engine]]
name = "bare"
kind = "generic"
url = "{url}"
model = "bare"
context = 40000
abilities = {{ tools = false, schema = "none" }}

[[engine]]
name = "coder"
kind = "generic"
url = "{url}"
model = "coder"
context = 40000
abilities = {{ tools = false, convention = "qwen3_coder" }}

[[engine]]
name = "native"
kind = "vllm"
url = "{url}"
model = "native"
context = 40000

[models]
bare = "bare"
coder = "coder"
native = "native"
"""
CALL = 'I look.\n\n<tool_call>\n{"name": "weather", "arguments": {"city": "Paris\\n"}}\n</tool_call>'
BROKEN = 'I look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Par</tool_call>'


def asked(**fields: Any) -> Json:
    return {"model": "bare", "max_tokens": 500, "messages": [{"role": "user", "content": "Weather?"}]} | fields


class Place:
    """A server in front of an engine that says what it is told to."""

    def __init__(self, engine: Engine, running: Running) -> None:
        self.engine, self.running = engine, running
        self.client = anthropic.Anthropic(base_url=running.url, api_key="any", max_retries=0)

    def says(self, *answers: str | Sequence[Json]) -> None:
        self.engine.reset()
        self.engine.answers = [
            [{"content": answer[at : at + 5]} for at in range(0, len(answer), 5)] if isinstance(answer, str) else answer
            for answer in answers
        ]

    def ask(self, how: str, **fields: Any) -> Message:
        body = asked(**fields)
        if how == "whole":
            message: Message = self.client.messages.create(**body)
            return message
        with self.client.messages.stream(**body) as stream:
            return stream.get_final_message()

    def follow(self, seen: list[Any], **fields: Any) -> None:
        """Add each event of a stream to a list."""
        with self.client.messages.stream(**asked(**fields)) as stream:
            seen.extend(stream)

    def sent(self, at: int = -1) -> Json:
        found: Json = json.loads(self.engine.bodies[at])
        return found

    def figures(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.running.url}/metrics") as reply:
            text = reply.read().decode()
        found = re.findall(r'sijo_mended_total\{backend="bare",kind="(\w+)",model="bare",outcome="(\w+)"\} (\d+)', text)
        return {f"{kind} {outcome}": int(count) for kind, outcome, count in found}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    engine = Engine()
    thread = threading.Thread(target=engine.serve_forever)
    thread.start()
    folder = tmp_path_factory.mktemp("calls")
    path = folder / "sijo.toml"
    path.write_text(SETTINGS.format(url=engine.url))
    try:
        with serving(folder, "--config", str(path)) as running:
            made = Place(engine, running)
            yield made
            made.client.close()
    finally:
        engine.shutdown()
        engine.server_close()
        thread.join()


BOTH = pytest.mark.parametrize("how", ["whole", "streamed"])


def used(message: Message) -> list[tuple[str, Any]]:
    return [(block.name, block.input) for block in message.content if isinstance(block, ToolUseBlock)]


def text(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def arguments(name: str, given: str) -> Sequence[Json]:
    function = {"name": name, "arguments": given}
    return [{"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]}]


@BOTH
def test_an_engine_without_tools_calls_them(place: Place, how: str) -> None:
    place.says(CALL)
    message = place.ask(how, tools=[WEATHER])
    assert (text(message), used(message), message.stop_reason) == (
        "I look.",
        [("weather", {"city": "Paris\n"})],
        "tool_use",
    )
    sent = place.sent()
    assert "tools" not in sent and "tool_choice" not in sent
    assert '"name":"weather"' in sent["messages"][0]["content"]
    call = message.content[-1]
    assert isinstance(call, ToolUseBlock) and call.id.startswith("toolu_")


@BOTH
def test_its_results_go_back_and_the_prompt_begins_with_the_same_bytes(place: Place, how: str) -> None:
    place.says(CALL, "It is sunny.")
    first = place.ask(how, tools=[WEATHER])
    (call,) = [block for block in first.content if isinstance(block, ToolUseBlock)]
    messages: list[Any] = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny\n"}]},
    ]
    second = place.ask(how, tools=[WEATHER], messages=messages)
    assert (text(second), second.stop_reason) == ("It is sunny.", "end_turn")
    before, after = place.sent(0)["messages"], place.sent(1)["messages"]
    assert after[: len(before)] == before
    call_line = '{"name": "weather", "arguments": {"city": "Paris\\n"}}'
    assert after[-2] == {"role": "assistant", "content": f"I look.\n<tool_call>\n{call_line}\n</tool_call>"}
    assert after[-1] == {"role": "user", "content": "<tool_response>\nsunny\n\n</tool_response>"}


def test_the_tools_are_counted_as_the_text_that_they_are(place: Place) -> None:
    messages: list[Any] = [{"role": "user", "content": "Weather?"}]
    without = place.client.messages.count_tokens(model="bare", messages=messages).input_tokens
    with_one = place.client.messages.count_tokens(model="bare", messages=messages, tools=[WEATHER]).input_tokens
    assert with_one > without


@BOTH
def test_a_model_is_told_by_its_familys_convention(place: Place, how: str) -> None:
    place.says("<tool_call>\n<function=weather>\n<parameter=city>\n007\n\n</parameter>\n</function>\n</tool_call>")
    message = place.ask(how, model="coder", tools=[WEATHER])
    assert used(message) == [("weather", {"city": "007\n"})]
    assert "<function=NAME>" in place.sent()["messages"][0]["content"]


@BOTH
def test_a_broken_call_is_asked_again_where_no_client_sees_it(place: Place, how: str) -> None:
    before = place.figures().get("call asked_again", 0)
    place.says(BROKEN, CALL.replace("I look.", "Sorry, again:"))
    message = place.ask(how, tools=[WEATHER])
    assert (text(message), used(message), message.stop_reason) == (
        "I look.",
        [("weather", {"city": "Paris\n"})],
        "tool_use",
    )
    one = 900  # what this engine says that each of its answers has read
    assert message.usage.input_tokens == 2 * one
    assert len(place.engine.bodies) == 2
    assert place.figures()["call asked_again"] == before + 1


@BOTH
def test_a_call_that_stays_broken_is_an_error_and_no_call(place: Place, how: str) -> None:
    place.says('<tool_call>{"name": "fly", "arguments": {}}</tool_call>')
    with pytest.raises(anthropic.InternalServerError, match="called no tool that could be called"):
        place.ask(how, tools=[WEATHER])
    assert len(place.engine.bodies) == 3


def test_a_stream_that_has_begun_ends_with_the_error(place: Place) -> None:
    place.says(BROKEN)
    seen: list[Any] = []
    with pytest.raises(anthropic.APIStatusError, match="called no tool that could be called"):
        place.follow(seen, tools=[WEATHER])
    kinds = [event.type for event in seen]
    assert "text" in kinds and "message_stop" not in kinds
    assert "input_json" not in kinds


@BOTH
def test_a_native_call_is_repaired(place: Place, how: str) -> None:
    place.says(arguments("functions.Weather", "{'city': 'Paris', \"days\": \"3\",}"))
    assert used(place.ask(how, model="native", tools=[WEATHER])) == [("weather", {"city": "Paris", "days": 3})]
    assert place.sent()["tools"]


@BOTH
def test_a_call_that_a_native_engine_left_in_the_text_is_found(place: Place, how: str) -> None:
    place.says('Let me.\n```json\n{"name": "weather", "arguments": {"city": "Paris"}}\n```')
    message = place.ask(how, model="native", tools=[WEATHER])
    assert (text(message), used(message), message.stop_reason) == (
        "Let me.",
        [("weather", {"city": "Paris"})],
        "tool_use",
    )


def test_an_eager_tool_streams_what_the_engine_says(place: Place) -> None:
    place.says(arguments("weather", '{"city": Paris'))
    eager = {**WEATHER, "eager_input_streaming": True}
    message = place.ask("whole", model="native", tools=[eager])
    assert used(message) == [("weather", {"INVALID_JSON": '{"city": Paris'})]
    assert len(place.engine.bodies) == 1


class Sum(BaseModel):
    n: int
    words: list[str]


def test_parse_gives_a_model_over_an_engine_that_knows_no_schema(place: Place) -> None:
    place.says("Forty-two.", 'Sure:\n```json\n{"n": 42, "words": ["a",]}\n```')
    message = place.client.messages.parse(
        model="bare", max_tokens=500, messages=[{"role": "user", "content": "Sum?"}], output_format=Sum
    )
    assert message.parsed_output == Sum(n=42, words=["a"])
    assert place.sent(1)["messages"][-2] == {"role": "assistant", "content": "Forty-two."}


@BOTH
def test_what_is_no_document_is_never_told(place: Place, how: str) -> None:
    place.says("Forty-two.")
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    with pytest.raises(anthropic.InternalServerError, match="did not match the schema"):
        place.ask(how, output_config={"format": {"type": "json_schema", "schema": schema}})


def test_the_tool_runner_runs_over_an_engine_without_tools(place: Place) -> None:
    asked: list[str] = []

    @beta_tool
    def weather(city: str) -> str:
        """The weather.

        Args:
            city: where
        """
        asked.append(city)
        return "sunny"

    place.says(CALL, BROKEN, CALL, "It is sunny.")
    runner = place.client.beta.messages.tool_runner(
        model="bare", max_tokens=500, messages=[{"role": "user", "content": "Weather?"}], tools=[weather], thread=False
    )
    last = runner.until_done()
    assert [block.text for block in last.content if block.type == "text"] == ["It is sunny."]
    assert asked == ["Paris\n", "Paris\n"]


def test_an_unknown_convention_is_told_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "sijo.toml"
    path.write_text(
        '[[engine]]\nkind = "generic"\nurl = "http://127.0.0.1:1/v1"\nmodel = "m"\nabilities = { convention = "x" }'
    )
    with (
        pytest.raises(AssertionError, match="no such convention: x; known are hermes"),
        serving(tmp_path, "--config", str(path)),
    ):
        pass
