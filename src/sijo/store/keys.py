"""The keys that were made here: only their digests are kept, so that nobody can read one out of the database."""

import hashlib
import secrets
from typing import Literal

import msgspec

from sijo import ids
from sijo.store.database import Database, Row
from sijo.store.marks import changed, mark

MARK = "access"
"""What is raised by every change of keys, workspaces and their limits."""
STANDARD, ADMIN = "sk-ant-api03-sijo-", "sk-ant-admin01-sijo-"
"""Clients look at the beginning, people at the word after it."""
SECRET = 36
"""Random bytes of a key."""
SHOWN = 4

Status = Literal["active", "inactive", "archived", "expired"]


class StoredKey(msgspec.Struct, frozen=True):
    """`workspace` None is the default workspace. Moments are Unix seconds."""

    id: str
    digest: str
    hint: str
    name: str
    workspace: str | None
    admin: bool
    status: Status
    created_at: float
    expires_at: float | None

    def state(self, now: float) -> Status:
        """Its status with the clock in mind."""
        over = self.expires_at is not None and self.expires_at <= now
        return "expired" if over and self.status != "archived" else self.status


COLUMNS = ", ".join(StoredKey.__struct_fields__)


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


class Keys:
    """Every query there is on keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark(self) -> int:
        """A number that rises when anything changes."""
        return await mark(self._database, MARK)

    async def create(
        self, name: str, *, workspace: str | None = None, admin: bool = False, expires_at: float | None = None
    ) -> tuple[StoredKey, str]:
        """A new key, and the secret itself: this is the only time that anybody sees it."""
        secret = (ADMIN if admin else STANDARD) + secrets.token_urlsafe(SECRET)
        hint = f"{secret[: len(ADMIN if admin else STANDARD) + 3]}...{secret[-SHOWN:]}"
        made = ids.now().timestamp()
        key = StoredKey(ids.new("apikey"), digest(secret), hint, name, workspace, admin, "active", made, expires_at)
        async with self._database.transaction() as inside:
            await inside.run(
                f"INSERT INTO keys ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - names of columns
                key.id, key.digest, hint, name, workspace, int(admin), key.status, made, expires_at,
            )  # fmt: skip
            await changed(inside, MARK)
        return key, secret

    async def all(self) -> list[StoredKey]:
        """Oldest first, whatever their status."""
        return [stored(row) for row in await self._database.rows(f"SELECT {COLUMNS} FROM keys ORDER BY created_at, id")]  # noqa: S608

    async def get(self, id: str) -> StoredKey | None:
        return next((key for key in await self.all() if key.id == id), None)

    async def change(self, id: str, *, name: str | None = None, status: Status | None = None) -> None:
        """A new name, a new status; what is None stays."""
        async with self._database.transaction() as inside:
            await inside.run(
                "UPDATE keys SET name = COALESCE(?, name), status = COALESCE(?, status) WHERE id = ?", name, status, id
            )
            await changed(inside, MARK)


def stored(row: Row) -> StoredKey:
    return msgspec.convert(dict(zip(StoredKey.__struct_fields__, row, strict=True)), StoredKey, strict=False)
