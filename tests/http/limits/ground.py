"""Limits with a clock that a test moves, and requests that use what they are told to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import msgspec

from sijo.app import offline
from sijo.backends.simulator import Simulator
from sijo.engine.caller import ANYBODY, Caller
from sijo.engine.catalog import Catalog, Engine
from sijo.engine.intake import Intake, Terms
from sijo.engine.models import models
from sijo.engine.turn import Turn
from sijo.http.access import Access
from sijo.http.call import Call
from sijo.http.limits import Bucket, Groups, Lease, Leases, Limits, Plans, Rule, Spend
from sijo.store import Database, database
from sijo.store.buckets import Buckets
from sijo.store.keys import Keys
from sijo.store.workspaces import Workspaces
from sijo.wire import blocks as b

ORGANIZATION, WORKSPACE = "00000000-0000-4000-8000-000000000000", "wrkspc_default"
OPUS, SONNET, OLD = "claude-opus-4-7", "claude-sonnet-4-6", "claude-3-haiku-20240307"


class Size(TypedDict, total=False):
    """How big a request is: the tokens that it was counted as, and those that it may say."""

    expected: int
    most: int


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def access(store: Database | None = None) -> Access:
    """A picture of the keys of a database; of an empty one, if none is given."""
    kept = store or database(None, Path("/nowhere"))
    return Access(Keys(kept), Workspaces(kept), ORGANIZATION, WORKSPACE)


def limits(
    *rules: Rule, clock: Clock, known: Access | None = None, shared: Database | None = None, spend: Spend | None = None
) -> Limits:
    """In memory, or shared through a database."""
    leases = Leases(Buckets(shared), clock) if shared is not None else None
    plans = Plans(rules, Groups.load(), known or access(), bucket=Lease if leases else Bucket, clock=clock)
    catalog = Catalog(models(), {"simulator": Engine(Simulator(), {}, True)}, [("*", "simulator")])
    return Limits(plans, catalog, leases=leases, spend=spend, clock=clock)


INTAKE: Intake = offline()


def body(model: str = OPUS, most: int = 1000, text: str = "hello") -> bytes:
    messages = [{"role": "user", "content": text}]
    return msgspec.json.encode({"model": model, "max_tokens": most, "messages": messages})


def call(caller: Caller = ANYBODY) -> Call:
    made = Call({"type": "http", "method": "POST", "path": "/v1/messages", "headers": []})
    made.caller = caller
    return made


def turn(raw: bytes, expected: int) -> Turn:
    """The turn of a body, whose tokens were counted as so many."""
    made, _, _ = INTAKE.turn(raw, Terms("2023-06-01"))
    made.expected = expected
    return made


async def ask(
    limits: Limits,
    caller: Caller = ANYBODY,
    *,
    model: str = OPUS,
    expected: int = 10,
    used: Mapping[str, int] | None = None,
    most: int = 1000,
) -> Call:
    """A whole request: let in, answered, over. `used` are fields of its usage. Raises what the limits raise."""
    made, raw = call(caller), body(model, most)
    entry = await limits.enter(made, msgspec.json.decode(raw))
    assert entry is not None
    answered = turn(raw, expected)
    await entry.admit(answered)
    told = {"input_tokens": expected, **(used or {})}
    for field, value in told.items():
        setattr(answered.message.usage, field, value)
    answered.message.content.append(b.Text("hi"))
    entry.leave(answered.message)
    return made


def told(call: Call, name: str) -> str:
    """A header of the reply, by the end of its name."""
    found: Sequence[bytes] = [value for key, value in call.told if key == f"anthropic-ratelimit-{name}".encode()]
    assert len(found) == 1, (name, call.told)
    return found[0].decode()
