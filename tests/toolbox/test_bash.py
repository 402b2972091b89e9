"""The bash tool: a session that keeps its state, whose commands end, and whose output has bounds."""

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sijo.toolbox import Bash
from sijo.toolbox.shell import UNASKED, Ends, Pump
from tests.toolbox.asked import refused, said


@pytest.fixture
def bash(tmp_path: Path) -> Iterator[Bash]:
    with Bash(cwd=tmp_path, timeout=20) as bash:
        yield bash


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("echo hi", "hi"),
        ("echo to stderr >&2", "to stderr"),
        ("printf 'no end of line'", "no end of line"),
        ("echo a; echo b >&2; echo c", "a\nb\nc"),
        ("true", "(no output)"),
        ("false", "[exit status 1]"),
        ("echo x; (exit 7)", "x\n[exit status 7]"),
        ("cat", "(no output)"),
        ("read line; echo [$line]", "[]"),
        ("nonesuch", "bash: line 3: nonesuch: command not found\n[exit status 127]"),
        ("echo 'ünïcödé 한글 🎈'", "ünïcödé 한글 🎈"),
        ("printf '\\xff'", "�"),
        ("cat <<'END'\na $HOME `x`\nEND", "a $HOME `x`"),
        ("if true; then echo yes; fi", "yes"),
        ("echo a | tr a b | cat", "b"),
        ("", "(no output)"),
        ("# nothing", "(no output)"),
        ("echo $0", "bash"),
    ],
)
def test_what_a_command_says(bash: Bash, command: str, output: str) -> None:
    assert said(bash, command=command) == output


def test_a_syntax_error_is_no_end(bash: Bash) -> None:
    assert "syntax error" in said(bash, command="if true; then")
    assert said(bash, command="echo on") == "on"


def test_state_lives_on_until_a_restart(bash: Bash, tmp_path: Path) -> None:
    said(bash, command="mkdir inner; cd inner; X=5; export Y=6; f() { echo f$1; }; shopt -s nullglob")
    assert said(bash, command="pwd; echo $X; sh -c 'echo $Y'; f 7") == f"{tmp_path}/inner\n5\n6\nf7"
    assert said(bash, restart=True) == "A new session was started."
    assert said(bash, command="pwd; echo [$X]") == f"{tmp_path}\n[]"


def test_a_session_that_ends_itself_is_followed_by_another(bash: Bash) -> None:
    note = "[the session ended with status 3: its state is gone, and the next command starts a new one]"
    assert said(bash, command="X=1; echo bye; exit 3") == f"bye\n{note}"
    assert said(bash, command="echo [$X]") == "[]"
    assert "was killed" in said(bash, command="kill -9 $$")
    assert said(bash, command="echo on") == "on"


def test_what_hangs_is_killed_and_the_state_kept(bash: Bash) -> None:
    said(bash, command="X=5; sleep 60 & echo $! > kept")
    bash.timeout = 1
    words = refused(bash, command="echo begun; sleep 60 & sleep 61; echo not reached")
    assert words.startswith("begun\n") and words.endswith("[killed: the command took longer than 1 s]")
    bash.timeout = 20
    assert said(bash, command="echo $X") == "5"
    assert alive(int(said(bash, command="cat kept")))


def test_a_session_that_hangs_itself_is_replaced(bash: Bash) -> None:
    bash.timeout = 0.3
    words = refused(bash, command="while :; do :; done")
    assert words.startswith("[killed: the command took longer than 0.3 s]\n[the session was killed")
    bash.timeout = 20
    assert said(bash, command="echo on") == "on"


@pytest.mark.parametrize(
    "start",
    [
        "sleep 300 & echo $!",
        "nohup sleep 300 >/dev/null 2>&1 & echo $!",
        "setsid sh -c 'echo $$ > pid; exec sleep 300' & while [ ! -s pid ]; do sleep 0.01; done; cat pid",
        "(setsid sh -c 'echo $$ > pid; exec sleep 300' &) ; while [ ! -s pid ]; do sleep 0.01; done; cat pid",
    ],
)
def test_what_was_left_in_the_background_ends_with_the_session(tmp_path: Path, start: str) -> None:
    with Bash(cwd=tmp_path) as bash:
        pid = int(said(bash, command=start).splitlines()[-1])
        assert alive(pid)
    assert not alive(pid)


def test_what_is_in_the_background_is_never_held_up(bash: Bash) -> None:
    """It writes more than a pipe holds while nobody asks."""
    said(bash, command="(head -c 3000000 /dev/zero | tr '\\0' x; touch done) &")
    said(bash, command="while [ ! -e done ]; do sleep 0.01; done")


def test_a_flood_in_the_background_does_not_hold_a_command_up(bash: Bash) -> None:
    said(bash, command="yes & echo $! > pid")
    assert said(bash, command="echo marker; kill $(cat pid)")


def test_of_much_output_the_two_ends_are_kept(tmp_path: Path) -> None:
    with Bash(max_output=100) as bash:
        words = said(bash, command="echo first; seq 100000; echo last")
        head, note, tail = words.partition("\n[... 588806 bytes left out ...]\n")
        assert note and head.startswith("first\n1\n2\n") and tail.endswith("\n100000\nlast")
        assert len(head) <= 50 and len(tail) <= 50
        assert said(bash, command="seq 10") == "\n".join(map(str, range(1, 11)))
        assert "�" not in said(bash, command="for i in $(seq 100); do printf 한글; done")


