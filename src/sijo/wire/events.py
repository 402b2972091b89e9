"""The answer: the message, and the events in which it streams."""

from typing import Any, Literal

import msgspec

from sijo.wire.base import Out
from sijo.wire.blocks import Block
from sijo.wire.sources import Citation

StopReason = Literal[
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
    "compaction",
]


class Frozen(msgspec.Struct, frozen=True, gc=False): ...


class CacheCreation(Out):
    ephemeral_5m_input_tokens: int = 0
    ephemeral_1h_input_tokens: int = 0


class OutputDetails(Out):
    thinking_tokens: int = 0


class ServerToolUsage(Out):
    web_search_requests: int = 0
    web_fetch_requests: int = 0


class Usage(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Tokens. The whole input is `input_tokens` + `cache_creation_input_tokens` + `cache_read_input_tokens`."""

    input_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int
    cache_creation: CacheCreation
    output_tokens: int
    output_tokens_details: OutputDetails | None = None
    server_tool_use: ServerToolUsage | None = None
    service_tier: str | None = None
    inference_geo: str | None = None
    speed: str | None = None
    iterations: list[Any] | None = None


class DeltaUsage(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Usage at the end of a stream: running totals, never increments."""

    input_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int
    output_tokens_details: OutputDetails | None = None
    server_tool_use: ServerToolUsage | None = None
    iterations: list[Any] | None = None


class StopDetails(Out, tag="refusal"):
    category: str | None = None
    explanation: str | None = None


class Message(msgspec.Struct, tag="message", kw_only=True, omit_defaults=True):
    """The answer. Null fields are written, but for those of betas, which are there when asked for."""

    id: str
    role: Literal["assistant"]
    model: str
    content: list[Block]
    stop_reason: StopReason | None
    stop_sequence: str | None
    stop_details: StopDetails | None
    usage: Usage
    diagnostics: dict[str, Any] | None
    container: dict[str, Any] | None = None
    context_management: dict[str, Any] | None = None
    input_transformations: list[Any] | None = None


class TextDelta(Frozen, tag="text_delta", frozen=True, gc=False):
    text: str


class ThinkingDelta(Frozen, tag="thinking_delta", frozen=True, gc=False, omit_defaults=True):
    thinking: str
    estimated_tokens: int | None = None


class SignatureDelta(Frozen, tag="signature_delta", frozen=True, gc=False):
    signature: str


class InputDelta(Frozen, tag="input_json_delta", frozen=True, gc=False):
    partial_json: str


class CitationsDelta(msgspec.Struct, tag="citations_delta", frozen=True):
    citation: Citation


class CompactionDelta(Frozen, tag="compaction_delta", frozen=True, gc=False, omit_defaults=True):
    content: str | None
    encrypted_content: str | None = None


BlockDeltas = TextDelta | ThinkingDelta | SignatureDelta | InputDelta | CitationsDelta | CompactionDelta


class MessageStart(Out, tag="message_start"):
    message: Message


class BlockStart(Out, tag="content_block_start"):
    index: int
    content_block: Block


class BlockDelta(Frozen, tag="content_block_delta", frozen=True, gc=False):
    index: int
    delta: BlockDeltas


class BlockStop(Frozen, tag="content_block_stop", frozen=True, gc=False):
    index: int


class Ending(msgspec.Struct, omit_defaults=True):
    """How the message ended."""

    stop_reason: str | None
    stop_sequence: str | None
    stop_details: StopDetails | None = None
    container: dict[str, Any] | None = None


class MessageDelta(msgspec.Struct, tag="message_delta", omit_defaults=True):
    delta: Ending
    usage: DeltaUsage
    context_management: dict[str, Any] | None = None
    input_transformations: list[Any] | None = None


class MessageStop(Frozen, tag="message_stop", frozen=True, gc=False): ...


class ErrorBody(msgspec.Struct, omit_defaults=True):
    type: str
    message: str
    details: dict[str, Any] | None = None


class Failure(msgspec.Struct, tag="error", omit_defaults=True):
    """The envelope of every error, as a reply and as an event."""

    error: ErrorBody
    request_id: str | None = None


Event = MessageStart | BlockStart | BlockDelta | BlockStop | MessageDelta | MessageStop | Failure
