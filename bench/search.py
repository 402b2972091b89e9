"""`python -m bench.search`: what tool search costs and saves, and how well it finds, against a scan run beside it."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import msgspec
from tests.tools.catalog import questions, tools

from sijo.app import offline
from sijo.engine.abilities import Abilities
from sijo.engine.count import prompt_tokens
from sijo.engine.estimate import tokens
from sijo.engine.intake import Terms
from sijo.engine.lower import lower
from sijo.tools.index import Lines, Ranking
from sijo.tools.pattern import BadPattern, Linear, Patterns
from sijo.tools.words import asked
from sijo.wire.tools import Custom

BOMBS = Path(__file__).parent.parent / "tests" / "tools" / "bombs.txt"
MANY = 10_000
ROUNDS = 5
EVERYDAY = ("get_.*weather", "(create|update).*invoice", "^slack_", "refund", "(?=.*calendar)event", "no such tool")
"""Patterns as models write them: but for the fifth, all in linear time; the last has to look at everything."""
FINDER = {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"}


def many() -> list[Custom]:
    """The catalogue again and again, each time for another team, until there are ten thousand."""
    found: list[Custom] = []
    for team in range(MANY):
        for tool in tools():
            if len(found) == MANY:
                return found
            name = tool.name if not team else f"{tool.name}_{team}"
            found.append(msgspec.structs.replace(tool, name=name, description=f"{tool.description} Team {team}."))
    return found


def spent(work: Callable[[], object]) -> float:
    """Milliseconds of CPU, of all threads."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e3


def naive(found: Sequence[Custom], query: str, limit: int) -> list[str]:
    """What one would write first: each tool's text is asked for each word of the question, and the most hits win."""
    words = query.lower().split()
    texts = [f"{tool.name} {tool.description} {json.dumps(tool.input_schema)}".lower() for tool in found]
    hits = [sum(word in text for word in words) for text in texts]
    return [found[at].name for at in sorted(range(len(found)), key=lambda at: -hits[at])[:limit]]


def first(best: Callable[[str], list[str]]) -> float:
    return sum(best(question)[:1] == [right] for right, question in questions()) / len(questions())


def cost() -> None:
    found = many()
    built = min(spent(lambda: Ranking(found)) for _ in range(ROUNDS))
    lined = min(spent(lambda: Lines(found)) for _ in range(ROUNDS))
    ranking, lines = Ranking(found), Lines(found)
    asked("warm")
    ranked = [min(spent(partial(ranking.best, q, 5)) for _ in range(ROUNDS)) for _, q in questions()]
    scanned = median(spent(partial(naive, found, q, 5)) for _, q in questions()[:5])
    print(f"{MANY:,} tools indexed for BM25: {built:.0f} ms of CPU; for patterns: {lined:.0f} ms (goal under 1,000)")
    print(f"searched by BM25: median {median(ranked):.2f} ms of CPU, worst {max(ranked):.2f} (goal under 5)")
    print(f"  a scan of all tools: {scanned:.0f} ms, {scanned / median(ranked):,.0f} times as much")
    for pattern in EVERYDAY:
        linear = Linear.of(pattern, lines)
        if linear is not None:
            best = min(spent(partial(linear.names, lines, 5)) for _ in range(ROUNDS))
            print(f"searched by pattern: {best:.2f} ms of CPU: {pattern}")


def saved() -> None:
    able, base = Abilities(found="inline"), 0
    whole = [msgspec.json.decode(msgspec.json.encode(tool)) for tool in tools()]
    for name, entries in (
        ("all loaded", [{**tool, "defer_loading": False} for tool in whole]),
        ("deferred", [FINDER, *whole]),
        ("deferred, five found", [FINDER, *whole]),
    ):
        messages: list[object] = [{"role": "user", "content": "Put dinner with Sam on my calendar."}]
        if name.endswith("found"):
            names = Ranking(tools()).best("create calendar event", 5)
            found = {"type": "tool_search_tool_search_result",
                     "tool_references": [{"type": "tool_reference", "tool_name": one} for one in names]}  # fmt: skip
            call = {"type": "server_tool_use", "id": "srvtoolu_1", "name": FINDER["name"], "input": {"query": "x"}}
            back = {"type": "tool_search_tool_result", "tool_use_id": "srvtoolu_1", "content": found}
            messages.append({"role": "assistant", "content": [call, back]})
        body = {"model": "claude-opus-4-5", "max_tokens": 100, "tools": entries, "messages": messages}
        turn, _, _ = offline().turn(msgspec.json.encode(body), Terms("2023-06-01"))
        count = prompt_tokens(lower(turn.asked or turn.prompt, able), tokens)
        base = base or count
        less = f", {1 - count / base:.1%} less (goal over 85 %)" if count < base else ""
        print(f"prompt with {len(whole):,} tools, {name}: {count:,} tokens{less}")


class Waits:
    """How long others on the loop have to wait for their turn."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._task = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            self.longest, last = max(self.longest, now - last), now

    def done(self) -> float:
        self._task.cancel()
        return self.longest * 1e3


async def bombs() -> None:
    lines, patterns = Lines(tools()), Patterns()
    slowest, late = 0.0, 0
    waits = Waits()
    whole = time.perf_counter()
    for pattern in BOMBS.read_text("utf-8").splitlines():
        began = time.perf_counter()
        try:
            await patterns.found(pattern, lines, 5)
        except BadPattern:
            pass
        except TimeoutError:
            late += 1
        slowest = max(slowest, time.perf_counter() - began)
    whole, longest = time.perf_counter() - whole, waits.done()
    print(f"50 catastrophic patterns: the slowest took {slowest * 1e3:.0f} ms (goal under 1,000), {late} were given up")
    idle = Waits()
    await asyncio.sleep(whole)
    print(f"  others had to wait {longest:.1f} ms at the most, and {idle.done():.1f} ms in as long a time without any")


def main() -> None:
    cost()
    saved()
    ranking = Ranking(tools())
    in_five = sum(right in ranking.best(question, 5) for right, question in questions()) / len(questions())
    print(f"the right tool of {len(tools()):,} first: {first(lambda q: ranking.best(q, 5)):.1%} (goal over 90 %)")
    print(f"  among the first five: {in_five:.1%}; first by the scan: {first(lambda q: naive(tools(), q, 5)):.1%}")
    asyncio.run(bombs())


if __name__ == "__main__":
    main()
