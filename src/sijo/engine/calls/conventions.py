"""How families of models write calls as text: the rows of `data/conventions.toml`, as data. `write` and `read` obey."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

import msgspec


class Convention(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How one family is told of tools, calls and results. The data file says what each key means."""

    title: str
    tools: str
    call: str
    before: str
    between: str
    after: str
    result: str
    parameter: str = ""
    wrapped: bool = False
    python: bool = False


class Marks(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How calls are found, whatever the family."""

    frames: tuple[tuple[str, str], ...]
    heads: tuple[tuple[str, str], ...]
    doubtful: tuple[tuple[str, str], ...]
    noise: tuple[str, ...]
    results: tuple[str, ...]


class Conventions(msgspec.Struct, frozen=True):
    """All of them; `conventions()` gives those that ship."""

    rows: Mapping[str, Convention]
    marks: Marks

    def __getitem__(self, name: str) -> Convention:
        """Raises ValueError for a name that is not known."""
        if name not in self.rows:
            raise ValueError(f"no such convention: {name}; known are {', '.join(self.rows)}")
        return self.rows[name]


@cache
def conventions() -> Conventions:
    """Read once. Raises ValueError or msgspec.ValidationError where the file is wrong."""
    table = tomllib.loads((resources.files("sijo") / "data/conventions.toml").read_text("utf-8"))
    return Conventions(
        msgspec.convert(table["convention"], dict[str, Convention]), msgspec.convert(table["read"], Marks)
    )
