"""How the tables came to be: steps in an append-only list. A step that was released is never edited.

Each step is a list of statements that SQLite and PostgreSQL both take. They differ in what counts rows by itself, so
ids are made by who writes (`ids.new`).
"""

from collections.abc import Sequence

from sijo.store import access, ledger
from sijo.store.database import Database

CACHE = (
    """CREATE TABLE cache_prefixes (
        digest TEXT PRIMARY KEY, tokens INTEGER NOT NULL, lifetime INTEGER NOT NULL, expires DOUBLE PRECISION NOT NULL
    )""",
    "CREATE INDEX cache_prefixes_expires ON cache_prefixes (expires)",
    "CREATE TABLE cache_notes (id TEXT PRIMARY KEY, note TEXT NOT NULL, expires DOUBLE PRECISION NOT NULL)",
    "CREATE INDEX cache_notes_expires ON cache_notes (expires)",
)

MIGRATIONS: Sequence[Sequence[str]] = (ledger.TABLES, CACHE, access.TABLES)
"""The number of a step is its place in the list, from 1."""


async def migrate(database: Database, steps: Sequence[Sequence[str]] | None = None) -> int:
    """Run what has not run yet, in the caller's transaction; how many steps ran."""
    steps = MIGRATIONS if steps is None else steps
    await database.run("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY)")
    done = {number for (number,) in await database.rows("SELECT number FROM migrations")}
    ran = 0
    for number, statements in enumerate(steps, start=1):
        if number in done:
            continue
        for statement in statements:
            await database.run(statement)
        await database.run("INSERT INTO migrations (number) VALUES (?)", number)
        ran += 1
    return ran
