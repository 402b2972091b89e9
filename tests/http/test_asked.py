"""What a reply tells only those who ask for it, by a beta."""

import json
from collections.abc import Iterator

import pytest

from tests.http.raw import HEADERS, ask, parse
from tests.serving import Running, serving

ASKED = [{"role": "user", "content": "What is 17 times 23?"}]
BINDING = "thinking-binding-controls-2026-08-01"
EDITING, COUNTING = "context-management-2025-06-27", "thinking-token-count-2026-05-13"
KEEP = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}


def body(model: str, **fields: object) -> bytes:
    return json.dumps({"model": model, "max_tokens": 3000, "messages": ASKED, **fields}).encode()


def beta(name: str) -> dict[str, str]:
    return {**HEADERS, "anthropic-beta": name}


def test_a_count_tells_what_it_was_before_the_edits(simulator: Running) -> None:
    def counted(headers: dict[str, str], **fields: object) -> dict[str, object]:
        sent = json.dumps({"model": "claude-opus-5", "messages": ASKED, **fields}).encode()
        reply = ask(simulator.url, "/v1/messages/count_tokens", sent, headers=headers).json
        assert isinstance(reply, dict)
        return reply

    plain = counted(HEADERS)
    assert set(plain) == {"input_tokens"}
    told = counted(beta(EDITING), context_management=KEEP)
    assert told == {**plain, "context_management": {"original_input_tokens": plain["input_tokens"]}}


def test_thinking_that_is_not_shown_is_estimated_while_it_lasts(simulator: Running) -> None:
    thinking = {"type": "enabled", "budget_tokens": 2000, "display": "omitted"}
    sent = body("claude-sonnet-4-5", stream=True, thinking=thinking)

    def frames(headers: dict[str, str]) -> tuple[list[dict[str, object]], int]:
        events = [data for _, data in parse(ask(simulator.url, body=sent, headers=headers).body)]
        deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
        assert not any(delta.get("thinking") for delta in deltas)
        end = next(event for event in events if event["type"] == "message_delta")
        details = end["usage"]["output_tokens_details"]
        return [delta for delta in deltas if delta["type"] == "thinking_delta"], details["thinking_tokens"]

    assert frames(HEADERS)[0] == [{"type": "thinking_delta", "thinking": ""}]
    told, thought = frames(beta(COUNTING))
    steps = [step for delta in told if isinstance(step := delta.get("estimated_tokens"), int)]
    assert len(steps) > 1
    assert all(step > 0 and step % min(steps) == 0 for step in steps), "multiples of one quantum"
    assert 0.5 * thought <= sum(steps) <= 1.5 * thought


def test_what_became_of_the_input_is_told_to_who_asks(simulator: Running) -> None:
    for model in ("claude-opus-5-5", "claude-sonnet-4-5"):
        reply = ask(simulator.url, body=body(model), headers=beta(BINDING)).json
        assert reply["input_transformations"] == []
        (_, start), *_ = parse(ask(simulator.url, body=body(model, stream=True), headers=beta(BINDING)).body)
        assert start["message"]["input_transformations"] == []
        assert "input_transformations" not in ask(simulator.url, body=body(model)).json


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("lenient"), "--model", "simulator", "--lenient") as running:
        yield running


def test_thinking_of_another_server_is_told_to_be_dropped(lenient: Running) -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "EqQBCkYIBx"}
    messages = [*ASKED, {"role": "assistant", "content": [thought, {"type": "text", "text": "391"}]}, *ASKED]
    sent = body("claude-opus-5-5", messages=messages, thinking={"type": "adaptive"})
    assert ask(lenient.url, body=sent, headers=beta(BINDING)).json["input_transformations"] == [
        {"type": "thinking_dropped", "path": "messages.1.content.0", "reason": "organization_binding_mismatch"}
    ]


@pytest.mark.parametrize("cited", [True, False])
def test_a_text_that_may_cite_begins_with_its_citations(simulator: Running, cited: bool) -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "The sky is green. Grass is red."}
    document = {"type": "document", "title": "T", "source": source, "citations": {"enabled": cited}}
    messages = [{"role": "user", "content": [document, {"type": "text", "text": "What colour is the sky?"}]}]
    reply = ask(simulator.url, body=body("claude-sonnet-4-5", messages=messages, stream=True)).body
    begun = next(data["content_block"] for name, data in parse(reply) if name == "content_block_start")
    assert begun == {"type": "text", "text": "", **({"citations": []} if cited else {})}
