"""Tool search: the model looks for tools among thousands that are not shown to it, by a pattern or by words.

What is found is a reference. How its definition comes before the model is for `engine.deferred`; the API shows it by
itself.
"""

import asyncio
import hashlib
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Generic, TypeVar

from sijo.engine import deltas as d
from sijo.engine.prompt import Prompt
from sijo.engine.rules import Facts
from sijo.engine.rules.tooling import lacks
from sijo.engine.servertool import Call, ServerTool, Session
from sijo.engine.toolsets import deferred, whole
from sijo.engine.turn import Turn
from sijo.errors import InvalidRequest
from sijo.tools.index import Lines, Ranking, Shelf
from sijo.tools.pattern import BadPattern, Patterns
from sijo.wire import results as r
from sijo.wire import tools as t
from sijo.wire.base import Json

REGEX, BM25 = (t.SearchRegex, t.SearchRegexUndated), (t.SearchBm25, t.SearchBm25Undated)
PATTERN, QUERY = 200, 500
"""The most characters of each."""
LIMIT, MOST = 5, 10_000
"""How many tools a search finds: unless it says otherwise, and at the most."""
KEPT = 24 << 20
"""Bytes of tools whose indices are kept, of each kind."""
T = TypeVar("T")

_LIMIT: Json = {
    "type": "integer",
    "minimum": 1,
    "maximum": MOST,
    "description": f"How many tools to find at the most; {LIMIT} if not given",
}
ABOUT = (
    "Search for tools that are not listed here. There are many more than you see: whenever a request needs one that "
    "you do not have, search for it before you say that it cannot be done. What is found can be called from then on. "
)
BY_PATTERN = t.Custom(
    name="tool_search_tool_regex",
    description=ABOUT + "A Python regular expression is looked for, in upper or lower case, in each tool's name and "
    f"description and in its arguments' names and descriptions. Example: `(create|update).*invoice`. "
    f"At most {PATTERN} characters.",
    input_schema={
        "type": "object",
        "properties": {
            "pattern": {"type": "string", "maxLength": PATTERN, "description": "The regular expression"},
            "limit": _LIMIT,
        },
        "required": ["pattern"],
    },
)
BY_WORDS = t.Custom(
    name="tool_search_tool_bm25",
    description=ABOUT + "Say in a few words what the tool should do, and with which service. Example: `create invoice "
    f"stripe`. At most {QUERY} characters.",
    input_schema={
        "type": "object",
        "properties": {
            "query": {"type": "string", "maxLength": QUERY, "description": "What the tool should do"},
            "limit": _LIMIT,
        },
        "required": ["query"],
    },
)


class BadInput(ValueError):
    """The model asked wrongly; the text tells it how."""


class ToolSearch(ServerTool):
    """Both variants, and what they have indexed."""

    types = (*REGEX, *BM25)

    def __init__(self) -> None:
        self.rankings: Shelf[Ranking] = Shelf(KEPT)
        self.lines: Shelf[Lines] = Shelf(KEPT)
        self.patterns = Patterns()

    def check(self, entry: t.AnyTool, path: str, _: Sequence[t.AnyTool], facts: Facts, /) -> None:
        assert isinstance(entry, self.types)
        if not facts.model.tool_search and facts.holds("tool_types"):
            raise lacks(facts.model, str(entry.__struct_config__.tag))
        if entry.defer_loading:
            raise InvalidRequest(
                f"Tool '{entry.name}' cannot have defer_loading=true: a tool search tool must always be loaded."
            )

    def open(self, entry: t.AnyTool, prompt: Prompt, /) -> Session:
        return ByPattern(self, prompt) if isinstance(entry, REGEX) else ByWords(self, prompt)

    async def close(self) -> None:
        """Nothing outlives a search."""


class Search(Session, Generic[T]):
    """One variant, for one request."""

    function: t.Custom
    field: str
    longest: int

    def __init__(self, tool: ToolSearch, prompt: Prompt) -> None:
        self.tool, self.prompt = tool, prompt
        self.functions = (self.function,)
        self._index: T | None = None

    async def run(self, call: Call, turn: Turn, /) -> AsyncGenerator[d.AnyDelta]:
        try:
            words, limit = asked(call.input, self.field, self.longest)
            names = await self.found(words, limit, turn)
        except BadInput as error:
            yield d.Whole(refused(call, "invalid_tool_input", str(error)))
        except BadPattern as error:
            yield d.Whole(refused(call, "invalid_tool_input", f"Invalid regular expression pattern: {error}"))
        else:
            yield d.Whole(r.ToolSearchResult(call.id, r.FoundTools([r.ToolReference(name) for name in names])))

    @abstractmethod
    async def found(self, words: str, limit: int, turn: Turn) -> list[str]:
        """The names of what is found. Raises BadPattern, and what `Session.run` may."""
        ...

    def failed(self, call: Call, code: str, /) -> r.ToolSearchResult:
        return refused(call, code)

    async def index(self, shelf: Shelf[T], make: Callable[[Sequence[t.Custom]], T]) -> T:
        """The index of the request's deferred tools: made once for a list of tools, and looked up once a request."""
        if self._index is None:
            self._index = await asyncio.to_thread(indexed, self.prompt, shelf, make)
        return self._index


class ByPattern(Search[Lines]):
    function, field, longest = BY_PATTERN, "pattern", PATTERN

    async def found(self, words: str, limit: int, turn: Turn) -> list[str]:
        return await self.tool.patterns.found(words, await self.index(self.tool.lines, Lines), limit)


class ByWords(Search[Ranking]):
    function, field, longest = BY_WORDS, "query", QUERY

    async def found(self, words: str, limit: int, turn: Turn) -> list[str]:
        ranking = await self.index(self.tool.rankings, Ranking)
        return await asyncio.to_thread(ranking.best, words, limit)


def indexed(prompt: Prompt, shelf: Shelf[T], make: Callable[[Sequence[t.Custom]], T]) -> T:
    """The index of a prompt's deferred tools, by the hash of what the request says of its tools."""
    brought = [function for _, session in prompt.own for function in session.functions if function.defer_loading]
    tools = [tool for tool in prompt.tools if isinstance(tool, t.Custom) and tool.defer_loading] + brought
    tools += [whole(tool) for tool in prompt.tools if isinstance(tool, t.Toolset) and deferred(tool)]
    hash, weight = hashlib.sha256(), 0
    parts: list[bytes] = [bytes(raw) for raw in prompt.request.tools]
    for part in (*parts, *(repr(tool).encode() for tool in brought)):
        hash.update(len(part).to_bytes(8, "big"))
        hash.update(part)
        weight += len(part)
    return shelf.get(hash.digest(), weight, lambda: make(tools))


def asked(input: Json, field: str, longest: int) -> tuple[str, int]:
    """What to look for, and how many at the most. Raises BadInput."""
    words: Any = input.get(field)
    if not isinstance(words, str) or not words:
        raise BadInput(f"{field}: a non-empty string is required")
    if len(words) > longest:
        raise BadInput(f"{field}: {len(words)} characters, and {longest} are the most")
    limit: Any = input.get("limit", LIMIT)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST:
        raise BadInput(f"limit: an integer from 1 to {MOST} is required")
    return words, limit


def refused(call: Call, code: str, words: str | None = None) -> r.ToolSearchResult:
    return r.ToolSearchResult(call.id, r.ToolSearchError(code, words))
