"""The llama.cpp server that Sijo starts itself: it answers, outlives its own death, and never outlives its parent."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from sijo.backends.llama import LlamaError, LlamaServer, inherited
from tests.serving import serving
from tests.tiny import build

PATIENCE = 30.0
"""Seconds that a thing may take which takes far less than one on an idle machine."""
PARENT = """
import sys, time
from pathlib import Path
from sijo.backends.llama import LlamaServer
server = LlamaServer(Path(sys.argv[1]))
server.start()
if sys.argv[2] == "ready":
    server.wait_ready()
while not server.pid:
    time.sleep(0.001)
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("llama") / "tiny.gguf", context=512)


@pytest.fixture(scope="module")
def server(model: Path) -> Iterator[LlamaServer]:
    """One that no test harms."""
    with LlamaServer(model, alias="tiny", context=512, parallel=2) as server:
        yield server


def call(server: LlamaServer, path: str, body: object = None, key: str | None = None) -> Any:
    """What a route of it answers; raises HTTPError with the status of a refusal."""
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key is not None else {})
    data = None if body is None else json.dumps(body).encode()
    root = server.url.removesuffix("/v1")
    with urllib.request.urlopen(urllib.request.Request(root + path, data, headers), timeout=PATIENCE) as reply:
        return json.load(reply)


def answer(server: LlamaServer) -> Any:
    body = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 4}
    return call(server, "/v1/chat/completions", body, server.key)


