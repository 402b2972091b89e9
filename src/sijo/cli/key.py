"""`sijo key`: who may call, made and taken back by hand, in the server's database."""

import argparse
import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from sijo import ids
from sijo.cli.table import aligned
from sijo.config import load
from sijo.store import Database, absent, database
from sijo.store.keys import Keys, StoredKey, digest
from sijo.store.sqlite import Sqlite
from sijo.store.workspaces import Workspace, Workspaces

Work = Callable[[Database, argparse.Namespace], Awaitable[int]]
Empty = Callable[[Database], int]
"""What a command that makes nothing does where there is no database yet: it makes none either."""
UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
SPAN = re.compile(r"(\d{1,6})([mhdw])", re.ASCII)
LONGEST = 36_500 * UNITS["d"]
"""Seconds: what ends later than that has an end that no calendar can tell."""
DEFAULT = "default"
MISSING = "no such workspace; sijo workspace list shows those that there are, sijo workspace create makes one"
NO_KEY = "no such key"
NO_TEXT = "a name is text of printable characters"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `sijo key` takes."""
    acts = parser.add_subparsers(required=True, metavar="ACT")
    create = act(acts, "create", "make a key and show it, once", create_key)
    create.add_argument("--name", default="", help="what it is for")
    create.add_argument("--workspace", help="its workspace, by name or id; else the default one")
    create.add_argument("--admin", action="store_true", help="a key for the Admin API, and for nothing else")
    create.add_argument("--expires", metavar="SPAN", type=span, help="such as 12h or 30d; never, if not given")
    act(acts, "list", "show all keys, not what they are", list_keys, no_keys)
    revoke = act(acts, "revoke", "end a key for good, within a second", revoke_key, lambda _: failed(NO_KEY))
    revoke.add_argument("key", help="its id, its name, or the key itself")


def act(acts: Any, name: str, words: str, work: Work, empty: Empty | None = None) -> argparse.ArgumentParser:
    """A command on the database of a server."""
    made: argparse.ArgumentParser = acts.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
    made.add_argument("--config", help="a sijo.toml")
    made.add_argument("--data-dir", help="where state lives, default ~/.sijo")
    made.add_argument("--database", metavar="URL", help="a postgresql:// that replicas share; default a file")
    made.set_defaults(work=work, empty=empty)
    return made


def span(text: str) -> int:
    """Seconds of a span such as `30d`."""
    found = SPAN.fullmatch(text)
    if found is None or not int(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no span: a number with m, h, d or w behind it")
    seconds = int(found[1]) * UNITS[found[2]]
    if seconds > LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is more than 100 years")
    return seconds


def run(args: argparse.Namespace) -> int:
    """The work of one command, on the database that is meant."""

    server = load(args.config, {"data_dir": args.data_dir, "database": args.database}).server
    return asyncio.run(_run(database(server.database, Path(server.data_dir).expanduser()), args))


async def _run(opened: Database, args: argparse.Namespace) -> int:
    if args.empty is not None and absent(opened):
        return int(args.empty(opened))
    await opened.open()
    try:
        return int(await args.work(opened, args))
    finally:
        await opened.close()


async def create_key(opened: Database, args: argparse.Namespace) -> int:
    """The key itself on stdout and nothing else, so that it can be kept by a script."""

    if args.admin and args.workspace is not None:
        return failed("an admin key belongs to no workspace")
    if not args.name.isprintable():
        return failed(NO_TEXT)
    workspace = None
    if args.workspace not in (None, DEFAULT):
        found = await workspace_of(opened, args.workspace)
        if isinstance(found, int):
            return found
        workspace = found.id
    expires = None if args.expires is None else ids.now().timestamp() + args.expires
    name = args.name or ("admin" if args.admin else "key")
    key, secret = await Keys(opened).create(name, workspace=workspace, admin=args.admin, expires_at=expires)
    print(secret)
    print(f"{key.id}: kept in {place(opened)} as a digest, it cannot be shown again", file=sys.stderr)
    return 0


async def list_keys(opened: Database, _: argparse.Namespace) -> int:

    names: dict[str | None, str] = {one.id: one.name for one in await Workspaces(opened).all()}
    names[None] = DEFAULT
    now = ids.now().timestamp()
    rows = [("ID", "NAME", "WORKSPACE", "STATUS", "CREATED", "EXPIRES", "KEY")]
    for key in await Keys(opened).all():
        expires = "never" if key.expires_at is None else day(key.expires_at)
        where = "(admin)" if key.admin else names[key.workspace]
        rows.append((key.id, key.name, where, key.state(now), day(key.created_at), expires, key.hint))
    return table(rows) if len(rows) > 1 else no_keys(opened)


def no_keys(opened: Database) -> int:
    print(f"no keys in {place(opened)}: sijo key create", file=sys.stderr)
    return 0


async def revoke_key(opened: Database, args: argparse.Namespace) -> int:

    def meant(key: StoredKey) -> bool:
        return args.key in (key.id, key.name) or key.digest == secret

    secret = digest(args.key) if args.key.isascii() else None
    found = [key for key in await Keys(opened).all() if meant(key)]
    living = [key for key in found if key.status != "archived"] or found
    if len(living) != 1:
        return failed(NO_KEY if not living else f"several keys have that name: {', '.join(k.id for k in living)}")
    await Keys(opened).change(living[0].id, status="archived")
    print(f"{living[0].id} revoked")
    return 0


async def workspace_of(opened: Database, named: str) -> Workspace | int:
    """The active workspace of a name or an id; or the exit status, when that was said to be wrong."""

    active = [one for one in await Workspaces(opened).all() if one.archived_at is None]
    found = [one for one in active if named in (one.id, one.name)]
    if len(found) != 1:
        return failed(MISSING if not found else f"several: {', '.join(one.id for one in found)}")
    return found[0]


def place(opened: Database) -> str:
    """Where it is kept, without a password."""
    return str(opened.path) if isinstance(opened, Sqlite) else "the database"


def day(seconds: float) -> str:
    return ids.stamp(ids.moment(seconds))


def table(rows: Sequence[tuple[str, ...]]) -> int:
    """Print in columns; the first row is the head."""
    print(aligned(rows[0], rows[1:], numbers=False))
    return 0


def failed(words: str) -> int:
    print(f"sijo: {words}", file=sys.stderr)
    return 1
