"""What server tools answer: the blocks in which their results travel, both ways."""

from typing import Any, Literal

from sijo.wire.base import CacheControl, Caller, CitationsConfig, Part
from sijo.wire.sources import PdfBase64, PlainText


class SearchHit(Part, tag="web_search_result"):
    url: str
    title: str
    encrypted_content: str
    page_age: str | None = None


class SearchError(Part, tag="web_search_tool_result_error"):
    error_code: str


class WebSearchResult(Part, tag="web_search_tool_result"):
    tool_use_id: str
    content: list[SearchHit] | SearchError
    caller: Caller | None = None
    cache_control: CacheControl | None = None


class FetchedDocument(Part, tag="document"):
    source: PdfBase64 | PlainText
    title: str | None = None
    citations: CitationsConfig | None = None


class Fetched(Part, tag="web_fetch_result"):
    url: str
    content: FetchedDocument
    retrieved_at: str | None = None


class FetchError(Part, tag="web_fetch_tool_result_error"):
    error_code: str


class WebFetchResult(Part, tag="web_fetch_tool_result"):
    tool_use_id: str
    content: Fetched | FetchError
    caller: Caller | None = None
    cache_control: CacheControl | None = None


class CodeOutput(Part, tag="code_execution_output"):
    file_id: str


class CodeRun(Part, tag="code_execution_result"):
    stdout: str
    stderr: str
    return_code: int
    content: list[CodeOutput]


class SealedCodeRun(Part, tag="encrypted_code_execution_result"):
    encrypted_stdout: str
    stderr: str
    return_code: int
    content: list[CodeOutput]


class CodeError(Part, tag="code_execution_tool_result_error"):
    error_code: str


class CodeResult(Part, tag="code_execution_tool_result"):
    tool_use_id: str
    content: CodeRun | SealedCodeRun | CodeError
    cache_control: CacheControl | None = None


class BashOutput(Part, tag="bash_code_execution_output"):
    file_id: str


class BashRun(Part, tag="bash_code_execution_result"):
    stdout: str
    stderr: str
    return_code: int
    content: list[BashOutput]


class BashError(Part, tag="bash_code_execution_tool_result_error"):
    error_code: str


class BashResult(Part, tag="bash_code_execution_tool_result"):
    tool_use_id: str
    content: BashRun | BashError
    cache_control: CacheControl | None = None


class EditorView(Part, tag="text_editor_code_execution_view_result"):
    file_type: Literal["text", "image", "pdf"]
    content: str
    num_lines: int | None = None
    start_line: int | None = None
    total_lines: int | None = None


class EditorCreate(Part, tag="text_editor_code_execution_create_result"):
    is_file_update: bool


class EditorReplace(Part, tag="text_editor_code_execution_str_replace_result"):
    old_start: int | None = None
    old_lines: int | None = None
    new_start: int | None = None
    new_lines: int | None = None
    lines: list[str] | None = None


class EditorError(Part, tag="text_editor_code_execution_tool_result_error"):
    error_code: str
    error_message: str | None = None


class EditorResult(Part, tag="text_editor_code_execution_tool_result"):
    tool_use_id: str
    content: EditorView | EditorCreate | EditorReplace | EditorError
    cache_control: CacheControl | None = None


class ToolReference(Part, tag="tool_reference"):
    """Names a tool that was found: its definition is shown to the model from here on."""

    tool_name: str
    cache_control: CacheControl | None = None


class FoundTools(Part, tag="tool_search_tool_search_result"):
    tool_references: list[ToolReference]


class ToolSearchError(Part, tag="tool_search_tool_result_error"):
    error_code: str
    error_message: str | None = None


class ToolSearchResult(Part, tag="tool_search_tool_result"):
    tool_use_id: str
    content: FoundTools | ToolSearchError
    cache_control: CacheControl | None = None


class Advice(Part, tag="advisor_result"):
    text: str
    stop_reason: str | None = None


class SealedAdvice(Part, tag="advisor_redacted_result"):
    encrypted_content: str
    stop_reason: str | None = None


class AdvisorError(Part, tag="advisor_tool_result_error"):
    error_code: str


class AdvisorResult(Part, tag="advisor_tool_result"):
    tool_use_id: str
    content: Advice | SealedAdvice | AdvisorError
    cache_control: CacheControl | None = None


class McpListing(Part, tag="mcp_tool_listing"):
    """The tools of an MCP server as they were when the conversation began."""

    mcp_server_name: str
    tools: list[Any]
    cache_control: CacheControl | None = None
