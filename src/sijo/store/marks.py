"""Marks: a number for each kind of state, raised by every change of it, so that others see cheaply that it changed."""

from sijo.store.database import Database

RAISE = "INSERT INTO marks (name, number) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET number = marks.number + 1"


async def mark(database: Database, name: str) -> int:
    """How often it was changed."""
    found = await database.rows("SELECT number FROM marks WHERE name = ?", name)
    return int(found[0][0]) if found else 0


async def changed(database: Database, name: str) -> None:
    """It was changed; said in the transaction of the change."""
    await database.run(RAISE, name)
