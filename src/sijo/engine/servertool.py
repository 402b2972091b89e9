"""A tool that runs here, inside the request: what it is to the server, and what it is to one request.

A new one is a file in `tools/` that implements both protocols, a line in `app.py`, and data. When it is called, and
what becomes of a call that cannot be answered at once, is for `turn`.
"""

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from sijo.engine import ran
from sijo.engine.deltas import AnyDelta, Open, ToolCall
from sijo.engine.prompt import Item, Prompt
from sijo.wire import blocks as b
from sijo.wire import tools as t

if TYPE_CHECKING:
    from sijo.engine.rules import Facts
    from sijo.engine.turn import Turn

Call = b.ServerToolUse | b.McpToolUse
Deltas = AsyncGenerator[AnyDelta]


class Session(Protocol):
    """A tool as one request has it: what it must remember from one call to the next lives here."""

    functions: Sequence[t.Custom]
    """As which an engine is shown it: the model calls them by these names. They may change until `begin` ends."""

    def begin(self, turn: "Turn", /) -> Deltas | None:
        """What is to be done before the model speaks, such as to ask a server for its tools. Most have nothing."""
        return None

    def opened(self, name: str, id: str, /) -> ToolCall | Open:
        """The block that a call of one of its functions opens, by the id under which the engine's adapter called it."""
        return ToolCall(renamed(id, "srvtoolu"), name, server=True)

    def run(self, call: Call, turn: "Turn", /) -> Deltas:
        """Answer the call with a result block, or `Wait` for the client. What the model asked wrongly is a result too.

        It may raise an ApiError or a TimeoutError, and be closed at any time: then the client has left.
        """
        ...

    def failed(self, call: Call, code: str, /) -> b.Block:
        """The result block that says that the call came to nothing. `code` is one of `FAULTS`."""
        ...


class ServerTool(Protocol):
    """A tool of the server, for as long as it runs."""

    types: tuple[type, ...]
    """The entries of `tools` that it owns."""

    def check(self, entry: t.AnyTool, path: str, tools: Sequence[t.AnyTool], facts: "Facts", /) -> None:
        """Raise InvalidRequest for what the API refuses about an entry; `path` is its place among all `tools`."""

    def open(self, entry: t.AnyTool, prompt: Prompt, /) -> Session:
        """The tool for one request."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""


def renamed(id: str, prefix: str) -> str:
    """The id under another prefix: what is recorded and played again must be the same each time."""
    return f"{prefix}_{id.rpartition('_')[2]}"


FAULTS = ("unavailable", "too_many_requests", "execution_time_exceeded")
"""How a call can fail whatever the tool."""


class Own:
    """The server's tools, by the entries that they own."""

    def __init__(self, tools: Sequence[ServerTool] = ()) -> None:
        self.tools = tools
        self._by_type: Mapping[type, ServerTool] = {kind: tool for tool in tools for kind in tool.types}
        self.types = frozenset(self._by_type)

    def check(self, tools: Sequence[t.AnyTool], facts: "Facts") -> None:
        """Raise InvalidRequest for the first entry that its tool refuses."""
        for at, entry in enumerate(tools):
            if (tool := self._by_type.get(type(entry))) is not None:
                tool.check(entry, f"tools.{at}", tools, facts)

    def opened(self, prompt: Prompt) -> list[tuple[t.AnyTool, Session]]:
        """The entries that run here, each with its session."""
        found = ((entry, self._by_type.get(type(entry))) for entry in prompt.tools)
        return [(entry, tool.open(entry, prompt)) for entry, tool in found if tool is not None]


class OwnCalls:
    """A filter: what an engine says as calls of ordinary tools are the server's, where the name is of one here."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self.done = False
        self._names = {function.name: session for session in sessions for function in session.functions}

    def feed(self, delta: AnyDelta, /) -> Iterable[AnyDelta]:
        if type(delta) is ToolCall and not delta.server and (session := self._names.get(delta.name)) is not None:
            return (session.opened(delta.name, delta.id),)
        return (delta,)

    def end(self) -> Iterable[AnyDelta]:
        return ()


def unanswered(items: Sequence[Item], names: Mapping[str, Session]) -> list[Call]:
    """The calls that a request resumes: of the assistant's last turn, where nothing but tools has answered since."""
    at = len(items) - 1
    if at >= 0 and items[at].role == "user" and all(isinstance(block, b.ToolResult) for block in items[at].content):
        at -= 1
    if at < 0 or items[at].role != "assistant":
        return []
    return list(pending(items[at].content, names))


def pending(content: Sequence[b.Block], names: Mapping[str, Session]) -> Iterator[Call]:
    """The calls of these tools that have no result yet."""
    answered = {getattr(block, "tool_use_id", None) for block in content}
    for block in content:
        if isinstance(block, ran.CALLS) and block.id not in answered and block.name in names:
            yield block
