"""Other clients, installed once beside the virtual environment and kept for the next run."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


def kept(name: str, lock: Path, install: Callable[[Path], None]) -> Path:
    """The folder of what `install` makes of a lock file. Another lock file is another folder."""
    home = ROOT / ".venv" / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if home.exists():
        return home
    fresh = home.with_name(f"{home.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    install(fresh)
    try:
        fresh.rename(home)
    except OSError:  # another run came first
        shutil.rmtree(fresh)
    return home


def environment(name: str, lock: Path) -> Path:
    """The interpreter of a virtual environment with what a lock file names."""

    def install(folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)

    return kept(name, lock, install) / "bin" / "python"


def packages(name: str, source: Path) -> Path:
    """A folder whose `node_modules` has what the lock file in `source` names."""

    def install(folder: Path) -> None:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(source / file, folder)
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True)

    return kept(name, source / "package-lock.json", install)


def old_python() -> Path:
    """The interpreter of a virtual environment that has the last 0.x release of the Python SDK."""
    return environment("old-sdk", HERE / "samples" / "old-sdk.lock")


def typescript() -> Path:
    """A folder whose `node_modules` has the TypeScript SDK."""
    return packages("typescript", HERE / "typescript")
