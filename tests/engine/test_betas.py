"""A beta opens what its row names, an unknown one is refused or ignored, a general one changes nothing."""

import logging
from typing import get_args, get_type_hints

import pytest
from anthropic.types import AnthropicBetaParam, ContentBlockParam, ToolUnionParam
from anthropic.types.beta import BetaContentBlockParam, BetaToolUnionParam
from anthropic.types.beta.message_create_params import MessageCreateParamsBase as BetaRequest
from anthropic.types.message_create_params import MessageCreateParamsBase as GeneralRequest
from typing_extensions import is_typeddict

from sijo.engine.betas import Beta, Betas, betas
from sijo.engine.models import models
from sijo.errors import InvalidRequest

NONE: frozenset[str] = frozenset()
OLD, NEW = "2023-06-01", "2026-10-21"
SAMPLING = {"temperature", "top_p", "top_k"}
# What a coding agent sends: on a model it knows, on one it does not, on its newest, by its interactive screen.
AGENT_4_5 = (
    "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,"
    "thinking-token-count-2026-05-13,advanced-tool-use-2025-11-20"
)
AGENT_UNKNOWN = f"{AGENT_4_5},mid-conversation-tool-changes-2026-07-01,effort-2025-11-24"
AGENT_NEWEST = f"{AGENT_UNKNOWN},per-turn-control-2026-07-01"
AGENT_SCREEN = (
    f"{AGENT_NEWEST},dangerous-tool-use-2026-09-03,thinking-display-updates-2026-08-18,afk-mode-2026-01-31,"
    "oauth-2025-04-20,prompt-caching-scope-2026-01-05,redact-thinking-2026-02-12,structured-outputs-2025-12-15,"
    "task-budgets-2026-03-13,mid-conversation-system-2026-04-07,context-1m-2025-08-07"
)


def sent(*headers: str) -> frozenset[str]:
    return betas().parse(headers, strict=True)


