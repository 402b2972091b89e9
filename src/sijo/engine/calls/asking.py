"""A model that is asked again, within the turn, for what it has written wrong; the client sees only what is right.

Up to `ASKS` times the answer goes back to the model, with what is wrong as the results of its calls. What that costs is
in `usage`. If it does not help the turn fails, before anything broken was told.
"""

import logging
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec.structs import replace

from sijo.engine import deltas as d
from sijo.engine.calls.attempt import Attempt
from sijo.engine.calls.terms import Tally, Terms, terms
from sijo.engine.prompt import Item, Prompt, Thought
from sijo.engine.thinking.speak import Backend, noted, speak
from sijo.errors import ApiError
from sijo.wire import blocks as b

logger = logging.getLogger("sijo.calls")
ASKS = 2
"""How often a model is asked again in a turn."""
NAME = 64
WAITS = "This call is right and will be run. Do not write it again."
AGAIN = "{} Nothing was run. Write this call again, whole and right."
NO_CALL = "The model called no tool that could be called, though it was asked {} times."
NO_DOCUMENT = "The model's answer did not match the schema of `output_config.format`, though it was asked {} times."
_ALIEN = re.compile(r"[^\w-]", re.ASCII)


def checked(backend: Backend, prompt: Prompt, tally: Tally, whole: Prompt | None = None) -> AsyncGenerator[d.AnyDelta]:
    """The deltas of a model whose calls and documents are right. Where nothing needs a look, those of `speak`.

    `whole` is the prompt before it was lowered, with the deferred tools that are not shown.
    """
    able = backend.abilities
    if able.everything or not (prompt.tools or prompt.format):
        return speak(backend, prompt)
    looked_for = terms(prompt, able, whole)
    return speak(backend, prompt) if looked_for is None else asked(backend, prompt, looked_for, tally)


async def asked(backend: Backend, prompt: Prompt, looked_for: Terms, tally: Tally) -> AsyncGenerator[d.AnyDelta]:
    source, talk = speak(backend, prompt), prompt
    left, called = prompt.max_tokens, False
    for tries in range(ASKS + 1):
        attempt = Attempt(looked_for, tally, again=tries > 0)
        async with aclosing(source) as deltas:
            async for delta in deltas:
                for out in attempt.feed(delta):
                    yield out
        for out in attempt.end():
            yield out
        called = called or bool(attempt.good)
        left -= attempt.spent
        if attempt.settled or (called and looked_for.single):
            yield ending(attempt.stop, called)
            return
        if left <= 0:
            yield d.Stop("max_tokens")
            return
        if tries == ASKS:
            break
        tally.add(f"{kind(looked_for, attempt)} asked again")
        logger.info("asked again: %s", "a call" if attempt.bad else "an answer")
        talk = corrected(talk, attempt)
        source = backend.generate(replace(talk, max_tokens=left, thought=Thought(), begun=None))
    tally.add(f"{kind(looked_for, attempt)} refused")
    if not called:
        raise ApiError((NO_DOCUMENT if kind(looked_for, attempt) == "document" else NO_CALL).format(tries + 1))
    yield d.Stop("tool_use")


def kind(looked_for: Terms, attempt: Attempt) -> str:
    return "document" if looked_for.format is not None and not attempt.bad and not looked_for.forced else "call"


def ending(stop: d.Stop | None, called: bool) -> d.Stop:
    """Why it ended: `tool_use` where something is called, and only there."""
    if stop is None or stop.reason in ("end_turn", "tool_use"):
        return d.Stop("tool_use" if called else "end_turn")
    return stop


def corrected(prompt: Prompt, attempt: Attempt) -> Prompt:
    """The conversation with what the model has just said, and what is wrong with it, for the engine alone."""
    thought, text = "".join(attempt.thought), "".join(attempt.said)
    calls = [*attempt.good, *(bad.call for bad in attempt.bad)]
    content: list[b.Block] = [
        *([b.Thinking(thought, "")] if thought and calls else ()),
        *([b.Text(text)] if text.strip() else ()),
        *(b.ToolUse(call.id, _ALIEN.sub("_", call.name)[:NAME] or "unknown", call.input) for call in calls),
    ]
    if not content:
        return noted(prompt, attempt.complaint)
    answers: list[b.Block] = [
        *(b.ToolResult(call.id, WAITS) for call in attempt.good),
        *(b.ToolResult(bad.call.id, AGAIN.format(bad.complaint), is_error=True) for bad in attempt.bad),
    ]
    if not calls:
        answers = [b.Text(attempt.complaint)]
    return replace(prompt, items=[*prompt.items, Item("assistant", content), Item("user", answers)])
