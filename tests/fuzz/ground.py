"""The servers that are played against, a strict one over the simulator and a lenient one over engines, and what must be
true of them once everybody has gone."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.conformance.servers import BROKEN, section
from tests.fuzz.acts import HANGS, HANGS_MODEL
from tests.http.raw import ask, hello
from tests.serving import Running, serving

SCRIPT = f"""
[[rules]]
match = {{ text = "{HANGS}" }}
answers = {{ text = "One two three.", fault = {{ kind = "hang", after = 2 }} }}

[[rules]]
match = {{ text = "Take it slowly." }}
answers = [{{ text = "{"slowly " * 40}", delay = {{ first = 0.01, rate = 400 }} }}]
"""
PING = "[server]\nping = 0.05\n"
ROUTES: Mapping[str, str] = {
    "claude-haiku-4-5*": "echo_vllm",
    "claude-sonnet-4-5*": "echo_llamacpp",
    "claude-opus-5*": "01_vllm_reasoning",
    "claude-sonnet-5-5": "02_vllm_tools",
    "claude-opus-4*": "echo_ollama",
    "claude-fable*": "echo_deepseek",
    "claude-3*": "32_generic_surrogates",
    HANGS_MODEL: "drip_vllm",
    "*": "echo_generic",
}
"""Which engine answers for which model on the lenient server."""
SETTLED = 10.0
"""Seconds after which nothing may be left of clients that have gone."""


@dataclass(frozen=True)
class Ground:
    """Servers by name, and how many descriptors each had before anybody came."""

    servers: Mapping[str, Running]
    before: Mapping[str, int]

    @property
    def ports(self) -> list[int]:
        return [int(running.url.rpartition(":")[2]) for running in self.servers.values()]

    def faults(self) -> list[str]:
        """What is wrong with the servers though nobody asks for anything: waits until they have settled."""
        return [f"{name}: {words}" for name in self.servers for words in self._wrong(name)]

    def _wrong(self, name: str) -> Iterator[str]:
        running, before = self.servers[name], self.before[name]
        if not soon(lambda: open_requests(running) == 1):  # the one that asks
            yield f"{open_requests(running) - 1} requests are still open"
        if not soon(lambda: descriptors(running) <= before):
            yield f"{descriptors(running)} descriptors are open, {before} were before"
        yield from [f"logged {line[:2000]}" for line in logged(running) if BROKEN.search(line)][:20]
        if ask(running.url, body=hello()).status != 200:
            yield "does not answer any more"

    def stop(self) -> list[str]:
        """Which of them does not end at once, though nothing is going on."""
        found = []
        for name, running in self.servers.items():
            try:
                status = running.stop(SETTLED)
            except subprocess.TimeoutExpired:
                status = None
            if status != 0:
                found.append(f"{name}: ended with status {status}")
        return found


@contextmanager
def ground(folder: Path, *more: Path) -> Iterator[Ground]:
    """Both servers, the engine behind the second, and a server more for each file of settings."""
    folder.mkdir(parents=True, exist_ok=True)
    script, strict, lenient = folder / "script.toml", folder / "strict.toml", folder / "lenient.toml"
    script.write_text(SCRIPT)
    strict.write_text(PING)
    with engine() as url:
        routes = "\n".join(f'"{pattern}" = "{name}"' for pattern, name in ROUTES.items())
        sections = "\n".join(section(name, name.split("_")[1], f"{url}/v1") for name in ROUTES.values())
        lenient.write_text(f"{PING}\n{sections}\n[models]\n{routes}\n")
        simulator = ("--model", "simulator", "--config", str(strict), "--scripts", str(script))
        flags = {"strict": simulator, **{path.stem: ("--config", str(path)) for path in (lenient, *more)}}
        with ExitStack() as stack:
            servers = {name: stack.enter_context(serving(folder / name, *flags[name])) for name in flags}
            for running in servers.values():
                for streamed in (False, True):
                    assert ask(running.url, body=hello(stream=streamed)).status == 200
                open_requests(running)
            yield Ground(servers, {name: descriptors(running) for name, running in servers.items()})


@contextmanager
def engine() -> Iterator[str]:
    """The engine that says what was recorded, or what it was told."""
    command = [sys.executable, "-m", "tests.conformance.engine"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def soon(holds: Callable[[], bool]) -> bool:
    """Whether something comes true in time."""
    until = time.monotonic() + SETTLED
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def open_requests(running: Running) -> int:
    """The gauge of requests that are being answered, the one that asks among them."""
    found = re.search(rb"^sijo_open_requests (\S+)$", ask(running.url, "/metrics", method="GET").body, re.MULTILINE)
    assert found
    return round(float(found[1]))


def logged(running: Running) -> list[str]:
    """The lines of its log. Paths stand there as they came, and not all that parts lines elsewhere does so here."""
    return running.log.read_text(errors="replace").split("\n")


def descriptors(running: Running) -> int:
    """What it has open, without the connections to engines: they are kept, to be used again."""
    process, own = psutil.Process(running.process.pid), int(running.url.rpartition(":")[2])
    links = [link for link in process.net_connections("tcp") if link.status != psutil.CONN_LISTEN]
    return process.num_fds() - sum(link.laddr.port != own for link in links)


def memory(running: Running) -> float:
    """Megabytes that it holds."""
    return psutil.Process(running.process.pid).memory_info().rss / 1e6
