"""`python -m bench.caching`: the CPU of a request that is cached against that of the same without a breakpoint.

The server is a real one over the simulator, so nearly all that it does is what a request costs. Each conversation is
sent again and again: its prefix is read, and renewed.
"""

import json
from collections.abc import Iterator
from typing import Any

from bench import harness

GOAL = 1.15
ROUNDS = 5
WORDS = "The river ran past the old mill and nobody asked it why. "
TOOL = "Reads a file of the project and gives it back with the numbers of its lines. "


def bodies() -> Iterator[tuple[str, dict[str, Any], int]]:
    """What is sent, without a mark, and how often."""
    system = [{"type": "text", "text": WORDS * 150}]
    yield "a question behind 8 KB of system prompt", {"system": system, "messages": [user("What is it about?")]}, 1500
    tools = [
        {"name": f"tool_{n}", "description": TOOL * 8, "input_schema": {"type": "object", "properties": {"path": {}}}}
        for n in range(20)
    ]
    messages = [user("Read the whole repository.")]
    for n in range(60):
        call = {"type": "tool_use", "id": f"toolu_{n}", "name": "tool_1", "input": {"path": f"src/{n}.py"}}
        messages.append({"role": "assistant", "content": [{"type": "text", "text": WORDS}, call]})
        result = {"type": "tool_result", "tool_use_id": f"toolu_{n}", "content": WORDS * (5 + n % 40)}
        messages.append({"role": "user", "content": [result]})
    body = {"system": system, "tools": tools, "messages": messages}
    yield f"an agent's 60th call, {len(json.dumps(body)) // 1000} KB", body, 300


def user(words: str) -> dict[str, Any]:
    return {"role": "user", "content": words}


def cpu(pid: int, port: int, body: dict[str, Any], requests: int) -> float:
    """Microseconds of the server's for each request."""
    whole = harness.request(json.dumps({"model": "claude-opus-5", "max_tokens": 1, **body}).encode())
    figure = harness.measure(pid, port, whole, clients=4, requests=requests)
    return figure.cpu / figure.requests * 1e6


def main() -> None:
    with harness.sijo("--model", "simulator") as (pid, port):
        for name, body, requests in bodies():
            marked = {**body, "cache_control": {"type": "ephemeral"}}
            found = []
            for _ in range(ROUNDS):
                plain, cached = cpu(pid, port, body, requests), cpu(pid, port, marked, requests)
                found.append((cached / plain, plain, cached))
            ratio, plain, cached = sorted(found)[ROUNDS // 2]
            print(f"{name}: {cached:.0f} us of CPU against {plain:.0f}: ratio {ratio:.2f} (goal {GOAL})")


if __name__ == "__main__":
    main()
