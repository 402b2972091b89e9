"""Samples: models that think first."""

import anthropic
from anthropic.types import MessageParam, ThinkingConfigParam, ToolResultBlockParam

from tests import replies
from tests.http.samples.refusals import refused
from tests.http.samples.talk import MODEL
from tests.http.samples.tools import WEATHER

ON: ThinkingConfigParam = {"type": "enabled", "budget_tokens": 2048}
QUESTION: list[MessageParam] = [{"role": "user", "content": "Are there infinitely many primes that are 3 modulo 4?"}]


def basic(client: anthropic.Anthropic) -> None:
    message = client.messages.create(model=MODEL, max_tokens=4096, thinking=ON, messages=QUESTION)
    thought, text = message.content
    assert thought.type == "thinking" and thought.thinking and thought.signature
    assert text.type == "text" and text.text
    without = client.messages.create(model=MODEL, max_tokens=4096, messages=QUESTION)
    assert [block.type for block in without.content] == ["text"]
    assert message.usage.output_tokens > without.usage.output_tokens


def streamed(client: anthropic.Anthropic) -> None:
    thought, text, signatures = "", "", list[str]()
    with client.messages.stream(model=MODEL, max_tokens=4096, thinking=ON, messages=QUESTION) as stream:
        for event in stream:
            if event.type == "content_block_delta":
                if event.delta.type == "thinking_delta":
                    assert not signatures
                    thought += event.delta.thinking
                elif event.delta.type == "signature_delta":
                    signatures.append(event.delta.signature)
                elif event.delta.type == "text_delta":
                    assert signatures
                    text += event.delta.text
        final = stream.get_final_message()
    assert final.content[0].type == "thinking"
    assert (final.content[0].thinking, final.content[0].signature) == (thought, "".join(signatures))
    assert replies.text(final, 1) == text and len(signatures) == 1


def asked(client: anthropic.Anthropic, messages: list[MessageParam]) -> anthropic.types.Message:
    return client.messages.create(model=MODEL, max_tokens=4096, thinking=ON, tools=[WEATHER], messages=messages)


def passed_back_with_a_tool(client: anthropic.Anthropic) -> None:
    messages: list[MessageParam] = [{"role": "user", "content": "What's the weather in Paris?"}]
    first = asked(client, messages)
    assert first.content[0].type == "thinking" and first.stop_reason == "tool_use"
    call = next(block for block in first.content if block.type == "tool_use")
    messages += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "Sunny, 20°C"}]},
    ]
    second = asked(client, messages)
    assert second.stop_reason == "end_turn" and "20" in replies.text(second, -1)


def changed(client: anthropic.Anthropic) -> None:
    messages: list[MessageParam] = [{"role": "user", "content": "What's the weather in Paris?"}]
    first = asked(client, messages)
    thought, call = first.content[0], first.content[-1]
    assert thought.type == "thinking" and call.type == "tool_use"
    thought.signature = "A" * len(thought.signature)
    result: ToolResultBlockParam = {"type": "tool_result", "tool_use_id": call.id, "content": "Sunny, 20°C"}
    messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    with refused(anthropic.BadRequestError, 400, "Invalid `signature` in `thinking` block"):
        asked(client, messages)


def adaptive(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model="claude-opus-4-7",
        max_tokens=4096,
        thinking={"type": "adaptive"},
        extra_body={"output_config": {"effort": "max"}},
        messages=QUESTION,
    )
    assert message.content[0].type == "thinking" and message.content[0].signature
    assert message.content[0].thinking == ""  # what this model thinks is omitted, unless asked for
    assert message.content[-1].type == "text"


def budget(client: anthropic.Anthropic) -> None:
    cases = {
        500: "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
        4096: "`max_tokens` must be greater than `thinking.budget_tokens`",
    }
    for tokens, words in cases.items():
        thinking: ThinkingConfigParam = {"type": "enabled", "budget_tokens": tokens}
        with refused(anthropic.BadRequestError, 400, words):
            client.messages.create(model=MODEL, max_tokens=4096, thinking=thinking, messages=QUESTION)
