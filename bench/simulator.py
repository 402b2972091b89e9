"""`python -m bench.simulator`: events and requests a CPU-second through the simulator, against a bare ASGI app."""

import json
import tempfile
from pathlib import Path

from bench.harness import measure, raw, request, sijo
from bench.raw import EVENTS

SCRIPT = f"""
[[rules]]
match = {{ text = "stream" }}
answers = [{{ text = "{"hello " * EVENTS}" }}]

[[rules]]
answers = [{{ text = "hello" }}]
"""
ROUNDS = 3


def main() -> None:
    script = Path(tempfile.mkdtemp()) / "bench.toml"
    script.write_text(SCRIPT)
    ask = {"model": "claude-sonnet-4-5", "max_tokens": 4096, "messages": [{"role": "user", "content": "stream please"}]}
    long = request(json.dumps({**ask, "stream": True}, separators=(",", ":")).encode())
    short = request(
        json.dumps({**ask, "messages": [{"role": "user", "content": "hi"}]}, separators=(",", ":")).encode()
    )
    events, requests = [0.0, 0.0], [0.0, 0.0, 0.0]
    with raw() as bare, sijo("--scripts", str(script)) as ours, raw("routed") as routed:
        for _ in range(ROUNDS):
            for at, one in enumerate((bare, ours, routed)):
                if one is not routed:
                    events[at] = max(events[at], measure(*one, long, clients=4, requests=120).events_cpu)
                requests[at] = max(
                    requests[at], measure(*one, short, clients=8, requests=10_000, warm=200).requests_cpu
                )
    for name, (theirs, mine, *_) in (("events", events), ("requests", requests)):
        ratio = mine / theirs
        print(f"{name:9} a CPU-second: bare ASGI {theirs:9,.0f}, sijo {mine:9,.0f}, ratio {ratio:.2f} (goal 0.40)")
    print(f"{'':9} an empty route of Starlette's {requests[2]:9,.0f}, ratio {requests[2] / requests[0]:.2f}")


if __name__ == "__main__":
    main()
