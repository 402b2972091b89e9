"""The values of the `anthropic-beta` header: which are known, and what each opens.

Facts only, read from `data/betas.toml`. What is closed is refused by `engine/rules`; a value that changes something
instead of opening it (`interleaved-thinking-2025-05-14`) is asked for by name, where it matters.
"""

import logging
import re
import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import translate
from functools import cache, lru_cache
from importlib import resources
from typing import Literal, Self

import msgspec

from sijo.errors import InvalidRequest

log = logging.getLogger("sijo.betas")
Kind = Literal["fields", "tools", "blocks", "paths"]
# Headers come from clients: what is kept of them has bounds.
CACHED, REMEMBERED, SHOWN, LONGEST = 256, 1000, 100, 4096


class Beta(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value (or family of values), and what needs it. The head of `data/betas.toml` says what each field means."""

    status: Literal["ga", "beta", "private"]
    fields: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


class Betas:
    """The registry. `betas()` is the one that ships."""

    def __init__(self, rows: Mapping[str, Beta], versions: Mapping[str, frozenset[str]]) -> None:
        """`versions`: for each `anthropic-version`, the request fields that it has taken away."""
        self.rows = dict(rows)
        self.versions = dict(versions)
        globs = [translate(value) for value in rows if "*" in value]
        self._family = re.compile("|".join(globs) or r"(?!)").match
        self._warned: set[str] = set()
        self._split = lru_cache(CACHED)(self._sort)
        self._unopened = lru_cache(CACHED)(self._compute)
        self.closed = lru_cache(CACHED)(self._closed)
        """Top-level request fields that a request may not have, by its betas, its version and what its model opens."""

    @classmethod
    def load(cls) -> Self:
        """The registry in `data/betas.toml`. A mistake in that file is a ValueError (msgspec's too)."""
        tables = tomllib.loads((resources.files("sijo") / "data/betas.toml").read_text("utf-8"))
        return cls(
            msgspec.convert(tables["betas"], dict[str, Beta]),
            msgspec.convert(tables["versions"], dict[str, frozenset[str]]),
        )

    def known(self, value: str) -> bool:
        """`value` stands in the registry, itself or through its family."""
        return value in self.rows or self._family(value) is not None

    def parse(self, headers: Iterable[str], *, strict: bool) -> frozenset[str]:
        """The values of all `anthropic-beta` headers of a request, each a list with commas.

        A value that is not known is an InvalidRequest where `strict`; otherwise it is kept (for an engine that may
        know it), opens nothing, and is logged the first time.
        """
        values, unknown = self._split(tuple(headers))
        if unknown and strict:
            raise InvalidRequest(
                f"Unexpected value(s) {', '.join(f'`{value}`' for value in unknown)} for the `anthropic-beta` header. "
                "Please consult our documentation at platform.claude.com/docs or try again without the header."
            )
        for value in unknown:
            self._warn(value)
        return values

    def _sort(self, headers: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
        """All values, and those not known in the order in which they came. Raises InvalidRequest for far too many."""
        if sum(map(len, headers)) > LONGEST:
            raise InvalidRequest(f"anthropic-beta: the header may have at most {LONGEST} characters")
        parts = [part.strip() for header in headers for part in header.split(",")]
        values = dict.fromkeys(part for part in parts if part)
        return frozenset(values), tuple(value for value in values if not self.known(value))

    def _warn(self, value: str) -> None:
        shown = value[:SHOWN]
        if shown not in self._warned and len(self._warned) < REMEMBERED:
            self._warned.add(shown)
            log.warning("unknown anthropic-beta value %r: ignored", shown)

    def _closed(self, values: frozenset[str], version: str, opens: tuple[str, ...] = ()) -> frozenset[str]:
        """`values` as `parse` gives them; `version`: one of `versions` (else a KeyError); `opens`: the model's own."""
        return (self._unopened("fields", values) - frozenset(opens)) | self.versions[version]

    def closed_tools(self, values: frozenset[str]) -> frozenset[str]:
        """Tool `type`s that this request may not have."""
        return self._unopened("tools", values)

    def closed_blocks(self, values: frozenset[str]) -> frozenset[str]:
        """Content block `type`s that this request may not have."""
        return self._unopened("blocks", values)

    def closed_paths(self, values: frozenset[str]) -> frozenset[str]:
        """Paths inside the body that this request may not have, as `data/betas.toml` writes them."""
        return self._unopened("paths", values)

    def _compute(self, kind: Kind, values: frozenset[str]) -> frozenset[str]:
        every = {name for beta in self.rows.values() for name in getattr(beta, kind)}
        opened = {name for value in values & self.rows.keys() for name in getattr(self.rows[value], kind)}
        return frozenset(every - opened)


@cache
def betas() -> Betas:
    """The registry that ships, read once."""
    return Betas.load()
