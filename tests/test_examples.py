"""The programs in examples/, and those that the documentation shows, run as they stand against the real server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import Running

ROOT = Path(__file__).parent.parent
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def run(server: Running, *command: str, said: str = "") -> str:
    """What the program prints."""
    env = {**os.environ, "ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "any"}
    ran = subprocess.run(
        [sys.executable, *command], input=said, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def example(name: str) -> str:
    return str(ROOT / "examples" / name)


def code(page: str) -> str:
    """The first Python program on a page."""
    found = PYTHON.search((ROOT / page).read_text())
    assert found
    return found[1]


def test_a_chat_remembers(simulator: Running) -> None:
    first, second = run(simulator, example("chat.py"), said="My name is Alice.\n\nWhat is my name?\n").splitlines()
    assert "Alice" in first and "Alice" in second


def test_the_loop_runs_tools_until_the_model_is_done(simulator: Running) -> None:
    weather, convert, *answer = run(simulator, example("tools.py")).splitlines()
    assert weather == "[get_weather] {'location': 'Seoul'}"
    assert convert == "[convert_temperature] {'value': 21}"
    assert "69.8 °F" in "".join(answer)


def test_the_loop_may_have_nothing_to_do(simulator: Running) -> None:
    assert run(simulator, example("tools.py"), "Reply with exactly: OK") == "OK\n"


def test_thinking_goes_back_with_the_result(simulator: Running) -> None:
    printed = run(simulator, example("thinking.py"))
    kinds = re.findall(r"(?m)^(thinks|calls|says):", printed)
    assert kinds == ["thinks", "calls", "calls", "thinks", "says"]
    assert "calls: get_weather {'location': 'Paris'}" in printed
    assert "15 °C" in printed.partition("says:")[2]


def test_the_toolbox_runs_what_the_model_asks(simulator: Running, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("milk\neggs\n")
    asked = {
        "Run the command: wc -l notes.txt": ("[bash] {'command': 'wc -l notes.txt'}", "2 notes.txt"),
        "View notes.txt with the editor": ("[str_replace_based_edit_tool]", "milk"),
        "Look into your memory": ("[memory] {'command': 'view', 'path': '/memories'}", "up to 2 levels deep"),
    }
    for question, (call, answer) in asked.items():
        first, rest = run(simulator, example("client_tools.py"), str(tmp_path), question).split("\n", 1)
        assert call in first and answer in rest


@pytest.mark.parametrize(
    ("page", "words"),
    [("README.md", "12231"), ("docs/quickstart.md", "rain"), ("docs/tool-search.md", "tool_use get_weather")],
)
def test_the_documentation_runs(simulator: Running, page: str, words: str) -> None:
    shown = code(page)
    assert "http://127.0.0.1:8484" in shown
    assert words in run(simulator, "-c", shown.replace("http://127.0.0.1:8484", simulator.url))


def test_the_toolbox_works_in_three_lines(simulator: Running, tmp_path: Path) -> None:
    shown = code("docs/client-tools.md").replace("What is in this folder?", "Run the command: echo 40 + 2.")
    assert 'Memory("./memories")' in shown and 'Editor(".")' in shown
    program = shown.replace('"./memories"', repr(str(tmp_path / "kept"))).replace('"."', repr(str(tmp_path)))
    assert "40 + 2" in run(simulator, "-c", program)
    assert (tmp_path / "kept").is_dir()


def test_the_fixture_for_ci_outlives_many_requests(simulator: Running, tmp_path: Path) -> None:
    """Its server logs more than a pipe that nobody reads could hold."""
    (tmp_path / "conftest.py").write_text(code("docs/ci.md"))
    (tmp_path / "test_it.py").write_text(
        "import urllib.request\n"
        "def test_it(claude_url):\n"
        "    asked = urllib.request.Request(claude_url + '/v1/models', headers={'x-api-key': 'any'})\n"
        "    asked.add_header('anthropic-version', '2023-06-01')\n"
        "    for _ in range(600):\n"
        "        with urllib.request.urlopen(asked, timeout=20) as reply:\n"
        "            assert reply.status == 200\n"
    )
    flags = ["-q", "-p", "no:cacheprovider", "-W", "error", "-o", "asyncio_default_fixture_loop_scope=function"]
    assert "1 passed" in run(simulator, "-m", "pytest", *flags, "--rootdir", str(tmp_path), str(tmp_path))
