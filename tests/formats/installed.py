"""Other people's adapters, installed once beside the virtual environment, and their scripts run against a server."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.formats.asked import Target
from tests.http.installed import kept

HERE = Path(__file__).parent
SECONDS = 120


def langchain() -> Path:
    """The interpreter of a virtual environment that has LangChain's adapter."""
    lock = HERE / "langchain" / "requirements.lock"

    def install(folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)

    return kept("langchain", lock, install) / "bin" / "python"


def vercel() -> Path:
    """A folder whose `node_modules` has Vercel's AI SDK and its adapter."""
    source = HERE / "vercel"

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder)
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True)

    return kept("vercel", source / "package-lock.json", install)


def run(command: list[str], script: Path, target: Target, folder: Path) -> Any:
    """What a script prints, as JSON. It is told in the environment whom to ask."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC_", "LANG"))}
    asked = {"TARGET": target.url, "PLAIN": target.plain, "CALL": target.call}
    code = script.read_text("utf-8")
    done = subprocess.run(
        command,
        input=code,
        cwd=folder,
        env={**others, **asked},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
