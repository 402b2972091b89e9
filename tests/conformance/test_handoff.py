"""A conversation that began elsewhere: with another server, another model, another engine, or here before a restart."""

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.picky import rows
from tests.conformance.servers import Servers
from tests.conformance.talk import (
    ANYWHERE,
    THINK,
    WEATHER,
    Json,
    Talk,
    answered,
    assistant,
    calls,
    result,
    returned,
    said,
    use,
    user,
    words,
)
from tests.conformance.targets import TARGETS, Target, over
from tests.serving import serving

ASK = user("What is the weather in Oslo?")
ALIEN = base64.b64encode(b"\x0a\xc8\x02" + bytes(range(200))).decode()
"""A signature as another server makes them: no one here can read it."""
FOREIGN: Json = {"type": "thinking", "thinking": "They want the weather.", "signature": ALIEN}
IDS = {
    "hosted": "toolu_01XqKz9fT4mPwQ7rYsNbVdLc",
    "openai": "call_9sV0aBcDeFgHiJkLmNoPqRsT",
    "vllm": "chatcmpl-tool-a1b2c3d4e5f60718293a4b5c6d7e8f90",
    "mistral": "Kq81LmZx0",
    "lmstudio": "365174485",
    "bedrock": "tooluse_kZJMlvQmRJ6eAyJE5GIl7Q",
    "vertex": "toolu_vrtx_01A2b3C4d5E6f7G8h9",
    "long": "x" * 200,
}
SOURCES = [one for one in TARGETS if one.name in ("simulator", "relay", "llama", "vllm", "ollama", "generic")]
SIMULATOR = next(one for one in TARGETS if one.name == "simulator")


@over("text", "lenient")
@pytest.mark.parametrize(
    "content",
    [
        [FOREIGN, words("It is sunny.")],
        [FOREIGN, FOREIGN, words("It is sunny.")],
        [{**FOREIGN, "signature": ""}, words("It is sunny.")],
        [{**FOREIGN, "thinking": ""}, words("It is sunny.")],
        [{"type": "redacted_thinking", "data": ALIEN}, words("It is sunny.")],
        [words("It is "), FOREIGN, words("sunny.")],
    ],
    ids=["one", "two", "unsigned", "omitted", "redacted", "between"],
)
def test_a_thought_of_another_server_is_left_out(target: Talk, content: list[Json]) -> None:
    messages = [ASK, assistant(*content), user("And in Rome?")]
    for message in target.both(messages=messages):
        assert message.stop_reason
    if target.can("seen"):
        told = str(target.sent())
        assert "They want the weather." not in told and ALIEN not in told
        assert "sunny." in told


@over("text", "lenient")
def test_a_turn_that_was_nothing_but_a_foreign_thought_leaves_no_gap(target: Talk) -> None:
    messages = [ASK, assistant(FOREIGN), user("Are you there?")]
    for message in target.both(messages=messages):
        assert message.stop_reason


@over("call", "lenient")
def test_a_call_of_another_server_goes_on_here(target: Talk) -> None:
    tool = target.body("call")["tools"][0]["name"]
    messages = [ASK, assistant(FOREIGN, use("call_abc", tool)), user(result("call_abc", "sunny"))]
    for message in target.both("call", messages=messages):
        assert message.content
        assert {call.id for call in calls(message)}.isdisjoint({"call_abc"})


@over("text", "strict")
@pytest.mark.parametrize("signature", [ALIEN, "", "not base64!", "AAAA"], ids=["alien", "empty", "odd", "short"])
def test_a_foreign_thought_is_refused_where_it_would_be_hosted(target: Talk, signature: str) -> None:
    messages = [ASK, assistant({**FOREIGN, "signature": signature}, words("Sunny.")), user("And in Rome?")]
    error = target.refused(messages=messages)
    assert said(error) == "messages.1.content.0: Invalid `signature` in `thinking` block"


