"""Which models share their limits. Facts only, from `data/limits.toml`; what the limits are is for the settings."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from importlib import resources
from typing import Self

import msgspec

from sijo.engine.catalog import Served
from sijo.engine.models import Models, models

COUNTING = "token_count"
"""The group of `count_tokens`, whatever the model."""


class Group(msgspec.Struct, frozen=True):
    """Models with one set of limits. `slug` names it here, `id` to clients."""

    slug: str
    name: str
    cache_reads: bool = False
    type: str = "model_group"

    @property
    def id(self) -> str:
        """The same on every server."""
        return f"rlg_01{hashlib.sha256(self.slug.encode()).hexdigest()[:24]}"


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the file."""

    name: str
    models: tuple[str, ...]
    cache_reads: bool = False


class Groups:
    """The table. `Groups.load()` is the one that ships."""

    def __init__(self, rows: Mapping[str, Row], known: Models) -> None:
        self._rows = rows
        self._known = known
        self.counting = Group(COUNTING, "Token counting", type=COUNTING)

    @classmethod
    def load(cls) -> Self:
        """The table in `data/limits.toml`. A mistake in that file is a ValueError (msgspec's too)."""
        text = (resources.files("sijo") / "data/limits.toml").read_text("utf-8")
        return cls(msgspec.convert(tomllib.loads(text)["groups"], dict[str, Row]), models())

    def id(self, name: str) -> str:
        """The id of a model that goes by this name; what is none, such as a pattern, stays as it is."""
        known = self._known.get(name)
        return name if known is None else known.id

    def of(self, served: Served) -> Group:
        """The group of a model. Clients may call an engine's own model what they like, so its name makes no group."""
        model = served.model
        if self._known.get(model.id) is None:
            return Group(f"engine:{served.backend.name}", served.backend.name)
        for slug, row in self._rows.items():
            if any(fnmatchcase(model.id, pattern) for pattern in row.models):
                return Group(slug, row.name, row.cache_reads)
        return Group(model.id, model.name)

    def sorted(self, all: Iterable[Served]) -> dict[Group, dict[str, list[str]]]:
        """All groups of what is served, each with the ids of its models and the names that these go by."""
        found: dict[Group, dict[str, list[str]]] = {}
        for served in all:
            found.setdefault(self.of(served), {})[served.model.id] = [served.model.id, *served.model.aliases]
        return found
