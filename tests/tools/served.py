"""A server in this process, made as `sijo serve` makes it, but with the settings and the tools that a test brings."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import uvicorn

from sijo.app import build
from sijo.config import EngineSection, Server, Settings, SimulatorSection
from sijo.engine.servertool import ServerTool
from tests.cli.engine import Engine

READY = 20.0


@contextmanager
def running(folder: Path, settings: Settings, tools: Sequence[ServerTool] | None = None) -> Iterator[str]:
    """The address of a server, until the block ends."""
    settings = msgspec.structs.replace(settings, server=Server(data_dir=str(folder)))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(build(settings, tools), log_config=None, access_log=False, lifespan="on")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            until = time.monotonic() + READY
            while not server.started and thread.is_alive():
                assert time.monotonic() < until
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def simulated(*scripts: Path) -> Settings:
    """The simulator, with scripts."""
    return Settings(simulator=SimulatorSection(scripts=tuple(map(str, scripts))))


def engined(engine: Engine, **abilities: object) -> Settings:
    """An engine that is known as vLLM."""
    section = EngineSection(name="fake", kind="vllm", url=engine.url, model="local", abilities=abilities)
    return Settings(engine=(section,))


@contextmanager
def engine() -> Iterator[Engine]:
    """An engine that answers as it is told."""
    made = Engine()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()
        thread.join()
