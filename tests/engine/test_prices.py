"""What a token costs, against figures that were worked out by hand. All amounts are picodollars a token, so $1 for a
million tokens is 1,000,000."""

from datetime import date
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from sijo.engine.models import models
from sijo.engine.prices import DOLLAR, HOUR, Prices, Rates, cents, dollars, midnight, own_prices, prices

TODAY = midnight(date(2026, 11, 28))
PUBLISHED = {
    # model: input, 5m write, 1h write, read, output, in dollars for a million
    "claude-fable-5-2": ("8", "10", "16", "0.8", "40"),
    "claude-mythos-5-2": ("8", "10", "16", "0.8", "40"),
    "claude-fable-5-1": ("10", "12.5", "20", "0.25", "50"),
    "claude-mythos-5-1": ("10", "12.5", "20", "0.25", "50"),
    "claude-fable-5": ("10", "12.5", "20", "1", "50"),
    "claude-mythos-5": ("10", "12.5", "20", "1", "50"),
    "claude-opus-5-5": ("4", "5", "8", "0.2", "20"),
    "claude-opus-5": ("5", "6.25", "10", "0.5", "25"),
    "claude-opus-4-8": ("5", "6.25", "10", "0.5", "25"),
    "claude-opus-4-7": ("5", "6.25", "10", "0.5", "25"),
    "claude-opus-4-6": ("5", "6.25", "10", "0.5", "25"),
    "claude-opus-4-5": ("5", "6.25", "10", "0.5", "25"),
    "claude-opus-4-1": ("15", "18.75", "30", "1.5", "75"),
    "claude-opus-4-0": ("15", "18.75", "30", "1.5", "75"),
    "claude-sonnet-5-5": ("2", "2.5", "4", "0.1", "10"),
    "claude-sonnet-5": ("2", "2.5", "4", "0.2", "10"),
    "claude-sonnet-4-6": ("3", "3.75", "6", "0.3", "15"),
    "claude-sonnet-4-5": ("3", "3.75", "6", "0.3", "15"),
    "claude-sonnet-4-0": ("3", "3.75", "6", "0.3", "15"),
    "claude-3-7-sonnet-latest": ("3", "3.75", "6", "0.3", "15"),
    "claude-haiku-5-5": ("0.1", "0.125", "0.2", "0.01", "0.5"),
    "claude-haiku-4-5": ("1", "1.25", "2", "0.1", "5"),
    "claude-3-5-haiku-latest": ("0.8", "1", "1.6", "0.08", "4"),
    "claude-3-haiku-20240307": ("0.25", "0.3", "0.5", "0.03", "1.25"),
}
UNPUBLISHED = {"claude-mythos-preview"}


def rates(*million: str) -> Rates:
    return Rates(*(int(Fraction(each) * 1_000_000) for each in million))


@pytest.mark.parametrize("model", PUBLISHED)
def test_every_published_price(model: str) -> None:
    assert prices().rates(model, TODAY) == rates(*PUBLISHED[model])


def test_every_model_has_a_price() -> None:
    assert {model.id for model in models()} - set(prices().models) == UNPUBLISHED
    known = {found.id for name in PUBLISHED if (found := models().get(name))}
    assert known == set(prices().models)


MANNERS = [
    ("claude-opus-4-8", {"tier": "batch"}, ("2.5", "3.125", "5", "0.25", "12.5")),
    ("claude-opus-4-8", {"geo": "us"}, ("5.5", "6.875", "11", "0.55", "27.5")),
    ("claude-opus-4-8", {"geo": "global"}, ("5", "6.25", "10", "0.5", "25")),
    ("claude-opus-4-8", {"tier": "batch", "geo": "us"}, ("2.75", "3.4375", "5.5", "0.275", "13.75")),
    ("claude-opus-4-8", {"fast": True}, ("10", "12.5", "20", "1", "50")),
    ("claude-opus-4-8", {"fast": True, "geo": "us"}, ("11", "13.75", "22", "1.1", "55")),
    ("claude-opus-5", {"fast": True}, ("10", "12.5", "20", "1", "50")),
    ("claude-opus-4-6", {"fast": True}, ("30", "37.5", "60", "3", "150")),
    ("claude-opus-5-5", {"fast": True}, ("8", "10", "16", "0.4", "40")),
    ("claude-opus-4-7", {"fast": True}, ("5", "6.25", "10", "0.5", "25")),
    ("claude-opus-4-8", {"total": 900_000}, ("5", "6.25", "10", "0.5", "25")),
    ("claude-sonnet-4-5", {"total": 200_000}, ("3", "3.75", "6", "0.3", "15")),
    ("claude-sonnet-4-5", {"total": 200_001}, ("6", "7.5", "12", "0.6", "22.5")),
    ("claude-sonnet-4-0", {"total": 200_001}, ("6", "7.5", "12", "0.6", "22.5")),
    ("claude-sonnet-4-5", {"total": 200_001, "tier": "batch"}, ("3", "3.75", "6", "0.3", "11.25")),
    ("claude-fable-5-1", {"tier": "batch", "geo": "us"}, ("5.5", "6.875", "11", "0.1375", "27.5")),
    ("claude-3-haiku-20240307", {"tier": "batch"}, ("0.125", "0.15", "0.25", "0.015", "0.625")),
    ("claude-opus-4-8", {"tier": "priority"}, ("5", "6.25", "10", "0.5", "25")),
    ("us.anthropic.claude-haiku-4-5-20251001-v1:0", {}, ("1", "1.25", "2", "0.1", "5")),
    ("qwen3", {"geo": "us"}, ("0", "0", "0", "0", "0")),
]


