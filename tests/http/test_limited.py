"""Limits as a client meets them: headers, refusals, what the SDK makes of them."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import anthropic
import pytest

from tests.http.raw import ask, hello
from tests.replies import fault
from tests.serving import Running, serving

CONFIG = """
[[limit]]
models = "claude-opus-*"
requests = 3
input = 4000
output = 2000
count = 2

[[limit]]
models = "claude-sonnet-*"
input = 20

[[engine]]
name = "sim"
kind = "simulator"
concurrency = 1
queue = 0.05

[simulator]
rate = 4
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    config = tmp_path / "sijo.toml"
    config.write_text(CONFIG)
    with serving(tmp_path, "--config", str(config)) as running:
        yield running


@pytest.fixture
def client(server: Running) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=server.url, api_key="any", max_retries=0) as client:
        yield client


def test_a_client_sees_its_limits_and_is_refused(client: anthropic.Anthropic, server: Running) -> None:
    for left in (2, 1):
        reply = client.messages.with_raw_response.create(
            model="claude-opus-5", max_tokens=50, messages=[{"role": "user", "content": "hi"}]
        )
        assert reply.headers["anthropic-ratelimit-requests-remaining"] == str(left)
        assert reply.headers["anthropic-ratelimit-tokens-limit"] == "2000"
    with client.messages.stream(
        model="claude-opus-5", max_tokens=50, messages=[{"role": "user", "content": "hi"}]
    ) as stream:
        assert stream.response.headers["anthropic-ratelimit-requests-remaining"] == "0"
        stream.until_done()
    with pytest.raises(anthropic.RateLimitError) as refused:
        client.messages.create(model="claude-opus-5", max_tokens=50, messages=[{"role": "user", "content": "hi"}])
    error, headers = refused.value, refused.value.response.headers
    assert fault(error)["type"] == "rate_limit_error"
    assert "of 3 requests per minute" in str(error)
    assert headers["anthropic-organization-id"] in str(error)
    assert 1 <= int(headers["retry-after"]) <= 20
    assert headers["anthropic-ratelimit-requests-remaining"] == "0"
    ask(server.url, body=hello(model="claude-opus-4-7"))  # another group


def test_input_is_counted_before_the_model_is_asked(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.RateLimitError, match="of 20 input tokens per minute"):
        client.messages.create(
            model="claude-sonnet-5", max_tokens=9, messages=[{"role": "user", "content": "many words " * 50}]
        )


def test_what_is_read_from_the_cache_needs_no_room(client: anthropic.Anthropic) -> None:
    """A prompt of 3,000 tokens or so, again and again, where there is room for 4,000 a minute."""
    text = " ".join(f"Rule {at} of the house is kept." for at in range(400))
    seen = []
    for _ in range(3):
        usage = client.messages.create(
            model="claude-opus-5",
            max_tokens=5,
            system=[{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}],
            messages=[{"role": "user", "content": "hi"}],
        ).usage
        seen.append((usage.cache_creation_input_tokens or 0, usage.cache_read_input_tokens or 0))
    (written, _), *reads = seen
    assert 2000 < written < 4000 and reads == [(0, written)] * 2


def test_counting_is_limited_by_itself(client: anthropic.Anthropic) -> None:
    for left in ("1", "0"):
        reply = client.messages.with_raw_response.count_tokens(
            model="claude-haiku-4-5", messages=[{"role": "user", "content": "hi"}]
        )
        assert reply.headers["anthropic-ratelimit-requests-remaining"] == left
    with pytest.raises(anthropic.RateLimitError):
        client.messages.count_tokens(model="claude-haiku-4-5", messages=[{"role": "user", "content": "hi"}])


def test_without_a_limit_nothing_is_told(simulator: Running) -> None:
    headers = ask(simulator.url, body=hello()).headers
    assert not [name for name in headers if name.startswith("anthropic-ratelimit-")]


def test_a_limit_of_somebody_unknown_is_said(tmp_path: Path) -> None:
    """A workspace may be made later; but a slip of the pen would be a limit that nobody ever meets."""
    config = tmp_path / "sijo.toml"
    config.write_text(
        '[[limit]]\nworkspace = "reserch"\nrequests = 1\n[[limit]]\nkey = "labtop"\nrequests = 1\n'
        '[[limit]]\nworkspace = "default"\nrequests = 100\n[[limit]]\nkey = "*"\nrequests = 100\n'
        "[spend]\nworkspaces = { research = 5.0, default = 5.0 }\n"
    )
    with serving(tmp_path, "--model", "simulator", "--config", str(config)) as running:
        said = [json.loads(line) for line in running.lines() if line.startswith("{")]
    assert [line["message"] for line in said if line["logger"] == "sijo.limits"] == [
        "limits: no workspace is named reserch (yet)",
        "limits: no key is named labtop (yet)",
        "spend: no workspace is named research (yet)",
    ]


async def test_an_engine_that_is_busy_answers_529(server: Running) -> None:
    async with anthropic.AsyncAnthropic(base_url=server.url, api_key="any", max_retries=0) as client:

        async def send(stream: bool) -> object:
            return await client.messages.create(
                model="claude-haiku-4-5", max_tokens=1, stream=stream, messages=[{"role": "user", "content": "hi"}]
            )

        async with client.messages.stream(
            model="claude-haiku-4-5", max_tokens=60, messages=[{"role": "user", "content": "Tell me of the sea."}]
        ) as first:
            await anext(aiter(first))
            for stream in (False, True):
                with pytest.raises(anthropic.OverloadedError) as refused:
                    await send(stream)
                assert refused.value.response.headers["retry-after"] == "1"
        for _ in range(100):  # who has left makes room, as soon as that is seen
            try:
                await send(False)
                return
            except anthropic.OverloadedError:
                await asyncio.sleep(0.05)
        raise AssertionError("the place was never free again")
