"""Servers in processes of their own: what they say when they are stopped, and what their workers add up to."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

from sijo import config
from sijo.log import Observer
from tests.log.calls import MODEL, ROOT, lines_of, samples


@contextmanager
def server(folder: Path, workers: int, grace: int = 5) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "tests.log.observed", str(folder), str(workers), str(grace)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process, f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ask(url: str, method: str = "GET") -> bytes:
    """Asks until there is an answer: a server may still be starting, a worker may just have died."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=10) as reply:
                return bytes(reply.read())
        except (OSError, HTTPException):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_sigterm_loses_no_line_not_even_of_a_request_that_it_cuts(tmp_path: Path) -> None:
    with server(tmp_path, workers=1, grace=1) as (process, url):
        for _ in range(20):
            ask(f"{url}/v1/messages", "POST")
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as hanging:
            hanging.sendall(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
            until(lambda: samples(ask(f"{url}/metrics"))["sijo_open_requests",] == 2)
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=30)
    lines = lines_of(errors.encode())
    paths = [line["path"] for line in lines if line["logger"] == "sijo.access"]
    assert paths.count("/v1/messages") == 20 and paths.count("/slow") == 1


def test_workers_add_up_and_the_death_of_one_loses_no_count(tmp_path: Path) -> None:
    key = ("sijo_requests_total", "simulator", MODEL, "200", "true")
    with server(tmp_path, workers=2) as (_, url):
        pids: list[bytes] = []

        def both() -> bool:
            pids.append(ask(f"{url}/v1/messages", "POST"))
            return len(set(pids)) == 2

        until(both)
        until(lambda: samples(ask(f"{url}/metrics")).get(key, 0) == len(pids))
        assert samples(ask(f"{url}/metrics"))[key] == len(pids)
        os.kill(int(pids[0]), signal.SIGKILL)
        assert [samples(ask(f"{url}/metrics"))[key] for _ in range(20)] == [len(pids)] * 20


def test_settings_switch_access_lines_and_traces(tmp_path: Path) -> None:
    assert Observer.of(config.Log(access=False), config.Trace(), tmp_path).access is None
    observer = Observer.of(config.Log(), config.Trace(), tmp_path)
    assert observer.access is not None and observer.traces is None
    assert list(tmp_path.iterdir()) == []