def eventually(true: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, f"{what}: not within {PATIENCE:g} seconds"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """No such process, or one that only waits for somebody to take its status."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def llamas(parent: int) -> list[psutil.Process]:
    """The llama.cpp processes below a process."""
    found = psutil.Process(parent).children(recursive=True)
    return [child for child in found if "sijo.backends.llama" in child.cmdline()]


def test_it_answers(server: LlamaServer) -> None:
    reply = answer(server)
    assert server.alive
    assert reply["model"] == "tiny"
    assert reply["usage"]["completion_tokens"] <= 4


@pytest.mark.parametrize("key", [None, "", "guess"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/completion", "/props", "/slots", "/tokenize"])
def test_without_its_key_it_is_closed(server: LlamaServer, path: str, key: str | None) -> None:
    body = None if path in ("/props", "/slots") else {"content": "a", "prompt": "a", "messages": []}
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(server, path, body, key)
    with refused.value as reply:
        assert reply.status == 401


def test_it_listens_on_loopback_alone(server: LlamaServer) -> None:
    listening = [c for c in psutil.Process(server.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert [(c.laddr.ip, c.laddr.port) for c in listening] == [("127.0.0.1", server.port)]


def test_its_settings_are_in_no_list_of_processes(server: LlamaServer) -> None:
    child = psutil.Process(server.pid)
    told = " ".join([*child.cmdline(), *child.environ().values()])
    assert server.key not in told
    assert str(server.path) not in " ".join(child.cmdline())


def test_it_gets_nobodys_keys() -> None:
    environ = {
        "PATH": "/bin", "LD_LIBRARY_PATH": "/lib", "PYTHONPATH": "/src", "CUDA_VISIBLE_DEVICES": "0", "LC_ALL": "C",
        "SIJO_KEYS": "k", "SIJO_SETTINGS": "{}", "ANTHROPIC_API_KEY": "k", "HF_TOKEN": "k", "GROQ": "k",
        "HOMEPASS": "k",
    }  # fmt: skip
    assert set(inherited(environ)) == {"PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "CUDA_VISIBLE_DEVICES", "LC_ALL"}


def test_each_request_has_the_whole_window(server: LlamaServer) -> None:
    assert call(server, "/props", key=server.key)["default_generation_settings"]["n_ctx"] == 512
    assert len(call(server, "/slots", key=server.key)) == 2


def test_a_signal_to_the_group_leaves_it_at_work(server: LlamaServer) -> None:
    pid = server.pid
    for kind in (signal.SIGTERM, signal.SIGINT):
        os.kill(pid, kind)
    assert answer(server)["choices"]
    assert server.pid == pid


def test_killed_it_comes_back_at_the_same_address_with_the_same_key(model: Path) -> None:
    with LlamaServer(model) as server:
        address, key, first = server.url, server.key, server.pid
        os.kill(first, signal.SIGKILL)
        eventually(lambda: server.restarts == 1 and server.alive, "a new child")
        assert answer(server)["choices"]
        assert (server.url, server.key) == (address, key)
        assert server.pid != first
        assert server.error is None


def test_why_it_is_down_is_told(model: Path) -> None:
    seen: list[str] = []
    with LlamaServer(model) as server:
        os.kill(server.pid, signal.SIGKILL)

        def back() -> bool:
            seen.append(str(server.error))
            return server.restarts == 1 and server.alive

        eventually(back, "a new child")
    assert any("SIGKILL" in words and str(model) in words for words in seen)


@pytest.mark.parametrize("when", ["ready", "loading"])
def test_a_parent_that_is_killed_leaves_no_child(model: Path, when: str) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(model), when], stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout
        child = int(parent.stdout.readline())
    finally:
        parent.kill()
        parent.communicate()
    eventually(lambda: gone(child), "the end of the child")


def test_stopped_it_is_gone_and_its_port_is_free(model: Path) -> None:
    server = LlamaServer(model)
    with server:
        pid = server.pid
    assert gone(pid)
    assert server.state == "stopped"
    with pytest.raises(urllib.error.URLError, match="refused"):
        answer(server)
    server.stop()
    assert server.state == "stopped"


def test_it_may_be_stopped_while_it_loads_or_before(model: Path) -> None:
    server = LlamaServer(model)
    server.start()
    server.stop()
    assert server.state == "stopped"
    assert not server.pid or gone(server.pid)
    LlamaServer(model).stop()


def test_it_starts_only_once(server: LlamaServer) -> None:
    with pytest.raises(LlamaError, match="starts only once"):
        server.start()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LlamaError, match=r"absent\.gguf: No such file or directory"):
        LlamaServer(tmp_path / "absent.gguf").start()


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(LlamaError, match="Is a directory"):
        LlamaServer(tmp_path).start()


@pytest.mark.parametrize("content", [b"", b"GGU", b"<html>not here</html>", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(content)
    with pytest.raises(LlamaError, match=r"odd\.gguf: not a GGUF file"):
        LlamaServer(path).start()


@pytest.mark.parametrize("part", [4, 1000, 0.5, 0.99])
def test_a_file_that_was_cut_fails_once_and_says_why(model: Path, tmp_path: Path, part: float) -> None:
    path = tmp_path / "cut.gguf"
    whole = model.read_bytes()
    path.write_bytes(whole[: int(part if part > 1 else part * len(whole))])
    server = LlamaServer(path)
    with pytest.raises(LlamaError, match=r"cut\.gguf: .{8,}"), server:
        pass
    assert (server.state, server.restarts) == ("failed", 0)
    assert gone(server.pid)


def test_a_setting_that_does_not_exist_is_named(model: Path) -> None:
    with pytest.raises(LlamaError, match=r"cpuparams\.nonsense"), LlamaServer(model, extra={"cpuparams.nonsense": 1}):
        pass


def test_a_setting_that_is_ours_cannot_be_set(model: Path) -> None:
    with pytest.raises(LlamaError, match="extra cannot set hostnames, port"):
        LlamaServer(model, extra={"port": 1, "hostnames": ["0.0.0.0"], "cpuparams.n_threads": 1}).start()


def test_its_log_is_for_its_owner_alone(model: Path, tmp_path: Path) -> None:
    log = tmp_path / "llama.log"
    with LlamaServer(model, log=log, extra={"cpuparams.n_threads": 1}) as server:
        answer(server)
    assert log.stat().st_mode & 0o077 == 0
    assert log.stat().st_size > 0
    assert server.key not in log.read_text(errors="replace")


def test_served_it_ends_with_the_server(model: Path, tmp_path: Path) -> None:
    with serving(tmp_path, "--model", str(model)) as running:
        (child,) = llamas(running.process.pid)
        assert running.stop() == 0
    eventually(lambda: gone(child.pid), "the end of the child")


def test_served_it_is_gone_when_the_server_is_killed(model: Path, tmp_path: Path) -> None:
    with serving(tmp_path, "--model", str(model)) as running:
        (child,) = llamas(running.process.pid)
        running.process.kill()
        running.process.wait()
    eventually(lambda: gone(child.pid), "the end of the child")


def test_served_and_killed_it_answers_again(model: Path, tmp_path: Path) -> None:
    ask = {"model": "claude-haiku-4-5", "max_tokens": 4, "messages": [{"role": "user", "content": "hello"}]}
    with serving(tmp_path, "--model", str(model)) as running:
        (child,) = llamas(running.process.pid)
        child.kill()
        statuses: list[int] = []

        def again() -> bool:
            request = urllib.request.Request(
                running.url + "/v1/messages", json.dumps(ask).encode(), {"content-type": "application/json"}
            )
            try:
                with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
                    statuses.append(reply.status)
            except urllib.error.HTTPError as error:
                with error:
                    statuses.append(error.code)
            return statuses[-1] == 200

        eventually(again, "an answer")
        assert set(statuses) <= {200, 529}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("absent.gguf", None, "No such file or directory"), ("page.gguf", b"<html>", "not a GGUF file")],
)
def test_a_model_that_cannot_be_served_is_one_line(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    command = [sys.executable, "-m", "sijo", "serve", "--port", "0", "--data-dir", str(tmp_path), "--model", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 1
    assert ended.stderr == f"sijo: {path}: {words}\n"
