"""The documentation is true: its links lead somewhere, its settings exist and all settings are in it."""

import argparse
import re
from pathlib import Path

import pytest

from sijo import config
from sijo.cli.main import parser

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")), ROOT / "bench/README.md"]
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)(?:#[^)]*)?\)")
SECTIONS = (
    config.Server, config.EngineSection, config.LimitSection, config.SpendSection, config.SimulatorSection, config.Log,
    config.Trace, config.Settings,
)  # fmt: skip
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("name", sorted({name for section in SECTIONS for name in section.__struct_fields__}))
def test_every_setting_is_documented(name: str) -> None:
    assert re.search(rf"(?m)^(?:# )?(?:\[\[?)?{name}(?:\]\]?)? *(?:=|$|#)|\b{name}\b", CONFIGURATION)


def test_the_documented_configuration_is_accepted(tmp_path: Path) -> None:
    block = re.search(r"```toml\n(.*?)```", CONFIGURATION, re.DOTALL)
    assert block
    whole = tmp_path / "sijo.toml"
    whole.write_text(re.sub(r"(?m)^# (?=[a-z_]+ = )", "", block[1]))
    settings = config.load(str(whole), environ={})
    assert [engine.name for engine in settings.engine] == ["large", "small", "claude"]
    assert settings.replay_ignore == ("dates",)


def test_an_unknown_setting_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "sijo.toml"
    path.write_text("[server]\nprot = 1\n")
    with pytest.raises(config.ConfigError, match=r"unknown field `prot` - at `\$.server`"):
        config.load(str(path), environ={})


def test_environment_and_flags_win_in_that_order(tmp_path: Path) -> None:
    path = tmp_path / "sijo.toml"
    path.write_text("[server]\nport = 1\nworkers = 2\ngrace = 1.5\n")
    environ = {"SIJO_PORT": "2", "SIJO_KEYS": "a,b", "SIJO_WORKERS": "3"}
    server = config.load(str(path), {"port": 3}, environ).server
    assert (server.port, server.workers, server.grace, server.keys) == (3, 3, 1.5, ("a", "b"))


def test_both_readmes_show_the_same_commands() -> None:
    def code(name: str) -> list[str]:
        blocks = re.findall(r"```\w+\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)
        return [re.sub(r'"content": "[^"]*"', '"content"', block) for block in blocks]

    assert code("README.md") == code("README.ko.md")


def test_flags_that_the_readme_names_exist() -> None:
    command = next(action for action in parser()._actions if action.dest == "command")
    assert isinstance(command, argparse._SubParsersAction)
    known = parser().format_help() + command.choices["serve"].format_help()
    named = set(re.findall(r"sijo serve (--[a-z-]+)", (ROOT / "README.md").read_text()))
    assert named
    assert [flag for flag in named if flag not in known] == []
