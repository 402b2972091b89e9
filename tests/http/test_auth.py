"""Which key is whose: a table, with a clock."""

import asyncio
from pathlib import Path

import pytest

from sijo.engine.caller import ANYBODY, Caller
from sijo.errors import InvalidRequest, PermissionDenied, Unauthenticated
from sijo.http.access import Access
from sijo.http.auth import Keys
from sijo.http.call import Call
from sijo.store import Database, database
from sijo.store.keys import Keys as Rows
from sijo.store.keys import Status, StoredKey
from sijo.store.workspaces import Facts, Workspaces
from tests.http.limits.ground import Clock, access


def call(path: str = "/v1/messages", client: str = "127.0.0.1", **headers: str) -> Call:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Call({"type": "http", "method": "POST", "path": path, "headers": raw, "client": (client, 1)})


def caller(keys: Keys, key: str, path: str = "/v1/messages") -> Caller:
    made = call(path, x_api_key=key)
    keys.check(made)
    return made.caller


async def test_a_key_ends_when_it_expires(store: Database) -> None:
    clock, known = Clock(), access(store)
    key, secret = await Rows(store).create("k", expires_at=clock.now + 60)
    await known.refresh()
    keys = Keys(known, clock=clock)
    assert caller(keys, secret) == Caller(None, key.id)
    clock.sleep(59.9)
    caller(keys, secret)
    clock.sleep(0.2)
    with pytest.raises(Unauthenticated, match="invalid x-api-key"):
        caller(keys, secret)


@pytest.mark.parametrize("status", ["inactive", "archived"])
async def test_only_an_active_key_opens(store: Database, status: Status) -> None:
    known = access(store)
    key, secret = await Rows(store).create("k")
    await Rows(store).change(key.id, status=status)
    await known.refresh()
    with pytest.raises(Unauthenticated):
        caller(Keys(known), secret)
    await Rows(store).change(key.id, status="active")
    await known.refresh()
    assert caller(Keys(known), secret).key == key.id


async def test_nothing_is_looked_up_when_nothing_changed(store: Database) -> None:
    known, told = access(store), list[int]()
    known.watchers.append(lambda: told.append(1))
    await Rows(store).create("k")
    for _ in range(5):
        await known.refresh()
    assert told == [1]


class Slow(Rows):
    """Hands over late what it has read, the first time."""

    gate: asyncio.Event | None = None

    async def all(self) -> list[StoredKey]:
        found, gate, self.gate = await super().all(), self.gate, None
        if gate is not None:
            await gate.wait()
        return found


async def test_a_look_that_began_earlier_brings_nothing_back(store: Database) -> None:
    rows = Slow(store)
    known = Access(rows, Workspaces(store), "org", "wrkspc_1")
    key, _ = await rows.create("k")
    gate = rows.gate = asyncio.Event()
    early = asyncio.create_task(known.refresh())
    while rows.gate is not None:  # noqa: ASYNC110 - it is read
        await asyncio.sleep(0.01)
    await rows.change(key.id, status="archived")
    late = asyncio.create_task(known.refresh())
    await asyncio.wait([late], timeout=0.2)
    gate.set()
    await asyncio.gather(early, late)
    assert not known.keys


def test_without_keys_anybody_is_welcome_on_every_path(tmp_path: Path) -> None:
    known = Access(Rows(database(None, tmp_path)), Workspaces(database(None, tmp_path)), "org", "wrkspc_1")
    assert caller(Keys(known), "any") == caller(Keys(known), "any", "/v1/organizations/me") == ANYBODY
    Keys(known).check(call(client="192.0.2.7"))
    with pytest.raises(PermissionDenied, match="requires an Admin API key"):  # open to all, and not to administer
        Keys(known).check(call("/v1/organizations/me", client="192.0.2.7"))
    with pytest.raises(Unauthenticated, match="x-api-key header is required"):
        Keys(known, required=True).check(call())
    with pytest.raises(InvalidRequest):
        Keys(known).check(call(anthropic_workspace_id="wrkspc_2"))
    for own in ("wrkspc_1", "default"):
        Keys(known).check(call(anthropic_workspace_id=own))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8484", "127.0.0.1:8484", "127.1.2.3", "[::1]:8484", "[::1]"])
def test_who_sits_at_this_machine_calls_it_by_one_of_its_names(host: str) -> None:
    Keys(access()).check(call("/v1/organizations/me", host=host))
    Keys(access()).check(call("/v1/organizations/me", host=host, origin="app://desk"))


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "rebound.example:8484"},
        {"host": "192.0.2.1"},
        {"host": "[2001:db8::1]:8484"},
        {"host": "localhost.example"},
        {"host": "localhost", "x_forwarded_for": "127.0.0.1"},
        {"host": "localhost", "forwarded": "for=192.0.2.1"},
        {"host": "localhost", "x_real_ip": "192.0.2.1"},
        {"host": "localhost", "origin": "https://evil.example"},
        {"host": "localhost", "origin": "http://localhost:3000"},
        {"host": "localhost", "origin": "Null"},
    ],
)
def test_who_comes_by_another_name_a_proxy_or_a_page_does_not_sit_here(headers: dict[str, str]) -> None:
    """A proxy on this machine speaks for everybody, and a page may give its own name to this address, or be
    let in by it where pages are."""
    with pytest.raises(PermissionDenied):
        Keys(access()).check(call("/v1/organizations/me", **headers))


async def test_many_may_set_a_limit_at_once(store: Database) -> None:
    spaces = Workspaces(store)
    made = await spaces.create("w", Facts())
    assert made is not None
    await asyncio.gather(*(spaces.override(made.id, "opus", {"requests_per_minute": n}) for n in range(8)))
    (one,) = await spaces.overrides()
    assert one.value in range(8)
    await spaces.override(made.id, "opus", {"requests_per_minute": None})
    assert await spaces.overrides() == []
