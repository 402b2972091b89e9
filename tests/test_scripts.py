"""What the scripts do, where it can be seen without the network."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = '#!/bin/sh\necho "$*" >> calls\n'


def test_what_is_installed_is_what_is_locked_now(tmp_path: Path) -> None:
    """Also when an earlier lock comes back, as with a change of branches; and nothing is done twice."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    for locked in ("one", "one", "two", "one"):
        (tmp_path / "requirements.lock").write_text(locked)
        subprocess.run([tmp_path / "scripts" / "install"], check=True, timeout=30)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert sum("-r requirements.lock" in call for call in calls) == 3
