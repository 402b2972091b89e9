"""Samples: calls that are answered whole."""

import asyncio

import anthropic

MODEL = "claude-haiku-4-5"


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
    def ask(content: object) -> anthropic.types.Message:
        messages = [{"role": "user", "content": content}]
        return client.messages.create(model=MODEL, max_tokens=256, messages=messages)

    question = "What is the capital of France?"
    string, blocks = ask(question), ask([{"type": "text", "text": question}])
    assert string.content == blocks.content and string.usage == blocks.usage
    assert string.id != blocks.id


def system_prompt(client: anthropic.Anthropic) -> None:
    def spent(**system: object) -> int:
        message = client.messages.create(
            model=MODEL, max_tokens=256, messages=[{"role": "user", "content": "Who are you?"}], **system
        )
        assert message.content[0].text
        return message.usage.input_tokens

    words = "You are a seasoned data scientist at a Fortune 500 company."
    assert spent(system=words) == spent(system=[{"type": "text", "text": words}]) > spent()


def memory(client: anthropic.Anthropic) -> None:
    messages = [{"role": "user", "content": "My name is Alice."}]
    first = client.messages.create(model=MODEL, max_tokens=256, messages=messages)
    messages += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": "What is my name?"},
    ]
    second = client.messages.create(model=MODEL, max_tokens=256, messages=messages)
    assert "Alice" in second.content[0].text
    assert second.usage.input_tokens > first.usage.input_tokens


def memory_in_korean(client: anthropic.Anthropic) -> None:
    messages = [{"role": "user", "content": "내 이름은 철수야. 기억해 줘."}]
    first = client.messages.create(model=MODEL, max_tokens=256, messages=messages)
    messages.append({"role": "assistant", "content": first.content[0].text})
    messages.append({"role": "user", "content": "내 이름이 뭐라고 했지?"})
    second = client.messages.create(model=MODEL, max_tokens=256, messages=messages)
    assert "철수" in second.content[0].text
    assert any("가" <= char <= "힣" for char in first.content[0].text)


def neighbours_of_one_role(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL,
        max_tokens=256,
        messages=[{"role": "user", "content": "My name is Bob."}, {"role": "user", "content": "What is my name?"}],
    )
    assert "Bob" in message.content[0].text


def cut_by_max_tokens(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL, max_tokens=5, messages=[{"role": "user", "content": "Write a long story about a river."}]
    )
    assert message.stop_reason == "max_tokens" and message.usage.output_tokens == 5


def stop_sequences(client: anthropic.Anthropic) -> None:
    ask = {"model": MODEL, "max_tokens": 256, "messages": [{"role": "user", "content": "Hello, Claude"}]}
    whole = client.messages.create(**ask).content[0].text
    word = whole.split()[1]
    message = client.messages.create(**ask, stop_sequences=[word, "never said"])
    assert message.stop_reason == "stop_sequence" and message.stop_sequence == word
    assert message.content[0].text == whole[: whole.index(word)]


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
    assert not message.content[0].text.startswith("The capital of France is")


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
    ask = {
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
            ask = {"model": MODEL, "max_tokens": 256, "messages": [{"role": "user", "content": "Hello, Claude"}]}
            one, other = await asyncio.gather(own.messages.create(**ask), own.messages.create(**ask))
            assert one.content == other.content and one.id != other.id
            async with own.messages.stream(**ask) as stream:
                text = "".join([piece async for piece in stream.text_stream])
            assert text == one.content[0].text

    asyncio.run(main())
