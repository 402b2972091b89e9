"""Processes that a session has started, found by their parents and by a mark in their environment (Linux: /proc).

Where there is no /proc, nothing is found: then only the session's process group is ended.
"""

import os
import signal
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def descendants(pid: int) -> set[int]:
    """All that a process has started and that is still alive, and what that has started."""
    children = defaultdict[int, list[int]](list)
    for child in _alive():
        with suppress(OSError, ValueError):
            stat = (_PROC / str(child) / "stat").read_bytes()
            children[int(stat.rpartition(b")")[2].split()[1])].append(child)
    out: set[int] = set()
    todo = [pid]
    while todo:
        todo += (found := set(children[todo.pop()]) - out)
        out |= found
    return out


def marked(mark: str) -> set[int]:
    """All whose environment holds `NAME=value`, wherever they have gone: with setsid, or to another parent."""
    wanted, out = mark.encode(), set[int]()
    for pid in _alive():
        with suppress(OSError):
            if wanted in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                out.add(pid)
    return out


def kill(pids: Iterable[int]) -> None:
    """SIGKILL, to those that are still there."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _alive() -> list[int]:
    try:
        return [int(entry.name) for entry in os.scandir(_PROC) if entry.name.isdigit()]
    except OSError:
        return []
