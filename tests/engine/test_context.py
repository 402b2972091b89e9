"""The window: what is refused, what is shortened, and how the end is named."""

from collections.abc import AsyncGenerator

import pytest
from msgspec.structs import replace

from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.catalog import Catalog, Engine, Served
from sijo.engine.context import fitted, window
from sijo.engine.filters import Silent
from sijo.engine.meter import Meter
from sijo.engine.models import models
from sijo.engine.prompt import Prompt
from sijo.errors import InvalidRequest
from sijo.wire.request import CountRequest, MessageParam


class Nobody:
    """A backend that is never asked."""

    name = "nobody"

    def __init__(self, *, everything: bool) -> None:
        self.abilities = Abilities(everything=everything, exact=everything)

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        yield d.Stop("end_turn")

    async def count(self, prompt: Prompt, /) -> int | None:
        return None

    async def close(self) -> None: ...


def served(name: str, context: int | None = None, *, everything: bool = True) -> tuple[Prompt, Served]:
    model = models().get(name)
    assert model is not None
    request = CountRequest(model=name, messages=[MessageParam("user", "hi")])
    prompt = Prompt(model=model, request=request, system=(), items=(), max_tokens=1000)
    return prompt, Served(model, Nobody(everything=everything), context or model.context)


def test_an_input_over_the_window_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"^prompt is too long: 210000 tokens > 200000 maximum$"):
        fitted(*served("claude-sonnet-4-5"), 210_000)


def test_an_engine_has_the_last_word_on_its_own_window() -> None:
    prompt, engine = served("claude-sonnet-4-5", 8_192, everything=False)
    assert fitted(prompt, engine, 9_000).max_tokens == 1
    assert fitted(prompt, engine, 8_000).max_tokens == 192


@pytest.mark.parametrize(("real", "room"), [(100_000, 100_000), (262_144, 262_144), (2_000_000, 1_000_000)])
def test_a_beta_makes_no_engine_larger_than_it_is(real: int, room: int) -> None:
    backend = Nobody(everything=False)
    catalog = Catalog(models(), {"one": Engine(backend, {"qwen3": real})}, [("*", "one")])
    assert window(catalog.find("claude-sonnet-4-5"), ["context-1m-2025-08-07"]) == room
    assert window(catalog.find("claude-sonnet-4-5"), []) == min(room, 200_000)


def test_the_million_beta_widens_the_window() -> None:
    prompt, engine = served("claude-sonnet-4-5")
    assert fitted(replace(prompt, betas=("context-1m-2025-08-07",)), engine, 210_000).max_tokens == 1000


def test_models_of_old_refuse_an_output_that_does_not_fit() -> None:
    words = r"input length and `max_tokens` exceed context limit: 199500 \+ 1000 > 200000, decrease input length"
    with pytest.raises(InvalidRequest, match=words):
        fitted(*served("claude-opus-4-1"), 199_500)
    prompt, engine = served("claude-opus-4-1")
    beta = replace(prompt, betas=("model-context-window-exceeded-2025-08-26",))
    assert fitted(beta, engine, 199_500).max_tokens == 500


def test_later_models_stop_when_the_window_is_full() -> None:
    prompt = fitted(*served("claude-sonnet-4-5"), 199_500)
    assert prompt.max_tokens == 500
    window = Meter(1000, lambda: 0, len)
    assert list(window.feed(d.Spent(output=500))) == [d.Spent(output=500)]
    assert list(window.feed(d.Stop("max_tokens"))) == [d.Stop("model_context_window_exceeded")]


@pytest.mark.parametrize("spent", [0, 1000])
def test_max_tokens_is_max_tokens_where_the_window_was_not_the_reason(spent: int) -> None:
    window = Meter(1000, lambda: 0, len)
    list(window.feed(d.Spent(output=spent)))
    assert list(window.feed(d.Stop("max_tokens"))) == [d.Stop("max_tokens")]


def test_warming_a_cache_says_nothing() -> None:
    silent = Silent()
    deltas: list[d.AnyDelta] = [d.Spent(input=9), d.Text("x"), d.Spent(output=1), d.Stop("max_tokens")]
    out = [one for delta in deltas for one in silent.feed(delta)]
    assert out == [d.Spent(input=9), d.Spent(), d.Stop("max_tokens")]


def test_what_the_engine_did_not_report_is_counted() -> None:
    meter = Meter(1000, lambda: 9, len)
    deltas: list[d.AnyDelta] = [d.Text("abc"), d.ToolCall("t", "f"), d.ToolInput("{}"), d.Stop("stop_sequence", "x")]
    assert [one for delta in deltas for one in meter.feed(delta)] == deltas
    assert list(meter.end()) == [d.Spent(input=9, output=5)]


def test_what_the_engine_reported_stands() -> None:
    meter = Meter(1000, lambda: 9, len)
    list(meter.feed(d.Text("abc")))
    list(meter.feed(d.Spent(input=3, output=1)))
    assert list(meter.end()) == []
