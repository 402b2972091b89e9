"""`sijo cost`: what was spent, read from the ledger itself: the server need not run."""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sijo.app.state import priced
from sijo.cli.table import aligned, comma_separated, sparkline
from sijo.config import ConfigError, Settings, load
from sijo.engine.prices import DOLLAR, Prices, dollars, midnight
from sijo.store import Database, StoreError, absent, database
from sijo.store.keys import Keys
from sijo.store.ledger import Ledger
from sijo.store.rollups import DAY, Sum
from sijo.store.spend import containers, month
from sijo.store.workspaces import Workspaces

BY = {"model": "model", "key": "api_key", "workspace": "workspace", "engine": "engine"}
NOBODY = {"key": "(no key)", "workspace": "default"}
"""What stands for the empty name."""
WIDEST = 60
"""Bars of a line, at most."""
HEAD = ("turns", "input", "cache_write", "cache_read", "output", "searches", "usd")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes; `estimate` is a command of its own below it."""
    from sijo.cli import estimate

    parser.add_argument("--by", choices=list(BY), default="model", help="what the table has a row for, default model")
    parser.add_argument("--since", type=day, metavar="DATE", help="first day (UTC), default the first of this month")
    parser.add_argument("--until", type=day, metavar="DATE", help="last day, default today")
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")
    parser.add_argument("--config", help="a sijo.toml")
    parser.add_argument("--data-dir", help="where state lives, default ~/.sijo")
    parser.add_argument("--database", metavar="URL", help="a postgresql:// that replicas share")
    commands = parser.add_subparsers(dest="cost", metavar="COMMAND", parser_class=argparse.ArgumentParser)
    estimate.arguments(commands.add_parser("estimate", help="what requests would cost, with a cache and without"))


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day, such as 2026-11-21") from error


class Named(NamedTuple):
    """What something cost: its id, its name (of a key or a workspace), its turns, tokens and searches, picodollars."""

    id: str
    name: str
    counts: Sequence[int]

    @property
    def amount(self) -> int:
        return self.counts[-1]


@dataclass(frozen=True)
class Spent:
    """What was spent, in picodollars: today, this month, and from day to day and by name in the time asked for."""

    today: int
    month: int
    days: Mapping[date, int]
    rows: Sequence[Named]
    """The dearest first."""


def run(args: argparse.Namespace) -> int:
    if args.cost == "estimate":
        from sijo.cli.estimate import estimate

        return estimate(args)
    settings = load(args.config, {"data_dir": args.data_dir, "database": args.database})
    today = datetime.fromtimestamp(time.time(), UTC).date()
    since, until = args.since or today.replace(day=1), args.until or today
    if until < since:
        raise ConfigError(f"--until {until} is before --since {since}")
    spent = asyncio.run(read(settings, since, until, args.by))
    show = {"table": table, "csv": comma, "json": whole}[args.format]
    sys.stdout.write(show(spent, args.by, since, until) + "\n")
    return 0


def ledger_of(settings: Settings) -> Database:
    """The database with the ledger in it; none is made for a question."""
    address, folder = settings.server.database, Path(settings.server.data_dir).expanduser()
    store = database(address, folder)
    if absent(store):
        raise StoreError(f"{address or folder}: there is no ledger here; say where with --data-dir or --database")
    return store


async def read(settings: Settings, since: date, until: date, by: str) -> Spent:
    store = ledger_of(settings)
    await store.open()
    try:
        return await spent(store, priced(settings), since, until, by)
    finally:
        await store.close()


async def names_of(store: Database, by: str) -> dict[str, str]:
    """The names of keys and workspaces, by id."""
    if by not in NOBODY:
        return {}
    known = await (Keys(store).all() if by == "key" else Workspaces(store).all())
    return {one.id: one.name for one in known}


async def spent(store: Database, prices: Prices, since: date, until: date, by: str) -> Spent:
    ledger, names, now = Ledger(store), await names_of(store, by), time.time()
    begin, end = midnight(since), midnight(until) + DAY
    days = await by_day(ledger, prices, min(begin, month(now)[0]), max(end, now))
    today = datetime.fromtimestamp(now, UTC).date()
    named = [
        Named(id := str(one.of[BY[by]]), names.get(id) or id or NOBODY.get(by, ""), counts(one))
        for one in await ledger.sums(DAY, begin, end, (BY[by],))
    ]
    shown = {since + timedelta(n): days.get(since + timedelta(n), 0) for n in range((until - since).days + 1)}
    if containers := sum(shown.values()) - sum(row.amount for row in named):
        named.append(Named("", "(containers)", (0, 0, 0, 0, 0, 0, containers)))
    return Spent(
        days.get(today, 0),
        sum(amount for at, amount in days.items() if (at.year, at.month) == (today.year, today.month)),
        shown,
        sorted(named, key=lambda row: (-row.amount, row.name)),
    )


def counts(one: Sum) -> Sequence[int]:
    """In the order of `HEAD`."""
    used = one.used
    written = used.write_5m + used.write_1h
    return one.turns, used.input, written, used.read, used.output, used.searches, one.cost.total


async def by_day(ledger: Ledger, prices: Prices, begin: float, end: float) -> dict[date, int]:
    """What each day cost, containers too."""
    sums = await ledger.sums(DAY, month(begin)[0], end, ("start",))
    return {
        datetime.fromtimestamp(int(one.of["start"]), UTC).date(): one.cost.total + code
        for one, code in containers(sums, prices)
    }


def table(spent: Spent, by: str, since: date, until: date) -> str:
    names = Counter(row.name for row in spent.rows)
    rows = [
        (
            row.name if names[row.name] == 1 else f"{row.name} {row.id}",
            *(f"{count:,}" for count in row.counts[:-1]),
            usd(row.amount),
        )
        for row in spent.rows
    ]
    if len(rows) > 1:
        *counts, amount = (sum(column) for column in zip(*(row.counts for row in spent.rows), strict=True))
        rows.append(("all", *(f"{count:,}" for count in counts), usd(amount)))
    head = [f"today  {usd(spent.today)}", f"month  {usd(spent.month)}", ""]
    amounts, several = list(spent.days.values()), ""
    if (step := -(-len(amounts) // WIDEST)) > 1:
        amounts = [sum(amounts[at : at + step]) for at in range(0, len(amounts), step)]
        several = f"a bar is {step} days, "
    if len(spent.days) > 1:
        head += [f"{since}  {sparkline(amounts)}  {until}  ({several}highest day {usd(max(spent.days.values()))})", ""]
    columns = [by, *(name.replace("_", " ") for name in HEAD[:-1]), "cost"]
    return "\n".join([*head, aligned([name.upper() for name in columns], rows) if rows else "nothing in this time"])


def comma(spent: Spent, by: str, since: date, until: date) -> str:
    return comma_separated((by, "name", *HEAD), [(row.id, row.name, *exact(row)) for row in spent.rows])


def exact(row: Named) -> Sequence[int | str]:
    return (*row.counts[:-1], dollars(row.amount))


def whole(spent: Spent, by: str, since: date, until: date) -> str:
    told = {
        "currency": "USD",
        "today": dollars(spent.today),
        "month": dollars(spent.month),
        "since": str(since),
        "until": str(until),
        "days": [{"day": str(at), "usd": dollars(amount)} for at, amount in spent.days.items()],
        "by": by,
        "rows": [{by: row.id, "name": row.name, **dict(zip(HEAD, exact(row), strict=True))} for row in spent.rows],
    }
    return json.dumps(told, indent=2, ensure_ascii=False)


def usd(amount: int) -> str:
    """Dollars for people: cents, or as many digits as show something."""
    for digits in (2, 4, 6):
        if amount == 0 or amount >= 100 * DOLLAR // 10**digits:
            return f"${amount / DOLLAR:,.{digits}f}"
    return f"${dollars(amount)}"
