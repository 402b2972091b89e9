"""Who may call, as it stands in the database: kept in memory, and looked at again when a mark says that it changed.

No request waits for the database. A change here is seen at once, one of another process within `EVERY`.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

import msgspec

from sijo.engine.caller import Caller
from sijo.store import StoreError
from sijo.store.keys import Keys as KeyRows
from sijo.store.keys import StoredKey
from sijo.store.workspaces import Override
from sijo.store.workspaces import Workspaces as WorkspaceRows

EVERY = 0.4
"""Seconds between two looks at the mark: a revoked key ends within one."""
DEFAULT = "default"
"""The name of the workspace that is always there."""

log = logging.getLogger("sijo.access")


class Known(msgspec.Struct, frozen=True):
    """A key that opens the server, until `expires`."""

    caller: Caller
    expires: float | None = None


class Access:
    """The keys, the workspaces and their limits, with the ids of the organization and of its default workspace."""

    def __init__(self, keys: KeyRows, workspaces: WorkspaceRows, organization: str, workspace: str) -> None:
        self.rows, self.spaces = keys, workspaces
        self.organization, self.workspace = organization, workspace
        self.keys: Mapping[str, Known] = {}
        """By digest."""
        self.names: Mapping[str, str] = {}
        """Of keys and workspaces, by id."""
        self.overrides: list[Override] = []
        self.any = False
        """There is a key, or was: a server whose last key was revoked is closed, not open to all."""
        self.watchers: list[Callable[[], None]] = []
        """Told after each change."""
        self._mark: int | None = None
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._failing = False

    async def start(self) -> None:
        """Look for the first time, and go on looking. Raises `StoreError`."""
        await self.refresh()
        self._task = asyncio.create_task(self._watch())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def refresh(self) -> None:
        """Look again, if anything changed: one look after the other, lest what an earlier one saw be believed last."""
        async with self._turn:
            await self._look()

    async def _look(self) -> None:
        mark = await self.rows.mark()
        if mark == self._mark:
            return
        keys, workspaces = await self.rows.all(), await self.spaces.all()
        self.overrides = await self.spaces.overrides()
        self.keys = {key.digest: known(key) for key in keys if key.status == "active"}
        self.names = {**{one.id: one.name for one in keys}, **{one.id: one.name for one in workspaces}}
        self.any = bool(keys)
        self._mark = mark  # read before the rest: what changed meanwhile is seen the next time
        for told in self.watchers:
            told()

    def id_of(self, caller: Caller) -> str:
        """The id of the caller's workspace."""
        return caller.workspace or self.workspace

    def called(self, workspace: str | None) -> tuple[str, str]:
        """The name and the id of a workspace, None being the default one: settings may say either."""
        if workspace is None:
            return DEFAULT, self.workspace
        return self.names.get(workspace, workspace), workspace

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.refresh()
            except StoreError as error:  # what was known goes on to count; said once, not twice a second
                if not self._failing:
                    log.warning("keys cannot be looked up: %s", error)
                self._failing = True
            else:
                self._failing = False


def known(key: StoredKey) -> Known:
    return Known(Caller(key.workspace, key.id, key.admin), key.expires_at)
