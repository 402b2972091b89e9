"""One pass over the conversation: its roles, its turns, calls and their results, and what each block must be.

What is found on the way (cache marks, images, citations, blocks that are not served) is kept for the rules that need
the whole of it. Places are numbers until somebody must be told of one.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NoReturn, get_args

from sijo.engine.rules import media, results, unserved
from sijo.engine.rules.facts import Facts
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire.base import CacheControl
from sijo.wire.explain import EXTRA
from sijo.wire.request import MAX_MESSAGES, MessageParam
from sijo.wire.results import FoundTools, ToolReference, ToolSearchResult
from sijo.wire.sources import File, PdfBase64

Place = tuple[int, ...]
"""Message, block, and part of a tool_result."""

NO_MARKS = frozenset({b.Thinking, b.RedactedThinking})
ONLY: Mapping[type, str] = {
    **dict.fromkeys((b.Thinking, b.RedactedThinking, b.ToolUse, b.ServerToolUse, *b.SERVER_RESULTS), "assistant"),
    **dict.fromkeys((b.McpToolUse, b.McpToolResult), "assistant"),
    b.ToolResult: "user",
    **dict.fromkeys((b.ToolAddition, b.ToolRemoval), "system"),
}
"""Blocks that belong in the messages of one role."""
CALL_ID = "^[a-zA-Z0-9_-]+$"
LONGEST_CALLED = 200
"""Characters of the name in a call, which need not be the name of a tool that is still there."""
_is_id = re.compile(CALL_ID.removesuffix("$") + r"\Z").match


def tag(block: b.Block | type) -> str:
    """A block's `type`."""
    return str(block.__struct_config__.tag)  # type: ignore[union-attr]


def dotted(place: Place) -> str:
    """`messages.0.content.1`, and the part of a tool_result there."""
    path = f"messages.{place[0]}.content.{place[1]}"
    return path if len(place) < 3 else f"{path}.tool_result.content.{place[2]}"


