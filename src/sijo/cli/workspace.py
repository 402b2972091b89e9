"""`sijo workspace`: made, listed and archived by hand, in the server's database."""

import argparse
import sys

from sijo.cli.key import DEFAULT, MISSING, NO_TEXT, act, day, failed, run, table, workspace_of
from sijo.store import Database
from sijo.store.workspaces import LONGEST, MOST, Facts, Workspaces

__all__ = ["arguments", "run"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    acts = parser.add_subparsers(required=True, metavar="ACT")
    act(acts, "create", "make a workspace", create_workspace).add_argument("name")
    act(acts, "list", "show all workspaces", list_workspaces, no_workspaces)
    words = "end a workspace for good, and its keys with it"
    archive = act(acts, "archive", words, archive_workspace, lambda _: failed(MISSING))
    archive.add_argument("workspace", help="its name or id")


async def create_workspace(opened: Database, args: argparse.Namespace) -> int:
    if not 1 <= len(args.name) <= LONGEST or args.name == DEFAULT:
        return failed(f"a name has 1 to {LONGEST} characters, and is not {DEFAULT}")
    if not args.name.isprintable():
        return failed(NO_TEXT)
    if any(one.name == args.name and one.archived_at is None for one in await Workspaces(opened).all()):
        return failed(f"there is a workspace {args.name} already")
    made = await Workspaces(opened).create(args.name, Facts())
    if made is None:
        return failed(f"there are {MOST} active workspaces already")
    print(made.id)
    return 0


async def list_workspaces(opened: Database, _: argparse.Namespace) -> int:
    rows = [("ID", "NAME", "CREATED", "ARCHIVED")]
    for one in await Workspaces(opened).all():
        rows.append((one.id, one.name, day(one.created_at), "-" if one.archived_at is None else day(one.archived_at)))
    return table(rows) if len(rows) > 1 else no_workspaces(opened)


def no_workspaces(_: Database) -> int:
    print("no workspaces but the default one: sijo workspace create NAME", file=sys.stderr)
    return 0


async def archive_workspace(opened: Database, args: argparse.Namespace) -> int:
    found = await workspace_of(opened, args.workspace)
    if isinstance(found, int):
        return found
    await Workspaces(opened).archive(found.id)
    print(f"{found.id} archived, and its keys with it")
    return 0
