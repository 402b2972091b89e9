"""How a model speaks when it may think: at once, on its own and up to a budget, or led through a draft and a review.

Everything here is done with plain prompts to a backend, so it holds on engines that know nothing of thinking. What is
thought leaves as `Thinking`; how that is shown is for `show`.
"""

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Protocol

from msgspec.structs import replace

from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.estimate import tokens
from sijo.engine.prompt import Item, Prompt, Thought
from sijo.engine.thinking.decide import worthwhile
from sijo.wire import blocks as b

logger = logging.getLogger("sijo.thinking")
Deltas = AsyncGenerator[d.AnyDelta]
BUDGETS: Mapping[str, int] = {"low": 1_024, "medium": 4_096, "high": 16_384, "xhigh": 32_768, "max": 65_536}
"""Tokens of thinking by effort, where the caller named no budget and the engine has no switch for effort."""
SLACK = 1.25
"""How far beyond its budget an engine that keeps to budgets may count: beyond that it did not keep to it."""
LEAST_ANSWER = 256
"""Tokens of `max_tokens` that are left for the answer, if there are as many."""

STEPS: tuple[tuple[str, str, float], ...] = (
    (
        "Draft",
        "Do not answer yet. Think about the request above first: what exactly is asked, what is known, which steps "
        "lead to the answer. Then write a draft of it.",
        0.5,
    ),
    (
        "Review",
        "Now review this draft like a strict colleague: check every step and figure, name each mistake and each thing "
        "that is missing. Be brief.",
        0.25,
    ),
    ("Revision", "Now state what is to be changed, and the corrected result. Be brief.", 0.25),
)
ASK = "Before you answer: is this hard enough to be thought through step by step first? Say only yes or no."
ANSWER_TOKENS = 4
ANSWER = (
    "<notes>\n{}\n</notes>\nThese are your own private notes on the request above. Now answer the request itself, in "
    "its language and form, on the ground of the notes, without mentioning them."
)
CLOSED = (
    "<notes>\n{}\n</notes>\nThis is what you have thought so far about the request above; there is no time to think "
    "further. Answer the request itself now, without mentioning the notes."
)


class Backend(Protocol):
    """The part of a backend that is needed to speak."""

    abilities: Abilities

    def generate(self, prompt: Prompt, /) -> Deltas: ...

    async def count(self, prompt: Prompt, /) -> int | None: ...


def speak(backend: Backend, prompt: Prompt) -> Deltas:
    """The deltas of a model that thinks as the prompt says. Without thinking this is the backend's own generator."""
    able, thought = backend.abilities, prompt.thought
    if able.everything or thought.mode == "off":
        return backend.generate(prompt)
    if thought.mode == "adaptive":
        worth = worthwhile(prompt)
        if worth is None and able.asks:
            return asked(backend, prompt)
        if not worth:
            return at_once(backend, prompt)
    return thinking(backend, prompt)


def at_once(backend: Backend, prompt: Prompt) -> Deltas:
    """Without a thought."""
    return backend.generate(replace(prompt, thought=replace(prompt.thought, mode="off")))


def thinking(backend: Backend, prompt: Prompt) -> Deltas:
    """With one, in the way that the engine is able to."""
    able, thought = backend.abilities, prompt.thought
    if not able.thinking:
        return reflected(backend, prompt, budget(prompt))
    if thought.budget is None and able.effort:
        return backend.generate(prompt)
    most = budget(prompt)
    if able.resumes and not prompt.tools:  # raw text says no calls
        return limited(backend, replace(prompt, thought=replace(thought, budget=None)), most)
    if not able.budget:
        return limited(backend, prompt, most)
    keeps = replace(prompt, thought=replace(thought, budget=most))
    return limited(backend, keeps, int(most * SLACK), resume=False)