class Turns:
    """The conversation, walked by `walk`. `tools` are the names that a `tool_reference` may name."""

    # what the whole conversation holds
    blocks = calls = directed = False
    unserved: tuple[str, str] | None = None
    # where the walk is
    place: Place = ()
    role = ""
    filled, leading, began = False, True, 0

    def __init__(self, messages: Sequence[MessageParam], facts: Facts, tools: Collection[str]) -> None:
        self.messages = messages
        self.facts = facts
        self.tools = tools
        self.marks: list[tuple[Place, CacheControl]] = []
        self.images = media.Images()
        self.documents: set[bool] = set()
        self.searches: set[bool] = set()
        self.uses: set[str] = set()
        self.members: dict[str, tuple[str, str]] = {}
        self.open: dict[str, int] = {}
        self.pending: dict[str, int] = {}
        self.running: dict[str, str] = {}
        self.owed: tuple[str, ...] = ()
        self.answered: set[str] = set()

    def walk(self) -> None:
        """Raise InvalidRequest for the first message that does not fit."""
        if len(self.messages) > MAX_MESSAGES:
            raise InvalidRequest(f"messages: too many messages: {len(self.messages)} > {MAX_MESSAGES} maximum")
        for i, item in enumerate(self.messages):
            if item.role not in ("user", "assistant"):
                self.blocks = True
                self._system(i, item)
                continue
            if item.clear_at is not None or item.output_config is not None:
                field = "clear_at" if item.clear_at is not None else "output_config"
                raise InvalidRequest(f"messages.{i}.{field}: {EXTRA}")
            if item.role != self.role:
                self._turn(item.role, i)
            content = item.content
            if isinstance(content, str):
                if content:
                    self._waits()
                    self._said(content)
                    self.filled, self.leading = True, False
            elif content:
                self.blocks = self.filled = True
                self._blocks(i, content)
        self._close(last=True)
        for id, name in self.running.items():  # what was paused goes on here, with the tool that it needs
            needed = "code_execution" if name.endswith("code_execution") else name
            if needed not in self.tools and self.facts.holds("server_calls"):
                raise InvalidRequest(f"{results.unfinished(id, name)}, but no `{needed}` tool was provided")

    def _blocks(self, i: int, content: Sequence[b.Block]) -> None:
        role, handlers = self.role, HANDLERS
        for j, block in enumerate(content):
            kind = type(block)
            self.place = (i, j)
            only = ONLY.get(kind)
            if only is not None and only != role:
                raise InvalidRequest(f"{dotted(self.place)}: `{tag(block)}` blocks can only be in `{only}` messages")
            if kind not in NO_MARKS and block.cache_control is not None:  # type: ignore[union-attr]
                self._mark(block)
            handlers[kind](self, block)
            if kind is not b.ToolResult:
                self._waits()
                self.leading = False

    # ---- turns ----

    def _turn(self, role: str, i: int) -> None:
        if not self.role and role != "user" and self.facts.holds("first_user"):
            raise InvalidRequest('messages: first message must use the "user" role')
        self._close(last=False)
        self.role, self.began = role, i
        self.filled, self.leading = False, True
        if role == "user":
            self.pending, self.answered = self.open, set()
        else:
            self.owed = tuple(self.running)
        self.open = {}

    def _close(self, *, last: bool) -> None:
        """The turn that ends here had something in it, and its calls were answered."""
        if not self.role:
            if last:
                raise InvalidRequest("messages: at least one message is required")
            return
        if not self.filled and not (last and self.role == "assistant"):
            if self.role == "user" and not self.facts.early:
                raise InvalidRequest(f"messages.{self.began}: user messages must have non-empty content")
            raise InvalidRequest(
                f"messages.{self.began}: all messages must have non-empty content except for the optional final "
                "assistant message"
            )
        if self.role == "user":
            missing = [id for id in self.pending if id not in self.answered]
            if missing:
                self._unanswered(missing, self.pending)
        elif last and self.open:
            self._unanswered(list(self.open), self.open)
        elif self.running and self.facts.holds("server_calls"):
            self._unfinished(last=last)

    def _waits(self) -> None:
        """Where a call that ran on the server waits for its result, the user says nothing but the results of others."""
        if self.running and self.role == "user" and self.facts.holds("server_calls"):
            raise InvalidRequest(results.unfinished(*next(iter(self.running.items()))))

    def _unfinished(self, *, last: bool) -> None:
        """What ran on the server has its result: in this turn, or first thing in the next, after the client's own."""
        late = [id for id in self.owed if id in self.running]
        if late or not (last or self.open):
            id = late[0] if late else next(iter(self.running))
            raise InvalidRequest(results.unfinished(id, self.running[id]))

    def _unanswered(self, missing: list[str], where: Mapping[str, int]) -> NoReturn:
        raise InvalidRequest(
            f"messages.{where[missing[0]]}: `tool_use` ids were found without `tool_result` blocks immediately after: "
            f"{', '.join(missing)}. Each `tool_use` block must have a corresponding `tool_result` block in the next "
            "message."
        )

    # ---- system messages ----

    def _system(self, i: int, item: MessageParam) -> None:
        if item.role != "system":
            raise InvalidRequest(
                f'messages: Unexpected role "{item.role[:64]}". Allowed roles are "user" or "assistant"'
            )
        if not self.facts.model.system_messages and self.facts.holds("system_role"):
            raise InvalidRequest(f"messages.{i}.role: Input should be 'user' or 'assistant'")
        if self.open:
            self._unanswered(list(self.open), self.open)
        self.leading = False
        self._system_fields(i, item)
        blocks = [b.Text(item.content)] if isinstance(item.content, str) and item.content else item.content
        for j, block in enumerate(blocks or ()):
            self.place = (i, j)
            if isinstance(block, b.Text):
                if block.cache_control is not None:
                    self._mark(block)
            elif isinstance(block, b.ToolAddition | b.ToolRemoval):
                self._rare(block)
            else:
                raise InvalidRequest(
                    f"messages.{i}: role 'system' supports text, tool_addition, and tool_removal blocks only"
                )
        if not blocks and (item.output_config is None or item.output_config.effort is None):
            raise InvalidRequest(f"messages.{i}: system content must contain at least one block")
        if blocks and self.facts.holds("system_place"):
            self._system_place(i)
        for block in blocks or ():
            if isinstance(block, b.Text) and (not block.text or block.text.isspace()):
                raise InvalidRequest(f"messages.{i}: system text blocks must contain non-whitespace text")

    def _system_fields(self, i: int, item: MessageParam) -> None:
        closed = self.facts.closed_paths
        for field in ("clear_at", "output_config"):
            if getattr(item, field) is not None and f"messages.*.{field}" in closed:
                raise InvalidRequest(f"messages.{i}.{field}: {EXTRA}")
        config = item.output_config
        self.directed = self.directed or config is not None or item.clear_at is not None
        if config is not None and (config.format is not None or config.task_budget is not None):
            field = "format" if config.format is not None else "task_budget"
            raise InvalidRequest(f"messages.{i}.output_config.{field}: {EXTRA}")

    def _system_place(self, i: int) -> None:
        """A system message follows a user turn and precedes an assistant one, or ends the conversation."""
        free = "the directive-only form (content: [] with output_config) is accepted at any position"
        if not self.role:
            raise InvalidRequest(
                f"messages.{i}: use the top-level 'system' parameter for the initial system prompt; {free}"
            )
        after = self.messages[i + 1].role if i + 1 < len(self.messages) else "assistant"
        if after == "system":
            return  # only the end of a run of them is looked at
        if after != "assistant":
            raise InvalidRequest(
                f"messages.{i}: role 'system' must precede an 'assistant' message or end the array; {free}"
            )
        before = next(item for item in reversed(self.messages[:i]) if item.role != "system")
        if before.role == "assistant" and not (
            isinstance(before.content, list) and before.content and isinstance(before.content[-1], b.SERVER_RESULTS)
        ):
            raise InvalidRequest(f"messages.{i}: role 'system' must follow a 'user' message; {free}")

    # ---- blocks ----

    def _mark(self, block: Any) -> None:
        mark = block.cache_control
        if type(block) is b.Text and (not block.text or block.text.isspace()):
            raise InvalidRequest(f"{dotted(self.place)}.text: cache_control cannot be set for empty text blocks")
        self.marks.append((self.place, mark))

    def _said(self, text: str) -> None:
        if not text:
            raise InvalidRequest("messages: text content blocks must be non-empty")
        if text.isspace() and self.facts.holds("blank_text"):
            raise InvalidRequest("messages: text content blocks must contain non-whitespace text")

    def _text(self, block: b.Text) -> None:
        self._said(block.text)
        if block.citations and self.role == "user":
            self._cited("text.citations", block.citations)

    def _image(self, block: b.Image) -> None:
        if self.role == "assistant" and self.facts.holds("assistant_images"):
            raise InvalidRequest(self._misplaced(block))
        if isinstance(block.source, File):
            self._refuse_source("image")
        self.images.add(block, f"{dotted(self.place)}.image", self.facts)

    def _document(self, block: b.Document) -> None:
        if self.role == "assistant" and self.facts.late and self.facts.holds("late_blocks"):
            raise InvalidRequest(self._misplaced(block))
        self.documents.add(block.citations is not None and block.citations.enabled)
        if isinstance(block.source, File):
            self._refuse_source("document")
        elif isinstance(block.source, b.ContentSource) and isinstance(block.source.content, list):
            for k, part in enumerate(block.source.content):
                if isinstance(part, b.Image):
                    self.images.add(part, f"{dotted(self.place)}.document.source.content.content.{k}.image", self.facts)
        elif isinstance(block.source, PdfBase64):
            media.pdf(block.source, dotted(self.place))

    def _search(self, block: b.SearchResult) -> None:
        if self.role == "assistant" and self.facts.holds("assistant_images"):
            raise InvalidRequest(self._misplaced(block))
        self.searches.add(block.citations is not None and block.citations.enabled)
        self._cited("search_result.content", any(part.citations for part in block.content))

    def _use(self, block: b.ToolUse) -> None:
        self.calls = True
        self._called(block)
        if block.id in self.uses:
            raise InvalidRequest(f"{dotted(self.place)}: `tool_use` ids must be unique")
        self.uses.add(block.id)
        self.open[block.id] = self.place[0]
        if block.toolset_name is not None:
            self.members[block.id] = (block.toolset_name, block.name)
        if block.caller is not None and block.caller.type != "direct":
            self._not_served(f"{dotted(self.place)}.tool_use.caller", block.caller.type)

    def _result(self, block: b.ToolResult) -> None:
        self.calls = True
        id = block.tool_use_id
        self._id("tool_result.tool_use_id", id)
        if id not in self.pending:
            raise InvalidRequest(
                f"{dotted(self.place)}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each "
                "`tool_result` block must have a corresponding `tool_use` block in the previous message."
            )
        if id in self.answered:
            raise InvalidRequest(
                f"{dotted(self.place)}: each tool_use must have a single result. Found multiple `tool_result` blocks "
                f"with id: {id}"
            )
        if block.is_error or self.members or block.toolset_name is not None or type(block.content) is list:
            results.check(block, self.members.get(id), dotted(self.place), self.facts)
        if self.leading:  # one that comes later is no answer, and its call is found without one
            self.answered.add(id)
        if isinstance(block.content, list):
            i, j = self.place
            for k, part in enumerate(block.content):
                self.place = (i, j, k)
                kind = type(part)
                if kind not in NO_MARKS and part.cache_control is not None:
                    self._mark(part)
                if isinstance(part, b.Text):
                    self._cited("text.citations", part.citations)
                elif (handle := HANDLERS.get(kind)) is not None:
                    handle(self, part)
            self.place = (i, j)

    def _reference(self, part: ToolReference) -> None:
        if part.tool_name not in self.tools and not self.facts.relayed:
            raise InvalidRequest(f"Tool reference '{part.tool_name}' not found in available tools")

    def _called(self, block: b.ToolUse) -> None:
        self._id("tool_use.id", block.id)
        if not 1 <= len(block.name) <= LONGEST_CALLED and self.facts.holds("call_ids"):
            bound = f"at most {LONGEST_CALLED} characters" if block.name else "at least 1 character"
            raise InvalidRequest(f"{dotted(self.place)}.tool_use.name: String should have {bound}")

    def _id(self, field: str, id: str) -> None:
        if _is_id(id) is None and self.facts.holds("call_ids"):
            raise InvalidRequest(f"{dotted(self.place)}.{field}: String should match pattern '{CALL_ID}'")

    def _runs(self, block: b.ServerToolUse) -> None:
        self.running[block.id] = block.name

    def _ran(self, block: Any) -> None:
        self._rare(block)
        self.running.pop(block.tool_use_id, None)

    def _found(self, block: ToolSearchResult) -> None:
        self._ran(block)
        if isinstance(block.content, FoundTools):
            for reference in block.content.tool_references:
                self._reference(reference)

    def _upload(self, block: b.ContainerUpload) -> None:
        if self.role == "assistant":
            raise InvalidRequest(self._misplaced(block))
        self._rare(block)

    def _misplaced(self, block: b.Block) -> str:
        return f"messages.{self.place[0]}.content: '{tag(block)}' blocks are not permitted within assistant turns"

    def _rare(self, block: b.Block) -> None:
        closed = self.facts.closed_blocks
        if tag(block) in closed:
            expected = ", ".join(sorted(f"'{tag(kind)}'" for kind in KINDS if tag(kind) not in closed))
            raise InvalidRequest(
                f"{dotted(self.place)}: Input tag '{tag(block)}' found using 'type' does not match any of the expected "
                f"tags: {expected}"
            )
        if type(block) in unserved.BLOCKS:
            self._not_served(dotted(self.place), tag(block))

    def _cited(self, field: str, found: object) -> None:
        if found and self.facts.late and self.facts.holds("late_blocks"):
            path = f"{dotted(self.place)}.{field}"
            raise InvalidRequest(f"{path}: citations are not accepted in user messages in this version of the API")

    def _refuse_source(self, kind: str) -> None:
        self._not_served(f"{dotted(self.place)}.{kind}.source", "file")

    def _not_served(self, path: str, kind: str) -> None:
        self.unserved = self.unserved or (path, kind)


KINDS: tuple[type, ...] = get_args(b.Block)
Handler = Callable[[Turns, Any], None]
HANDLERS: Mapping[type, Handler] = {
    **dict.fromkeys(KINDS, Turns._rare),
    **dict.fromkeys(b.SERVER_RESULTS, Turns._ran),
    ToolSearchResult: Turns._found,
    b.ServerToolUse: Turns._runs,
    b.ContainerUpload: Turns._upload,
    b.Text: Turns._text,
    b.Image: Turns._image,
    b.Document: Turns._document,
    b.SearchResult: Turns._search,
    b.ToolUse: Turns._use,
    b.ToolResult: Turns._result,
    ToolReference: Turns._reference,
}
