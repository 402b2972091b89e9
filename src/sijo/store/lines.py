"""Costs, line by line: what a day's sums come to by model and by kind of token, as a bill would list it."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

import msgspec

from sijo.engine.entry import LONG
from sijo.engine.models import models
from sijo.engine.prices import Prices
from sijo.store.rollups import Sum
from sijo.store.spend import containers

TOKENS = (
    ("input", "uncached_input_tokens", "Input Tokens"),
    ("write_5m", "cache_creation.ephemeral_5m_input_tokens", "Input Tokens, Cache Write (5m)"),
    ("write_1h", "cache_creation.ephemeral_1h_input_tokens", "Input Tokens, Cache Write (1h)"),
    ("read", "cache_read_input_tokens", "Input Tokens, Cache Read"),
    ("output", "output_tokens", "Output Tokens"),
)
"""Kinds of tokens: in the ledger, in reports, in words."""
PRIORITY = "priority"
"""The tier that was paid for beforehand: its turns are no cost of the day."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` picodollars, of the day that began at `start`. What is not of tokens has no model and what follows."""

    BY: ClassVar = ("workspace", "model", "tier", "context", "geo", "speed")
    """What the sums must be told apart by, after `start`."""

    start: int
    workspace: str
    kind: str
    description: str
    amount: int
    model: str = ""
    tier: str = ""
    context: str = ""
    geo: str = ""
    token_type: str | None = None

    def without(self) -> "Line":
        """The same without what may be added up: whose it is, and how much."""
        return msgspec.structs.replace(self, workspace="", amount=0)


def lines(sums: Iterable[Sum], prices: Prices) -> Iterator[Line]:
    """What sums by day (ordered, from the first of a month on) cost. What is free has no line."""
    for one, code in containers(sums, prices):
        start, workspace = int(one.of["start"]), str(one.of["workspace"])
        if one.of["tier"] != PRIORITY:
            yield from tokens(one, start, workspace)
        if one.cost.searches:
            yield Line(
                start=start,
                workspace=workspace,
                kind="web_search",
                description="Web Search Usage",
                amount=one.cost.searches,
            )
        if code:
            words = "Code Execution Usage"
            yield Line(start=start, workspace=workspace, kind="code_execution", description=words, amount=code)


def tokens(one: Sum, start: int, workspace: str) -> Iterator[Line]:
    model, tier, context, geo, speed = (str(one.of[name]) for name in Line.BY[1:])
    known = models().get(model)
    for name, kind, words in TOKENS:
        if amount := getattr(one.cost, name):
            manner = [words]
            manner += ["Long Context"] if context == LONG else []
            manner += ["Batch"] if tier == "batch" else []
            manner += ["Fast"] if speed == "fast" else []
            manner += ["US"] if geo == "us" else []
            yield Line(
                start=start,
                workspace=workspace,
                kind="tokens",
                description=f"{known.name if known else model} Usage - {', '.join(manner)}",
                amount=amount,
                model=model,
                tier=tier,
                context=context,
                geo=geo,
                token_type=kind,
            )
