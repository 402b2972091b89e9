"""`python -m bench.ledger`: what the ledger adds to the CPU of a short request, and the time of a report on a million
turns in SQLite."""

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.harness import measure, request, sijo
from sijo.engine.entry import Entry
from sijo.engine.prices import prices
from sijo.store import database
from sijo.store.ledger import Ledger
from sijo.store.lines import Line, lines
from sijo.store.rollups import DAY, HOUR, MINUTE, batch
from sijo.wire import events as e

TURNS = 1_000_000
DAYS = 30
ROUNDS = 5
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5-20251001", "claude-fable-5-2", "qwen3")
NOW = 1_795_824_000


def turns(count: int) -> list[Entry]:
    """Of a month: five models, four workspaces with three keys each, batches and places."""
    dice = random.Random(7)
    found = []
    for number in range(count):
        space = dice.randrange(4)
        usage = e.Usage(
            input_tokens=dice.randrange(3000),
            cache_creation_input_tokens=dice.randrange(500),
            cache_read_input_tokens=dice.randrange(50_000),
            cache_creation=e.CacheCreation(),
            output_tokens=dice.randrange(2000),
            service_tier=dice.choice(("standard", "standard", "batch")),
            inference_geo=dice.choice(("global", "us")),
        )
        found.append(
            Entry(
                at=NOW - DAYS * DAY + number * DAYS * DAY / TURNS,
                request=f"req_{number}",
                message=f"msg_{number}",
                workspace=f"wrkspc_{space}" if space else None,
                key=f"apikey_{space}_{dice.randrange(3)}",
                model=dice.choice(MODELS),
                engine="vllm",
                usage=usage,
                stop="end_turn",
                status=200,
                error=None,
                duration=1.0,
                first=0.1,
            )
        )
    return found


async def report(folder: Path) -> None:
    store = database(None, folder)
    await store.open()
    ledger = Ledger(store)
    began, size = time.perf_counter(), 20_000
    entries = turns(TURNS)
    for number, start in enumerate(range(0, TURNS, size), 1):
        await ledger.write("bench", number, batch(entries[start : start + size], prices()), time.time())
    print(f"{await ledger.turns():,} turns written in {time.perf_counter() - began:.0f} s")
    everything = ("start", "workspace", "api_key", "model", "tier", "context", "geo")
    first = NOW - DAYS * DAY
    cases = {
        "usage by day, a month, by everything": (DAY, first, NOW, everything),
        "usage by hour, a week, by everything": (HOUR, NOW - 7 * DAY, NOW, everything),
        "usage by minute, a day, by model": (MINUTE, NOW - DAY, NOW, ("start", "model")),
        "cost by day, a month, by description": (DAY, first, NOW, ("start", *Line.BY)),
    }
    for words, (width, since, until, by) in cases.items():
        took, busy = [], []
        for _ in range(ROUNDS):
            began, used = time.perf_counter(), time.process_time()
            sums = await ledger.sums(width, since, until, by, priced=words.startswith("cost"))
            found = len(list(lines(sums, prices()))) if by[1:] == Line.BY else len(sums)
            took.append(time.perf_counter() - began)
            busy.append(time.process_time() - used)
        wall, cpu = (1000 * statistics.median(times) for times in (took, busy))
        print(f"{words}: {wall:.0f} ms, {cpu:.0f} of CPU, for {found:,} lines (goal 300)")
    await store.close()


def cpu() -> None:
    body = {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": [{"role": "user", "content": "Hello, Claude"}]}
    whole = request(json.dumps(body).encode())
    found: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * ROUNDS):
        kept = number % 2 == 0
        with sijo("--model", "simulator", env={"SIJO_LEDGER": str(kept).lower()}) as (pid, port):
            figure = measure(pid, port, whole, clients=8, requests=6000, warm=500)
        found[kept].append(1e6 * figure.cpu / figure.requests)
    with_ledger, without = (statistics.median(found[kept]) for kept in (True, False))
    print(f"CPU of a short request: {with_ledger:.0f} µs with the ledger, {without:.0f} µs without: ", end="")
    print(f"{100 * (with_ledger / without - 1):.1f} % more (goal, with limits and caching: 15)")


def main() -> None:
    if "--report" not in sys.argv:
        cpu()
    if "--cpu" not in sys.argv:
        with tempfile.TemporaryDirectory(prefix="sijo-bench-") as folder:
            asyncio.run(report(Path(folder)))


if __name__ == "__main__":
    main()
