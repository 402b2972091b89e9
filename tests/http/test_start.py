"""How the server starts, what it says then, and when it refuses to."""

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sijo.app.state import seal_keys
from sijo.backends.discover import Found
from sijo.backends.engines import engines
from sijo.cli.serve import title, told
from sijo.config import EngineSection, load
from tests.cli.engine import Engine
from tests.http.raw import ask, hello
from tests.serving import Running, serving, sijo


def refusal(*flags: str, env: dict[str, str] | None = None) -> str:
    """The one line that `sijo serve FLAGS` prints before it gives up."""
    done = sijo("serve", "--model", "simulator", *flags, env=env)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("sijo: ")
    return line


def test_the_banner_is_one_line_and_what_to_paste(simulator: Running) -> None:
    first, blank, *rest = simulator.banner.splitlines()
    assert re.match(r"Sijo \d+\.\d+\.\d+ on http://127\.0\.0\.1:\d+ - the simulator answers", first)
    assert "--model" in first  # how to have another
    assert blank == "" and any("curl" in line for line in rest)


def test_the_curl_of_the_banner_works(simulator: Running) -> None:
    snippet = simulator.banner.partition("\n\n")[2].partition("\n\n")[0]
    done = subprocess.run(["bash", "-c", snippet], capture_output=True, timeout=30, check=True)
    assert b'"type":"message"' in done.stdout


def test_the_python_of_the_banner_works(simulator: Running) -> None:
    snippet = simulator.banner.partition("\n\n")[2].partition("\n\n")[2]
    code = "\n".join(line for line in snippet.splitlines()[1:] if line != "END")  # as it is pasted
    # This release of the SDK warns of some models that they will be gone: not the server's business.
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.strip()


def test_all_that_a_server_is_made_of_can_be_had_where_there_is_no_unix() -> None:
    """A llama.cpp of our own and the toolbox need one; an engine that is there already does not."""
    hidden = ["fcntl", "grp", "pwd", "resource", "termios", "uvloop"]
    parts = "sijo.app, sijo.cli.cost, sijo.cli.key, sijo.cli.main, sijo.cli.serve, sijo.cli.workspace"
    code = f"import sys\nsys.modules.update(dict.fromkeys({hidden}))\nimport {parts}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_without_keys_only_this_machine_may_call(tmp_path: Path, host: str) -> None:
    line = refusal("--host", host, "--port", "0", "--data-dir", str(tmp_path))
    assert host in line and "without keys" in line and "SIJO_KEYS" in line


def test_with_keys_others_may_call(tmp_path: Path) -> None:
    env = {"SIJO_KEYS": "one,two", "SIJO_HOST": "0.0.0.0"}
    with serving(tmp_path, "--model", "simulator", env=env) as running:
        assert "one" not in running.banner and "two" not in running.banner.partition("\n")[0]
        url = running.url.replace("0.0.0.0", "127.0.0.1")
        for key, status in (("one", 200), ("two", 200), ("one,two", 401), ("any", 401)):
            headers = {"x-api-key": key, "anthropic-version": "2023-06-01", "content-type": "application/json"}
            assert ask(url, body=hello(), headers=headers).status == status


def test_no_key_is_not_a_key(tmp_path: Path) -> None:
    file = tmp_path / "sijo.toml"
    file.write_text("[server]\nkeys = ['']\n")
    assert "server.keys" in refusal("--config", str(file), "--data-dir", str(tmp_path))
    assert load(None, environ={"SIJO_KEYS": " one, two,"}).server.keys == ("one", "two")
    assert load(None, environ={"SIJO_KEYS": " , "}).server.keys == ()


@pytest.mark.parametrize("held", ["", "ab\n", "no key\n"])
def test_a_file_that_holds_no_key_is_named(tmp_path: Path, held: str) -> None:
    (tmp_path / "thinking.key").write_text(held)
    assert "thinking.key" in refusal("--port", "0", "--data-dir", str(tmp_path))


def test_the_key_that_signs_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert seal_keys(folder) == seal_keys(folder)
    assert [path.name for path in folder.iterdir()] == ["thinking.key"]
    assert (folder.stat().st_mode & 0o77, (folder / "thinking.key").stat().st_mode & 0o77) == (0, 0)


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty")
def test_servers_that_start_at_once_sign_with_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for attempt in range(300):
            folder = tmp_path / str(attempt)
            found = list(pool.map(seal_keys, [folder] * 8))
            assert found == [found[0]] * 8


def test_a_password_in_an_address_is_kept_and_not_shown() -> None:
    url = "http://me:p%40ss@127.0.0.1:9/v1"
    section = EngineSection(url=url)
    found = Found(engines()["generic"], "http://127.0.0.1:9/v1", {"m": None})
    assert told(section, found).url == url
    for line in (title(section), title(told(section, found))):
        assert "127.0.0.1:9/v1" in line and "me" not in line and "ss@" not in line