@over("text")
@pytest.mark.parametrize("form", IDS)
def test_ids_of_calls_may_have_any_form(target: Talk, form: str) -> None:
    messages = [ASK, assistant(use(IDS[form], city="Oslo")), user(result(IDS[form], "sunny"))]
    for message in target.both(messages=messages, tools=[WEATHER]):
        assert message.stop_reason


@over("text", "seen")
@pytest.mark.parametrize("form", IDS)
def test_an_engine_gets_one_id_for_a_call_and_its_result(target: Talk, form: str) -> None:
    messages = [ASK, assistant(use(IDS[form], city="Oslo")), user(result(IDS[form], "sunny"))]
    target.whole(messages=messages, tools=[WEATHER])
    *_, call, answer = target.sent()["messages"]
    assert call["tool_calls"][0]["id"] == answer["tool_call_id"]


def ran(name: str, input: Json) -> Json:
    """A call that the hosted API has run itself."""
    return {"type": "server_tool_use", "id": "srvtoolu_1", "name": name, "input": input}


RAN: dict[str, list[Json]] = {
    "web_search": [
        ran("web_search", {"query": "weather Oslo"}),
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [
            {"type": "web_search_result", "url": "https://a.b", "title": "Snow", "encrypted_content": "QUJD"}]},
    ],
    "web_fetch": [
        ran("web_fetch", {"url": "https://a.b/weather Oslo"}),
        {"type": "web_fetch_tool_result", "tool_use_id": "srvtoolu_1", "content": {
            "type": "web_fetch_result", "url": "https://a.b", "content": {"type": "document", "source": {
                "type": "text", "media_type": "text/plain", "data": "Snow"}}}},
    ],
    "bash_code_execution": [
        ran("bash_code_execution", {"command": "weather Oslo"}),
        {"type": "bash_code_execution_tool_result", "tool_use_id": "srvtoolu_1", "content": {
            "type": "bash_code_execution_result", "stdout": "Snow", "stderr": "", "return_code": 0, "content": []}},
    ],
    "failed": [
        ran("web_search", {"query": "weather Oslo"}),
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": {
            "type": "web_search_tool_result_error", "error_code": "max_uses_exceeded Snow"}},
    ],
}  # fmt: skip
"""What the hosted API's own tools have left in a conversation."""


@over("text")
@pytest.mark.parametrize("tool", RAN)
def test_a_tool_that_ran_elsewhere_is_history(target: Talk, tool: str) -> None:
    for message in target.both(messages=[ASK, assistant(*RAN[tool], words("It snows.")), user("And in Rome?")]):
        assert message.stop_reason
    if target.can("seen"):
        told = str(target.sent()["messages"])
        assert "weather Oslo" in told and "Snow" in told
        assert "QUJD" not in told


def transcript(talk: Talk) -> list[Any]:
    """A conversation that a target has led: a thought, calls and their results, words; whatever of it there is."""
    messages: list[Any] = []
    for scene in ("thinking", "calls", "call", "text"):
        if talk.can(scene):
            answer = talk.whole(scene)
            messages += [*talk.body(scene)["messages"], {"role": "assistant", "content": returned(answer)}]
            messages += [answered(answer)] if calls(answer) else []
            messages += [assistant("I see.")] if calls(answer) else []
    return messages


@pytest.mark.parametrize("target", TARGETS, ids=[one.name for one in TARGETS], indirect=True)
@pytest.mark.parametrize("source", SOURCES, ids=[one.name for one in SOURCES])
def test_what_began_with_one_goes_on_with_another(
    target: Talk, source: Target, transcripts: Callable[[Target], list[Any]]
) -> None:
    """Between any two: the other takes it as it is, or, where it is strict, once the thoughts are gone."""
    told = transcripts(source)
    scene = next(scene for scene in ("text", "calls") if target.can(scene))
    tools = [ANYWHERE, *({"name": name, "input_schema": {"type": "object"}} for name in names(told) - {"weather"})]
    messages = [*told, user("What was it about?")]
    thought = any(block.get("type") == "thinking" for block in blocks(told))
    if thought and target.target.server in ("simulator", "relay") and source.server not in ("simulator", "relay"):
        assert "Invalid `signature`" in said(target.refused(scene, messages=messages, tools=tools))
        messages = [*map(without_thoughts, told), user("What was it about?")]
    message = target.streamed(scene, messages=messages, tools=tools, tool_choice={"type": "auto"})
    assert message.stop_reason


