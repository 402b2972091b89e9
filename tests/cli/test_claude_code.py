"""Claude Code itself, from npm, does a task in a scratch repository, over the simulator.

Nothing of the machine's own account reaches it: its environment is made here, and its home is thrown away.
"""

import itertools
import json
import os
import shutil
import subprocess
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.engine import TEXT, Engine, called
from tests.http.installed import kept
from tests.serving import Running, serving

HERE = Path(__file__).parent / "claude"
PATIENCE = 120
"""Seconds for a session, which takes one or two."""
INSTALL = ("npm", "ci", "--ignore-scripts", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error")
QUIET = (
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    "DISABLE_AUTOUPDATER",
    "DISABLE_ERROR_REPORTING",
    "DISABLE_TELEMETRY",
)
TYPO = "echo Helo, you\n"
FIXED = "Fixed: it says Hello now."
MODELS = ("claude-sonnet-4-5", "claude-opus-5-5", "my-local-model")
"""With a budget for thinking; adaptive, with system messages inside the conversation; and a name it does not know."""


@pytest.fixture(scope="session")
def claude() -> Path:
    """The program, installed once. It comes in a package for the platform, and no script of a package is run."""
    lock = HERE / "package-lock.json"

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        try:
            done = subprocess.run(INSTALL, cwd=folder, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.fail("these tests run Claude Code, and npm, which installs it, is not on this machine")
        if done.returncode:
            pytest.fail(f"npm could not install Claude Code (status {done.returncode}):\n{done.stderr[-2000:]}")
        program(folder)

    return program(kept("claude-code", lock, install))


def program(folder: Path) -> Path:
    found = list(folder.glob("node_modules/@anthropic-ai/claude-code-*/claude"))
    if len(found) != 1:
        pytest.fail(f"npm installed Claude Code without the program for this platform: {found} in {folder}")
    return found[0]


@dataclass(frozen=True)
class Session:
    """What came of one run: its result, and all the lines before it."""

    result: dict[str, Any]
    lines: list[dict[str, Any]]
    stderr: str

    def blocks(self, role: str) -> list[dict[str, Any]]:
        """The blocks that one side said, in order."""
        said = [line["message"]["content"] for line in self.lines if line["type"] == role]
        return [block for content in said if isinstance(content, list) for block in content]


def run(claude: Path, running: Running, repo: Path, *flags: str) -> Session:
    """Claude Code in a repository, headless, until it ends by itself."""
    home = repo.parent / "home"
    home.mkdir(exist_ok=True)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "ANTHROPIC_BASE_URL": running.url,
        "ANTHROPIC_API_KEY": "any",
        **dict.fromkeys(QUIET, "1"),
    }
    command = [str(claude), "--output-format", "stream-json", "--verbose", "--allowedTools", "Read,Edit,Bash", *flags]
    done = subprocess.run(
        command, cwd=repo, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    results = [line for line in lines if line["type"] == "result"]
    assert len(results) == 1, f"status {done.returncode}\n{done.stdout}\n{done.stderr}\n" + "\n".join(running.lines())
    return Session(results[0], lines, done.stderr)


def served(running: Running) -> list[tuple[str, int]]:
    """Path and status of each request that the server answered; it is stopped, for then all of them are logged."""
    running.stop()
    lines = [json.loads(line) for line in running.lines() if line.startswith("{")]
    return [(line["path"], line["status"]) for line in lines if line.get("path", "").startswith("/v1/")]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "greet.sh").write_text(TYPO)
    subprocess.run(["git", "init", "--quiet"], cwd=repo, check=True)
    return repo


def scripted(folder: Path, script: str, strictness: str = "--lenient") -> AbstractContextManager[Running]:
    return serving(folder, "--scripts", str(HERE / script), strictness)


@pytest.mark.parametrize("model", MODELS)
def test_it_does_a_task(claude: Path, tmp_path: Path, repo: Path, model: str) -> None:
    """It reads a file, edits it, runs it, and ends."""
    with scripted(tmp_path, "session.toml") as running:
        session = run(claude, running, repo, "--model", model, "-p", "Fix the typo in greet.sh")
        requests = served(running)
    assert session.result["subtype"] == "success" and session.result["is_error"] is False
    assert session.result["result"] == FIXED
    assert session.result["permission_denials"] == []
    assert (repo / "greet.sh").read_text() == "echo Hello, you\n"
    calls = [block["name"] for block in session.blocks("assistant") if block["type"] == "tool_use"]
    assert calls == ["Read", "Edit", "Bash"]
    assert [block.get("is_error", False) for block in session.blocks("user")] == [False, False, False]
    usage = session.result["usage"]
    assert usage["output_tokens"] > 0
    assert usage["cache_read_input_tokens"] > usage["input_tokens"] >= 0  # it marks its last message, each time
    assert requests == [("/v1/messages", 200)] * 4


@pytest.mark.parametrize("model", [*MODELS[:2], "claude-fable-5-1"])
def test_it_breaks_no_rule(claude: Path, tmp_path: Path, repo: Path, model: str) -> None:
    """Held to all that the hosted API demands, its thinking back as it was signed, in this run and in a later one.

    The last model is reminded of something in each turn, which is gone from the next request."""
    with scripted(tmp_path, "session.toml", "--strict") as running:
        first = run(claude, running, repo, "--model", model, "-p", "Fix the typo in greet.sh")
        later = run(claude, running, repo, "--model", model, "--continue", "-p", "What did you do?")
        requests = served(running)
    assert [session.result["result"] for session in (first, later)] == [FIXED, "I corrected a word."]
    assert requests == [("/v1/messages", 200)] * 5


def test_it_goes_on_after_trouble(claude: Path, tmp_path: Path, repo: Path) -> None:
    """The server is overloaded once, and then its stream ends in the middle."""
    with scripted(tmp_path, "trouble.toml") as running:
        session = run(claude, running, repo, "--model", "my-local-model", "-p", "Are you ready?")
        requests = served(running)
    assert (session.result["is_error"], session.result["result"]) == (False, "Ready, after some trouble.")
    assert [status for _, status in requests] == [529, 200, 200]


def test_it_compacts_what_is_too_long(claude: Path, tmp_path: Path, repo: Path) -> None:
    """The words of the error are what it goes by: it has the conversation summarized, and goes on with the summary."""
    with scripted(tmp_path, "trouble.toml") as running:
        session = run(claude, running, repo, "--model", "my-local-model", "-p", "What does greet.sh hold?")
        requests = served(running)
    assert (session.result["is_error"], session.result["result"]) == (False, "It holds a greeting.")
    assert [status for _, status in requests] == [200, 400, 200, 200]
    assert [line["subtype"] for line in session.lines if line.get("subtype") == "compact_boundary"]


def test_an_engine_reads_each_prompt_once(claude: Path, tmp_path: Path, repo: Path) -> None:
    """Each prompt begins with the whole of the one before: only what is new has to be read."""
    with Engine() as engine:
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        edit = {"file_path": "greet.sh", "old_string": "Helo", "new_string": "Hello"}
        calls = [called("Read", file_path="greet.sh"), called("Edit", **edit), called("Bash", command="sh greet.sh")]
        engine.answers = [[{"reasoning_content": "Hm."}, call] for call in calls] + [TEXT]
        with serving(tmp_path, "--model", f"vllm+{engine.url}#local") as running:
            session = run(claude, running, repo, "--model", "my-local-model", "-p", "Fix the typo in greet.sh")
        engine.shutdown()
    assert (session.result["is_error"], session.result["result"]) == (False, "All done.")
    assert (repo / "greet.sh").read_text() == "echo Hello, you\n"
    prompts = [json.loads(body) for body in engine.bodies]
    assert len(prompts) == 4
    for earlier, later in itertools.pairwise(prompts):
        assert later["tools"] == earlier["tools"]
        assert later["messages"][: len(earlier["messages"])] == earlier["messages"]


def test_it_counts_its_context(claude: Path, tmp_path: Path, repo: Path) -> None:
    """Its context view asks for the price of each part of its prompt."""
    with scripted(tmp_path, "session.toml") as running:
        session = run(claude, running, repo, "--model", "claude-opus-5-5", "-p", "/context")
        requests = served(running)
    assert session.result["is_error"] is False and "claude-opus-5-5" in session.result["result"]
    assert set(requests) == {("/v1/messages/count_tokens", 200)}