def test_what_an_engine_calls_its_models_does_not_command_the_terminal() -> None:
    found = Found(engines()["generic"], "http://127.0.0.1:9/v1", {"\x1b]0;x\x07m\u202e\x9b": None})
    assert title(told(EngineSection(url=found.url), found)).isprintable()


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        line = refusal("--port", port, "--data-dir", str(tmp_path))
    assert f"127.0.0.1:{port}" in line and "in use; try --port 0" in line


def test_another_port_is_no_help_where_the_host_is_wrong(tmp_path: Path) -> None:
    done = sijo(
        "serve", "--model", "simulator", "--host", "192.0.2.1", "--data-dir", str(tmp_path), env={"SIJO_KEYS": "k"}
    )
    assert done.stderr == "sijo: cannot listen on 192.0.2.1:8484: Cannot assign requested address\n"


def test_the_banner_says_where_no_engine_was_seen(tmp_path: Path) -> None:
    with serving(tmp_path, "--model", "http://127.0.0.1:1/v1#m") as running:
        assert "engine m at http://127.0.0.1:1/v1 (no engine seen there yet) answers" in running.banner


KNOWN = """
[[engine]]
name = "away"
kind = "vllm"
url = "http://127.0.0.1:1/v1"
model = "m"

[[engine]]
name = "there"
kind = "generic"
url = "{url}"

[[engine]]
name = "relayed"
kind = "anthropic"
url = "http://127.0.0.1:1"
"""


def test_it_says_so_where_the_kind_was_told_too(tmp_path: Path) -> None:
    away = "vllm m at http://127.0.0.1:1/v1 (no engine seen there yet)"
    config = tmp_path / "sijo.toml"
    with Engine() as engine:
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        config.write_text(KNOWN.format(url=engine.url))
        with serving(tmp_path / "several", "--config", str(config)) as running:
            line = running.banner.splitlines()[0]
        engine.shutdown()
    words = f"{away}, generic local at {engine.url}, anthropic at http://127.0.0.1:1 from the configuration"
    assert words in line
    with serving(tmp_path / "one", "--model", "vllm+http://127.0.0.1:1/v1#m") as running:
        assert f"{away} answers, as asked" in running.banner


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[server]\nprot = 1\n", "prot"),
        ("[server]\nport = 'many'\n", "server.port"),
        ("[server\n", "sijo.toml"),
    ],
)
def test_settings_that_are_wrong(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "sijo.toml"
    file.write_text(text)
    assert words in refusal("--config", str(file), "--data-dir", str(tmp_path))


def test_settings_that_are_not_there(tmp_path: Path) -> None:
    assert "nowhere.toml" in refusal("--config", str(tmp_path / "nowhere.toml"))
    assert "nowhere" in refusal("--scripts", str(tmp_path / "nowhere"), "--port", "0", "--data-dir", str(tmp_path))


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    assert "missing.gguf" in refusal(
        "--model", str(tmp_path / "missing.gguf"), "--port", "0", "--data-dir", str(tmp_path)
    )
    assert "no-such-model" in refusal("--model", "no-such-model", "--port", "0", "--data-dir", str(tmp_path))


def test_sigterm_ends_it_well(tmp_path: Path) -> None:
    with serving(tmp_path, "--model", "simulator") as running:
        ask(running.url, body=hello())
        assert running.stop() == 0


def test_several_workers(tmp_path: Path) -> None:
    with serving(tmp_path, "--model", "simulator", "--workers", "2") as running:
        texts = {ask(running.url, body=hello()).json["content"][0]["text"] for _ in range(6)}
        assert len(texts) == 1
        assert running.stop() == 0


def test_signatures_hold_over_a_restart(tmp_path: Path) -> None:
    tool = {"name": "get_weather", "input_schema": {"type": "object", "properties": {"location": {"type": "string"}}}}
    question = {"role": "user", "content": "What's the weather in Paris?"}
    fields = {"max_tokens": 4096, "thinking": {"type": "enabled", "budget_tokens": 2048}, "tools": [tool]}
    with serving(tmp_path, "--model", "simulator") as running:
        first = ask(running.url, body=hello(messages=[question], **fields)).json
    assert [first["content"][0]["type"], first["stop_reason"]] == ["thinking", "tool_use"]
    result = {"type": "tool_result", "tool_use_id": first["content"][-1]["id"], "content": "Sunny"}
    messages = [question, {"role": "assistant", "content": first["content"]}, {"role": "user", "content": [result]}]
    with serving(tmp_path, "--model", "simulator") as running:
        assert ask(running.url, body=hello(messages=messages, **fields)).status == 200
    with serving(tmp_path / "other", "--model", "simulator") as running:
        reply = ask(running.url, body=hello(messages=messages, **fields))
        assert "Invalid `signature` in `thinking` block" in reply.error["message"]
