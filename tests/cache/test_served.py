"""Through the SDK and a real server, streamed and whole, over the simulator."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import msgspec
import pytest
from anthropic.types import Message

from tests.cache.ask import HOUR, LONG, SOON, Json, text
from tests.serving import Running, serving

MODEL = "claude-opus-5"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("cached"), "--model", "simulator") as running:
        yield running


@pytest.fixture
def sdk(server: Running) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=server.url, api_key="any", max_retries=0) as client:
        yield client


def talk(name: str, **fields: Any) -> Json:
    system = [text(f"{name} {LONG}", SOON)]
    return {
        "model": MODEL, "max_tokens": 20, "system": system, "messages": [{"role": "user", "content": "Hi"}], **fields,
    }  # fmt: skip


def whole(sdk: anthropic.Anthropic, body: Json) -> Message:
    return sdk.messages.create(**body)


def streamed(sdk: anthropic.Anthropic, body: Json) -> Message:
    with sdk.messages.stream(**body) as stream:
        return stream.get_final_message()


WAYS = {"whole": whole, "streamed": streamed}


def counts(message: Message) -> tuple[int, int, int]:
    usage = message.usage
    read, written = usage.cache_read_input_tokens, usage.cache_creation_input_tokens
    assert read is not None and written is not None
    return usage.input_tokens, read, written


@pytest.mark.parametrize("way", WAYS)
def test_what_is_written_is_read(sdk: anthropic.Anthropic, way: str) -> None:
    ask, body = WAYS[way], talk(way)
    first, again = ask(sdk, body), ask(sdk, body)
    rest, read, written = counts(first)
    assert read == 0 and written > 512 and rest > 0
    assert counts(again) == (rest, written, 0)
    assert first.usage.cache_creation is not None and again.usage.cache_creation is not None
    assert first.usage.cache_creation.ephemeral_5m_input_tokens == written
    assert again.usage.cache_creation.ephemeral_5m_input_tokens == 0
    assert (
        sum(counts(first))
        == sdk.messages.count_tokens(**{k: v for k, v in body.items() if k != "max_tokens"}).input_tokens
    )


def test_a_stream_tells_at_its_start_and_at_its_end(sdk: anthropic.Anthropic) -> None:
    body = talk("both", cache_control=HOUR, system=[text(f"both {LONG}", HOUR)])
    for _ in range(2):
        events = list(sdk.messages.create(**body, stream=True))
        [start] = [event for event in events if event.type == "message_start"]
        [end] = [event for event in events if event.type == "message_delta"]
        usage = start.message.usage
        told = (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens)
        assert told == (
            end.usage.input_tokens,
            end.usage.cache_read_input_tokens,
            end.usage.cache_creation_input_tokens,
        )
        assert usage.cache_creation is not None
        assert usage.cache_creation.ephemeral_1h_input_tokens == usage.cache_creation_input_tokens


def test_diagnostics_stand_at_the_start_of_a_stream(sdk: anthropic.Anthropic) -> None:
    body = talk("why")
    first = sdk.messages.create(**body, diagnostics={"previous_message_id": None})
    assert first.diagnostics is not None and first.diagnostics.cache_miss_reason is None
    changed = {**body, "system": [text(LONG * 2, SOON)], "diagnostics": {"previous_message_id": first.id}}
    start = next(iter(sdk.messages.create(**changed, stream=True)))
    assert start.type == "message_start" and start.message.diagnostics is not None
    reason = start.message.diagnostics.cache_miss_reason
    assert reason is not None and reason.type == "system_changed"
    assert reason.cache_missed_input_tokens == first.usage.cache_creation_input_tokens
    again = sdk.messages.create(**changed)
    assert again.diagnostics is not None and again.diagnostics.cache_miss_reason is not None


def test_a_script_that_tells_the_usage_is_believed(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    usage = "{ input = 3, cache_read = 70, cache_1h = 5 }"
    script.write_text(f'[[rules]]\nanswers = {{ text = "Yes.", usage = {usage} }}\n')
    with (
        serving(tmp_path, "--model", "simulator", "--scripts", str(script)) as running,
        anthropic.Anthropic(base_url=running.url, api_key="any", max_retries=0) as client,
    ):
        assert counts(client.messages.create(**talk("scripted"))) == (3, 70, 5)


def test_the_access_line_has_both_figures(sdk: anthropic.Anthropic, server: Running) -> None:
    body = talk("lines")
    told = [counts(sdk.messages.create(**body)) for _ in range(2)]
    server.stop()
    lines = [msgspec.json.decode(line) for line in server.lines() if '"/v1/messages"' in line][-2:]
    found = [(line["input_tokens"], line["cache_read_tokens"], line["cache_write_tokens"]) for line in lines]
    assert found == told
    assert all("engine_cached_tokens" not in line for line in lines)  # there is no engine
