"""What may be spent in a month, as clients meet it: answered up to the limit, then refused, until the month is over."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import anthropic
import pytest

from sijo.store import database
from tests.http.turns import COST, results
from tests.http.waiting import until
from tests.serving import Running, printed, serving

MODEL = "claude-opus-5"
LIMIT = 60
"""Tokens that what may be spent is enough for."""
CONFIG = f"""
[prices."{MODEL}"]   # a tenth of a cent for a token
input = 1000
output = 1000

[spend]
"""
MONTH = 32 * 86_400
ENDS = r"You will regain access on \d{4}-\d\d-01 at 00:00 UTC\."


class House:
    """A server with a limit, its database, and keys for two workspaces and an administrator."""

    def __init__(self, folder: Path, address: str, spend: str) -> None:
        self.folder, self.address = folder, address
        self.config = folder / "sijo.toml"
        self.limit(spend)
        self.sijo("workspace", "create", "research")
        self.research = self.sijo("key", "create", "--name", "research", "--workspace", "research")
        self.default = self.sijo("key", "create", "--name", "default")
        self.admin = {"x-api-key": self.sijo("key", "create", "--admin")}

    def limit(self, spend: str) -> None:
        """Set what may be spent from the next start on."""
        self.config.write_text(f"{CONFIG}{spend}\n")

    def sijo(self, *words: str) -> str:
        """What a command prints."""
        return printed(*words, "--database", self.address)

    @contextmanager
    def open(self) -> Iterator[Running]:
        flags = ("--model", "simulator", "--config", str(self.config), "--database", self.address)
        with serving(self.folder, *flags) as running:
            yield running

    def spend(self, running: Running, key: str) -> None:
        """Ask until as much is spent as may be. Nothing may be refused before that is in the ledger."""
        used = 0
        while used < LIMIT:
            usage = say(running, key).usage
            used += usage.input_tokens + usage.output_tokens
            until(partial(self.booked, running, used), f"{used} tokens in the ledger")

    def booked(self, running: Running, least: int) -> bool | None:
        return True if self.spent(running) >= least else None

    def spent(self, running: Running) -> Decimal:
        """Tenths of a cent, in all."""
        return sum((Decimal(one["amount"]) * 10 for one in results(running, COST, self.admin)), Decimal())

    async def age(self) -> None:
        """A month later: a server's clock cannot be moved, so what was spent is moved back."""
        store = database(self.address, self.folder)
        await store.open()
        try:
            await store.run("UPDATE rollups SET start = start - ?", MONTH)
        finally:
            await store.close()


def client_of(running: Running, key: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=running.url, api_key=key, max_retries=0)


def say(running: Running, key: str) -> anthropic.types.Message:
    with client_of(running, key) as client:
        return client.messages.create(model=MODEL, max_tokens=8, messages=[{"role": "user", "content": "Hello"}])


def refusal(running: Running, key: str) -> anthropic.APIStatusError | None:
    """The error of a request, if it is not answered."""
    try:
        say(running, key)
    except anthropic.APIStatusError as error:
        return error
    return None


def error_of(error: anthropic.APIStatusError) -> dict[str, Any]:
    assert isinstance(error.body, dict)
    found: dict[str, Any] = error.body["error"]
    return found


def test_a_workspace_is_answered_up_to_its_limit_and_again_in_the_next_month(tmp_path: Path, address: str) -> None:
    house = House(tmp_path, address, "workspaces = { research = 0.06 }")
    with house.open() as running:
        house.spend(running, house.research)
        error = until(lambda: refusal(running, house.research), "refused")
        assert isinstance(error, anthropic.BadRequestError)
        assert error_of(error)["type"] == "invalid_request_error"
        message = error_of(error)["message"]
        with pytest.raises(anthropic.BadRequestError, match=ENDS), client_of(running, house.research) as client:
            client.messages.create(model=MODEL, max_tokens=8, messages=[{"role": "user", "content": "Hi"}], stream=True)
        with client_of(running, house.research) as client:  # what costs nothing is not refused
            assert client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "Hi"}]).input_tokens
        assert say(running, house.default).content
    assert message.startswith("You have reached your specified workspace API usage limits. You will regain access on ")
    with house.open() as running:
        with pytest.raises(anthropic.BadRequestError, match=ENDS):
            say(running, house.research)
        assert say(running, house.default).content
        asyncio.run(house.age())
        until(lambda: True if refusal(running, house.research) is None else None, "answered in the next month")


def test_limits_of_the_organization_are_for_all_workspaces(tmp_path: Path) -> None:
    house = House(tmp_path, f"sqlite:{tmp_path / 'house.db'}", "limit = 0.06")
    with house.open() as running:
        house.spend(running, house.research)
        own = until(lambda: refusal(running, house.default), "refused")
    assert isinstance(own, anthropic.BadRequestError)
    assert error_of(own)["message"].startswith("You have reached your specified API usage limits. You will regain")
    house.limit("tier = 0.06")
    with house.open() as running:
        tier = refusal(running, house.default)
    assert isinstance(tier, anthropic.RateLimitError)
    assert error_of(tier)["type"] == "rate_limit_error"
    assert error_of(tier)["details"] == {"error_code": "enforced_spend_limit_reached"}
    assert "organization has crossed its monthly API usage threshold" in error_of(tier)["message"]
    assert "retry-after" not in tier.response.headers
