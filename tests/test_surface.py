"""Whatever the installed SDK can ask for is served or listed in `docs/gaps.md`, and nothing that is served is listed.

The page is made here: `python -m tests.test_surface --write`. An endpoint of a family that `AREAS` does not know fails,
so that somebody looks at what the SDK has learned.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from textwrap import fill

import pytest

from tests import surface
from tests.http.raw import ask
from tests.serving import Running

PAGE = Path(__file__).parents[1] / "docs" / "gaps.md"
HEAD = """\
# What is not served

The API is larger than this server. This page lists what the official Python SDK can ask for and what is not answered
here, read from the SDK's own code and from the server's; a test compares it with both, so it cannot fall behind. It is
written by `python -m tests.test_surface --write`, not by hand.

Nothing here fails in silence. A path that is not served is a 404 in the API's own envelope; a field, tool or block is a
400 that names it.
"""
AREAS = {
    "messages": ("Batches", "Many messages in one job. Until they are served, send the messages one by one."),
    "files": ("Files", "Uploads that requests refer to. Images and documents can be sent in base64 or, to an engine "
              "that fetches them, by URL."),
    "skills": ("Skills", "Instructions and scripts for a container. They need code execution, which is not served."),
    "user_profiles": ("User profiles", "Billing and terms for the end users of a platform. Nobody is billed here."),
    "organizations": ("Administration", "Members, invitations, analytics, and what only the hosted platform has. Keys, "
                      "workspaces and rate limits are served (keys.md), and what was used and what it cost by paths "
                      "that the SDK does not have (cost.md), but not `usage_report/claude_code`: what an agent did is "
                      "not known here."),
    "agents": ("Agents", "Agents that the hosted platform runs by itself, and all that belongs to them."),
}  # fmt: skip
OF_AGENTS = {
    "sessions", "environments", "deployments", "deployment_runs", "vaults", "memory_stores", "dreams", "tunnels",
}  # fmt: skip
FIELDS = """\
## Request fields

Known, and refused by name where they ask for something.
"""
TOOLS = """\
## Tools

Server tools run inside the request; these do not yet. All other tools of the API are served: the caller's own, tool
search, and bash, text editor, memory, computer and browser use, which an engine gets as ordinary tools.
"""
BLOCKS = """\
## Content blocks

They only occur with the fields and tools above.
"""
EDITS = """\
## Context edits

Entries of `context_management.edits`. `clear_thinking_20251015` is served where it keeps everything, which is what
coding agents send.
"""
IDLE = """## Taken, and without effect

- `thinking.display: "updates"`: the same as `omitted`.
"""
INNER = """\
## Inside of what is served

Fields and values of served objects that are refused.
"""
BLANK = "Nothing.\n"


def area(path: str) -> str:
    first = path.split("/")[2]
    return "agents" if first in OF_AGENTS else first


def missing() -> list[surface.Endpoint]:
    served = surface.served_endpoints()
    gaps = {one for one in surface.sdk_endpoints() if (one.method, one.path) not in served}
    return sorted(gaps, key=lambda one: (list(AREAS).index(area(one.path)), one.path, one.method))


def endpoints() -> str:
    rows = defaultdict[str, dict[str, list[str]]](lambda: defaultdict(list))
    for one in missing():
        rows[area(one.path)][one.shown].append(one.method)
    parts = ["## Endpoints\n"]
    for name, paths in rows.items():
        title, words = AREAS[name]
        lines = [f"| `{path}` | {', '.join(methods)} |" for path, methods in paths.items()]
        parts.append("\n".join([f"### {title}\n\n{fill(words, 120)}\n", "| path | methods |", "|---|---|", *lines, ""]))
    return "\n".join(parts)


def names(found: Iterable[str]) -> str:
    lines = [f"- `{name}`" for name in sorted(found)]
    return "\n".join([*lines, ""]) if lines else BLANK


def page() -> str:
    inner = sorted(surface.inner_gaps())
    table = "\n".join(["| at | not known |", "|---|---|", *(f"| `{gap.place}` | `{gap.what}` |" for gap in inner), ""])
    return "\n".join([
        HEAD,
        endpoints(),
        FIELDS, names((surface.sdk_fields() - surface.served_fields()) | surface.count_gaps()),
        TOOLS, names(surface.sdk_tools() - surface.served_tools()),
        BLOCKS, names(surface.sdk_blocks() - surface.served_blocks()),
        EDITS, names(surface.sdk_edits() - surface.served_edits()),
        INNER, table if inner else BLANK,
        IDLE,
    ]).rstrip() + "\n"  # fmt: skip


def listed(title: str) -> set[str]:
    """What the page names in one of its chapters, as it stands on disk."""
    chapter = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    [text] = [part for part in chapter if part.startswith(title + "\n")]
    return set(re.findall(r"^(?:- |\| )`([^`]+)`", text, flags=re.MULTILINE))


def listed_endpoints() -> set[tuple[str, str]]:
    rows = re.findall(r"^\| `(/[^`]+)` \| ([A-Z, ]+) \|$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    return {(method, surface.endpoint(method, path).path) for path, methods in rows for method in methods.split(", ")}


def test_every_endpoint_is_served_or_listed() -> None:
    known = {(one.method, one.path) for one in surface.sdk_endpoints()}
    assert len(known) > 200  # the walk of the SDK finds something
    assert known - surface.served_endpoints() - listed_endpoints() == set()


def test_no_endpoint_is_served_and_listed() -> None:
    assert surface.served_endpoints() & listed_endpoints() == set()


def test_what_is_listed_is_not_found(simulator: Running) -> None:
    for method, path in sorted(listed_endpoints()):
        reply = ask(simulator.url, path.replace("{}", "x"), b"{}", method=method)
        assert (reply.status, reply.error["type"]) == (404, "not_found_error"), path


@pytest.mark.parametrize(
    ("title", "theirs", "ours"),
    [
        ("Request fields", surface.sdk_fields(), surface.served_fields()),
        ("Tools", surface.sdk_tools(), surface.served_tools()),
        ("Content blocks", surface.sdk_blocks(), surface.served_blocks()),
        ("Context edits", surface.sdk_edits(), surface.served_edits()),
    ],
)
def test_every_name_is_served_or_listed(title: str, theirs: set[str], ours: set[str]) -> None:
    assert {"Request fields": "model", "Tools": "custom", "Content blocks": "text"}.get(title) in {None, *theirs & ours}
    assert theirs - ours - listed(title) == set()
    assert ours & listed(title) == set()


def test_what_is_counted_can_be_counted() -> None:
    assert surface.count_gaps() == set()


def test_the_page_is_as_the_code_is() -> None:
    assert PAGE.read_text("utf-8") == page(), "write it again: python -m tests.test_surface --write"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("python -m tests.test_surface --write")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), "utf-8")
