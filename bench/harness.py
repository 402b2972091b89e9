"""Servers in processes of their own, a load from another, and the CPU that each server used."""

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Figure:
    """What a load came to."""

    requests: int
    events: int
    wall: float
    cpu: float

    @property
    def requests_cpu(self) -> float:
        return self.requests / self.cpu

    @property
    def events_cpu(self) -> float:
        return self.events / self.cpu


@contextlib.contextmanager
def server(*command: str, env: dict[str, str] | None = None) -> Iterator[tuple[int, int]]:
    """Starts a server that prints its address; gives its process id and its port."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, stdout=log, stderr=log, env={**os.environ, **(env or {})}
        )
        try:
            yield process.pid, _port(process, log)
        finally:
            process.terminate()
            process.wait(20)


def _port(process: "subprocess.Popen[bytes]", log: object) -> int:
    for _ in range(2000):
        log.seek(0)  # type: ignore[attr-defined]
        text = log.read().decode(errors="replace")  # type: ignore[attr-defined]
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", text):
            with (
                contextlib.suppress(OSError),
                contextlib.closing(__import__("socket").create_connection(("127.0.0.1", int(found[1])), 1)),
            ):
                return int(found[1])
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise SystemExit(f"the server did not start:\n{text}")


def raw(app: str = "app") -> contextlib.AbstractContextManager[tuple[int, int]]:
    return server(
        "-m", "uvicorn", f"bench.raw:{app}", "--port", "0", "--no-access-log", "--http", "httptools", "--loop", "uvloop"
    )


def sijo(*flags: str, env: dict[str, str] | None = None) -> contextlib.AbstractContextManager[tuple[int, int]]:
    data = tempfile.mkdtemp(prefix="sijo-bench-")
    return server("-m", "sijo", "serve", "--port", "0", "--data-dir", data, *flags, env=env)


def request(body: bytes, path: str = "/v1/messages") -> bytes:
    """A whole HTTP request, ready to be written."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: any\r\nanthropic-version: 2023-06-01\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, whole: bytes) -> bytes:
    """One request and its reply, on a connection that stays open."""
    writer.write(whole)
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head[:16]:
        raise SystemExit(f"not a 200: {head!r} {await reader.read(2000)!r}")
    if found := re.search(rb"content-length: (\d+)", head, re.I):
        return await reader.readexactly(int(found[1]))
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    await reader.readuntil(b"\r\n")
    return b"".join(parts)


async def load(port: int, whole: bytes, *, clients: int, requests: int) -> tuple[int, int]:
    """`requests` by `clients` at once; gives how many were answered and how many events they held."""
    left = requests
    events = 0

    async def one() -> None:
        nonlocal left, events
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
        while left > 0:
            left -= 1
            reply = await exchange(reader, writer, whole)
            events += reply.count(b"event: ")
        writer.close()

    awake = asyncio.create_task(wakeful())
    await asyncio.gather(*(one() for _ in range(clients)))
    awake.cancel()
    return requests, events


async def wakeful() -> None:
    """Keeps the load from sleeping: to wake a process is dear, and the server that writes to it would pay."""
    while True:  # noqa: ASYNC110 - to be busy is the point
        await asyncio.sleep(0)


def measure(pid: int, port: int, whole: bytes, *, clients: int, requests: int, warm: int = 20) -> Figure:
    """The load, after a little of it to warm up, with the CPU seconds of the server's process."""
    asyncio.run(load(port, whole, clients=clients, requests=warm))
    process = psutil.Process(pid)
    before, began = process.cpu_times(), time.perf_counter()
    done, events = asyncio.run(load(port, whole, clients=clients, requests=requests))
    wall, after = time.perf_counter() - began, process.cpu_times()
    return Figure(done, events, wall, after.user + after.system - before.user - before.system)
