"""A real PostgreSQL for tests: a cluster of its own on a free port of loopback, thrown away afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USERS = ("postgres", "nobody")
"""PostgreSQL refuses to run as root; then one of these runs it."""


def program(name: str) -> str:
    """The path of one of its programs, which Debian keeps out of PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = str(places[0]) if places else shutil.which(name)
    assert found, f"PostgreSQL is needed: {name} is not installed (Debian: apt-get install postgresql)"
    return found


@contextmanager
def cluster() -> Iterator[str]:
    """The address of a fresh database, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="sijo-postgres-") as folder:
        user = next(name for name in USERS if known(name)) if os.getuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        data, port = Path(folder) / "data", free()
        run(user, folder, program("initdb"), "-D", str(data), "-U", "sijo", "--auth=trust", "--no-sync", "-E", "UTF8")
        settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=60"
        log = str(Path(folder) / "log")
        run(user, folder, program("pg_ctl"), "-D", str(data), "-o", settings, "-l", log, "-w", "start")
        try:
            yield f"postgresql://sijo@127.0.0.1:{port}/postgres"
        finally:
            run(user, folder, program("pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")


def known(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(user: str | None, folder: str, *command: str) -> None:
    group = pwd.getpwnam(user).pw_gid if user else None
    done = subprocess.run(
        command,
        cwd=folder,
        user=user,
        group=group,
        extra_groups=[] if user else None,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
