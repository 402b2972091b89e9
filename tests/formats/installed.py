"""Other people's adapters, installed once beside the virtual environment, and their scripts run against a server."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.formats.asked import Target
from tests.http.installed import environment, packages

HERE = Path(__file__).parent
SECONDS = 120


def langchain() -> Path:
    """The interpreter of a virtual environment that has LangChain's adapter."""
    return environment("langchain", HERE / "langchain" / "requirements.lock")


def pydantic_ai() -> Path:
    """The interpreter of a virtual environment that has Pydantic AI."""
    return environment("pydantic-ai", HERE / "pydantic_ai" / "requirements.lock")


def instructor() -> Path:
    """The interpreter of a virtual environment that has Instructor."""
    return environment("instructor", HERE / "instructor" / "requirements.lock")


def vercel() -> Path:
    """A folder whose `node_modules` has Vercel's AI SDK and its adapter."""
    return packages("vercel", HERE / "vercel")


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
