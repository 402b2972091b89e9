"""`python -m bench.limits`: what keys and limits add to the CPU of a short request, against a server without them."""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.harness import measure, request, server

LIMITS = """
[[limit]]
requests = 100_000_000
input = 2_000_000_000
output = 2_000_000_000

[[limit]]
key = "*"
requests = 100_000_000
input = 2_000_000_000
output = 2_000_000_000
"""
BODY = {"model": "claude-sonnet-4-5", "max_tokens": 256, "messages": [{"role": "user", "content": "hi"}]}
ROUNDS, REQUESTS = 5, 6_000
GOAL = 1.15


def sent(key: str) -> bytes:
    """A short request with this key."""
    return request(json.dumps(BODY).encode()).replace(b"x-api-key: any", b"x-api-key: " + key.encode())


def main() -> None:
    plain, limited = (tempfile.mkdtemp(prefix="sijo-bench-") for _ in range(2))
    config = Path(limited) / "sijo.toml"
    config.write_text(LIMITS)
    made = subprocess.run(
        [sys.executable, "-m", "sijo", "key", "create", "--data-dir", limited],
        capture_output=True,
        text=True,
        check=True,
    )
    start = ("-m", "sijo", "serve", "--port", "0", "--model", "simulator", "--data-dir")
    ratios = []
    with server(*start, plain) as without, server(*start, limited, "--config", str(config)) as with_them:
        for _ in range(ROUNDS):  # in turn, so that what else the machine does falls on both alike
            theirs = measure(*without, sent("any"), clients=8, requests=REQUESTS, warm=200)
            ours = measure(*with_them, sent(made.stdout.strip()), clients=8, requests=REQUESTS, warm=200)
            ratios.append(ours.cpu / theirs.cpu)
            each = [figure.cpu / REQUESTS * 1e6 for figure in (theirs, ours)]
            print(f"CPU of a request: {each[0]:.0f} us without, {each[1]:.0f} us with")
    print(f"ratio {statistics.median(ratios):.3f} (goal under {GOAL})")


if __name__ == "__main__":
    main()
