"""Every recorded stream of every engine, through the whole server: the same answer as the recording's table says."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import anthropic
import pytest

from tests.conformance import checker
from tests.conformance.servers import Servers
from tests.conformance.talk import EXPECTED, Talk, calls, named, returned, said, text
from tests.conformance.targets import TARGETS
from tests.serving import serving

ANY = next(one for one in TARGETS if one.server == "recorded")
CALLED = {name: row for name, row in EXPECTED.items() if "tools" in row}
WHOLE = {name: row for name, row in EXPECTED.items() if "error" not in row}
FAILED = {name: row for name, row in EXPECTED.items() if "error" in row}
ENDED = ("end_turn", "tool_use")
STATUS = {"api_error": 500, "overloaded_error": 529, "invalid_request_error": 400}

EVERY = pytest.mark.parametrize("target", [ANY], ids=["recorded"], indirect=True)


def said_by(row: Mapping[str, object]) -> bool:
    """Whether a recording says anything."""
    return not {"text", "tools"}.isdisjoint(row)


def asked(name: str) -> dict[str, Any]:
    """The request that led to a recording."""
    row = EXPECTED[name]
    tools = [named(tool) for tool in dict.fromkeys(tool["name"] for tool in row.get("tools", ()))]
    body: dict[str, Any] = {"model": name, "tools": tools, "stop_sequences": row.get("stops", [])}
    if "thinking" in row and "stops" not in row:  # with thinking, stop sequences are not the engine's to find
        body |= {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}
    if row.get("stop_reason") == "max_tokens":
        body |= {"max_tokens": row["output_tokens"]}
    return body


@EVERY
@pytest.mark.parametrize("name", WHOLE)
def test_it_is_what_the_engine_said(target: Talk, name: str) -> None:
    row = WHOLE[name]
    for message in target.both(**asked(name)):
        assert text(message) == row.get("text", "")
        thoughts = [block.thinking for block in message.content if block.type == "thinking"]
        assert "".join(thoughts) == (row.get("thinking", "") if "stops" not in row else "")
        assert (message.stop_reason, message.stop_sequence) == (row["stop_reason"], row.get("stop_sequence"))
        found = [(call.name, call.input) for call in calls(message)]
        wanted = [(tool["name"], tool["input"]) for tool in row.get("tools", ()) if "input" in tool]
        if all("input" in tool for tool in row.get("tools", ())):
            assert found == wanted


@EVERY
@pytest.mark.parametrize("name", CALLED)
def test_its_calls_have_ids_of_the_apis_form_and_are_no_two_alike(target: Talk, name: str) -> None:
    first, second = target.both(**asked(name))
    ids = [call.id for message in (first, second) for call in calls(message)]
    assert len(set(ids)) == len(ids)
    assert all(id.startswith("toolu_") and id.replace("_", "").isalnum() for id in ids)


@EVERY
@pytest.mark.parametrize("name", [name for name, row in CALLED.items() if "partial" in row["tools"][0]])
def test_a_call_that_was_cut_keeps_what_there_was(target: Talk, name: str) -> None:
    (tool,) = CALLED[name]["tools"]
    whole, streamed = target.both(**asked(name))
    pieces = [event["delta"]["partial_json"] for event in target.events if event["type"] == "content_block_delta"]
    assert "".join(pieces) == tool["partial"]
    assert calls(whole)[0].input == {"path": "a.txt", "text": "Once upon"}
    assert streamed.stop_reason == whole.stop_reason == "max_tokens"


@EVERY
@pytest.mark.parametrize("name", FAILED)
def test_an_error_in_the_middle_is_an_error_in_the_middle(target: Talk, name: str) -> None:
    row = FAILED[name]
    reply = target.post(target.body(**asked(name), stream=True))
    if "text" not in row:
        assert reply.status_code == STATUS[row["error"]]
        return
    assert reply.status_code == 200
    found = checker.events(reply.content)
    checker.check(found, failed=True)
    assert found[-1]["error"]["type"] == row["error"]
    if "message" in row:
        assert row["message"] in found[-1]["error"]["message"]
    parts = [event["delta"]["text"] for event in found if event["type"] == "content_block_delta"]
    assert "".join(parts) == row["text"]


@EVERY
@pytest.mark.parametrize("name", FAILED)
def test_an_error_in_the_middle_is_the_status_of_a_whole_reply(target: Talk, name: str) -> None:
    with pytest.raises(anthropic.APIStatusError) as failed:
        target.whole(**asked(name))
    assert failed.value.status_code == STATUS[FAILED[name]["error"]]
    assert FAILED[name].get("message", "") in said(failed.value)


@EVERY
@pytest.mark.parametrize("name", [name for name, row in WHOLE.items() if row["stop_reason"] in ENDED and said_by(row)])
def test_it_can_be_sent_back(target: Talk, name: str) -> None:
    body = asked(name)
    first = target.streamed(**body)
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "done"} for call in calls(first)]
    then = {"role": "user", "content": results or "And then?"}
    messages = [*target.body()["messages"], {"role": "assistant", "content": returned(first)}, then]
    for message in target.both(**body | {"messages": messages}):
        assert message.stop_reason == WHOLE[name]["stop_reason"]


def test_an_engine_can_be_named_on_the_command_line(servers: Servers, tmp_path: Path) -> None:
    name = "01_vllm_reasoning"
    with serving(tmp_path, "--model", f"{servers.behind}/v1#{name}") as running:
        assert f"{name} at {servers.behind}/v1 answers, as asked" in running.banner
        talk = Talk(replace(ANY, models={"text": "claude-haiku-4-5"}), running.url)
        assert [text(message) for message in talk.both()] == [WHOLE[name]["text"]] * 2
        assert name in [model.id for model in talk.client.models.list(limit=1000)]
        talk.close()


def test_a_server_before_it_can_be_named_on_the_command_line(servers: Servers, tmp_path: Path) -> None:
    name = "01_vllm_reasoning"
    with serving(tmp_path, "--model", f"anthropic+{servers.get('recorded').url}#{name}") as running:
        talk = Talk(replace(ANY, models={"text": "claude-haiku-4-5"}), running.url)
        assert [text(message) for message in talk.both()] == [WHOLE[name]["text"]] * 2
        talk.close()
