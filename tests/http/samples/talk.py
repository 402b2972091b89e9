"""Samples: calls that are answered whole."""

import asyncio

import anthropic
from anthropic.types import MessageCountTokensParams, MessageParam, TextBlockParam
from anthropic.types.message_create_params import MessageCreateParamsBase

from tests import replies

MODEL = "claude-haiku-4-5"
HELLO: MessageCreateParamsBase = {
    "model": MODEL,
    "max_tokens": 256,
    "messages": [{"role": "user", "content": "Hello, Claude"}],
}


def basic(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL,
        max_tokens=1024,
        messages=[{"role": "user", "content": "Hello, Claude"}],
    )
    assert message.type == "message" and message.role == "assistant"
    assert message.id.startswith("msg_") and message.model == "claude-haiku-4-5-20251001"
    assert message.content[0].type == "text" and message.content[0].text.strip()
    assert message.stop_reason == "end_turn" and message.stop_sequence is None
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0


def blocks_for_a_string(client: anthropic.Anthropic) -> None:
    def ask(content: str | list[TextBlockParam]) -> anthropic.types.Message:
        messages: list[MessageParam] = [{"role": "user", "content": content}]
        return client.messages.create(model=MODEL, max_tokens=256, messages=messages)

    question = "What is the capital of France?"
    string, blocks = ask(question), ask([{"type": "text", "text": question}])
    assert string.content == blocks.content and string.usage == blocks.usage
    assert string.id != blocks.id


def system_prompt(client: anthropic.Anthropic) -> None:
    def spent(system: str | list[TextBlockParam] | anthropic.Omit = anthropic.omit) -> int:
        message = client.messages.create(
            model=MODEL, max_tokens=256, messages=[{"role": "user", "content": "Who are you?"}], system=system
        )
        assert replies.text(message)
        return message.usage.input_tokens

    words = "You are a seasoned data scientist at a Fortune 500 company."
    assert spent(system=words) == spent(system=[{"type": "text", "text": words}]) > spent()


def memory(client: anthropic.Anthropic) -> None:
    messages: list[MessageParam] = [{"role": "user", "content": "My name is Alice."}]
    first = client.messages.create(model=MODEL, max_tokens=256, messages=messages)
    messages += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": "What is my name?"},
    ]
    second = client.messages.create(model=MODEL, max_tokens=256, messages=messages)
    assert "Alice" in replies.text(second)
    assert second.usage.input_tokens > first.usage.input_tokens


def memory_in_korean(client: anthropic.Anthropic) -> None:
    messages: list[MessageParam] = [{"role": "user", "content": "내 이름은 철수야. 기억해 줘."}]
    first = client.messages.create(model=MODEL, max_tokens=256, messages=messages)
    messages.append({"role": "assistant", "content": replies.text(first)})
    messages.append({"role": "user", "content": "내 이름이 뭐라고 했지?"})
    second = client.messages.create(model=MODEL, max_tokens=256, messages=messages)
    assert "철수" in replies.text(second)
    assert any("가" <= char <= "힣" for char in replies.text(first))


def neighbours_of_one_role(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL,
        max_tokens=256,
        messages=[{"role": "user", "content": "My name is Bob."}, {"role": "user", "content": "What is my name?"}],
    )
    assert "Bob" in replies.text(message)


def cut_by_max_tokens(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL, max_tokens=5, messages=[{"role": "user", "content": "Write a long story about a river."}]
    )
    assert message.stop_reason == "max_tokens" and message.usage.output_tokens == 5


def stop_sequences(client: anthropic.Anthropic) -> None:
    whole = replies.text(client.messages.create(**HELLO))
    word = whole.split()[1]
    stopped: MessageCreateParamsBase = {**HELLO, "stop_sequences": [word, "never said"]}
    message = client.messages.create(**stopped)
    assert message.stop_reason == "stop_sequence" and message.stop_sequence == word
    assert replies.text(message) == whole[: whole.index(word)]


def prefill(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL,
        max_tokens=256,
        messages=[
            {"role": "user", "content": "What is the capital of France? Answer with one sentence."},
            {"role": "assistant", "content": "The capital of France is"},
        ],
    )
    assert message.stop_reason == "end_turn"
    assert not replies.text(message).startswith("The capital of France is")


def metadata_and_tier(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL,
        max_tokens=64,
        metadata={"user_id": "13803d75-b4b5-4c3e-b2a2-6f21399b021b"},
        service_tier="auto",
        messages=[{"role": "user", "content": "Hello"}],
    )
    assert message.usage.service_tier == "standard"


def count_tokens(client: anthropic.Anthropic) -> None:
    ask: MessageCountTokensParams = {
        "model": MODEL,
        "system": "You are a scientist",
        "messages": [{"role": "user", "content": "Hello, Claude. 반가워요!"}],
    }
    counted = client.messages.count_tokens(**ask)
    assert counted.input_tokens == client.messages.create(max_tokens=16, **ask).usage.input_tokens > 0


def models(client: anthropic.Anthropic) -> None:
    first = client.models.list(limit=2)
    assert len(first.data) == 2 and first.has_more and first.last_id == first.data[1].id
    every = [model.id for model in client.models.list(limit=5)]
    assert len(every) == len(set(every)) > 5 and "claude-haiku-4-5-20251001" in every
    created = [model.created_at for model in client.models.list(limit=1000) if model.id.startswith("claude-")]
    assert created == sorted(created, reverse=True)


def one_model(client: anthropic.Anthropic) -> None:
    model = client.models.retrieve(MODEL)
    assert (model.type, model.id, model.display_name) == ("model", "claude-haiku-4-5-20251001", "Claude Haiku 4.5")


def beta_messages(client: anthropic.Anthropic) -> None:
    message = client.beta.messages.create(
        model=MODEL,
        max_tokens=256,
        betas=["token-efficient-tools-2025-02-19"],
        messages=[{"role": "user", "content": "Hello, Claude"}],
    )
    assert message.content[0].type == "text" and message.stop_reason == "end_turn"
    counted = client.beta.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "Hello, Claude"}])
    assert counted.input_tokens == message.usage.input_tokens


def raw_response(client: anthropic.Anthropic) -> None:
    response = client.messages.with_raw_response.create(
        model=MODEL, max_tokens=64, messages=[{"role": "user", "content": "Hello"}]
    )
    message = response.parse()
    assert response.headers["content-type"] == "application/json"
    assert response.headers["request-id"].startswith("req_")
    assert response.request_id == response.headers["request-id"] == message._request_id


def asynchronous(client: anthropic.Anthropic) -> None:
    async def main() -> None:
        async with anthropic.AsyncAnthropic(base_url=client.base_url, api_key=client.api_key) as own:
            one, other = await asyncio.gather(own.messages.create(**HELLO), own.messages.create(**HELLO))
            assert one.content == other.content and one.id != other.id
            async with own.messages.stream(**HELLO) as stream:
                text = "".join([piece async for piece in stream.text_stream])
            assert text == replies.text(one)

    asyncio.run(main())
