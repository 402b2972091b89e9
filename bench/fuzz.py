"""`python -m bench.fuzz --seconds 600`: clients good and bad, made up one after the other, against a strict server over
the simulator and a lenient one over engines. Ends with status 1 if one was answered badly or left something behind."""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from tests.fuzz.acts import acts
from tests.fuzz.ground import Ground, descriptors, ground, logged, memory
from tests.fuzz.link import Wrong, play

EXAMPLES = 200
"""Examples in a round; after each the servers are looked at."""
AT_ONCE = 16
"""Connections at once, to each server."""
GROWTH = 40.0
"""Megabytes that a server may grow by once it is warm."""
WARM = 0.1
"""The share of the time after which it is."""


class Hunt:
    """A search for what goes wrong, in rounds, until a moment. `play` does what is `made`, all at once."""

    examples = EXAMPLES

    def __init__(
        self,
        place: Ground,
        until: float,
        made: st.SearchStrategy[list[Any]],
        play: Callable[[Sequence[Any]], Awaitable[None]],
    ) -> None:
        self.place = place
        self.until = until
        self.made, self.play = made, play
        self.found: dict[str, str] = {}
        self.trouble = Counter[str]()
        self.connections = 0

    def round(self, runner: asyncio.Runner, number: int) -> None:
        """One round of examples; what was found before is passed over."""
        known = set(self.found)

        @seed(number)
        @settings(
            max_examples=self.examples,
            phases=(Phase.generate, Phase.shrink),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(self.made)
        def search(every: list[Any]) -> None:
            if time.monotonic() > self.until:
                return
            self.connections += len(every) * len(self.place.ports)
            try:
                runner.run(self._played(every))
            except Wrong as wrong:
                if self._name(wrong) not in known:
                    raise

        try:
            search()
        except BaseExceptionGroup as group:
            for error in leaves(group):
                self._keep(error)
        except AssertionError as error:
            self._keep(error)
        self._settle()

    async def _played(self, every: Sequence[Any]) -> None:
        await self.play(every)

    def _name(self, wrong: BaseException) -> str:
        """What tells one fault from others: for a crash the place in the code, else the words."""
        words = str(wrong).partition("\n")[0]
        return self._crash() if words.startswith("status 500") else "".join(c for c in words[:80] if not c.isdigit())

    def _crash(self) -> str:
        """The type and the place of the last exception in the logs."""
        time.sleep(0.15)
        lines = [line for running in self.place.servers.values() for line in logged(running) if '"faults"' in line]
        last = max((json.loads(line) for line in lines), key=lambda line: str(line["time"]), default=None)
        return "status 500" if last is None else f"{last['faults'][0]['type']} at {last['faults'][0]['at'][-1]}"

    def _keep(self, error: BaseException) -> None:
        notes = "\n".join(getattr(error, "__notes__", ()))
        name = self._name(error)
        if name not in self.found:
            self.found[name] = f"{error}\n{notes}"
            print(f"FOUND {name}\n{error}\n{notes}\n", flush=True)

    def _settle(self) -> None:
        """Look at the servers while nobody is there."""
        for words in self.place.faults():
            self.trouble[words] += 1
            if self.trouble[words] == 1:
                print(f"TROUBLE {words}", flush=True)


def leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--config", type=Path, action="append", default=[], help="settings of one server more")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="sijo-fuzz-") as folder,
        ground(Path(folder), *args.config) as place,
        asyncio.Runner() as runner,
    ):
        every = st.lists(acts, min_size=1, max_size=AT_ONCE)
        hunt = Hunt(place, time.monotonic() + args.seconds, every, partial(play, ports=place.ports))
        sys.exit(run(hunt, runner, args.seed, args.seconds))


def run(hunt: Hunt, runner: asyncio.Runner, number: int, seconds: float) -> bool:
    """Rounds until the time is over, and a report. Whether anything was found."""
    grown = rounds(hunt, runner, number, time.monotonic() + seconds * WARM)
    hunt.trouble.update(f"{name} grew by {mb:.0f} MB" for name, mb in grown.items() if mb > GROWTH)
    hunt.trouble.update(hunt.place.stop())
    report(hunt, grown)
    return bool(hunt.found or hunt.trouble)


def rounds(hunt: Hunt, runner: asyncio.Runner, number: int, warm: float) -> dict[str, float]:
    """Gives the megabytes by which each server has grown since the moment `warm`."""
    began, servers = time.monotonic(), hunt.place.servers
    early: dict[str, float] = {}
    while time.monotonic() < hunt.until:
        hunt.round(runner, number)
        number += 1
        held = {name: memory(running) for name, running in servers.items()}
        if not early or time.monotonic() < warm:
            early = held
        shown = ", ".join(f"{name} {mb:.0f} MB {descriptors(servers[name])} fds" for name, mb in held.items())
        print(f"{time.monotonic() - began:6.0f} s, {hunt.connections} connections: {shown}", flush=True)
    return {name: memory(running) - early[name] for name, running in servers.items()}


def report(hunt: Hunt, grown: dict[str, float]) -> None:
    lines = [line for running in hunt.place.servers.values() for line in logged(running) if '"sijo.access"' in line]
    statuses = Counter(json.loads(line)["status"] for line in lines)
    print(f"\n{hunt.connections} connections, {len(hunt.found)} faults, {len(hunt.trouble)} troubles")
    print(f"{len(lines)} requests: " + ", ".join(f"{times} with {status}" for status, times in statuses.most_common()))
    print("grown: " + ", ".join(f"{name} by {mb:.1f} MB" for name, mb in grown.items()))
    for name in hunt.found:
        print(f"- {name}")
    for words, times in hunt.trouble.items():
        print(f"- {times} times {words}")


if __name__ == "__main__":
    main()
