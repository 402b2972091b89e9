"""The workspaces beside the default one, and the limits that were set for them."""

import msgspec

from sijo import ids
from sijo.store.database import Database
from sijo.store.keys import MARK
from sijo.store.marks import changed

MOST = 100
"""Active ones at once."""
LONGEST = 40
"""Characters of a name."""
CLEAR = "DELETE FROM overrides WHERE workspace = ? AND rate_group = ? AND kind = ?"
SET = """
INSERT INTO overrides (workspace, rate_group, kind, value) VALUES (?, ?, ?, ?)
ON CONFLICT (workspace, rate_group, kind) DO UPDATE SET value = excluded.value
"""


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is told of a workspace and changes nothing here."""

    display_color: str = "#6C5BB9"
    tags: dict[str, str] = {}
    allowed_geos: list[str] | None = None
    """None: every one."""
    default_geo: str = "global"


class Workspace(msgspec.Struct, frozen=True):
    """Moments are Unix seconds."""

    id: str
    name: str
    created_at: float
    archived_at: float | None = None
    facts: Facts = Facts()


class Override(msgspec.Struct, frozen=True):
    """A limit of a workspace: of a group of models, of a kind (`requests_per_minute`), a minute."""

    workspace: str
    group: str
    kind: str
    value: int


class Workspaces:
    """Every query there is on workspaces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Workspace]:
        """Oldest first, archived ones too."""
        rows = await self._database.rows(
            "SELECT id, name, created_at, archived_at, facts FROM workspaces ORDER BY created_at, id"
        )
        return [
            Workspace(id, name, created, archived, msgspec.json.decode(facts, type=Facts))
            for id, name, created, archived, facts in rows
        ]

    async def get(self, id: str) -> Workspace | None:
        return next((one for one in await self.all() if one.id == id), None)

    async def create(self, name: str, facts: Facts) -> Workspace | None:
        """A new one, or None where there are too many already."""
        made = Workspace(ids.new("wrkspc"), name, ids.now().timestamp(), None, facts)
        async with self._database.transaction() as inside:
            ((many,),) = await inside.rows("SELECT COUNT(*) FROM workspaces WHERE archived_at IS NULL")
            if many >= MOST:
                return None
            await inside.run(
                "INSERT INTO workspaces (id, name, created_at, archived_at, facts) VALUES (?, ?, ?, ?, ?)",
                made.id, name, made.created_at, None, msgspec.json.encode(facts).decode(),
            )  # fmt: skip
            await changed(inside, MARK)
        return made

    async def change(self, workspace: Workspace) -> None:
        """Its name and facts become these."""
        facts = msgspec.json.encode(workspace.facts).decode()
        async with self._database.transaction() as inside:
            await inside.run(
                "UPDATE workspaces SET name = ?, facts = ? WHERE id = ?", workspace.name, facts, workspace.id
            )
            await changed(inside, MARK)

    async def archive(self, id: str) -> None:
        """For good, and its keys with it."""
        async with self._database.transaction() as inside:
            await inside.run(
                "UPDATE workspaces SET archived_at = ? WHERE id = ? AND archived_at IS NULL", ids.now().timestamp(), id
            )
            await inside.run("UPDATE keys SET status = ? WHERE workspace = ?", "archived", id)
            await changed(inside, MARK)

    async def overrides(self) -> list[Override]:
        """All limits of all workspaces."""
        rows = await self._database.rows(
            "SELECT workspace, rate_group, kind, value FROM overrides ORDER BY workspace, rate_group, kind"
        )
        return [Override(*row) for row in rows]

    async def override(self, workspace: str, group: str, values: dict[str, int | None]) -> None:
        """Set the limits of these kinds; None clears one."""
        async with self._database.transaction() as inside:
            for kind, value in sorted(values.items()):  # in one order everywhere: nobody waits for one who waits
                if value is None:
                    await inside.run(CLEAR, workspace, group, kind)
                else:
                    await inside.run(SET, workspace, group, kind, value)
            await changed(inside, MARK)
