"""`sijo cost estimate`: what some requests would cost, model by model, with a cache and without."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sijo.app.state import priced
from sijo.cli.cost import usd
from sijo.cli.table import aligned, comma_separated
from sijo.config import ConfigError, load
from sijo.engine.models import Model, models
from sijo.engine.prices import Prices, dollars

HEAD = ("model", "plain", "first", "next", "read_saves", "all_plain", "all_cached", "saves")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", action="append", help="may be given again; default: all that are not retired")
    parser.add_argument("--input", type=count, default=0, help="input tokens of a request that change each time")
    parser.add_argument("--cached", type=count, default=0, help="input tokens of a request that stay the same")
    parser.add_argument("--output", type=count, default=0, help="output tokens of a request")
    parser.add_argument("--requests", type=count, default=1, help="how many requests, default 1")
    parser.add_argument("--ttl", choices=("5m", "1h"), default="5m", help="how long the cache keeps, default 5m")
    parser.add_argument("--batch", action="store_true", help="in a batch, at half the price")
    parser.add_argument("--fast", action="store_true", help="in fast mode")
    parser.add_argument("--geo", choices=("us", "global"), help="inference_geo")
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")
    parser.add_argument("--config", help="a sijo.toml, for prices of your own")


def count(text: str) -> int:
    number = int(text.replace(",", "").replace("_", ""))
    if number < 0:
        raise argparse.ArgumentTypeError("must not be below 0")
    return number


@dataclass(frozen=True)
class Estimate:
    """Picodollars of a model: a request without a cache, the one that writes it, one that reads it; the cached tokens
    alone, read anew and from the cache; and of all requests together."""

    model: str
    plain: int
    first: int
    next: int
    anew: int
    read: int
    requests: int

    @property
    def amounts(self) -> tuple[int, int, int, int, int]:
        """A request without a cache, the first with one, the next; all of them without, and with."""
        cached = self.first * bool(self.requests) + self.next * max(0, self.requests - 1)
        return self.plain, self.first, self.next, self.plain * self.requests, cached

    @property
    def read_saves(self) -> str:
        return saved(self.anew, self.read)

    @property
    def saves(self) -> str:
        return saved(*self.amounts[3:])


def estimate(args: argparse.Namespace) -> int:
    if args.fast and args.batch:
        raise ConfigError("--fast and --batch cannot be combined")
    prices = priced(load(args.config))
    for name in args.model or ():
        if lacks := lacking(models().get(name), args):
            raise ConfigError(f"--model {name}: it has no {lacks}")
    found = [estimated(name, args, prices) for name in args.model or usual(prices, args)]
    if args.format == "table":
        sys.stdout.write(table(args, found) + "\n")
        return 0
    rows = [[one.model, *map(dollars, one.amounts[:3]), one.read_saves, *map(dollars, one.amounts[3:]), one.saves]
            for one in found]  # fmt: skip
    if args.format == "csv":
        sys.stdout.write(comma_separated(HEAD, rows) + "\n")
    else:
        sys.stdout.write(json.dumps([dict(zip(HEAD, row, strict=True)) for row in rows], indent=2) + "\n")
    return 0


def usual(prices: Prices, args: argparse.Namespace) -> list[str]:
    """Models that have a price, are not retired, and do what is asked for, oldest first."""
    known = {name: models().get(name) for name in prices.models}
    retired = [name for name, model in known.items() if model is not None and model.lifecycle == "retired"]
    return [name for name, model in known.items() if name not in retired and not lacking(model, args)]


def lacking(model: Model | None, args: argparse.Namespace) -> str | None:
    """What is asked for that a model of the API does not do."""
    if model is not None and args.fast and model.fast_mode != "yes":
        return "--fast"
    return "--geo us" if model is not None and args.geo == "us" and not model.geo else None


def estimated(name: str, args: argparse.Namespace, prices: Prices) -> Estimate:
    known = models().get(name)
    if known is None and name not in prices.models:
        raise ConfigError(f"--model {name}: no such model; its price can stand in a sijo.toml")
    id = known.id if known else name
    if id not in prices.models:
        raise ConfigError(f"--model {name}: no price of it is known; one can stand in a sijo.toml")
    tier = "batch" if args.batch else "standard"
    total = args.input + args.cached
    rates = prices.rates(id, time.time(), tier=tier, geo=args.geo, fast=args.fast, total=total)
    rest = args.input * rates.input + args.output * rates.output
    write, read = (rates.write_1h if args.ttl == "1h" else rates.write_5m), rates.read
    if too_little(id, args.cached):
        write = read = rates.input
    anew, again = args.cached * rates.input, args.cached * read
    return Estimate(id, rest + anew, rest + args.cached * write, rest + again, anew, again, args.requests)


def too_little(name: str, cached: int) -> int | None:
    """The least that a model caches, where this is less."""
    known = models().get(name)
    return known.cache_minimum if known is not None and 0 < cached < known.cache_minimum else None


def saved(without: int, with_cache: int) -> str:
    """In percent, exactly, as far as one decimal shows it."""
    if not without:
        return "0"
    percent = round(Fraction(1000 * (without - with_cache), without))
    return f"{percent / 10:g}"


def table(args: argparse.Namespace, found: Sequence[Estimate]) -> str:
    total, many = args.input + args.cached, f"{args.requests:,}"
    words = f"A request: {total:,} tokens of input, {args.cached:,} cached for {args.ttl}, {args.output:,} of output"
    head = ["MODEL", "NO CACHE", "WRITES IT", "READS IT", "READ SAVES"]
    rows = [[one.model, *map(usd, one.amounts[:3]), f"{one.read_saves} %"] for one in found]
    if args.requests > 1:
        head += [f"{many} WITHOUT", f"{many} WITH", "SAVES"]
        rows = [[*row, *map(usd, one.amounts[3:]), f"{one.saves} %"] for row, one in zip(rows, found, strict=True)]
    notes = [
        f"{one.model} caches nothing below {least:,} tokens"
        for one in found
        if (least := too_little(one.model, args.cached)) is not None
    ]
    return "\n".join([words, "", aligned(head, rows), *([""] if notes else []), *notes])
