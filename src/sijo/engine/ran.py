"""What ran on the server, as it stands in a conversation: which blocks that is, and a result as engines are told it."""

from typing import Any

import msgspec

from sijo.wire import blocks as b

CALLS = (b.ServerToolUse, b.McpToolUse)
RESULTS = (*b.SERVER_RESULTS, b.McpToolResult)
FAILED = "Error: "
_SEALED = "encrypted_"


def told(block: Any) -> str:
    """A result: words as they are, anything else as JSON, without what only the server can read."""
    if isinstance(block, b.McpToolResult):
        words = block.content if isinstance(block.content, str) else "\n".join(part.text for part in block.content)
        return FAILED + words if block.is_error else words
    return msgspec.json.encode(_open(msgspec.to_builtins(block.content))).decode()


def _open(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _open(item) for key, item in value.items() if not key.startswith(_SEALED)}
    return [_open(item) for item in value] if isinstance(value, list) else value
