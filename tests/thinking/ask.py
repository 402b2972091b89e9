"""What the tests of thinking ask, and readers of what comes back."""

from collections.abc import Iterable, Sequence
from typing import Any

import anthropic
import pytest
from anthropic.types import Message, RedactedThinkingBlock, ThinkingBlock, ThinkingConfigParam

Json = dict[str, Any]

REFUSAL = "ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL_", "1FAEFB6177B4672DEE07F9D3AFC62588CCD2631EDCF22E8CCC1FB35B501C9C86"
REDACTED = (
    "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_",
    "46C9A13E193C177646C7398A98432ECCCE4C1253D5E2D82641AC0E52CC2876CB",
)
INTERLEAVED = "interleaved-thinking-2025-05-14"
SUM = "What is 27 * 453?"
HARD = "Explain why quicksort is fast, and prove its bound."
TWO_STEPS = "Tell me the weather in Seoul, then convert the temperature to Fahrenheit"
MANUAL: ThinkingConfigParam = {"type": "enabled", "budget_tokens": 2000}
ADAPTIVE: Json = {"type": "adaptive", "display": "summarized"}
WEATHER: Json = {
    "name": "get_weather",
    "description": "The weather at a place",
    "input_schema": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
}
CONVERT: Json = {
    "name": "convert_temperature",
    "description": "Convert a temperature to Fahrenheit",
    "input_schema": {"type": "object", "properties": {"value": {"type": "number"}}, "required": ["value"]},
}
OLD, KEEPS, NEW = "claude-haiku-4-5", "claude-opus-4-5", "claude-opus-4-7"
"""Manual thinking that is lost when the user goes on; manual thinking that is kept; adaptive thinking, kept."""

SCRIPT = """
[[rules]]
match.text = "Think twice."
[rules.answers]
blocks = [{ thinking = "First I look at it." }, { thinking = "Then I look again." }, { text = "Done." }]

[[rules]]
match.text = "Think between calls."
[rules.answers]
blocks = [
  { thinking = "Seoul first." }, { tool = "get_weather", input = { location = "Seoul" } },
  { thinking = "Now Busan." }, { tool = "get_weather", input = { location = "Busan" } },
]

[[rules]]
match.text = "Think of a secret."
answers = { blocks = [{ redacted = "The secret is under the third stone from the left." }, { text = "I keep it." }] }

[[rules]]
match.text = "Search without end."
answers = { blocks = [{ thinking = "Once." }, { tool = "tool_search_tool_regex", input = { pattern = "weather" } }] }

[[rules]]
match = { result = { name = "tool_search_tool_regex" }, tools = ["endless"] }
answers = { blocks = [{ thinking = "Again." }, { tool = "tool_search_tool_regex", input = { pattern = "weather" } }] }
"""


def user(text: str) -> Json:
    return {"role": "user", "content": text}


def said(message: Message) -> Json:
    """The assistant's turn as a client gives it back."""
    return {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in message.content]}


def brought(message: Message, content: str = "17 degrees") -> Json:
    """A result for each call."""
    calls = [block for block in message.content if block.type == "tool_use"]
    return {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": call.id, "content": content} for call in calls],
    }


def kinds(message: Message) -> list[str]:
    return [block.type for block in message.content]


def thoughts(message: Message) -> list[ThinkingBlock]:
    return [block for block in message.content if isinstance(block, ThinkingBlock)]


def sealed(message: Message) -> list[RedactedThinkingBlock]:
    return [block for block in message.content if isinstance(block, RedactedThinkingBlock)]


def text(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def thinking_tokens(message: Message) -> int:
    details = message.usage.output_tokens_details
    return details.thinking_tokens if details is not None and details.thinking_tokens is not None else 0


def ask(client: anthropic.Anthropic, *messages: Json | str, betas: Sequence[str] = (), **fields: Any) -> Message:
    """One message, not streamed. Strings are what the user says."""
    body = request(*messages, **fields)
    return client.messages.create(**body, extra_headers=header(betas))


def request(*messages: Json | str, **fields: Any) -> Json:
    turns = [user(one) if isinstance(one, str) else one for one in messages]
    return {"model": KEEPS, "max_tokens": 4000, "messages": turns, **fields}


def header(betas: Iterable[str]) -> dict[str, str]:
    return {"anthropic-beta": ",".join(betas)} if betas else {}


def refused(client: anthropic.Anthropic, *messages: Json | str, betas: Sequence[str] = (), **fields: Any) -> str:
    """The words with which a request is refused. Posted as it stands: the SDK has its own opinion on some of these."""
    with pytest.raises(anthropic.BadRequestError) as caught:
        post(client, *messages, betas=betas, **fields)
    body: Any = caught.value.body
    return str(body["error"]["message"])


def post(client: anthropic.Anthropic, *messages: Json | str, betas: Sequence[str] = (), **fields: Any) -> Message:
    """One message, under the version of the API that still has sampling parameters."""
    headers = {**header(betas), "anthropic-version": "2023-06-01"}
    return client.post("/v1/messages", body=request(*messages, **fields), cast_to=Message, options={"headers": headers})
