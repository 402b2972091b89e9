"""Lets a request in, or not: its place among the requests first, its tokens when it has been read, and the truth after.

Input is taken as it was counted and put right by what was used; output is taken as it is produced. Which buckets there
are is for `plans`; whether somebody may call at all, for `auth`.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

from sijo.engine.catalog import Catalog
from sijo.engine.entry import whole
from sijo.engine.turn import Turn
from sijo.errors import NotFound, Overloaded, RateLimited
from sijo.http.call import Call
from sijo.http.limits.buckets import SLACK, Bucket
from sijo.http.limits.headers import headers
from sijo.http.limits.leases import Leases
from sijo.http.limits.plans import WHOLE, Meter, Plan, Plans, Want
from sijo.http.limits.spend import Spend
from sijo.store import StoreError
from sijo.wire import events as e

log = logging.getLogger("sijo.limits")
CHARACTERS = 4
"""Of a token, on the way: its true number is told at the end."""
EVERY = 0.5
"""Seconds after which what is being produced is taken."""


class Limits:
    """All limits of a server. `leases` where they are shared with other processes."""

    def __init__(
        self,
        plans: Plans,
        catalog: Catalog,
        *,
        leases: Leases | None = None,
        spend: Spend | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.plans, self.catalog, self.leases, self.spend, self.clock = plans, catalog, leases, spend, clock
        self.running: set[Entry] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin what is done by the clock."""
        self._task = asyncio.create_task(self._every())

    async def close(self) -> None:
        """Bring back what was drawn in advance."""
        if self._task is not None:
            self._task.cancel()
        await self.settle()

    async def settle(self) -> None:
        """Take what is being produced, and be even with the database."""
        for entry in self.running:
            entry.look()
        if self.leases is not None:
            try:
                await self.leases.back()
            except StoreError as error:
                log.warning("limits cannot be settled: %s", error)

    async def enter(self, call: Call, found: Any) -> "Entry | None":
        """A place among the requests, for a body of which no more is known than that it is JSON. None for one that will
        be refused anyhow.

        Raises `RateLimited`, or `InvalidRequest` where money is out.
        """
        if self.spend is not None:
            self.spend.check(call.caller)
        model = found.get("model") if isinstance(found, dict) else None
        if not isinstance(model, str):
            return None
        try:
            served = self.catalog.find(model)
        except NotFound:
            return None
        entry = Entry(self, self.plans.of(call.caller, served), call)
        if self.leases is not None:
            await self.leases.fetch(entry.plan.place)
        self.take(entry.plan.place, entry.plan, call)
        return entry

    async def count(self, call: Call) -> None:
        """A place to count tokens. Raises `RateLimited`."""
        plan = self.plans.counting(call.caller)
        if self.leases is not None:
            await self.leases.fetch(plan.place)
        call.told += headers(plan, self.take(plan.place, plan, call))

    def take(self, wants: Sequence[Want], plan: Plan, call: Call, placed: bool = False) -> float:
        """All of it, or nothing; the time. Raises `RateLimited`, and gives a place back that the request has."""
        now = self.clock()
        for meter, amount in wants:
            if meter.bucket.fill(now) < amount - SLACK:
                break
        else:
            for meter, amount in wants:
                meter.bucket.level -= amount
            return now
        meter, seconds = longest(wants, now)
        if placed:
            self.give_back(plan)
        call.told += headers(plan, now)
        raise RateLimited(meter.refusal(), retry_after=max(1, math.ceil(seconds)))

    def give_back(self, plan: Plan) -> None:
        """Give back a place among the requests."""
        for meter in plan.requests:
            self.pay(meter.bucket, -1)

    async def _every(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self.settle()

    def pay(self, bucket: Bucket, amount: float) -> None:
        """Take what is used already, or give back (negative)."""
        if amount:
            bucket.fill(self.clock())
            bucket.take(amount)
            if self.leases is not None:
                self.leases.holds(bucket)


def longest(wants: Iterable[Want], now: float) -> tuple[Meter, float]:
    """What there is the longest to wait for, and how long, in seconds."""
    waits = [(meter, meter.bucket.wait(amount, now)) for meter, amount in wants]
    return max(waits, key=itemgetter(1))


class Entry:
    """A request that has its place."""

    __slots__ = ("_limits", "_turn", "call", "fresh", "input", "output", "plan")

    def __init__(self, limits: Limits, plan: Plan, call: Call) -> None:
        self._limits, self.plan, self.call = limits, plan, call
        self._turn: Turn | None = None
        self.input = self.fresh = self.output = 0

    async def admit(self, turn: Turn) -> None:
        """Take its tokens, and tell what is left. Raises `RateLimited`, and gives its place back then."""
        limits, plan = self._limits, self.plan
        wants: list[Want] = []
        most = turn.prompt.max_tokens if plan.reserve else 1
        free = await turn.account.foreseen() if plan.input and turn.account is not None else 0
        expected = turn.input() if plan.input else 0
        fresh = expected - free
        for meter in plan.input:
            wants.append((meter, expected if meter.kind == WHOLE else fresh))
        for meter in plan.output:
            wants.append((meter, most))
        if limits.leases is not None:
            try:
                await limits.leases.fetch(wants)
            except Overloaded:
                limits.give_back(plan)
                raise
        now = limits.take(wants, plan, self.call, placed=True)
        self.input, self.fresh, self.output = expected, fresh, most
        self._turn = turn
        if plan.output and not plan.reserve:
            limits.running.add(self)
        self.call.told += headers(plan, now)

    def look(self) -> None:
        """Take what was produced since the last time."""
        more = self._produced() - self.output
        if more > 0:
            self.output += more
            for meter in self.plan.output:
                self._limits.pay(meter.bucket, more)

    def _produced(self) -> int:
        """Tokens, about: the engine tells their number at the end."""
        out = self._turn.out if self._turn is not None else None
        return 0 if out is None else out.said // CHARACTERS

    def leave(self, message: e.Message) -> None:
        """It is over: what was taken becomes what was used."""
        usage = message.usage
        fresh = whole(usage.input_tokens) + whole(usage.cache_creation_input_tokens)
        used = fresh + whole(usage.cache_read_input_tokens)
        if not used and message.content:
            fresh, used = self.fresh, self.input  # the client left before the engine told
        if used != self.input or fresh != self.fresh:
            for meter in self.plan.input:
                self._limits.pay(meter.bucket, used - self.input if meter.kind == WHOLE else fresh - self.fresh)
        self._limits.running.discard(self)
        said = whole(usage.output_tokens) or self._produced()
        if said != self.output:
            for meter in self.plan.output:
                self._limits.pay(meter.bucket, said - self.output)