def test_a_gigabyte_is_no_burden() -> None:
    """In a process of its own, for its memory to be measured."""
    program = (
        "import resource\n"
        "from sijo.toolbox import Bash\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "with Bash() as bash:\n"
        "    bash.call({'command': 'true'})\n"
        "    before = peak()\n"
        "    said = bash.call({'command': 'head -c 1G /dev/zero; echo; echo end'})\n"
        "    assert said.endswith('\\nend') and '1073711829 bytes left out' in said, said[-100:]\n"
        "    print(peak() - before)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert float(ran.stdout) < 8  # MB


def test_commands_do_not_get_what_looks_like_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "DB_PASSWORD", "SIJO_KEYS", "API_TOKENS")
    more = ("PGPASSWORD", "MYSQL_PWD", "GITHUB_PAT", "OPENAI_APIKEY", "SIJO_SETTINGS", "SMTP_PASS", "DB_CREDS")
    for name in (*secrets, *more, "MONKEY", "PLAIN", "PATTERN", "KEYSTONE", "BYPASS", "PASSAGE"):
        monkeypatch.setenv(name, "seen")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hidden=seen@host/db")
    monkeypatch.setenv("HOME_PAGE", "https://host:80/a@b=seen")
    with Bash() as bash:
        names = set(said(bash, command="env | grep =seen | cut -d= -f1").split())
    assert names == {"MONKEY", "PLAIN", "PATTERN", "KEYSTONE", "BYPASS", "PASSAGE", "HOME_PAGE"}
    with Bash(env={"PATH": os.environ["PATH"], "GITHUB_TOKEN": "given"}) as bash:
        assert said(bash, command="echo $GITHUB_TOKEN") == "given"


@pytest.mark.parametrize("name", ["read", "eval", "printf", "while"])
def test_a_function_named_like_what_the_session_is_made_of_is_the_commands_own(bash: Bash, name: str) -> None:
    said(bash, command=f"function {name} {{ echo mine; }}")
    assert [said(bash, command=f"echo {word}; \\{name}") for word in ("one", "two")] == ["one\nmine", "two\nmine"]


@pytest.mark.parametrize("input", [{}, {"command": None}, {"command": 5}, {"command": "a\0b"}])
def test_what_is_no_command_is_refused(bash: Bash, input: dict[str, object]) -> None:
    assert refused(bash, **input).startswith("Error:")


def test_the_session_ends_when_nobody_holds_it() -> None:
    program = (
        "from sijo.toolbox import Bash\n"
        "print(Bash().call({'command': 'sleep 300 & echo $!'}))\n"
        "kept = Bash()\n"
        "print(kept.call({'command': 'sleep 300 & echo $!'}))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    until = time.monotonic() + 5
    pids = [int(line) for line in ran.stdout.split()]
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    assert [pid for pid in pids if alive(pid)] == []


def test_its_entry_is_the_apis() -> None:
    assert Bash().to_dict() == {"type": "bash_20250124", "name": "bash"}
    assert Bash(version="bash_20241022", cache_control={"type": "ephemeral"}).to_dict() == {
        "type": "bash_20241022",
        "name": "bash",
        "cache_control": {"type": "ephemeral"},
    }


def test_a_command_that_is_interrupted_answers_no_other(tmp_path: Path) -> None:
    program = (
        "import os, signal, threading\n"
        "from sijo.toolbox import Bash\n"
        "bash = Bash()\n"
        "os.mkfifo('pipe')\n"
        "def interrupt():\n"
        "    open('pipe').close()\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=interrupt).start()\n"
        "try:\n"
        "    bash.call({'command': 'echo > pipe; sleep 60; echo late'})\n"
        "except KeyboardInterrupt:\n"
        "    print(bash.call({'command': 'echo next'}))\n"
    )
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (0, "next\n"), ran.stderr


def test_a_session_that_cannot_begin_leaves_nothing_open(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    with pytest.raises(FileNotFoundError):
        Bash(cwd=tmp_path / "gone").call({"command": "true"})
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_statuses_that_nobody_waits_for_are_not_kept_without_end() -> None:
    """A session whose commands have turned it upside down sends them for ever."""
    (output, written), (done, telling) = os.pipe(), os.pipe()
    os.write(telling, b"0\0" * 4000)
    for fd in (written, telling):
        os.close(fd)
    kept: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    Pump(output, done, Ends(100), threading.Lock(), kept).run()
    assert kept.qsize() == UNASKED + 1


def test_what_is_no_status_is_not_taken_for_one() -> None:
    """A command that looks for it finds the pipe, and may write anything there."""
    (output, written), (done, telling) = os.pipe(), os.pipe()
    os.write(telling, b"abc\0\0-1\0" + b"9" * 5000 + b"\0" + b"7\0" + b"0" * 5000)
    for fd in (written, telling):
        os.close(fd)
    kept: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    Pump(output, done, Ends(100), threading.Lock(), kept).run()
    assert [kept.get_nowait() for _ in range(kept.qsize())] == [7, None]
