"""The entries of `tools`. Each is decoded by its `type`: a new tool is a struct and a row in `TYPES`."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sijo.wire.base import CacheControl, CallerType, CitationsConfig, Json, Part

NAME = "^[a-zA-Z0-9_-]{1,128}$"


class Schema(msgspec.Struct, omit_defaults=True):
    """The root of an `input_schema`. Open: the rest is JSON Schema's and is kept in `Custom.input_schema`."""

    type: Literal["object"]
    properties: Json | None = None
    required: list[str] | None = None


class Tool(Part, kw_only=True):
    """What all entries share."""

    cache_control: CacheControl | None = None
    defer_loading: bool = False
    allowed_callers: list[CallerType] | None = None
    strict: bool = False


class Custom(Tool, tag="custom", kw_only=True):
    """A tool of the caller's own."""

    name: Annotated[str, Meta(min_length=1, max_length=128, pattern=NAME)]
    input_schema: Json
    description: str = ""
    input_examples: list[Json] | None = None
    eager_input_streaming: bool | None = None


class Typed(Tool, kw_only=True):
    """A tool that the API itself defines: `name` is fixed, its schema is known."""

    name: str
    input_examples: list[Json] | None = None
    eager_input_streaming: bool | None = None


class Bash(Typed, tag="bash_20250124", kw_only=True):
    name: Literal["bash"]


class Bash2024(Typed, tag="bash_20241022", kw_only=True):
    name: Literal["bash"]


class Editor2024(Typed, tag="text_editor_20241022", kw_only=True):
    name: Literal["str_replace_editor"]


class EditorJanuary(Typed, tag="text_editor_20250124", kw_only=True):
    name: Literal["str_replace_editor"]


class EditorApril(Typed, tag="text_editor_20250429", kw_only=True):
    name: Literal["str_replace_based_edit_tool"]


class EditorJuly(Typed, tag="text_editor_20250728", kw_only=True):
    name: Literal["str_replace_based_edit_tool"]
    max_characters: Annotated[int, Meta(ge=1)] | None = None


class Memory(Typed, tag="memory_20250818", kw_only=True):
    name: Literal["memory"]


class Computer(Typed, kw_only=True):
    name: Literal["computer"]
    display_width_px: Annotated[int, Meta(ge=1)]
    display_height_px: Annotated[int, Meta(ge=1)]
    display_number: Annotated[int, Meta(ge=0)] | None = None


class Computer2024(Computer, tag="computer_20241022", kw_only=True): ...


class ComputerJanuary(Computer, tag="computer_20250124", kw_only=True): ...


class ComputerNovember(Computer, tag="computer_20251124", kw_only=True):
    enable_zoom: bool = False


class MemberConfig(Part):
    """What is changed about one member of a toolset."""

    enabled: bool | None = None
    defer_loading: bool | None = None


class Toolset(Part, kw_only=True):
    """A family of tools under one entry; its members are named by `configs`."""

    configs: dict[str, MemberConfig] | None = None
    cache_control: CacheControl | None = None
    allowed_callers: list[Literal["direct"]] | None = None


class ComputerToolset(Toolset, tag="computer_toolset_20260801", kw_only=True): ...


class BrowserToolset(Toolset, tag="browser_toolset_20260801", kw_only=True): ...


class CodeMay2025(Tool, tag="code_execution_20250522", kw_only=True):
    name: Literal["code_execution"]


class CodeAugust2025(Tool, tag="code_execution_20250825", kw_only=True):
    name: Literal["code_execution"]


class CodeJanuary2026(Tool, tag="code_execution_20260120", kw_only=True):
    name: Literal["code_execution"]


class CodeMay2026(Tool, tag="code_execution_20260521", kw_only=True):
    name: Literal["code_execution"]


class UserLocation(Part):
    type: Literal["approximate"]
    city: str | None = None
    region: str | None = None
    country: str | None = None
    timezone: str | None = None


class WebSearch(Tool, tag="web_search_20250305", kw_only=True):
    name: Literal["web_search"]
    max_uses: Annotated[int, Meta(ge=1)] | None = None
    allowed_domains: list[str] | None = None
    blocked_domains: list[str] | None = None
    user_location: UserLocation | None = None


class WebSearchFebruary(WebSearch, tag="web_search_20260209", kw_only=True): ...


class WebSearchMarch(WebSearch, tag="web_search_20260318", kw_only=True):
    response_inclusion: Literal["full", "excluded"] | None = None


class WebFetch(Tool, tag="web_fetch_20250910", kw_only=True):
    name: Literal["web_fetch"]
    max_uses: Annotated[int, Meta(ge=1)] | None = None
    allowed_domains: list[str] | None = None
    blocked_domains: list[str] | None = None
    citations: CitationsConfig | None = None
    max_content_tokens: Annotated[int, Meta(ge=1)] | None = None
    url_sources: Json | None = None


class WebFetchFebruary(WebFetch, tag="web_fetch_20260209", kw_only=True): ...


class WebFetchMarch(WebFetch, tag="web_fetch_20260309", kw_only=True):
    use_cache: bool = True


class WebFetchLate(WebFetch, tag="web_fetch_20260318", kw_only=True):
    use_cache: bool = True
    response_inclusion: Literal["full", "excluded"] | None = None


class SearchRegex(Tool, tag="tool_search_tool_regex_20251119", kw_only=True):
    name: Literal["tool_search_tool_regex"]


class SearchRegexUndated(Tool, tag="tool_search_tool_regex", kw_only=True):
    name: Literal["tool_search_tool_regex"]


class SearchBm25(Tool, tag="tool_search_tool_bm25_20251119", kw_only=True):
    name: Literal["tool_search_tool_bm25"]


class SearchBm25Undated(Tool, tag="tool_search_tool_bm25", kw_only=True):
    name: Literal["tool_search_tool_bm25"]


class Advisor(Part, tag="advisor_20260301", kw_only=True):
    name: Literal["advisor"]
    model: str
    max_uses: Annotated[int, Meta(ge=1)] | None = None
    max_tokens: Annotated[int, Meta(ge=1024)] | None = None
    caching: CacheControl | None = None
    cache_control: CacheControl | None = None
    allowed_callers: list[CallerType] | None = None
    defer_loading: bool = False
    strict: bool = False


class McpToolset(Part, tag="mcp_toolset", kw_only=True):
    mcp_server_name: str
    default_config: Json | None = None
    configs: dict[str, Json] | None = None
    tools: list[Any] | None = None
    cache_control: CacheControl | None = None


AnyTool = (
    Custom | Bash | Bash2024 | Editor2024 | EditorJanuary | EditorApril | EditorJuly | Memory | Computer2024
    | ComputerJanuary | ComputerNovember | ComputerToolset | BrowserToolset | CodeMay2025 | CodeAugust2025
    | CodeJanuary2026 | CodeMay2026 | WebSearch | WebSearchFebruary | WebSearchMarch | WebFetch | WebFetchFebruary
    | WebFetchMarch | WebFetchLate | SearchRegex | SearchRegexUndated | SearchBm25 | SearchBm25Undated | Advisor
    | McpToolset
)  # fmt: skip
SERVER = (
    CodeMay2025, CodeAugust2025, CodeJanuary2026, CodeMay2026, WebSearch, WebFetch, SearchRegex, SearchRegexUndated,
    SearchBm25, SearchBm25Undated, Advisor, McpToolset,
)  # fmt: skip
