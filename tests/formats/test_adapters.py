"""Other people's adapters, unchanged, with tools and with structure: LangChain's and that of Vercel's AI SDK."""

from typing import Any

import pytest

from tests.formats.asked import Target
from tests.formats.installed import HERE, langchain, run, vercel


def event(value: Any, *others: str) -> None:
    assert value.keys() >= {"title", "kind", "guests", *others}
    assert isinstance(value["title"], str) and value["kind"] in ("meeting", "party")
    assert isinstance(value["guests"], list)


@pytest.fixture(scope="module")
def chain(target: Target) -> Any:
    return run([str(langchain()), "-"], HERE / "langchain" / "flows.py", target, HERE)


@pytest.fixture(scope="module")
def ai(target: Target) -> Any:
    return run(["node", "--input-type=module"], HERE / "vercel" / "flows.js", target, vercel())


def test_langchain_gets_its_structure(chain: Any) -> None:
    assert len(chain["structured"]) == 4
    for value in (
        *chain["structured"].values(),
        chain["streamed"]["json_schema"],
        chain["streamed"]["function_calling"],
    ):
        event(value, "note")


def test_langchain_binds_tools(chain: Any) -> None:
    assert len(chain["called"]) == 6
    for how, calls in chain["called"].items():
        assert calls or how.startswith("auto")
        assert all(call["name"] == "weather" and call["args"].keys() == {"city"} for call in calls)
    assert {call["name"] for call in chain["streamed"]["tool_calls"]} == {"weather"}


def test_langchain_goes_on_after_a_result(chain: Any) -> None:
    assert chain["loop"]["reason"] in ("end_turn", "tool_use", "max_tokens")
    assert chain["loop"]["usage"]["output_tokens"] > 0


def test_vercel_gets_its_object(ai: Any) -> None:
    for value in (ai["object"], ai["streamed"], ai.get("old", ai["object"]), ai.get("oldStreamed", ai["object"])):
        event(value)
    assert ai["partial"] > 0


def test_vercel_calls_tools(ai: Any, target: Target) -> None:
    for calls in (ai["calls"], ai["liveCalls"]):
        assert calls
        assert all(call["toolName"] == "weather" and call["input"].keys() == {"city"} for call in calls)
    assert all(result.startswith("sunny in ") for result in ai["results"])
    assert {"tool-input-start", "tool-input-delta", "tool-call", "finish"} <= set(ai["parts"])
    assert 1 <= len(ai["steps"]) <= 3
    if target.plain == target.call:
        assert ai["steps"] == ["tool-calls", "stop"] and "Paris" in ai["text"]


def test_vercel_calls_tools_and_gets_its_object(ai: Any) -> None:
    assert ai["bothReason"] in ("stop", "tool-calls")
    if ai["both"] is not None:
        event(ai["both"])