@pytest.mark.parametrize(("model", "manner", "million"), MANNERS)
def test_batch_place_speed_and_long_context(model: str, manner: dict[str, Any], million: tuple[str, ...]) -> None:
    assert prices().rates(model, TODAY, **manner) == rates(*million)


def test_no_published_price_is_rounded_whatever_comes_together() -> None:
    together = list(product((None, "batch"), (None, "us"), (False, True), (0, 300_000)))
    for model in prices().models:
        base = prices().rates(model, TODAY)
        for tier, geo, fast, total in together:
            exact = Fraction(1, 2 if tier else 1) * (Fraction(11, 10) if geo else 1)
            plain = prices().rates(model, TODAY, fast=fast, total=total)
            told = prices().rates(model, TODAY, tier=tier, geo=geo, fast=fast, total=total)
            for name in Rates.__struct_fields__:
                assert getattr(told, name) == getattr(plain, name) * exact, (model, name)
            assert told.input >= base.input / 2


def test_a_price_changes_on_its_day() -> None:
    before, after = midnight(date(2026, 10, 7)) - 0.001, midnight(date(2026, 10, 7))
    assert prices().rates("claude-sonnet-5-5", before).read == 200_000
    assert prices().rates("claude-sonnet-5-5", after).read == 100_000
    assert prices().rates("claude-sonnet-5-5", before).input == prices().rates("claude-sonnet-5-5", after).input


def priced(settings: dict[str, object]) -> Prices:
    return prices().with_own(own_prices(settings))


def test_own_prices() -> None:
    own = priced({"qwen3": {"input": 0.1, "output": 0.3}, "Llama": {"input": 1, "output": 2, "read": 0, "write_1h": 7}})
    assert own.rates("qwen3", TODAY) == rates("0.1", "0.125", "0.2", "0.01", "0.3")
    assert own.rates("Llama", TODAY) == rates("1", "1.25", "7", "0", "2")
    assert own.rates("claude-opus-4-8", TODAY) == prices().rates("claude-opus-4-8", TODAY)
    assert prices().rates("qwen3", TODAY) == Rates()


def test_own_prices_take_the_place_of_published_ones_by_any_of_their_names() -> None:
    own = priced({"claude-sonnet-4-5": {"input": 1, "output": 1}})
    assert own.rates("claude-sonnet-4-5-20250929", TODAY, total=300_000) == rates("1", "1.25", "2", "0.1", "1")


def test_own_prices_change_on_their_days_in_whatever_order_they_stand() -> None:
    own = priced({"q": [{"input": 2, "output": 2, "since": date(2026, 2, 1)}, {"input": 1, "output": 1}]})
    assert own.rates("q", midnight(date(2026, 1, 31))).input == 1_000_000
    assert own.rates("q", midnight(date(2026, 2, 1))).input == 2_000_000
    late = priced({"q": {"input": 2, "output": 2, "since": "2026-02-01"}})
    assert late.rates("q", midnight(date(2026, 1, 31))) == Rates()


@pytest.mark.parametrize(
    ("price", "words"),
    [
        ({"input": 1}, "missing required field `output`"),
        ({"input": -1, "output": 1}, "a price is between 0 and 1000"),
        ({"input": 1, "output": 5000}, "a price is between 0 and 1000"),
        ({"input": float("nan"), "output": 1}, "a price is between 0 and 1000"),
        ({"input": "much", "output": 1}, "Invalid decimal"),
        ({"input": 1, "output": 1, "cached": 1}, "unknown field `cached`"),
        (7, "Expected `object`"),
    ],
)
def test_what_is_no_price_is_refused_by_name(price: object, words: str) -> None:
    with pytest.raises(ValueError, match=rf"prices\.qwen3: .*{words}"):
        own_prices({"qwen3": price})


def test_searches_and_containers() -> None:
    assert 1000 * prices().search == 10 * DOLLAR
    free = 1550 * HOUR
    assert prices().code(0, free) == 0
    assert prices().code(free, HOUR) == DOLLAR // 20
    assert prices().code(free - HOUR, 3 * HOUR) == DOLLAR // 10
    assert prices().container(1) == prices().container(300) == 300
    assert prices().container(300.2) == 301


def test_what_containers_cost_adds_up_however_it_is_cut() -> None:
    free, whole, before = 1550 * HOUR, prices().code(1550 * HOUR, 1000), 1550 * HOUR
    parts = 0
    for seconds in (1, 2, 97, 300, 600):
        parts += prices().code(before, seconds)
        before += seconds
    assert before - free == 1000
    assert parts == whole


def test_amounts_are_written_exactly() -> None:
    assert cents(123_789_120_000_000_0) == "123789.12"
    assert cents(DOLLAR) == "100"
    assert cents(1) == "0.0000000001"
    assert cents(0) == "0"
    assert dollars(1_500_000_000_000) == "1.5"
    assert dollars(10**24 + 1) == "1000000000000.000000000001"


def test_fifty_thousand_cached_tokens_save_ninety_percent() -> None:
    """The guide's calculator, for Sonnet: 50,000 tokens at $3 are 15 cents, from the cache 1.5."""
    found = prices().rates("claude-sonnet-4-5", TODAY)
    assert cents(50_000 * found.input) == "15"
    assert cents(50_000 * found.read) == "1.5"
    assert 1 - Fraction(found.read, found.input) == Fraction(90, 100)
