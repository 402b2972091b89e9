"""What may be spent in a month. What *was* spent is told by who keeps the ledger; prices are unknown here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from sijo.engine.caller import Caller
from sijo.engine.prices import DOLLAR
from sijo.errors import InvalidRequest, RateLimited
from sijo.http.limits.plans import EACH

ENFORCED = {"error_code": "enforced_spend_limit_reached"}


class Spent(Protocol):
    """What was spent since the first of the month, UTC, in picodollars; asked before each request."""

    def month(self, workspace: str | None, /) -> int:
        """In one workspace; None is the default one."""
        ...

    def total(self) -> int:
        """In all of them."""
        ...


class Spend:
    """Monthly limits in dollars: `tier` of the organization, `own` that it set itself, and those of workspaces.

    `names` tells what a workspace (None: the default one) may be called there; `*` is each that is not named.
    """

    def __init__(
        self,
        spent: Spent,
        *,
        tier: float | None = None,
        own: float | None = None,
        workspaces: Mapping[str, float] | None = None,
        names: Callable[[str | None], Sequence[str]],
        clock: Callable[[], float],
    ) -> None:
        self.spent, self.names, self.clock = spent, names, clock
        self.tier, self.own, self.workspaces = tier, own, dict(workspaces or {})

    def check(self, caller: Caller) -> None:
        """Raises `RateLimited` over the tier's limit, `InvalidRequest` over one of one's own."""
        total = self.spent.total() if self.tier is not None or self.own is not None else 0
        if self.tier is not None and total >= self.tier * DOLLAR:
            raise RateLimited(
                "You have reached your API usage limits: your organization has crossed its monthly API usage "
                f"threshold, set based on your organization's API tier. {self._access()}",
                details=ENFORCED,
            )
        if self.own is not None and total >= self.own * DOLLAR:
            raise InvalidRequest(f"You have reached your specified API usage limits. {self._access()}")
        limit = self._limit(caller.workspace) if self.workspaces else None
        if limit is not None and self.spent.month(caller.workspace) >= limit * DOLLAR:
            raise InvalidRequest(f"You have reached your specified workspace API usage limits. {self._access()}")

    def _limit(self, workspace: str | None) -> float | None:
        names = (*self.names(workspace), EACH)
        return next((self.workspaces[name] for name in names if name in self.workspaces), None)

    def _access(self) -> str:
        now = datetime.fromtimestamp(self.clock(), UTC)
        year, month = (now.year, now.month + 1) if now.month < 12 else (now.year + 1, 1)
        return f"You will regain access on {year}-{month:02}-01 at 00:00 UTC."
