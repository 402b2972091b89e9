"""`python -m bench.limits`: what keys and limits add to the CPU of a short request, against a server without them."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.harness import measure, request, server

SCOPE = """
[[limit]]
{}
requests = 100_000_000
input = 2_000_000_000
output = 2_000_000_000
"""
WHOLE, EACH = SCOPE.format(""), SCOPE.format('key = "*"')
CASES = {"without": None, "a key": "", "limits of the organization": WHOLE, "and of each key": WHOLE + EACH}
BODY = {"model": "claude-sonnet-4-5", "max_tokens": 256, "messages": [{"role": "user", "content": "hi"}]}
ROUNDS, REQUESTS = 7, 3_000
GOAL = 1.15


@contextmanager
def case(settings: str | None) -> Iterator[tuple[int, int, bytes]]:
    """A server with these settings and a key, or without any; and a request for it."""
    folder = tempfile.mkdtemp(prefix="sijo-bench-")
    config = Path(folder) / "sijo.toml"
    config.write_text(settings or "")
    key = "any"
    if settings is not None:
        command = [sys.executable, "-m", "sijo", "key", "create", "--data-dir", folder]
        key = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    whole = request(json.dumps(BODY).encode()).replace(b"x-api-key: any", b"x-api-key: " + key.encode())
    flags = ("--port", "0", "--model", "simulator", "--data-dir", folder, "--config", str(config))
    with server("-m", "sijo", "serve", *flags) as (pid, port):
        yield pid, port, whole


def main() -> None:
    took: dict[str, list[float]] = {name: [] for name in CASES}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(case(settings)) for name, settings in CASES.items()}
        for _ in range(ROUNDS):  # in turn, so that what else the machine does falls on all alike
            for name, one in servers.items():
                took[name].append(measure(*one, clients=8, requests=REQUESTS, warm=100).cpu / REQUESTS * 1e6)
    base = min(took["without"])
    for name, times in took.items():
        print(f"{name:28} {min(times):4.0f} us of CPU a request, ratio {min(times) / base:.2f} (goal under {GOAL})")


if __name__ == "__main__":
    main()
