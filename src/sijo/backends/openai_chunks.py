"""A chunk of a streamed chat completion, as engines write it. Shapes only: what they mean is for `openai_stream`.

Only what is read is named, and all of it is optional, for hardly two engines agree on what must be there.
"""

import re
from typing import Any

import msgspec

from sijo.engine import deltas as d
from sijo.engine.entry import whole

_SURROGATE = re.compile("[\ud800-\udfff]")


class Loose(msgspec.Struct, gc=False):
    """Every field may be absent or null, and others may be there."""


class Function(Loose):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class Call(Loose):
    index: int | None = None
    id: str | None = None
    function: Function | None = None


class Said(Loose):
    """`delta`, or `message` where an engine does not stream. Thinking has two names, and some send it under both."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[Call] | None = None
    function_call: Function | None = None


class Choice(Loose):
    """`stop_reason` and `matched_stop` name the stop sequence that matched; a number is an end token's id."""

    delta: Said | None = None
    message: Said | None = None
    text: str | None = None
    finish_reason: str | None = None
    stop_reason: Any = None
    matched_stop: Any = None


class InputDetails(Loose):
    cached_tokens: int | None = None
    created_cache_tokens: int | None = None
    cache_write_tokens: int | None = None


class OutputDetails(Loose):
    reasoning_tokens: int | None = None


class Usage(Loose):
    """`prompt_tokens` includes what the cache gave and took; Claude's `input_tokens` does not."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None
    prompt_cache_hit_tokens: int | None = None
    reasoning_tokens: int | None = None

    def spent(self) -> d.Spent:
        """The same in Claude's way. A count that cannot be true is none."""
        details, inner = self.prompt_tokens_details or InputDetails(), self.completion_tokens_details or OutputDetails()
        input = whole(self.prompt_tokens)
        read = min(input, whole(details.cached_tokens or self.prompt_cache_hit_tokens))
        written = min(input - read, whole(details.created_cache_tokens or details.cache_write_tokens))
        return d.Spent(
            input=input - read - written,
            output=whole(self.completion_tokens),
            cache_read=read,
            cache_5m=written,
            thinking=whole(inner.reasoning_tokens or self.reasoning_tokens),
        )


class Chunk(Loose):
    choices: list[Choice] | None = None
    usage: Usage | None = None
    error: Any = None


decode = msgspec.json.Decoder(Chunk).decode


def mend(value: Any, half: str) -> tuple[Any, str]:
    """The chunk with `half` before its text and the pairs joined, and the half that it ends with."""
    last = ""

    def walk(node: Any) -> Any:
        nonlocal half, last
        if isinstance(node, dict):
            return {key: walk(item) for key, item in node.items()}
        if isinstance(node, list):
            return [walk(item) for item in node]
        if not isinstance(node, str) or not _SURROGATE.search(node):
            return node
        text, half = half + node, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, last = text[:-1], text[-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    return walk(value), last
