"""Samples: calls that are answered piece by piece."""

import anthropic
from anthropic.types.message_create_params import MessageCreateParamsBase

from tests import replies
from tests.http.samples.talk import MODEL

MOON = "Hello, Claude. Please tell me about the moon."
ASK: MessageCreateParamsBase = {
    "model": MODEL,
    "max_tokens": 1024,
    "messages": [{"role": "user", "content": MOON}],
}


def by_text(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**ASK) as stream:
        pieces = list(stream.text_stream)
    message = client.messages.create(**ASK)
    assert len(pieces) > 1 and "".join(pieces) == replies.text(message)


def by_event(client: anthropic.Anthropic) -> None:
    text, kinds = "", list[str]()
    with client.messages.create(**ASK, stream=True) as stream:
        for event in stream:
            kinds.append(event.type)
            if event.type == "content_block_delta" and event.delta.type == "text_delta":
                text += event.delta.text
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(kinds[2:-3]) == {"content_block_delta"}
    assert text == replies.text(client.messages.create(**ASK))


def accumulated(client: anthropic.Anthropic) -> None:
    snapshots: list[str] = []
    with client.messages.stream(**ASK) as stream:
        for event in stream:
            if event.type == "text":
                snapshots.append(event.snapshot)
        final = stream.get_final_message()
    assert snapshots[-1] == replies.text(final) and snapshots == sorted(snapshots, key=len)
    assert final.stop_reason == "end_turn" and final.usage.output_tokens > 1


def in_korean(client: anthropic.Anthropic) -> None:
    ask: MessageCreateParamsBase = {
        **ASK,
        "messages": [{"role": "user", "content": "안녕하세요! 자기소개를 해 주세요. 😀"}],
    }
    with client.messages.stream(**ask) as stream:
        text = "".join(stream.text_stream)
    assert "\ufffd" not in text and any("가" <= char <= "힣" for char in text)
    assert text == replies.text(client.messages.create(**ask))


def left_early(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**ASK) as stream:
        for _ in stream.text_stream:
            break
    assert client.messages.create(**ASK).stop_reason == "end_turn"


def beta_stream(client: anthropic.Anthropic) -> None:
    with client.beta.messages.stream(
        model=MODEL,
        max_tokens=1024,
        messages=[{"role": "user", "content": MOON}],
        betas=["output-128k-2025-02-19"],
    ) as stream:
        final = stream.get_final_message()
    assert replies.text(final) == replies.text(client.messages.create(**ASK))
