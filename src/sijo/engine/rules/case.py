"""What a rule looks at: one request and all that is known of it by then."""

from collections.abc import Sequence

from sijo.engine.rules.entries import name
from sijo.engine.rules.facts import Facts
from sijo.engine.rules.turns import Turns
from sijo.wire.request import AnyTool as MustCall
from sijo.wire.request import CountRequest, JsonFormat, MessageRequest, Named
from sijo.wire.tools import AnyTool, Toolset

NONE: frozenset[str] = frozenset()


class Case:
    """`turns` knows what the messages hold once it has walked them."""

    __slots__ = ("cached", "facts", "names", "request", "tools", "toolsets", "turns", "whole")

    def __init__(self, request: CountRequest, tools: Sequence[AnyTool], facts: Facts) -> None:
        self.request, self.tools, self.facts = request, tools, facts
        self.names = frozenset(filter(None, map(name, tools))) if tools else NONE
        self.toolsets = frozenset(name(tool) for tool in tools if isinstance(tool, Toolset)) if tools else NONE
        self.turns = Turns(request.messages, facts, self.names)
        self.whole = request if isinstance(request, MessageRequest) else None
        """The request where an answer is asked for, None where tokens are counted."""
        self.cached = False
        """There is a breakpoint for the cache."""

    @property
    def cites(self) -> bool:
        """Something is to be cited."""
        return True in self.turns.documents or True in self.turns.searches

    @property
    def forced(self) -> bool:
        """`tool_choice` leaves the model no choice but to call."""
        return isinstance(self.request.tool_choice, MustCall | Named)

    @property
    def effort(self) -> str:
        """The effort that counts, asked for or not; nothing where the model knows none."""
        config = self.request.output_config
        return (config and config.effort) or self.facts.model.effort_default or ""

    @property
    def format(self) -> tuple[str, JsonFormat] | None:
        """The format of the answer and the field that it stands in."""
        config = self.request.output_config
        if config and config.format is not None:
            return "output_config.format", config.format
        return ("output_format", self.request.output_format) if self.request.output_format is not None else None
