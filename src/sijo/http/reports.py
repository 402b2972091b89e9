"""The Admin API's reports: who used how much, and what that cost, read from the ledger's sums."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from sijo.engine.entry import LONG, SHORT, plain
from sijo.engine.models import models
from sijo.engine.prices import Prices, cents
from sijo.errors import InvalidRequest
from sijo.http.buckets import DAYS, Buckets, buckets, page_of, written
from sijo.http.objects import reply
from sijo.store.ledger import Ledger
from sijo.store.lines import Line, lines
from sijo.store.rollups import DAY, Sum
from sijo.store.spend import month
from sijo.wire.explain import either

FAST = "fast-mode-2026-02-01"
"""The beta with which reports tell the speed."""
GROUPS: Mapping[str, str] = {
    "api_key_id": "api_key",
    "workspace_id": "workspace",
    "model": "model",
    "service_tier": "tier",
    "context_window": "context",
    "inference_geo": "geo",
    "speed": "speed",
}
"""What usage is grouped by, and its column in the ledger."""
NOBODY = ("account_id", "service_account_id")
"""What is grouped by too, and is null: there are no accounts here."""
WINDOW = "context_window"
FILTERS: Mapping[str, str] = {**{f"{name}s": column for name, column in GROUPS.items()}, WINDOW: GROUPS[WINDOW]}
"""What usage is narrowed by, and its column. One may be said in the singular, too: a filter that is not known would be
no filter, and the figures wrong."""
VALUES: Mapping[str, Sequence[str]] = {
    "service_tiers": ("standard", "batch", "priority", "priority_on_demand", "flex", "flex_discount"),
    "context_windows": (SHORT, LONG),
    WINDOW: (SHORT, LONG),
    "inference_geos": ("global", "us", "not_available"),
    "speeds": ("standard", "fast"),
}
DEFAULT = "default"
"""The other name of the default workspace."""
COST_GROUPS = ("workspace_id", "description")


class Reports:
    """Only administrators come so far (`auth`). `workspace` is the id of the default workspace, which is null here."""

    def __init__(self, ledger: Ledger, prices: Prices, workspace: str) -> None:
        self.ledger, self.prices, self.workspace = ledger, prices, workspace

    async def usage(self, request: Request) -> Response:
        """`GET /v1/organizations/usage_report/messages`."""
        query, fast = request.query_params, FAST in request.scope["call"].betas
        page = buckets(query)
        names = grouped(query, usage_groups(fast))
        only = filtered(query, fast)
        if spaces := only.get("workspace"):
            only["workspace"] = ["" if id in (self.workspace, DEFAULT) else id for id in spaces]
        by = ("start", *(GROUPS[name] for name in names if name in GROUPS))
        results = defaultdict[int, list[object]](list)
        if page.starts:
            for one in await self.ledger.sums(page.width, page.starts[0], page.end, by, only, priced=False):
                results[int(one.of["start"])].append(used(one, fast))
        return report(page, results)

    async def cost(self, request: Request) -> Response:
        """`GET /v1/organizations/cost_report`."""
        query = request.query_params
        page = buckets(query, DAYS)
        names = grouped(query, COST_GROUPS)
        results = defaultdict[int, list[object]](list)
        if page.starts:
            since = month(page.starts[0])[0]  # what of containers is free shows by the month
            sums = await self.ledger.sums(DAY, since, page.end, ("start", *Line.BY))
            for start, told in costs(lines(sums, self.prices), names):
                if start >= page.starts[0]:
                    results[start].append(told)
        return report(page, results)


def report(page: Buckets, results: Mapping[int, Sequence[object]]) -> Response:
    """All buckets of a page; those without anything are empty."""
    data = [
        {"starting_at": written(start), "ending_at": written(start + page.width), "results": results.get(start, [])}
        for start in page.starts
    ]
    return reply({"data": data, "has_more": page.next is not None, "next_page": page_of(page.next)})


def usage_groups(fast: bool) -> Sequence[str]:
    return [name for name in (*GROUPS, *NOBODY) if fast or name != "speed"]


def listed(query: QueryParams, name: str) -> list[str]:
    """The values of a list in a query, which clients write with brackets or without."""
    return query.getlist(f"{name}[]") + query.getlist(name)


def grouped(query: QueryParams, known: Sequence[str]) -> list[str]:
    names = listed(query, "group_by")
    for at, name in enumerate(names):
        if name not in known:
            raise InvalidRequest(f"group_by.{at}: Input should be {either(tuple(known))}")
    return list(dict.fromkeys(names))


def filtered(query: QueryParams, fast: bool) -> dict[str, Sequence[str]]:
    """The values that count, by column."""
    only: dict[str, Sequence[str]] = {}
    for name, column in FILTERS.items():
        values = listed(query, name)
        if not values or (name == "speeds" and not fast):
            continue
        allowed = VALUES.get(name)
        for at, value in enumerate(values):
            if allowed is not None and value not in allowed:
                raise InvalidRequest(f"{name}.{at}: Input should be {either(tuple(allowed))}")
        only[column] = [known.id if (known := models().get(value)) else plain(value) for value in values]
    if any(listed(query, f"{name}s") for name in NOBODY):
        only["workspace"] = ()  # nothing here belongs to an account
    return only


def used(one: Sum, fast: bool) -> dict[str, Any]:
    """Usage as the report tells it; what it is not grouped by is null, and so is the default workspace."""
    amount = one.used
    told: dict[str, Any] = {
        "uncached_input_tokens": amount.input,
        "cache_creation": {"ephemeral_1h_input_tokens": amount.write_1h, "ephemeral_5m_input_tokens": amount.write_5m},
        "cache_read_input_tokens": amount.read,
        "output_tokens": amount.output,
        "server_tool_use": {"web_search_requests": amount.searches},
    }
    told |= {name: one.of.get(GROUPS[name]) or None for name in usage_groups(fast) if name in GROUPS}
    return told | dict.fromkeys(NOBODY)


def costs(found: Iterable[Line], names: Sequence[str]) -> Iterable[tuple[int, dict[str, Any]]]:
    """Costs added up by what the report is grouped by, each with its day."""
    amounts = defaultdict[tuple[int, str | None, Line | None], int](int)
    for line in found:
        workspace = line.workspace if "workspace_id" in names else None
        described = line.without() if "description" in names else None
        amounts[line.start, workspace, described] += line.amount
    for (start, workspace, described), amount in amounts.items():
        yield start, told(amount, workspace or None, described)


def told(amount: int, workspace: str | None, line: Line | None) -> dict[str, Any]:
    """A cost as the report tells it; what it is not grouped by is null, and what is not of tokens has no model."""
    tokens = line if line is not None and line.kind == "tokens" else None
    return {
        "amount": cents(amount),
        "currency": "USD",
        "cost_type": line.kind if line else None,
        "description": line.description if line else None,
        "model": tokens.model if tokens else None,
        "service_tier": tokens.tier if tokens else None,
        "token_type": tokens.token_type if tokens else None,
        "context_window": tokens.context if tokens else None,
        "inference_geo": tokens.geo if tokens else None,
        "workspace_id": workspace,
    }
