"""What the official SDK brings back, in the type that a test asks for; anything else fails the test."""

from typing import Any

import anthropic
from anthropic.types import Message, RawContentBlockDeltaEvent
from anthropic.types.beta import BetaMessage


def text(message: Message | BetaMessage, at: int = 0) -> str:
    """What the block at a place says."""
    block = message.content[at]
    assert block.type == "text"
    return block.text


def fault(refused: anthropic.APIStatusError) -> dict[str, Any]:
    """The `error` of the envelope."""
    assert isinstance(refused.body, dict)
    found = refused.body["error"]
    assert isinstance(found, dict)
    return found


def piece(event: RawContentBlockDeltaEvent) -> str:
    """A piece of a call's input."""
    assert event.delta.type == "input_json_delta"
    return event.delta.partial_json
