"""Settings: where they come from, and what is said of those that are wrong."""

import argparse
import asyncio
from pathlib import Path

import pytest

from sijo.app import build
from sijo.app.engines import Pools, catalog_of
from sijo.cli.serve import choose, with_flags
from sijo.config import ConfigError, Settings, load

VLLM = '[[engine]]\nname = "near"\nkind = "vllm"\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\n'


def settings(folder: Path, text: str) -> Settings:
    path = folder / "sijo.toml"
    path.write_text(text)
    return load(str(path), {"data_dir": str(folder)}, {})


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "sijo.toml"
    path.write_text('[server]\nhost = "a"\nport = 1\nworkers = 2\n')
    server = load(str(path), {"port": 3}, {"SIJO_PORT": "2", "SIJO_WORKERS": "4", "SIJO_KEYS": "k,l"}).server
    assert (server.host, server.port, server.workers, server.keys) == ("a", 3, 4, ("k", "l"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[server]\nprot = 1\n", "unknown field `prot`"),
        ("server = 1\n", "must be a table"),
        ("[server\n", "sijo.toml: "),
        ("[server]\ngrace = inf\n", r"server\.grace"),
        ('[engine]\nurl = "http://x"\n', r"\[engine\] must be written \[\[engine\]\]"),
        ("[limit]\nrequests = 3\n", r"\[limit\] must be written \[\[limit\]\]"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        settings(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (VLLM.replace("vllm", "vlmm"), "engine near: no such kind: vlmm; known are generic, vllm"),
        (VLLM + "[engine.abilities]\nimges = 'none'\n", "engine near: .*imges"),
        ('[[engine]]\nname = "near"\nkind = "vllm"\n', "engine near: it has neither a url nor a path"),
        ('[[engine]]\nname = "near"\nkind = "replay"\n', "engine near: it has no path to recordings"),
        (VLLM + '[models]\n"claude-*" = "far"\n', r"models.claude-\*: no engine is named far"),
        (VLLM + '[[engine]]\nname = "far"\nurl = "http://x"\nkey_env = "SIJO_TEST_NO_SUCH"\n', "SIJO_TEST_NO_SUCH"),
        ('summarizer = "far"\n', "summarizer: no engine is named far"),
        ('screen = ["("]\n', "screen: '\\('"),
        (VLLM + VLLM, "engine near: two are named so"),
        ('[[engine]]\nname = "near"\nkind = "replay"\npath = "nowhere"\n', "engine near: nowhere: No such file"),
        (VLLM + 'path = "model.gguf"\n', "engine near: it has both a url and a path"),
        (VLLM + "context = 0\n", r"engine\[0\].context"),
        (VLLM + 'tokenizer = "nowhere.json"\n', "engine near: nowhere.json: No such file"),
        (VLLM + 'tokenizer = "/dev/null"\n', "engine near: /dev/null: "),
    ],
)
def test_settings_that_make_no_server_are_refused_before_it_starts(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        build(settings(tmp_path, text))


@pytest.mark.parametrize(("name", "value"), [("PORT", "tcp://10.0.0.1:8484"), ("WORKERS", "0"), ("STRICT", "maybe")])
def test_a_variable_that_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"^SIJO_{name}: "):
        load(None, {}, {f"SIJO_{name}": value})


def test_a_flag_that_is_wrong_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^--port: "):
        load(None, {"port": 99_999}, {"SIJO_PORT": "1"})


@pytest.mark.parametrize("replay", [False, True])
def test_one_engine_for_all_takes_the_place_of_those_that_routes_name(tmp_path: Path, replay: bool) -> None:
    routed = settings(tmp_path, VLLM + '[models]\n"claude-*" = "near"\n')
    flags = argparse.Namespace(scripts=None, record=None, replay=str(tmp_path) if replay else None)
    chosen, _ = asyncio.run(choose(with_flags(routed, flags), None if replay else "simulator"))
    assert ([engine.name for engine in chosen.engine], chosen.models) == (["replay" if replay else "simulator"], {})
    if not replay:
        assert catalog_of(chosen, Pools()).find("claude-opus-5").backend.name == "simulator"


def test_a_led_model_is_said_to_think_not_by_itself(tmp_path: Path) -> None:
    engines = catalog_of(settings(tmp_path, VLLM.replace('"m"', '"m"\nthinks = false')), Pools()).engines
    assert engines["near"].backend.abilities.thinking is False


@pytest.mark.parametrize("key", ["", " x", "é"])
def test_a_key_of_the_figures_is_a_key(key: str) -> None:
    with pytest.raises(ConfigError, match=r"^settings: server\.metrics_key: a key is ASCII"):
        load(None, environ={"SIJO_METRICS_KEY": key})
