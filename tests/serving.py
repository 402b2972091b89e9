"""Starts the real server as a user would, on a free port, and stops it again; runs its other commands."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY = 20.0


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    url: str
    process: subprocess.Popen[bytes]
    banner: str
    log: Path

    def stop(self, seconds: float = 20) -> int:
        """SIGTERM, then its exit status."""
        self.process.terminate()
        return self.process.wait(seconds)

    def lines(self) -> list[str]:
        """What it has logged."""
        return self.log.read_text().splitlines()


@contextmanager
def serving(
    folder: Path, *flags: str, env: Mapping[str, str] | None = None, files: int | None = None
) -> Iterator[Running]:
    """`sijo serve FLAGS` on a free port, with its state and log in `folder`, until the block ends.

    `files`: how many it may have open.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"serve-{time.monotonic_ns()}.log"
    command = [sys.executable, "-m", "sijo", "serve", "--port", "0", "--data-dir", str(folder / "data"), *flags]
    if files is not None:
        command = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=scrubbed(env))
    try:
        yield ready(process, log)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def ready(process: subprocess.Popen[bytes], log: Path) -> Running:
    """Waits until /health answers; fails with the log if it does not."""
    until = time.monotonic() + READY
    while time.monotonic() < until and process.poll() is None:
        text = log.read_text(errors="replace")
        if found := re.search(r"on (http://\S+)", text):
            try:
                with urllib.request.urlopen(found[1] + "/health", timeout=2):
                    return Running(found[1], process, text, log)
            except (urllib.error.URLError, OSError):
                pass
        time.sleep(0.02)
    raise AssertionError(f"the server did not start (status {process.poll()}):\n{log.read_text(errors='replace')}")


def scrubbed(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment in which nothing is set for the server or for SDKs but `env`."""
    others = {key: value for key, value in os.environ.items() if not key.startswith(("ANTHROPIC_", "SIJO_", "OTEL_"))}
    return {**others, **(env or {})}


def sijo(*words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`sijo WORDS`, until it ends."""
    command = [sys.executable, "-m", "sijo", *words]
    return subprocess.run(command, env=scrubbed(env), capture_output=True, text=True, timeout=60, check=False)


def printed(*words: str) -> str:
    """What `sijo WORDS` prints; it must succeed."""
    done = sijo(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def beside(folder: Path, *words: str) -> str:
    """What `sijo WORDS` prints on the state of the servers in `folder`."""
    return printed(*words, "--data-dir", str(folder / "data"))