@pytest.mark.parametrize(
    ("headers", "values"),
    [
        ([], set()),
        ([""], set()),
        ([" , ,"], set()),
        (["compact-2026-01-12"], {"compact-2026-01-12"}),
        (["compact-2026-01-12, effort-2025-11-24"], {"compact-2026-01-12", "effort-2025-11-24"}),
        (["compact-2026-01-12", "effort-2025-11-24 "], {"compact-2026-01-12", "effort-2025-11-24"}),
        (["compact-2026-01-12,compact-2026-01-12"], {"compact-2026-01-12"}),
        (["ce-plugins-2026-09-01,claude-code-20991231"], {"ce-plugins-2026-09-01", "claude-code-20991231"}),
    ],
)
def test_lists_and_repeated_headers_make_one_set(headers: list[str], values: set[str]) -> None:
    assert betas().parse(headers, strict=True) == values
    assert betas().parse(iter(headers), strict=False) == values


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        (["nonsense-2026-01-01"], "`nonsense-2026-01-01`"),
        (["zebra,compact-2026-01-12", "aardvark,zebra"], "`zebra`, `aardvark`"),
        (["Compact-2026-01-12"], "`Compact-2026-01-12`"),
        (["ce"], "`ce`"),
        (["claude-code-*x, *"], "`*`"),
    ],
)
def test_strict_refuses_what_it_does_not_know(headers: list[str], named: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        betas().parse(headers, strict=True)
    assert caught.value.message == (
        f"Unexpected value(s) {named} for the `anthropic-beta` header. "
        "Please consult our documentation at platform.claude.com/docs or try again without the header."
    )


def test_lenient_keeps_what_it_does_not_know_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    registry = Betas.load()
    with caplog.at_level(logging.WARNING, "sijo.betas"):
        values = registry.parse(["nonsense-2026-01-01,effort-2025-11-24"], strict=False)
        registry.parse(["nonsense-2026-01-01"], strict=False)
        registry.parse(["other-2026-01-01,nonsense-2026-01-01"], strict=False)
    assert values == {"nonsense-2026-01-01", "effort-2025-11-24"}
    assert [record.getMessage() for record in caplog.records] == [
        "unknown anthropic-beta value 'nonsense-2026-01-01': ignored",
        "unknown anthropic-beta value 'other-2026-01-01': ignored",
    ]
    assert registry.closed(values, OLD) == registry.closed(NONE, OLD)


def test_a_hostile_client_fills_neither_the_log_nor_the_memory(caplog: pytest.LogCaptureFixture) -> None:
    registry = Betas.load()
    with caplog.at_level(logging.WARNING, "sijo.betas"):
        for batch in range(30):
            registry.parse([",".join(f"junk-{batch}-{n}" for n in range(50))], strict=False)
        registry.parse(["x" * 4_000], strict=False)
    assert len(caplog.records) == 1000
    assert max(len(record.getMessage()) for record in caplog.records) < 200


@pytest.mark.parametrize("header", [AGENT_4_5, AGENT_UNKNOWN, AGENT_NEWEST, AGENT_SCREEN])
def test_what_a_coding_agent_sends_is_known(header: str) -> None:
    assert sent(header) == set(header.split(","))


def test_every_value_that_the_sdk_names_is_known() -> None:
    literal = next(part for part in get_args(AnthropicBetaParam) if part is not str)
    named = get_args(literal)
    assert len(named) > 50
    assert sent(",".join(named)) == set(named)


CLOSED_FIELDS = {
    "context_management", "compaction", "mcp_servers", "fallbacks", "fallback_credit_token", "thread",
    "billing_policy", "output_format", "speed", "safeguards", "user_profile_id", "context_hint",
}  # fmt: skip


@pytest.mark.parametrize(
    ("header", "opened"),
    [
        ("", set()),
        ("context-management-2025-06-27", {"context_management"}),
        ("compact-2026-01-12", {"context_management"}),
        ("compact-2026-09-04", {"compaction"}),
        ("mcp-client-2025-04-04", {"mcp_servers"}),
        ("mcp-client-2025-11-20", {"mcp_servers"}),
        ("mcp-client-2026-09-15", {"mcp_servers"}),
        ("server-side-fallback-2026-06-01", {"fallbacks"}),
        ("server-side-fallback-2026-07-01,fallback-credit-2026-07-01", {"fallbacks", "fallback_credit_token"}),
        ("message-threads-2026-08-12", {"thread"}),
        ("user-profiles-billing-2026-10-01", {"billing_policy"}),
        ("structured-outputs-2025-11-13", {"output_format"}),
        ("structured-outputs-2025-12-15", {"output_format"}),
        ("fast-mode-2026-02-01", {"speed"}),
        ("dangerous-tool-use-2026-09-03", {"safeguards"}),
        ("effort-2025-11-24,cache-diagnosis-2026-04-07,interleaved-thinking-2025-05-14", set()),
        (AGENT_4_5, {"context_management"}),
        (AGENT_SCREEN, {"context_management", "safeguards", "output_format"}),
    ],
)
def test_fields(header: str, opened: set[str]) -> None:
    assert betas().closed(sent(header), OLD) == CLOSED_FIELDS - opened
    assert betas().closed(sent(header), NEW) == CLOSED_FIELDS - opened | SAMPLING


def test_a_model_opens_fields_of_its_own() -> None:
    general, beta = models().get("claude-opus-5-5"), models().get("claude-opus-5")
    assert general and beta
    assert "speed" not in betas().closed(NONE, OLD, general.opens)
    assert "speed" in betas().closed(NONE, OLD, beta.opens)


def test_what_a_version_took_away_no_beta_and_no_model_gives_back() -> None:
    assert betas().closed(sent(AGENT_SCREEN), NEW, ("temperature",)) >= SAMPLING


def test_a_version_that_is_not_known_is_not_guessed() -> None:
    assert set(betas().versions) == {OLD, NEW}
    with pytest.raises(KeyError):
        betas().closed(NONE, "2024-01-01")


CLOSED_TOOLS = {
    "computer_20241022", "bash_20241022", "text_editor_20241022", "computer_20250124", "computer_20251124",
    "advisor_20260301", "mcp_toolset",
}  # fmt: skip


@pytest.mark.parametrize(
    ("header", "opened"),
    [
        ("", set()),
        ("computer-use-2024-10-22", {"computer_20241022", "bash_20241022", "text_editor_20241022"}),
        ("computer-use-2025-01-24", {"computer_20250124"}),
        ("computer-use-2025-11-24", {"computer_20251124"}),
        ("advisor-tool-2026-03-01", {"advisor_20260301"}),
        ("mcp-client-2025-04-04", set()),
        ("mcp-client-2025-11-20", {"mcp_toolset"}),
        ("mcp-client-2026-09-15", {"mcp_toolset"}),
        ("code-execution-2025-05-22,web-fetch-2025-09-10,context-management-2025-06-27", set()),
    ],
)
def test_tools(header: str, opened: set[str]) -> None:
    assert betas().closed_tools(sent(header)) == CLOSED_TOOLS - opened


CLOSED_BLOCKS = {
    "mcp_tool_use", "mcp_tool_result", "mcp_tool_listing", "compaction", "fallback", "advisor_tool_result",
    "tool_addition", "tool_removal",
}  # fmt: skip


@pytest.mark.parametrize(
    ("header", "opened"),
    [
        ("", set()),
        ("mcp-client-2025-04-04", {"mcp_tool_use", "mcp_tool_result"}),
        ("mcp-client-2025-11-20", {"mcp_tool_use", "mcp_tool_result"}),
        ("mcp-client-2026-09-15", {"mcp_tool_use", "mcp_tool_result", "mcp_tool_listing"}),
        ("compact-2026-01-12", {"compaction"}),
        ("compact-2026-09-04", {"compaction"}),
        ("server-side-fallback-2026-07-01", {"fallback"}),
        ("fallback-credit-2026-07-01", set()),
        ("advisor-tool-2026-03-01", {"advisor_tool_result"}),
        ("mid-conversation-tool-changes-2026-07-01", {"tool_addition", "tool_removal"}),
        ("inline-tools-2026-09-15", {"tool_addition", "tool_removal"}),
    ],
)
def test_blocks(header: str, opened: set[str]) -> None:
    assert betas().closed_blocks(sent(header)) == CLOSED_BLOCKS - opened


CLOSED_PATHS = {
    "thinking.block_binding",
    "thinking.display=updates",
    "output_config.task_budget",
    "messages.*.clear_at",
    "messages.*.output_config",
    "messages.*.content.*.tool.type=tool_definition",
    "mcp_servers.*.tool_configuration",
    "context_management.edits.*.type=clear_tool_uses_20250919",
    "context_management.edits.*.type=clear_thinking_20251015",
    "context_management.edits.*.type=compact_20260112",
    "fallbacks=default",
    "fallback_credit_token.token",
    "cache_control.scope",
}
EDITS = {f"context_management.edits.*.type={kind}" for kind in ("clear_tool_uses_20250919", "clear_thinking_20251015")}


@pytest.mark.parametrize(
    ("header", "opened"),
    [
        ("", set()),
        ("thinking-binding-controls-2026-08-01", {"thinking.block_binding"}),
        ("thinking-display-updates-2026-08-18", {"thinking.display=updates"}),
        ("task-budgets-2026-03-13", {"output_config.task_budget"}),
        ("mid-conversation-system-clear-at-2026-08-21", {"messages.*.clear_at"}),
        ("mid-conversation-output-config-2026-07-01", {"messages.*.output_config"}),
        ("per-turn-control-2026-07-01", {"messages.*.output_config"}),
        ("inline-tools-2026-09-15", {"messages.*.content.*.tool.type=tool_definition"}),
        ("mcp-client-2025-04-04", {"mcp_servers.*.tool_configuration"}),
        ("mcp-client-2025-11-20", set()),
        ("context-management-2025-06-27", EDITS),
        ("compact-2026-01-12", {"context_management.edits.*.type=compact_20260112"}),
        ("server-side-fallback-2026-06-01", set()),
        ("server-side-fallback-2026-07-01", {"fallbacks=default"}),
        ("fallback-credit-2026-06-01", set()),
        ("fallback-credit-2026-07-01", {"fallback_credit_token.token"}),
    ],
)
def test_paths(header: str, opened: set[str]) -> None:
    assert betas().closed_paths(sent(header)) == CLOSED_PATHS - opened


def test_general_and_unknown_values_open_nothing() -> None:
    general = frozenset(value for value, row in betas().rows.items() if row.status == "ga")
    assert len(general) == 12
    for values in (general, frozenset({"nonsense"}), frozenset({"claude-code-20250219"})):
        assert betas().closed(values, OLD) == CLOSED_FIELDS
        assert betas().closed_tools(values) == CLOSED_TOOLS
        assert betas().closed_blocks(values) == CLOSED_BLOCKS
        assert betas().closed_paths(values) == CLOSED_PATHS
    assert [value for value, row in betas().rows.items() if row.status == "ga" and row != Beta(status="ga")] == []


def kinds(union: object) -> set[str]:
    """The `type` values of a union of the SDK's request dicts."""
    dicts = [member for member in leaves(union) if is_typeddict(member)]
    return {str(value) for member in dicts for value in leaves(get_type_hints(member).get("type"))}


def leaves(hint: object) -> list[object]:
    parts = get_args(hint)
    return [leaf for part in parts for leaf in leaves(part)] if parts else [hint]


def test_the_sdks_beta_namespace_has_what_is_closed_and_the_general_one_has_none_of_it() -> None:
    headers = {"betas", "user_profile_id", "workspace_id"}
    general, beta = (set(request.__annotations__) - headers for request in (GeneralRequest, BetaRequest))
    closed = betas().closed(NONE, OLD)
    assert closed & general == {"speed"}, "speed is general on some models, see Model.opens"
    assert beta - general == closed & beta - {"speed"}
    general, beta = kinds(ToolUnionParam), kinds(BetaToolUnionParam)
    assert "web_search_20250305" in general and "custom" in general
    assert beta - general == betas().closed_tools(NONE)
    general, beta = kinds(ContentBlockParam), kinds(BetaContentBlockParam)
    assert "text" in general
    assert beta - general == betas().closed_blocks(NONE)
