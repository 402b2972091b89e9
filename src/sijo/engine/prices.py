"""What a token costs: the prices that `data/prices.toml` and the settings name, on the day on which it was used.

Money is counted in whole picodollars, 10^-12 dollars. A dollar for a million tokens is a million picodollars for each,
and no price that was ever published, with any discount on it, needs a smaller coin: nothing is rounded. Own prices with
more than six decimals are, once, to a whole picodollar a token.

What was used is told by `entry`; where it is kept, and who asks, is for others.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any, Self

import msgspec

from sijo.engine.models import Models, models

DOLLAR = 10**12
"""Picodollars in a dollar."""
CENT = DOLLAR // 100
MILLION = 10**6
HOUR = 3600
EVER = float("-inf")
HIGHEST = 1000
"""Dollars for a million tokens."""


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Dollars for a million tokens of input, and of output."""

    input: Decimal
    output: Decimal


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a model costs from a day on, as the head of `data/prices.toml` says."""

    input: Decimal
    output: Decimal
    write_5m: Decimal | None = None
    write_1h: Decimal | None = None
    read: Decimal | None = None
    long: Pair | None = None
    fast: Pair | None = None
    since: date | None = None

    def __post_init__(self) -> None:
        pairs = [pair for pair in (self.long, self.fast) if pair is not None]
        cached = [value for value in (self.write_5m, self.write_1h, self.read) if value is not None]
        given = [self.input, self.output, *cached, *(value for pair in pairs for value in (pair.input, pair.output))]
        if not all(value.is_finite() and 0 <= value <= HIGHEST for value in given):
            raise ValueError(f"a price is between 0 and {HIGHEST}, in dollars for a million tokens")


class Modifiers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What prices are multiplied with."""

    write_5m: Decimal
    write_1h: Decimal
    read: Decimal
    batch: Decimal
    us: Decimal
    long_from: int


class Tools(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What server tools cost. Dollars, hours and seconds."""

    web_search: Decimal
    code_hour: Decimal
    code_free: int
    code_least: int


class Rates(msgspec.Struct, frozen=True):
    """Picodollars for one token of each kind."""

    input: int = 0
    write_5m: int = 0
    write_1h: int = 0
    read: int = 0
    output: int = 0


FREE = Rates()
Dated = Sequence[tuple[float, Rates]]


class Prices:
    """All prices. A model without one costs nothing."""

    def __init__(
        self, rows: Mapping[str, Sequence[Price]], modifiers: Modifiers, tools: Tools, catalogue: Models
    ) -> None:
        self.modifiers, self.tools = modifiers, tools
        self.search = round(Fraction(tools.web_search) * DOLLAR / 1000)
        self._rows = {model: sorted(dated, key=lambda row: row.since or date.min) for model, dated in rows.items()}
        self._catalogue = catalogue
        self._known: dict[tuple[str, bool, bool, bool, bool], Dated] = {}

    @classmethod
    def load(cls) -> Self:
        """The prices in `data/prices.toml`. A mistake in that file is a ValueError (msgspec's too)."""
        text = (resources.files("sijo") / "data/prices.toml").read_text("utf-8")
        table = tomllib.loads(text, parse_float=Decimal)
        rows = dict[str, list[Price]]()
        for row in table["prices"]:
            for model in row.pop("models"):
                if models().get(model) is None:
                    raise ValueError(f"prices.toml: no such model: {model}")
                rows.setdefault(model, []).append(msgspec.convert(row, Price))
        modifiers = msgspec.convert(table["modifiers"], Modifiers)
        return cls(rows, modifiers, msgspec.convert(table["tools"], Tools), models())

    def with_own(self, own: Mapping[str, Sequence[Price]]) -> Self:
        """These, and an owner's, which take the place of those for the same model."""
        named = {self._id(name): rows for name, rows in own.items()}
        return type(self)({**self._rows, **named}, self.modifiers, self.tools, self._catalogue)

    @property
    def models(self) -> Sequence[str]:
        """The ids of all that have a price, in the order of the file."""
        return list(self._rows)

    def rates(
        self,
        model: str,
        at: float,
        *,
        tier: str | None = None,
        geo: str | None = None,
        fast: bool = False,
        total: int = 0,
    ) -> Rates:
        """What a token costs at a moment (Unix seconds), in a request with `total` tokens of input."""
        if model not in self._rows and (model := self._id(model)) not in self._rows:
            return FREE
        key = (model, tier == "batch", geo == "us", fast, self.long(total))
        dated = self._known.get(key)
        if dated is None:
            dated = self._known[key] = [self._dated(row, *key[1:]) for row in self._rows[model]]
        return next((rates for since, rates in reversed(dated) if since <= at), FREE)

    def long(self, total: int) -> bool:
        """Whether this many tokens of input are a long context."""
        return total > self.modifiers.long_from

    def code(self, before: int, seconds: int) -> int:
        """What a container's seconds cost, in a month in which there were so many before."""
        return self._hours(before + seconds) - self._hours(before)

    def container(self, seconds: float) -> int:
        """The seconds that a container is charged for which ran so long."""
        return max(self.tools.code_least, -int(-seconds // 1))

    def _hours(self, seconds: int) -> int:
        paid = max(0, seconds - self.tools.code_free * HOUR)
        return int(Fraction(self.tools.code_hour) * DOLLAR * paid / HOUR)

    def _id(self, name: str) -> str:
        known = self._catalogue.get(name)
        return name if known is None else known.id

    def _dated(self, price: Price, batch: bool, us: bool, fast: bool, long: bool) -> tuple[float, Rates]:
        since = EVER if price.since is None else midnight(price.since)
        factor = self.modifiers
        pair = (price.long if long else None) or (price.fast if fast else None) or Pair(price.input, price.output)
        times = Fraction(MILLION) * (Fraction(factor.batch) if batch else 1) * (Fraction(factor.us) if us else 1)
        raised = Fraction(pair.input) / Fraction(price.input) if price.input else Fraction(1)

        def cached(given: Decimal | None, multiple: Decimal) -> int:
            base = Fraction(given) if given is not None else Fraction(price.input) * Fraction(multiple)
            return round(base * raised * times)

        return since, Rates(
            input=round(Fraction(pair.input) * times),
            write_5m=cached(price.write_5m, factor.write_5m),
            write_1h=cached(price.write_1h, factor.write_1h),
            read=cached(price.read, factor.read),
            output=round(Fraction(pair.output) * times),
        )


@cache
def prices() -> Prices:
    """The prices that ship, read once."""
    return Prices.load()


def own_prices(settings: Mapping[str, Any]) -> dict[str, Sequence[Price]]:
    """An owner's prices by model: a table for each, or a list of them with the days from which they hold.

    Raises ValueError for what is no price, with the model's name.
    """
    own = dict[str, Sequence[Price]]()
    for model, given in settings.items():
        try:
            own[model] = msgspec.convert(given if isinstance(given, list) else [given], list[Price])
        except msgspec.ValidationError as error:
            raise ValueError(f"prices.{model}: {error}") from error
    return own


def midnight(day: date) -> float:
    """When a day begins, in Unix seconds."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def cents(picodollars: int) -> str:
    """An amount as the API writes it: cents, as an exact decimal without an exponent."""
    return decimal(picodollars, CENT)


def dollars(picodollars: int) -> str:
    return decimal(picodollars, DOLLAR)


def decimal(amount: int, coin: int) -> str:
    text = f"{Decimal(amount) / coin:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
