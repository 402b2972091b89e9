"""What may be spent in a month."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypedDict, Unpack

import pytest

from sijo.engine.caller import Caller
from sijo.engine.prices import DOLLAR
from sijo.errors import ApiError, InvalidRequest, RateLimited
from sijo.http.limits import Rule, Spend
from tests.http.limits.ground import Clock, ask, limits

NAMES = {None: "default", "wrkspc_1": "research", "wrkspc_2": "sales"}
DEFAULT = "wrkspc_0"


class Books:
    """What was spent, in dollars."""

    def __init__(self, **spent: float) -> None:
        self.spent = spent

    def month(self, workspace: str | None, /) -> int:
        return round(self.spent.get(NAMES[workspace], 0) * DOLLAR)

    def total(self) -> int:
        return round(sum(self.spent.values()) * DOLLAR)


def called(workspace: str | None) -> tuple[str, str]:
    return NAMES[workspace], workspace or DEFAULT


class Ceilings(TypedDict, total=False):
    tier: float
    own: float
    workspaces: Mapping[str, float]


def spend(books: Books, **ceilings: Unpack[Ceilings]) -> Spend:
    clock = Clock(datetime(2026, 12, 9, tzinfo=UTC).timestamp())
    return Spend(books, names=called, clock=clock, **ceilings)


def refused(spend: Spend, workspace: str | None = None) -> ApiError | None:
    try:
        spend.check(Caller(workspace))
    except ApiError as error:
        return error
    return None


def test_below_the_limit_nothing_happens() -> None:
    assert refused(spend(Books(default=9.999999), tier=10, own=10, workspaces={"default": 10})) is None


def test_the_tiers_limit_is_a_429_without_a_time_to_retry() -> None:
    error = refused(spend(Books(default=4, research=6), tier=10, own=5))
    assert isinstance(error, RateLimited)
    assert (error.details, error.retry_after) == ({"error_code": "enforced_spend_limit_reached"}, None)
    assert error.message == (
        "You have reached your API usage limits: your organization has crossed its monthly API usage threshold, set "
        "based on your organization's API tier. You will regain access on 2027-01-01 at 00:00 UTC."
    )


def test_ones_own_limit_is_a_400() -> None:
    error = refused(spend(Books(default=4, research=6), own=10))
    assert isinstance(error, InvalidRequest)
    assert (
        error.message
        == "You have reached your specified API usage limits. You will regain access on 2027-01-01 at 00:00 UTC."
    )


@pytest.mark.parametrize("named", ["research", "wrkspc_1"])
def test_a_workspaces_limit_is_its_own_affair(named: str) -> None:
    ceilings = spend(Books(research=50, sales=70), workspaces={named: 50})
    error = refused(ceilings, "wrkspc_1")
    assert isinstance(error, InvalidRequest)
    assert error.message.startswith("You have reached your specified workspace API usage limits. You will regain")
    assert refused(ceilings, "wrkspc_2") is None
    assert refused(ceilings) is None


@pytest.mark.parametrize("named", ["default", DEFAULT])
def test_the_default_workspace_has_a_name_and_an_id_too(named: str) -> None:
    ceilings = spend(Books(default=50), workspaces={named: 50})
    assert isinstance(refused(ceilings), InvalidRequest)
    assert refused(ceilings, "wrkspc_1") is None


def test_each_workspace_may_have_a_limit_of_its_own() -> None:
    ceilings = spend(Books(default=9, research=10, sales=10), workspaces={"*": 10, "sales": 20})
    assert isinstance(refused(ceilings, "wrkspc_1"), InvalidRequest)
    assert refused(ceilings) is None
    assert refused(ceilings, "wrkspc_2") is None


def test_the_month_after_november_is_december() -> None:
    ceilings = spend(Books(default=1), own=1)
    ceilings.clock = Clock(datetime(2026, 11, 30, 23, 59, tzinfo=UTC).timestamp())
    error = refused(ceilings)
    assert error is not None and "2026-12-01 at 00:00 UTC" in error.message


async def test_money_comes_before_the_other_limits() -> None:
    books = Books(default=1)
    few = limits(Rule(requests=1), clock=Clock(), spend=spend(books, own=1))
    with pytest.raises(InvalidRequest):
        await ask(few)
    books.spent.clear()
    await ask(few)
