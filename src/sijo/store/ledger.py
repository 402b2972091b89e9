"""The ledger: a row for each turn, and their sums by minute, hour and day, kept in the same transactions.

`rollups` makes the rows, `writer` brings them here away from the requests, `engine/entry` says what a turn used.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sijo.engine.entry import Cost, Used
from sijo.store.database import Database
from sijo.store.rollups import BY, COUNTS, DAY, TURN, USED, Batch, Sum

PLACE = ("width", "start", *BY)
TURNS = f"INSERT INTO turns ({', '.join(TURN)}) VALUES ({', '.join('?' * len(TURN))})"  # noqa: S608 - names of ours
SUMS = (
    f"INSERT INTO rollups ({', '.join((*PLACE, *COUNTS))}) "  # noqa: S608
    f"VALUES ({', '.join('?' * len((*PLACE, *COUNTS)))}) ON CONFLICT ({', '.join(PLACE)}) DO UPDATE SET "
    + ", ".join(f"{name} = rollups.{name} + excluded.{name}" for name in COUNTS)
)
WRITER = """
    INSERT INTO writers (name, batch, at) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET batch = excluded.batch, at = excluded.at
"""
TABLES = (
    """
    CREATE TABLE turns (
        at DOUBLE PRECISION NOT NULL, request TEXT NOT NULL, message TEXT NOT NULL, workspace TEXT NOT NULL,
        api_key TEXT NOT NULL, model TEXT NOT NULL, tier TEXT NOT NULL, context TEXT NOT NULL, geo TEXT NOT NULL,
        speed TEXT NOT NULL, engine TEXT NOT NULL, input BIGINT NOT NULL, write_5m BIGINT NOT NULL,
        write_1h BIGINT NOT NULL, read BIGINT NOT NULL, output BIGINT NOT NULL, thinking BIGINT NOT NULL,
        searches BIGINT NOT NULL, fetches BIGINT NOT NULL, code_seconds BIGINT NOT NULL, cost BIGINT NOT NULL,
        stop TEXT, status INTEGER NOT NULL, error TEXT, duration DOUBLE PRECISION NOT NULL,
        first_token DOUBLE PRECISION
    )
    """,
    "CREATE INDEX turns_at ON turns (at)",
    f"""
    CREATE TABLE rollups (
        width INTEGER NOT NULL, start BIGINT NOT NULL, {", ".join(f"{name} TEXT NOT NULL" for name in BY)},
        {", ".join(f"{name} BIGINT NOT NULL" for name in COUNTS)},
        PRIMARY KEY ({", ".join(PLACE)})
    )
    """,
    "CREATE TABLE writers (name TEXT PRIMARY KEY, batch BIGINT NOT NULL, at DOUBLE PRECISION NOT NULL)",
)
"""The tables, for `migrations`."""
IDLE = DAY
"""Seconds after which a writer that wrote nothing is over: its name is forgotten."""


AMOUNTS, MONEY = COUNTS[: 1 + len(USED)], COUNTS[1 + len(USED) :]
HALVES = 10**9
"""Money is added up in two halves: 64 bits of picodollars are nine million dollars."""
PRICED = (*AMOUNTS, *(f"{name} / {HALVES}" for name in MONEY), *(f"{name} % {HALVES}" for name in MONEY))
FREE = Cost()


def added(by: Sequence[str], row: Sequence[Any]) -> Sum:
    """A row of `by` and the sums of `AMOUNTS`, or of `PRICED`."""
    at = len(by)
    end = at + len(AMOUNTS)
    high, low = row[end : end + len(MONEY)], row[end + len(MONEY) :]
    cost = Cost(*(HALVES * much + more for much, more in zip(high, low, strict=True))) if high else FREE
    return Sum(dict(zip(by, row, strict=False)), row[at], Used(*row[at + 1 : end]), cost)


class Ledger:
    """What was used, and by whom."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, writer: str, number: int, batch: Batch, at: float) -> None:
        """Write the batch of that number of a writer, once: the same number again changes nothing.

        So a batch can be tried again when nobody knows whether it was written: the connection broke at its end.
        """
        async with self._database.transaction() as all_or_nothing:
            done = await all_or_nothing.rows("SELECT batch FROM writers WHERE name = ?", writer)
            if done and done[0][0] >= number:
                return
            if number == 1:
                await all_or_nothing.run("DELETE FROM writers WHERE at < ?", at - IDLE)
            await all_or_nothing.run(WRITER, writer, number, at)
            await all_or_nothing.many(TURNS, batch.turns)
            await all_or_nothing.many(SUMS, batch.sums)

    async def sums(
        self,
        width: int,
        since: float,
        until: float,
        by: Sequence[str] = (),
        only: Mapping[str, Sequence[str]] | None = None,
        *,
        priced: bool = True,
    ) -> list[Sum]:
        """Sums over the times of a width (seconds, one that is kept) that begin from `since` until before `until`.

        There is one for each set of values of `by`: of `start`, and of what reports tell apart. `only` names the values
        that count. Not `priced`, they come without what they cost, and sooner.
        """
        only = only or {}
        if unknown := {*by, *only} - {"start", *BY}:
            raise ValueError(f"the ledger does not tell apart {', '.join(unknown)}")
        if not all(only.values()):
            return []
        by = sorted(by, key=PLACE.index)  # in the order of the index, where there is nothing to sort
        columns = [*by, *(f"CAST(SUM({name}) AS BIGINT)" for name in (PRICED if priced else AMOUNTS))]
        narrowed = "".join(f" AND {name} IN ({', '.join('?' * len(values))})" for name, values in only.items())
        grouped = f" GROUP BY {', '.join(by)} ORDER BY {', '.join(by)}" if by else " HAVING COUNT(*) > 0"
        rows = await self._database.rows(
            f"SELECT {', '.join(columns)} FROM rollups "  # noqa: S608 - names of ours
            f"WHERE width = ? AND start >= ? AND start < ?{narrowed}{grouped}",
            *(width, int(since), int(until)),
            *(value for values in only.values() for value in values),
        )
        return [added(by, row) for row in rows]

    async def turns(self) -> int:
        """How many turns there are."""
        return int((await self._database.rows("SELECT COUNT(*) FROM turns"))[0][0])
