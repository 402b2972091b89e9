"""The content blocks of a message. One struct serves both ways: what was answered can be sent back as it is."""

from typing import Any, Literal

from sijo.wire.base import CacheControl, Caller, CitationsConfig, Json, Part
from sijo.wire.results import (
    AdvisorResult,
    BashResult,
    CodeResult,
    EditorResult,
    McpListing,
    ToolReference,
    ToolSearchResult,
    WebFetchResult,
    WebSearchResult,
)
from sijo.wire.sources import Citation, File, ImageSource, PdfBase64, PlainText, Transformations, Url


class Text(Part, tag="text"):
    text: str
    citations: list[Citation] | None = None
    cache_control: CacheControl | None = None


class Image(Part, tag="image"):
    source: ImageSource
    cache_control: CacheControl | None = None
    transformations: Transformations | None = None


class ContentSource(Part, tag="content"):
    """A document made of blocks that the caller cut itself: citations point at whole blocks."""

    content: str | list[Text | Image]


class Document(Part, tag="document"):
    source: PdfBase64 | PlainText | ContentSource | Url | File
    title: str | None = None
    context: str | None = None
    citations: CitationsConfig | None = None
    cache_control: CacheControl | None = None


class SearchResult(Part, tag="search_result"):
    source: str
    title: str
    content: list[Text]
    citations: CitationsConfig | None = None
    cache_control: CacheControl | None = None


class Thinking(Part, tag="thinking"):
    thinking: str
    signature: str


class RedactedThinking(Part, tag="redacted_thinking"):
    data: str


class ToolUse(Part, tag="tool_use"):
    id: str
    name: str
    input: Json
    caller: Caller | None = None
    toolset_name: str | None = None
    cache_control: CacheControl | None = None


class Tab(Part):
    tab_id: str
    title: str
    url: str
    active: bool = False


class TabOpened(Part, tag="tab_opened"):
    tab_id: str


class DownloadStarted(Part, tag="download_started"):
    download_id: str
    url: str


class DownloadCompleted(Part, tag="download_completed"):
    download_id: str
    url: str
    path: str | None = None
    size_bytes: int | None = None


class DownloadFailed(Part, tag="download_failed"):
    download_id: str
    url: str
    error: str | None = None


StateChange = TabOpened | DownloadStarted | DownloadCompleted | DownloadFailed


class BrowserState(Part, tag="browser_state"):
    """All tabs that are open after a call of the browser toolset, and what else it did. The model reads it in words."""

    tabs: list[Tab]
    state_changes: list[StateChange] | None = None
    cache_control: CacheControl | None = None


ResultPart = Text | Image | Document | SearchResult | ToolReference | BrowserState


class ToolResult(Part, tag="tool_result"):
    """A client's answer to a `tool_use`; no content at all is an answer too."""

    tool_use_id: str
    content: str | list[ResultPart] = ""
    is_error: bool = False
    toolset_name: str | None = None
    cache_control: CacheControl | None = None


ServerToolName = Literal[
    "web_search",
    "web_fetch",
    "code_execution",
    "bash_code_execution",
    "text_editor_code_execution",
    "tool_search_tool_regex",
    "tool_search_tool_bm25",
    "advisor",
]


class ServerToolUse(Part, tag="server_tool_use"):
    id: str
    name: ServerToolName
    input: Json
    caller: Caller | None = None
    cache_control: CacheControl | None = None


class ContainerUpload(Part, tag="container_upload"):
    file_id: str
    cache_control: CacheControl | None = None


class McpToolUse(Part, tag="mcp_tool_use"):
    id: str
    name: str
    server_name: str
    input: Json
    cache_control: CacheControl | None = None


class McpToolResult(Part, tag="mcp_tool_result"):
    tool_use_id: str
    content: str | list[Text] = ""
    is_error: bool = False
    cache_control: CacheControl | None = None


class Compaction(Part, tag="compaction"):
    """Stands for all that came before it."""

    content: str | None = None
    encrypted_content: str | None = None
    signature: str | None = None
    tool_changes: list[Any] | None = None
    cache_control: CacheControl | None = None


class ToolAddition(Part, tag="tool_addition"):
    tool: Json
    cache_control: CacheControl | None = None


class ToolRemoval(Part, tag="tool_removal"):
    tool: Json
    cache_control: CacheControl | None = None


class FallbackModel(Part):
    model: str


class Fallback(Part, tag="fallback", rename={"from_": "from"}):
    """From here on another model speaks."""

    from_: FallbackModel
    to: FallbackModel
    trigger: Json | None = None
    cache_control: CacheControl | None = None


Block = (
    Text
    | Image
    | Document
    | SearchResult
    | Thinking
    | RedactedThinking
    | ToolUse
    | ToolResult
    | ServerToolUse
    | WebSearchResult
    | WebFetchResult
    | CodeResult
    | BashResult
    | EditorResult
    | ToolSearchResult
    | AdvisorResult
    | McpToolUse
    | McpToolResult
    | McpListing
    | ContainerUpload
    | Compaction
    | ToolAddition
    | ToolRemoval
    | Fallback
)
SERVER_RESULTS = (
    WebSearchResult, WebFetchResult, CodeResult, BashResult, EditorResult, ToolSearchResult, AdvisorResult,
)  # fmt: skip