@pytest.fixture(scope="session")
def transcripts(servers: Servers) -> Callable[[Target], list[Any]]:
    """The transcript of each source, led once."""
    kept: dict[str, list[Any]] = {}

    def lead(source: Target) -> list[Any]:
        if source.name not in kept:
            talk = Talk(source, servers.get(source.server).url)
            kept[source.name] = transcript(talk)
            talk.close()
        return kept[source.name]

    return lead


def blocks(messages: list[Any]) -> list[Json]:
    return [block for one in messages if isinstance(one["content"], list) for block in one["content"]]


def names(messages: list[Any]) -> set[str]:
    return {block["name"] for block in blocks(messages) if block["type"] == "tool_use"}


def without_thoughts(message: Json) -> Json:
    if isinstance(message["content"], str):
        return message
    left = [block for block in message["content"] if block["type"] != "thinking"]
    return {**message, "content": left or "Hm."}


def conversation(talk: Talk) -> list[Any]:
    """A question that was thought about, and the next one."""
    message = talk.whole("thinking")
    assert message.content[0].type == "thinking"
    return [*talk.body("thinking")["messages"], {"role": "assistant", "content": returned(message)}, user("And why?")]


def test_after_a_restart_its_own_thoughts_are_still_known(tmp_path: Path) -> None:
    with serving(tmp_path, "--model", "simulator") as running:
        talk = Talk(SIMULATOR, running.url)
        messages = conversation(talk)
        talk.close()
    with serving(tmp_path, "--model", "simulator") as running:
        talk = Talk(SIMULATOR, running.url)
        assert talk.whole("thinking", messages=messages).stop_reason == "end_turn"
        talk.close()


def test_a_server_with_another_key_knows_them_not(tmp_path: Path) -> None:
    with serving(tmp_path / "one", "--model", "simulator") as running:
        talk = Talk(SIMULATOR, running.url)
        messages = conversation(talk)
        talk.close()
    with serving(tmp_path / "two", "--model", "simulator", "--lenient") as running:
        talk = Talk(SIMULATOR, running.url)
        assert talk.whole("thinking", messages=messages).stop_reason == "end_turn"
        talk.close()
    key = (tmp_path / "one" / "data" / "thinking.key").read_text()
    assert re.fullmatch(r"[0-9a-f]{64}\n", key)
    assert (tmp_path / "one" / "data" / "thinking.key").stat().st_mode & 0o077 == 0


@over("text", "lenient")
def test_a_thinking_model_takes_over_from_one_that_does_not_think(target: Talk) -> None:
    messages = [ASK, assistant("Sunny."), user("And in Rome?")]
    for message in target.both(messages=messages, **THINK | {"stop_sequences": ["a", "e", "i", "o"]}):
        assert message.stop_reason
    messages = [ASK, assistant(use("toolu_1", city="Oslo")), user(result("toolu_1", "sunny"))]
    for message in target.both(messages=messages, tools=[WEATHER], **THINK | {"stop_sequences": ["a", "e", "i", "o"]}):
        assert message.stop_reason


@over("text", "seen")
def test_an_engine_gets_its_model_and_never_the_clients_keys(target: Talk) -> None:
    target.post(target.body(metadata={"user_id": "someone@example.com"}), x_api_key="sk-ant-secret")
    sent = target.sent()
    assert sent["model"] == target.target.models["text"]
    assert "secret" not in str(sent) and "someone@example.com" not in str(sent)
    assert rows()[target.target.name]["limit"] in sent
