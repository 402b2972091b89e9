"""The body of `POST /v1/messages`. Fields stand in the order in which the API checks them.

Ranges live beside the types, with the words of their error (`says`); what depends on the model, on a beta or on another
field is for `engine/rules`.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from sijo.wire.base import CacheControl, Json, Part
from sijo.wire.blocks import Block, Text

Effort = Literal["low", "medium", "high", "xhigh", "max"]
MAX_MESSAGES = 100_000


def _says(words: str, **bounds: Any) -> Meta:
    return Meta(extra={"says": words}, **bounds)


class Auto(Part, tag="auto"):
    disable_parallel_tool_use: bool = False


class AnyTool(Part, tag="any"):
    disable_parallel_tool_use: bool = False


class Named(Part, tag="tool"):
    name: str
    disable_parallel_tool_use: bool = False


class NoTools(Part, tag="none"): ...


ToolChoice = Auto | AnyTool | Named | NoTools


class BlockBinding(Part):
    prefix_mismatch_behavior: Literal["error", "drop_block"] | None = None


Display = Literal["summarized", "omitted", "updates"]


class Enabled(Part, tag="enabled"):
    """Manual thinking, up to `budget_tokens`."""

    budget_tokens: Annotated[int, Meta(ge=1024)]
    display: Display | None = None
    block_binding: BlockBinding | None = None


class Disabled(Part, tag="disabled"): ...


class Adaptive(Part, tag="adaptive"):
    """The model decides. `effort` and `task_budget` here mean what they mean in `output_config`."""

    display: Display | None = None
    block_binding: BlockBinding | None = None
    effort: Effort | None = None
    task_budget: int | None = None


class BetweenTools(Part, tag="between_tools"): ...


ThinkingConfig = Enabled | Disabled | Adaptive | BetweenTools


class JsonFormat(Part, tag="json_schema"):
    schema: Json


class TaskBudget(Part, tag="tokens"):
    total: int
    remaining: int | None = None


class OutputConfig(Part):
    effort: Effort | None = None
    format: JsonFormat | None = None
    task_budget: TaskBudget | None = None


class Metadata(Part):
    user_id: str | None = None


class Skill(Part):
    type: Literal["anthropic", "custom"]
    skill_id: str
    version: str | None = None


class Container(Part):
    id: str | None = None
    skills: list[Skill] | None = None


class Diagnostics(Part):
    previous_message_id: str | None = None


class ContextManagement(Part):
    edits: list[Json] = []


class McpServer(Part, tag="url"):
    name: str
    url: str
    authorization_token: str | None = None
    tool_configuration: Json | None = None


class MessageParam(Part):
    """One item of `messages`. Neighbours of one role are one turn."""

    role: str
    content: str | list[Block]
    clear_at: Literal["next_user_message", "never"] | None = None
    output_config: OutputConfig | None = None


class CountRequest(Part, kw_only=True):
    """What is counted, and answered: everything that makes the prompt."""

    model: Annotated[str, _says("String should have at least 1 character", min_length=1)]
    tool_choice: ToolChoice | UnsetType = UNSET
    tools: list[Raw] = []
    messages: Annotated[list[MessageParam], _says("at least one message is required", min_length=1)]
    system: str | list[Text] = ""
    thinking: ThinkingConfig | UnsetType = UNSET
    output_config: OutputConfig | UnsetType = UNSET
    cache_control: CacheControl | None = None
    container: str | Container | None = None
    context_management: ContextManagement | None = None
    mcp_servers: list[McpServer] = []
    output_format: JsonFormat | None = None
    speed: Literal["standard", "fast"] | None = None
    compaction: Json | None = None
    thread: Json | None = None
    fallbacks: str | list[Json] | None = None
    fallback_credit_token: str | Json | None = None
    billing_policy: Json | None = None
    safeguards: list[Json] | None = None


class MessageRequest(CountRequest, kw_only=True):
    """What is answered: the prompt, and how long and in which manner."""

    max_tokens: Annotated[int, _says("must be greater than or equal to 0", ge=0)]
    metadata: Metadata | UnsetType = UNSET
    stop_sequences: list[str] = []
    temperature: Annotated[float, _says("range: 0..1", ge=0, le=1)] | UnsetType = UNSET
    service_tier: Literal["auto", "standard_only"] = "auto"
    top_k: int | UnsetType = UNSET
    top_p: Annotated[float, _says("range: 0..1", ge=0, le=1)] | UnsetType = UNSET
    stream: bool = False
    inference_geo: Annotated[Literal["us", "global"], _says("must be one of ['global', 'us']")] | None = None
    diagnostics: Diagnostics | None = None


ORDER = (
    "model", "tool_choice", "tools", "messages", "system", "thinking", "output_config", "cache_control", "max_tokens",
    "metadata", "stop_sequences", "temperature", "service_tier", "top_k", "top_p", "stream", "container",
    "inference_geo",
)  # fmt: skip
"""The order in which faults are looked for; fields that are not named here come after, as they stand in the struct."""

OBJECTS: dict[type, str] = {
    OutputConfig: "Input does not match the expected shape.",
    Metadata: "Input does not match the expected shape.",
    Container: "Input does not match the expected shape.",
    Text: "Input does not match the expected shape.",
}
"""What is said of a value that is no object where this struct is wanted; others: `Input should be an object`."""

NAMES: dict[type, str] = {Container: "ContainerParams"}
"""The step of a path that stands for a struct where a string would do too."""

decode_message = msgspec.json.Decoder(MessageRequest).decode
decode_count = msgspec.json.Decoder(CountRequest).decode
