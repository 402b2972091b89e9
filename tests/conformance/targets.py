"""The table of targets, read: who can do what, and whom a test runs over."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.picky import rows

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Target:
    """Something that answers. `server` is the one to ask; `models` whom to ask for each scene; `extra` what to add."""

    name: str
    server: str
    models: Mapping[str, str]
    claims: frozenset[str]
    cannot: Mapping[str, str]
    extra: Mapping[str, Mapping[str, Any]]

    def can(self, what: str) -> bool:
        return what in self.models or what in self.claims


def load() -> tuple[Mapping[str, str], Mapping[str, str], tuple[Target, ...]]:
    """The scenes with what is asked, the claims with what they mean, and the targets."""
    table = tomllib.loads((FOLDER / "targets.toml").read_text("utf-8"))
    scenes, claims = table["scenes"], table["claims"]
    targets = []
    for name, row in table["target"].items():
        can = {*row["models"], *row["claims"]}
        general = table["recorded"]["cannot"] if row["server"] == "recorded" else {}
        cannot = {what: why for what, why in general.items() if what not in can} | row.get("cannot", {})
        targets.append(
            Target(name, row["server"], row["models"], frozenset(row["claims"]), cannot, row.get("with", {}))
        )
    return scenes, claims, tuple(targets)


SCENES, CLAIMS, TARGETS = load()


def over(*needs: str, without: str | None = None) -> pytest.MarkDecorator:
    """Run a test over each target that can do all of `needs` and, if told, cannot do `without`."""
    return _mark(_able(needs, without))


def once(*needs: str) -> pytest.MarkDecorator:
    """The same over one target of each server: for what is settled before any engine is asked."""
    firsts = {one.server: one for one in reversed(_able(needs, None))}
    return _mark([one for one in TARGETS if one in firsts.values()])


def _able(needs: Collection[str], without: str | None) -> list[Target]:
    assert {*needs, *([without] if without else ())} <= {*SCENES, *CLAIMS}
    able = [one for one in TARGETS if all(map(one.can, needs)) and not (without and one.can(without))]
    assert able, f"no target can do all of {needs}"
    return able


def _mark(targets: Sequence[Target]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("target", targets, ids=[one.name for one in targets], indirect=True)


def invented(what: str, scene: str = "text") -> list[Target]:
    """For each engine a target with one scene, played by `tests/conformance/engine.py`: it will `echo` or `drip`."""
    seen = frozenset({"seen"})
    return [Target(f"{what} {name}", "recorded", {scene: f"{what}_{name}"}, seen, {}, {}) for name in rows()]


ECHO = invented("echo")
echoes = _mark(ECHO)
"""Run a test over each engine, saying again what it was told."""
