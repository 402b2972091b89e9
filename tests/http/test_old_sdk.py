"""A guide's samples under the last 0.x release of the Python SDK, in a virtual environment of its own."""

import json
import subprocess

import pytest

from tests.http.installed import ROOT, old_python
from tests.serving import Running

VERSION = "0.125.0"


@pytest.fixture(scope="session")
def outcomes(locked: Running, key: str) -> dict[str, str | None]:
    """Sample -> its traceback, or None where all was as it said."""
    command = [str(old_python()), "-m", "tests.http.samples", locked.url, key]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["name"]: row["failure"] for row in rows}


def names() -> list[str]:
    """What is to run, as the new SDK sees it: the samples that both have, and those of the old one alone."""
    from tests.http.samples import collected, versions

    both = [name for name in collected() if not name.startswith("versions.")]
    return both + [f"versions.{name}" for name in vars(versions) if name.startswith("old_")]


def test_the_old_sdk_is_the_one_meant() -> None:
    code = "import anthropic; print(anthropic.__version__)"
    assert subprocess.check_output([old_python(), "-c", code], text=True).strip() == VERSION


def test_every_sample_ran(outcomes: dict[str, str | None]) -> None:
    assert sorted(outcomes) == sorted(names())


@pytest.mark.parametrize("name", names())
def test_sample(name: str, outcomes: dict[str, str | None]) -> None:
    assert outcomes[name] is None, outcomes[name]
