"""What the API has and this server does not serve yet. It is refused aloud: a row goes when its feature comes."""

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any

from msgspec import UNSET

from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire import tools as t
from sijo.wire.request import CountRequest
from sijo.wire.results import McpListing

FIELDS = (
    "container", "mcp_servers", "compaction", "thread", "fallbacks", "fallback_credit_token", "billing_policy",
)  # fmt: skip
"""Request fields that must be absent or empty."""
_fields = attrgetter(*FIELDS)
_ABSENT: tuple[object, ...] = tuple([] if name == "mcp_servers" else None for name in FIELDS)
TOOLS: tuple[type, ...] = t.SERVER
BLOCKS: Collection[type] = frozenset({
    McpListing, b.ContainerUpload, b.Compaction, b.ToolAddition, b.ToolRemoval, b.Fallback,
})  # fmt: skip
"""Calls of server tools and their results are not here: a conversation that was begun elsewhere may go on here."""
EDITS = frozenset({"clear_tool_uses_20250919", "compact_20260112"})
"""Kinds of `context_management.edits`; `clear_thinking_20251015` is served where it keeps everything."""
DETAILS: Mapping[str, Mapping[str, object]] = {
    "thread": {"error_code": "thread_unsupported_request", "unsupported": ["thread"]},
}
"""What tells a client that it can do without: an SDK then sends the whole conversation each time, unasked."""
KEEPS_ALL: Sequence[Any] = (None, "all", {"type": "all"})


def refuse(
    request: CountRequest, tools: Sequence[t.AnyTool], block: tuple[str, str] | None, own: Collection[type]
) -> None:
    """Raise InvalidRequest for the first such thing; `block` is the first one in the messages, with its path, and `own`
    are the entries of tools that run here."""
    for at, tool in enumerate(tools):
        if isinstance(tool, TOOLS) and type(tool) not in own:
            raise _said(f"tools.{at}", str(tool.__struct_config__.tag))
        callers = getattr(tool, "allowed_callers", None)
        if callers and "direct" not in callers:
            raise _said(f"tools.{at}.{tool.__struct_config__.tag}.allowed_callers", callers[0])
    if block is not None:
        raise _said(*block)
    if _fields(request) != _ABSENT:
        for field in FIELDS:
            if getattr(request, field) not in (None, UNSET, []):
                raise _said(field, field)
    edits = request.context_management.edits if request.context_management else ()
    for at, edit in enumerate(edits):
        if edit.get("type") in EDITS:
            raise _said(f"context_management.edits.{at}", edit["type"])
        if edit.get("keep") not in KEEPS_ALL:
            raise _said(f"context_management.edits.{at}.keep", "clearing thinking")


def _said(path: str, kind: str) -> InvalidRequest:
    return InvalidRequest(f"{path}: {kind} is not served by this server", details=DETAILS.get(kind))
