"""`python -m bench.numbers`: what caching, limits and the ledger add together to the CPU of a request.

Two servers before one engine that costs next to nothing. One has a ledger, limits for the organization and for each
key, and requests with a breakpoint; the other has none of it. The engine streams 500 tokens, each alone, or says one
word: the less there is to do beside, the more all that counts.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.caching import bodies, user
from bench.harness import measure, request, server, sijo
from bench.limits import EACH, WHOLE

GOAL = 1.15
ROUNDS = 3
OFF = "[server]\nledger = false\n"
ENGINE = '[[engine]]\nname = "m"\nkind = "generic"\nurl = "http://127.0.0.1:{}/v1"\nmodel = "m"\ncontext = 1000000\n'
SHORT = ("a short question", {"messages": [user("hi")]}, 2000)


def cases() -> Iterator[tuple[str, dict[str, Any], int]]:
    """What is asked, and how often."""
    for name, body, requests in (SHORT, *bodies()):
        asked = [*body["messages"], {"role": "assistant", "content": "Well."}, user("stream please")]
        yield f"{name}, 500 tokens streamed", {**body, "messages": asked, "stream": True}, 16
        yield f"{name}, one word", body, requests // 2


@contextmanager
def serving(up: int, settings: str) -> Iterator[tuple[int, int]]:
    """A server before the engine at a port."""
    config = Path(tempfile.mkdtemp(prefix="sijo-bench-")) / "sijo.toml"
    config.write_text(settings + ENGINE.format(up))
    with sijo("--config", str(config)) as one:
        yield one


def main() -> None:
    with ExitStack() as stack:
        _, up = stack.enter_context(server("-m", "bench.upstream"))
        servers = [stack.enter_context(serving(up, settings)) for settings in (OFF, WHOLE + EACH)]
        for name, body, requests in cases():
            took: list[list[float]] = [[], []]
            for _ in range(ROUNDS):  # in turn, so that what else the machine does falls on both alike
                for at, one in enumerate(servers):
                    mark = {"cache_control": {"type": "ephemeral"}} if at else {}
                    ask = {"model": "claude-opus-5", "max_tokens": 1024, **body, **mark}
                    whole = request(json.dumps(ask, separators=(",", ":")).encode())
                    took[at].append(measure(*one, whole, clients=8, requests=requests).cpu / requests * 1e6)
            without, all = (sorted(times)[ROUNDS // 2] for times in took)
            print(f"{name}: {all:.0f} us of CPU against {without:.0f}: ratio {all / without:.2f} (goal {GOAL})")


if __name__ == "__main__":
    main()