def budget(prompt: Prompt) -> int:
    """How many tokens to think at the most: as named, else by effort; an answer must still fit behind it."""
    room = max(prompt.max_tokens - LEAST_ANSWER, prompt.max_tokens // 2)
    return min(prompt.thought.budget or BUDGETS[prompt.thought.effort or "high"], room)


async def asked(backend: Backend, prompt: Prompt) -> Deltas:
    """As the model itself says, in a word, when it is asked whether this is to be thought about."""
    question = replace(noted(prompt, ASK), max_tokens=ANSWER_TOKENS, thought=Thought(), format=None, stops=())
    words: list[str] = []
    async with aclosing(backend.generate(question)) as deltas:
        async for delta in deltas:
            if type(delta) is d.Text:
                words.append(delta.text)
            elif type(delta) is d.ToolCall:
                break
    yes = "".join(words).strip().lower().startswith(("yes", "예", "네"))
    async with aclosing(thinking(backend, prompt) if yes else at_once(backend, prompt)) as deltas:
        async for delta in deltas:
            yield delta


async def limited(backend: Backend, prompt: Prompt, limit: int, *, resume: bool = True) -> Deltas:
    """A model that thinks by itself, cut off at the limit and continued, where that can be, from the same prefix."""
    parts: list[str] = []
    spent, told = 0, False
    async with aclosing(backend.generate(prompt)) as deltas:
        async for delta in deltas:
            yield delta
            if type(delta) is d.Spent:
                told = True  # some engines tell their input at once
            elif type(delta) is d.Thinking:
                parts.append(delta.text)
                spent += tokens(delta.text)
                if spent >= limit:
                    break
        else:
            return
    left = max(1, prompt.max_tokens - spent)
    yield d.Spent(output=spent, thinking=spent)
    begun = "".join(parts)
    input = 0 if told else await backend.count(prompt)
    if backend.abilities.resumes and resume:
        rest = replace(prompt, begun=begun, max_tokens=left)
    else:
        rest = unbegun(replace(prompt, begun=begun, max_tokens=left))
    async with aclosing(backend.generate(rest)) as deltas:
        async for delta in deltas:
            if type(delta) is d.Spent:
                yield continued(delta, spent, input)
            elif type(delta) is not d.Thinking:
                yield delta


def continued(spent: d.Spent, thought: int, input: int | None) -> d.Spent:
    """The usage of a second part: what was thought in the first is no input of the caller's.

    `input` is what is still to be told of the prompt: by the engine's own count, where there is one; else it is what is
    left without the thought.
    """
    whole = spent.input + spent.cache_read
    if not whole:
        return spent
    logger.info("continued after thinking: %d of %d tokens from the engine's cache", spent.cache_read, whole)
    return d.Spent(input=max(0, whole - thought) if input is None else input, output=spent.output)


async def reflected(backend: Backend, prompt: Prompt, limit: int) -> Deltas:
    """A model that cannot think by itself: a draft, a review, a revision, all of it thinking; then the answer."""
    plain = replace(prompt, tools=(), choice=None, format=None, stops=(), thought=Thought())
    said: list[str] = []
    spent = 0
    talk = plain
    for title, ask, share in STEPS:
        most = min(int(limit * share), limit - spent)
        if most < 1:
            break
        head = f"{chr(10) * 2 if said else ''}{title}:\n"
        yield d.Thinking(head)
        words: list[str] = []
        asked = replace(noted(talk, ask), max_tokens=most)
        async with aclosing(backend.generate(asked)) as deltas:
            async for delta in deltas:
                if type(delta) is d.Text:
                    words.append(delta.text)
                    yield d.Thinking(delta.text)
                elif type(delta) is d.Spent and delta.output:
                    spent += delta.output
                    yield d.Spent(output=delta.output, thinking=delta.output)
        said += [head, *words]
        talk = replace(asked, items=[*asked.items, Item("assistant", [b.Text("".join(words))])])
    answer = noted(prompt, ANSWER.format("".join(said)))
    rest = replace(answer, max_tokens=max(1, prompt.max_tokens - spent), thought=Thought())
    async with aclosing(backend.generate(rest)) as deltas:
        async for delta in deltas:
            if type(delta) is not d.Thinking:
                yield delta


def unbegun(prompt: Prompt) -> Prompt:
    """The prompt for an engine that cannot go on after a thought that was begun: it is told what it thought."""
    if prompt.begun is None:
        return prompt
    return replace(noted(prompt, CLOSED.format(prompt.begun)), begun=None, thought=Thought())


def noted(prompt: Prompt, words: str) -> Prompt:
    """The prompt with a word to the model at its end, in the user's turn: all before it stays the same prefix."""
    items = list(prompt.items)
    if items and items[-1].role == "user":
        items[-1] = Item("user", [*items[-1].content, b.Text(words)])
    else:
        items.append(Item("user", [b.Text(words)]))
    return replace(prompt, items=items)
