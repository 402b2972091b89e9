"""How many connections the process has room for: each takes a file descriptor, and what it asks for takes others."""

import logging
import sys
from contextlib import suppress

SPARE = 96
"""For all else: files, the database, those who are sent away."""

logger = logging.getLogger("sijo.http")


def room(wanted: int, engines: int) -> int:
    """The connections that may be open at once, `wanted` or fewer. The process lets itself have as many files as they
    need, up to what it may. Those to each of the `engines` are kept for a while, and of them, too, there may have been
    as many."""
    if sys.platform == "win32":
        return wanted
    import resource

    each = 1 + max(1, engines)
    files = each * wanted + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if short(soft, files):
        with suppress(ValueError, OSError):  # some systems have yet another limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (files if not short(hard, files) else hard, hard))
            soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if not short(soft, files):
        return wanted
    most = max(1, (soft - SPARE) // each)
    logger.warning("%d connections may be open, not %d: the process may have %d files (ulimit -n)", most, wanted, soft)
    return most


def short(limit: int, files: int) -> bool:
    """Whether a limit, which may be none, is below so many files."""
    return 0 <= limit < files
