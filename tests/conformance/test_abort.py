"""A client who leaves: the engine stops, the server goes on, and whoever comes next is answered."""

import asyncio
import json
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import anthropic
import pytest

from tests.conformance import checker
from tests.conformance.servers import Servers
from tests.conformance.talk import Talk, spread
from tests.conformance.targets import invented, over

PATIENCE = 20.0
DRIP = invented("drip", "long")
"""Each engine with an answer that does not end by itself."""


def eventually(true: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, f"{what}: not within {PATIENCE:g} seconds"
        time.sleep(0.02)


def request(body: object, path: str = "/v1/messages", length: int | None = None) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\nx-api-key: any\r\nanthropic-version: 2023-06-01\r\n"
        f"content-type: application/json\r\ncontent-length: {len(content) if length is None else length}\r\n\r\n"
    )
    return head.encode() + content


def connected(target: Talk) -> socket.socket:
    found = urlsplit(target.url)
    assert found.hostname and found.port
    return socket.create_connection((found.hostname, found.port), PATIENCE)


@over("long")
def test_who_leaves_in_the_middle_of_a_stream_hurts_nobody(target: Talk) -> None:
    with target.client.messages.stream(**spread(target.body("long"))) as stream:
        for _, event in zip(range(4), stream, strict=False):
            assert event.type
    body = target.tap.replies[-1].body
    checker.check(checker.events(body[: body.rindex(b"\n\n") + 2]), whole=False)
    target.streamed()


@over("long")
def test_who_leaves_without_reading_hurts_nobody(target: Talk) -> None:
    for stream in (True, False):
        with connected(target) as connection:
            connection.sendall(request(target.body("long", stream=stream)))
    target.streamed()


@over("text")
def test_who_leaves_before_the_request_is_whole_hurts_nobody(target: Talk) -> None:
    whole = request(target.body())
    for end in (1, 20, len(whole) // 2, len(whole) - 1):
        with connected(target) as connection:
            connection.sendall(whole[:end])
    target.streamed()


@pytest.mark.parametrize("target", DRIP, ids=[one.name for one in DRIP], indirect=True)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_the_engine_is_stopped(target: Talk, stream: bool) -> None:
    before = len(target.seen("long"))
    with connected(target) as connection:
        connection.sendall(request(target.body("long", stream=stream)))
        if stream:
            assert connection.recv(1)
        eventually(lambda: len(target.seen("long")) > before, "the engine was asked")
        assert not target.seen("long")[-1]["left"]
    eventually(lambda: bool(target.seen("long")[-1]["left"]), "the engine saw it leave")


@pytest.mark.parametrize("target", DRIP[1:2], ids=[DRIP[1].name], indirect=True)
def test_the_log_tells_that_a_client_left(target: Talk, servers: Servers) -> None:
    with connected(target) as connection:
        connection.sendall(request(target.body("long", stream=True)))
        assert connection.recv(1)
    eventually(lambda: any("client_left" in line for line in servers.get("recorded").lines()), "a line in the log")


@over("long")
def test_many_leave_at_once_and_the_rest_are_answered(target: Talk) -> None:
    async def leave(client: anthropic.AsyncAnthropic) -> None:
        async with client.messages.stream(**spread(target.body("long"))) as stream:
            await anext(aiter(stream))

    async def stay(client: anthropic.AsyncAnthropic) -> str | None:
        async with client.messages.stream(**spread(target.body())) as stream:
            return (await stream.get_final_message()).stop_reason

    async def crowd() -> list[str | None]:
        async with anthropic.AsyncAnthropic(base_url=target.url, api_key="any", max_retries=0) as client:
            leaving = asyncio.gather(*(leave(client) for _ in range(12)))
            staying = await asyncio.gather(*(stay(client) for _ in range(6)))
            await leaving
            return staying

    assert set(asyncio.run(crowd())) <= {"end_turn", "max_tokens"}
