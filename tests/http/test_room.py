"""More connections than a server may have: who is closed, who is refused, and that it never ends with that."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import anthropic
import pytest

from sijo.http.room import LEAVING
from tests.http.raw import HEADERS, Reply, ask, connect, head, hello, receive
from tests.http.waiting import until
from tests.serving import Running, serving

MOST = 3
SILENT = "[simulator]\nfirst = 600.0\n"
HEALTH = head("GET", "/health", {})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """Has room for few, and answers nobody in time."""
    config = tmp_path / "sijo.toml"
    config.write_text(SILENT)
    with serving(tmp_path, "--config", str(config), env={"SIJO_CONNECTIONS": str(MOST)}) as running:
        yield running


def busy(stack: ExitStack, running: Running) -> socket.socket:
    """A connection that waits for an answer."""
    link = stack.enter_context(connect(running.url))
    body = hello()
    link.sendall(head("POST", "/v1/messages", {**HEADERS, "content-length": str(len(body))}) + body)
    return link


def idle(stack: ExitStack, running: Running) -> socket.socket:
    """A connection that was answered, and stays."""
    link = stack.enter_context(connect(running.url))
    again(link)
    return link


def again(link: socket.socket) -> None:
    link.sendall(HEALTH)
    assert receive(link, "GET").status == 200
    time.sleep(0.02)  # the server's clock counts milliseconds


def healthy(running: Running) -> bool | None:
    """Whether a newcomer is let in; None for one that is not."""
    try:
        return ask(running.url, "/health", method="GET").status == 200 or None
    except OSError:
        return None


def full(stack: ExitStack, running: Running) -> list[socket.socket]:
    """As many busy connections as there may be, once all are known to be busy."""
    links = [busy(stack, running) for _ in range(MOST)]
    until(lambda: None if healthy(running) else True, "all places are taken")
    return links


def test_who_finds_all_busy_is_told_so(server: Running) -> None:
    with ExitStack() as stack:
        first, *_ = full(stack, server)
        with connect(server.url) as link:
            link.sendall(HEALTH)
            reply = receive(link, "GET")
            assert (reply.status, reply.error) == (529, {"type": "overloaded_error", "message": "Overloaded"})
            assert reply.headers["connection"] == "close"
            assert link.recv(1) == b""
        first.close()
        until(lambda: healthy(server), "who leaves makes room")
    assert sum("no more are taken" in line for line in server.lines()) == 1


def test_the_sdk_is_told_too(server: Running) -> None:
    with ExitStack() as stack:
        full(stack, server)
        with (
            closing(anthropic.Anthropic(base_url=server.url, api_key="any", max_retries=0)) as client,
            pytest.raises(anthropic.APIStatusError) as caught,
        ):
            client.messages.create(model="claude-opus-5", max_tokens=9, messages=[{"role": "user", "content": "hi"}])
    assert (caught.value.status_code, caught.value.type) == (529, "overloaded_error")


def test_a_long_body_does_not_lose_the_answer(server: Running) -> None:
    with ExitStack() as stack:
        full(stack, server)
        assert ask(server.url, body=hello(system="x" * (4 << 20))).status == 529


def test_the_longest_idle_one_makes_room(server: Running) -> None:
    with ExitStack() as stack:
        busy(stack, server)
        longest, other = idle(stack, server), idle(stack, server)
        newcomer = idle(stack, server)
        assert longest.recv(1) == b""
        for link in (newcomer, other):
            again(link)
        assert idle(stack, server)
        assert newcomer.recv(1) == b""


def test_who_says_nothing_makes_room(server: Running) -> None:
    with ExitStack() as stack:
        quiet = [stack.enter_context(connect(server.url)) for _ in range(MOST - 1)]
        quiet[0].sendall(b"GET /hea")
        busy(stack, server)
        until(lambda: healthy(server), "one who only came makes room")
        for _ in quiet:
            idle(stack, server)
        assert [link.recv(1) for link in quiet] == [b"", b""]


@contextmanager
def crowd(running: Running, size: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(connect(running.url)) for _ in range(size)]


def test_a_crowd_is_sent_away_and_all_goes_on(server: Running) -> None:
    with ExitStack() as stack:
        first, *_ = full(stack, server)
        with crowd(server, 4 * LEAVING) as links:
            assert {link.recv(1) for link in links} == {b""}
        first.close()
        until(lambda: healthy(server), "there is room again")


def told(running: Running) -> str | None:
    return next((line for line in running.lines() if "ulimit -n" in line), None)


def test_a_process_with_few_files_never_runs_out_of_them(tmp_path: Path) -> None:
    with serving(tmp_path, "--model", "simulator", files=160) as running:
        assert "32 connections may be open, not 8000: the process may have 160 files" in (told(running) or "")
        for _ in range(2):
            with crowd(running, 300):
                until(lambda: healthy(running), "one who asks is let in before those who say nothing")
            assert ask(running.url, body=hello()).status == 200
        assert not [line for line in running.lines() if "Too many open files" in line]


def test_a_process_takes_the_files_that_it_needs(tmp_path: Path) -> None:
    with serving(tmp_path, "--model", "simulator") as running:
        assert told(running) is None


def test_the_bound_is_of_each_worker(tmp_path: Path) -> None:
    config = tmp_path / "sijo.toml"
    config.write_text(SILENT)
    env = {"SIJO_CONNECTIONS": "1"}

    def refused(running: Running) -> Reply | None:
        try:
            reply = ask(running.url, "/health", method="GET")
        except OSError:
            return None
        return reply if reply.status == 529 else None

    with serving(tmp_path, "--config", str(config), "--workers", "2", env=env) as running, ExitStack() as stack:
        for _ in range(8):
            busy(stack, running)
        assert until(lambda: refused(running), "all places of both workers are taken").error["message"] == "Overloaded"
