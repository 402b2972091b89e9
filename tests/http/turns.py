"""A server whose turns are counted: what to ask it, and what its ledger and its reports say."""

import sqlite3
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import anthropic

from tests.http.raw import HEADERS, Reply, ask
from tests.http.waiting import until
from tests.serving import Running

SCRIPT = Path(__file__).with_name("ledger.toml")
ROOT = "/v1/organizations/"
USAGE, COST = "usage_report/messages", "cost_report"


def say(client: anthropic.Anthropic, what: str, model: str = "claude-opus-4-8", **fields: Any) -> Any:
    """One turn, of which the script says what it uses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the SDK warns of models that retire soon
        return client.messages.create(
            model=model, max_tokens=1000, messages=[{"role": "user", "content": what}], **fields
        )


def yesterday() -> str:
    """When reports of tests begin: a test that runs at midnight is in two days."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    return day.isoformat()


def get(running: Running, report: str, headers: dict[str, str] | None = None, **query: Any) -> Reply:
    """A report. Lists are written with brackets."""
    pairs = [(f"{name}[]", one) for name, many in query.items() if isinstance(many, list) for one in many]
    pairs += [(name, str(one)) for name, one in query.items() if not isinstance(one, list)]
    return ask(running.url, f"{ROOT}{report}?{urlencode(pairs)}", method="GET", headers={**HEADERS, **(headers or {})})


def results(running: Running, report: str, headers: dict[str, str] | None = None, **query: Any) -> list[dict[str, Any]]:
    """What is in the buckets of a report since yesterday."""
    reply = get(running, report, headers, **{"starting_at": yesterday(), **query})
    assert reply.status == 200, reply.body
    return [found for bucket in reply.json["data"] for found in bucket["results"]]


def settled(running: Running, turns: int) -> None:
    """Waits until so many turns are in the ledger of a server with a database of its own."""
    until(lambda: True if len(rows(running)) >= turns else None, f"{turns} turns in the ledger")


def rows(running: Running) -> list[dict[str, Any]]:
    """The turns themselves, as they stand in the file."""
    with sqlite3.connect(running.log.parent / "data" / "sijo.db", timeout=10) as link:
        link.row_factory = sqlite3.Row
        found = [dict(row) for row in link.execute("SELECT * FROM turns ORDER BY at")]
    link.close()
    return found
