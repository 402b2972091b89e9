"""Requests as Claude Code builds them, in small; and how they are posted without it."""

import json
from typing import Any

from tests.http.raw import Reply, ask, parse
from tests.serving import Running

Json = dict[str, Any]
BETAS = (
    "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,"
    "mid-conversation-tool-changes-2026-07-01,thinking-token-count-2026-05-13,advanced-tool-use-2025-11-20,"
    "effort-2025-11-24"
)
HEADERS = {
    "content-type": "application/json",
    "anthropic-version": "2023-06-01",
    "anthropic-beta": BETAS,
    "anthropic-dangerous-direct-browser-access": "true",
    "x-api-key": "any",
    "x-app": "cli",
    "x-claude-code-session-id": "5b0f5f5e-0000-4000-8000-000000000000",
    "user-agent": "claude-cli/2.1.329 (external, sdk-cli)",
}
MARK = {"type": "ephemeral"}


def call(url: str, path: str, body: object = None, method: str = "POST", /, **headers: str | None) -> Reply:
    """A request with Claude Code's headers; a header given as None is left out."""
    named = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    sent = {name: value for name, value in named.items() if value is not None}
    return ask(url, path, None if body is None else json.dumps(body).encode(), method=method, headers=sent)


def post(running: Running, body: Json, **headers: str | None) -> Reply:
    return call(running.url, "/v1/messages?beta=true", body, **headers)


def events(reply: Reply, kind: str) -> list[Json]:
    """Those events of a stream that are of a kind."""
    assert reply.status == 200, reply.body
    return [event for name, event in parse(reply.body) if name == kind]


def attribution(fingerprint: str) -> Json:
    return {"type": "text", "text": f"x-anthropic-billing-header: cc_version=2.1.329.{fingerprint}; cc_entrypoint=cli;"}


def tool(name: str, **rest: object) -> Json:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": {}}
    return {"name": name, "description": f"The {name} tool.", "input_schema": schema, **rest}


def user(*blocks: Json) -> Json:
    return {"role": "user", "content": list(blocks)}


def text(words: str, **rest: object) -> Json:
    return {"type": "text", "text": words, **rest}


def used(name: str, id: str = "toolu_01", **given: object) -> Json:
    return {"type": "tool_use", "id": id, "name": name, "input": given}


def result(*parts: Json, id: str = "toolu_01") -> Json:
    return {"tool_use_id": id, "type": "tool_result", "content": list(parts), "cache_control": MARK}


def asked(*more: Json, **changes: object) -> Json:
    """A request as for a model name that it does not know; `more` follows the first words of the user."""
    return {
        "model": "my-local-model",
        "max_tokens": 32000,
        "stream": True,
        "system": [
            attribution("0a1"),
            text("You are a Claude agent.", cache_control=MARK),
            text("Work in the repository.", cache_control=MARK),
        ],
        "messages": [user(text("<system-reminder>\nToday\n</system-reminder>"), text("Fix the typo.")), *more],
        "tools": [
            tool("Bash"),
            tool("Read"),
            tool("ToolSearch"),
            tool("WebFetch", defer_loading=True),
            tool("DeferredToolPlaceholder", defer_loading=True),
        ],
        "metadata": {"user_id": '{"device_id":"d0","account_uuid":"","session_id":"s0"}'},
        "thinking": {"type": "adaptive", "display": "omitted"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "output_config": {"effort": "high"},
        **changes,
    }
