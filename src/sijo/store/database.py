"""The seam between queries and drivers: what a database must do, whichever it is.

SQL is written once, for both: `?` stands for each value, and nothing but what SQLite and PostgreSQL have in common is
used (`ON CONFLICT`, `RETURNING`, common table expressions). Moments are Unix seconds as DOUBLE PRECISION, truth is 0 or
1, JSON and digests are TEXT.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

Row = tuple[Any, ...]


class StoreError(Exception):
    """The database cannot be used: away, full, not ours. The message says what is wrong, without a password."""


class Busy(StoreError):
    """Others hold what this statement needs, and did not let go in time: the same may work a moment later."""


class Database(Protocol):
    """One database, used from one event loop. Every method raises `StoreError` for what the database refuses."""

    shared: bool
    """Other machines may use it too (PostgreSQL), not only other processes of this one."""

    async def open(self) -> None:
        """Connect, and bring the tables to their newest form. Once."""
        ...

    async def rows(self, sql: str, *values: object) -> list[Row]:
        """What a statement gives: a query, or a change with RETURNING."""
        ...

    async def run(self, sql: str, *values: object) -> int:
        """How many rows a change touched."""
        ...

    async def many(self, sql: str, values: Sequence[Row]) -> None:
        """One change for each row of values, all of them or none."""
        ...

    def transaction(self) -> AbstractAsyncContextManager["Database"]:
        """A database whose changes are made together when the block ends, and not at all if it raises."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...
