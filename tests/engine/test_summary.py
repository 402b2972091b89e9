"""Summaries by another engine: in order, while thinking goes on, and never in its way."""

from collections.abc import AsyncGenerator

from sijo.engine import deltas as d
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt, Thought
from sijo.engine.thinking import Seal, Show, Thoughts
from sijo.engine.thinking.summary import PIECE, summarized
from sijo.errors import Overloaded
from sijo.wire import blocks as b
from sijo.wire.request import CountRequest, MessageParam


class Summarizer:
    """Sums up by counting; the first piece may be refused."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.asked: list[Prompt] = []

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        self.asked.append(prompt)
        number = len(self.asked)
        if self.fails and number == 1:
            raise Overloaded
        yield d.Text(f"Summary {number}.")
        yield d.Spent(input=1000, output=10)
        yield d.Stop("end_turn")


def prompt() -> Prompt:
    model = models().get("claude-sonnet-4-6")
    assert model is not None
    request = CountRequest(model=model.id, messages=[MessageParam("user", "x")])
    items = [Item("user", [b.Text("x")])]
    return Prompt(model=model, request=request, system=(), items=items, thought=Thought("enabled", 4096))


async def thinking(words: int) -> AsyncGenerator[d.AnyDelta]:
    yield d.Spent(input=5)
    for n in range(words):
        yield d.Thinking(f"word{n} ")
    yield d.Text("answer")
    yield d.Spent(output=words)
    yield d.Stop("end_turn")


async def shown(summarizer: Summarizer, words: int) -> tuple[str, list[d.AnyDelta], str]:
    """What of it is seen, all deltas behind the filter, and what is sealed."""
    seal = Seal([b"k" * 32])
    show = Show(Thoughts(seal, "msg_1"), "summarized")
    out = [x async for delta in summarized(thinking(words), prompt(), summarizer) for x in show.feed(delta)]
    out += show.end()
    sealed = next(seal.open(x.value).thinking for x in out if isinstance(x, d.Signature))
    return "".join(x.text for x in out if isinstance(x, d.Thinking)), out, sealed


async def test_the_beginning_is_shown_in_full_and_the_rest_summed_up_in_order() -> None:
    summarizer = Summarizer()
    seen, out, sealed = await shown(summarizer, 1000)
    assert seen.startswith("word0 word1 ")
    assert len(summarizer.asked) >= 3
    parts = [f"Summary {n}." for n in range(1, len(summarizer.asked) + 1)]
    assert [seen.find(part) for part in parts] == sorted(seen.find(part) for part in parts)
    assert "word999" not in seen
    assert sealed == "".join(f"word{n} " for n in range(1000))
    assert [x.text for x in out if isinstance(x, d.Text)] == ["answer"]


async def test_a_summary_costs_the_caller_nothing() -> None:
    _, out, _ = await shown(Summarizer(), 1000)
    spent = [x for x in out if isinstance(x, d.Spent)]
    assert (sum(x.input for x in spent), sum(x.output for x in spent)) == (5, 1000)


async def test_a_summarizer_that_fails_takes_nothing_else_down() -> None:
    seen, _, sealed = await shown(Summarizer(fails=True), 1000)
    assert "Summary 1." not in seen
    assert "Summary 2." in seen
    assert sealed.endswith("word999 ")


async def test_a_short_thought_needs_no_summary() -> None:
    summarizer = Summarizer()
    seen, _, sealed = await shown(summarizer, 20)
    assert summarizer.asked == []
    assert seen == sealed


async def test_the_summarizer_sees_a_piece_and_nothing_else_of_the_conversation() -> None:
    summarizer = Summarizer()
    await shown(summarizer, 1000)
    first = summarizer.asked[0]
    assert (first.system, first.tools, first.thought.mode, len(first.items)) == ((), (), "off", 1)
    assert len(str(first.items[0].content)) < PIECE + 600
