"""The context window: what fits, what is refused, and how a full window is named.

An input over the window is refused for every model. An input that leaves less than `max_tokens` is refused for the
models of old, and accepted for the rest: they stop with `model_context_window_exceeded` when the window is full.
"""

from collections.abc import Collection

from msgspec.structs import replace

from sijo.engine import clienttools, toolsets
from sijo.engine.catalog import Served
from sijo.engine.count import encoded
from sijo.engine.estimate import tokens
from sijo.engine.prompt import Prompt
from sijo.errors import InvalidRequest
from sijo.wire import tools as t
from sijo.wire.request import AnyTool, Named

SOURCE, TOLD = 5_000, 20_000
"""Tokens that a source and all that is told of tools are taken for where there is room enough."""
STOPS_AT_WINDOW = "model-context-window-exceeded-2025-08-26"


def stops_at_window(prompt: Prompt) -> bool:
    """Whether an answer may begin that there may be no room for, and ends where the window does."""
    return prompt.model.overflow != "error" or STOPS_AT_WINDOW in prompt.betas


def too_long(used: int, window: int) -> InvalidRequest:
    """The prompt alone is over the window."""
    return InvalidRequest(f"prompt is too long: {used} tokens > {window} maximum")


def no_room(used: int, max_tokens: int, window: int) -> InvalidRequest:
    """The prompt fits, but not together with the answer that was asked for."""
    return InvalidRequest(
        f"input length and `max_tokens` exceed context limit: {used} + {max_tokens} > {window}, "
        "decrease input length or `max_tokens` and try again"
    )


def window(served: Served, betas: Collection[str]) -> int:
    """Tokens that fit, of input and output together: what is promised, or what the engine really has if it is less."""
    promised = served.context if served.context < served.model.context else served.model.window(betas)
    return promised if served.real is None else min(promised, served.real)


def tool_prompt(prompt: Prompt) -> int:
    """Tokens of what the hosted API tells a model of tools by itself, as soon as there are any."""
    auto, forced = prompt.model.tool_prompt
    if not prompt.tools:
        return 0
    dense = prompt.model.tokenizer == "dense"
    own = sum(untold(tool, dense) for tool in prompt.tools if not toolsets.deferred(tool))
    return own + (forced if isinstance(prompt.choice, AnyTool | Named) else auto)


def untold(tool: t.AnyTool | t.Toolset, dense: bool) -> int:
    """Tokens that one of the API's own tools takes there, beyond those that are counted of it here."""
    if isinstance(tool, t.Typed):
        whole = clienttools.tokens(tool, dense=dense)
    else:
        whole = toolsets.tokens(tool) if isinstance(tool, t.Toolset) else 0
    return max(0, whole - tokens(encoded(tool))) if whole else 0


def roomy(prompt: Prompt, served: Served, body: bytes) -> bool:
    """Whether a prompt surely fits, together with its answer, by the size of the request: then it need not be counted.

    No byte is more than two tokens, but what a source of a few bytes leads to is as much as an image or a page can be,
    and tools of the API's own are told of in words that the request does not have.
    """
    if not 0 < prompt.max_tokens <= prompt.model.max_output:
        return False
    most = prompt.window or window(served, prompt.betas)
    return 2 * len(body) + SOURCE * body.count(b'"source"') + TOLD + prompt.max_tokens <= most


def fitted(prompt: Prompt, served: Served, count: int) -> Prompt:
    """The prompt with no more `max_tokens` than there is room for, by a count of its input.

    Only where the count is the last word (`abilities.exact`, the simulator), or the engine would cut without a word, is
    a request refused on its ground: an engine counts by itself, and says when it was too much.
    """
    model, able = served.model, served.backend.abilities
    if able.everything and not able.exact:
        return prompt
    if prompt.max_tokens > model.max_output:  # a lenient server takes it for what it can be
        prompt = replace(prompt, max_tokens=min(prompt.max_tokens, model.limit(prompt.betas)))
    most = prompt.window or window(served, prompt.betas)
    if (able.exact or able.truncates) and count > most:
        raise too_long(count, most)
    room = most - count
    if not prompt.max_tokens:  # only to fill a cache: one token is the least that engines can be asked for
        return replace(prompt, max_tokens=1)
    if prompt.max_tokens <= room:
        return prompt
    if able.exact and not stops_at_window(prompt):
        raise no_room(count, prompt.max_tokens, most)
    return replace(prompt, max_tokens=max(1, room))
