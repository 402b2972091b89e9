"""What a request is judged by: the model, the betas, the version, and how strict the server is."""

from collections.abc import Mapping

import msgspec

from sijo.engine.betas import betas as registry
from sijo.engine.models import Model

LATE = "2026-10-21"
"""The version that takes sampling, documents in assistant messages and citations in user messages away."""

STRICT_ONLY: Mapping[str, str] = {
    # rule                what a lenient server does instead
    "gates": "fields, tools and blocks of betas are taken without the header",
    "first_user": "a conversation may begin with the assistant",
    "system_role": "system messages are taken for every model",
    "system_place": "system messages may stand anywhere but between a call and its result",
    "blank_text": "texts of nothing but whitespace are taken",
    "call_ids": "calls may have any id, and a name of any length",
    "server_calls": "a call of a server tool may stand without its result",
    "assistant_images": "images and search results may stand in assistant messages",
    "prefill": "a last assistant message is continued, whatever the model, thinking or not",
    "tools_needed": "calls and results may stand in a conversation whose tools are gone",
    "tool_types": "the API's own client tools are taken for every model",
    "tool_schemas": "an input schema may have oneOf, anyOf or allOf at its root, and a strict tool any schema",
    "toolset_members": "what configs say of members that are not known means nothing",
    "toolset_echo": "a result may leave out the name of its call's toolset",
    "toolset_results": "a member's result may hold anything",
    "error_content": "a failed call may come back without a word",
    "forced_tools": "tool_choice any and tool are taken for every model",
    "thinking_type": "every thinking type is taken for every model, and means what comes nearest",
    "thinking_effort": "thinking can be disabled at every effort",
    "thinking_first": "an open tool turn may come back without its thinking",
    "thinking_choice": "a tool may be forced with thinking on: then nothing is thought",
    "thinking_sampling": "sampling parameters are passed on with thinking",
    "effort": "a level that the model lacks is the nearest that it has, or nothing",
    "task_budget": "a task budget means nothing where the model does not know it",
    "sampling": "sampling parameters are passed on, whatever the model and the version",
    "format": "a schema may have what the hosted grammar lacks, and every model takes one",
    "max_tokens": "lowered to what the model gives",
    "stop_blank": "a stop sequence may be whitespace",
    "geo": "inference_geo is taken for every model",
    "speed": "speed fast is taken for every model, at the engine's own speed",
    "edits": "clear_thinking is taken with thinking off",
    "late_blocks": "documents and citations may stand where an older version took them",
    "media_type": "an image is what its bytes say",
}
"""The rules that only a strict server holds to. All others hold everywhere: what they refuse makes no sense as a
conversation, or cannot be served by any engine."""


class Facts(msgspec.Struct, frozen=True):
    """`strict`: refuse exactly what the hosted API refuses. `relayed`: what is not served here may be served there."""

    model: Model
    betas: frozenset[str] = frozenset()
    version: str = "2023-06-01"
    strict: bool = True
    batch: bool = False
    relayed: bool = False
    own: frozenset[type] = frozenset()
    """Entries of `tools` that run here."""

    def holds(self, rule: str) -> bool:
        """Whether a rule of `STRICT_ONLY` is applied."""
        assert rule in STRICT_ONLY, rule
        return self.strict

    @property
    def early(self) -> bool:
        """One of the API's models up to 4.5, which are held to some rules that later ones dropped."""
        return self.model.line is not None and self.model.prefill

    @property
    def late(self) -> bool:
        """The version asked for is the one with fewer places for documents and citations."""
        return self.version == LATE

    @property
    def closed_tools(self) -> frozenset[str]:
        """Tool types that need a beta which was not sent."""
        return registry().closed_tools(self.betas) if self.strict else frozenset()

    @property
    def closed_blocks(self) -> frozenset[str]:
        """Block types that need a beta which was not sent."""
        return registry().closed_blocks(self.betas) if self.strict else frozenset()

    @property
    def closed_paths(self) -> frozenset[str]:
        """Inner fields and values that need a beta which was not sent, as `data/betas.toml` writes them."""
        return registry().closed_paths(self.betas) if self.strict else frozenset()
