"""A request after preparation: what a backend is to continue. Data only; the steps are in `engine/lower.py`.

Nobody changes a prompt once it is prepared: a step makes a new one (`msgspec.structs.replace`).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from sijo.engine.models import Model
from sijo.wire import blocks as b
from sijo.wire.request import AnyTool as MustCall
from sijo.wire.request import Auto, CountRequest, JsonFormat, Named, NoTools
from sijo.wire.tools import AnyTool

if TYPE_CHECKING:
    from sijo.engine.servertool import Session

Choice = Auto | MustCall | Named | NoTools


class Item(msgspec.Struct):
    """One turn of the conversation: `user`, `assistant`, or, where the engine takes it, `system`."""

    role: str
    content: Sequence[b.Block]


class Thought(msgspec.Struct):
    """Whether and how to think: `mode` is `off`, `enabled` (up to `budget` tokens), `adaptive` or `between_tools`."""

    mode: str = "off"
    budget: int | None = None
    effort: str | None = None
    display: str = "summarized"


class Prompt(msgspec.Struct):
    """What a backend is to continue. Sampling values are None where the caller gave none."""

    model: Model
    request: CountRequest
    system: Sequence[b.Text]
    items: Sequence[Item]
    tools: Sequence[AnyTool] = ()
    worded: bool = False
    """Its tools are told in words, in `system`."""
    choice: Choice | None = None
    max_tokens: int = 0
    stops: tuple[str, ...] = ()
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    thought: Thought = msgspec.field(default_factory=Thought)
    begun: str | None = None
    """What was thought before it was cut off: the answer is to go on right after it, the thought closed."""
    format: JsonFormat | None = None
    members: Mapping[str, tuple[str, str]] = {}
    """The members of toolsets by the names that the engine knows them by: toolset and member."""
    held: bool = True
    """Whether the engine is to be held to the format, not only told of it."""
    counted: int | None = None
    """Its tokens, where they were counted already."""
    window: int = 0
    """The window that the model is to be told of, in tokens; 0: it is told nothing."""
    hidden: int = 0
    """Tokens that are counted for what the hosted API says of tools by itself, and that nobody says here."""
    own: Sequence[tuple[AnyTool, "Session"]] = ()
    """The entries of `tools` that run here, each with its session."""
    known: tuple[str, ...] = ()
    """Deferred tools that were found before the first item."""
    caller: str = ""
    """The tool that calls those that were found, where there is one (`engine/deferred.py`)."""
    found: tuple[str, ...] = ()
    """The names of the tools that are called through it."""
    salt: str = ""
    """Keeps what an engine caches apart from what it caches for others; of the default workspace there is none."""
    betas: tuple[str, ...] = ()
    version: str = "2023-06-01"

    @property
    def prefill(self) -> str | None:
        """The text that the answer is to continue, if the conversation ends with the assistant."""
        if not self.items or self.items[-1].role != "assistant":
            return None
        last = self.items[-1].content
        if not last or not all(isinstance(block, b.Text) for block in last):
            return None
        return "".join(block.text for block in last if isinstance(block, b.Text))
