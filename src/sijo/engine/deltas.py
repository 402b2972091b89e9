"""What a model, or a server tool, can do next: the only vocabulary that speakers use.

A speaker yields deltas and returns. Text goes on where text was, and opens a block where it was not; `ToolCall` opens a
call and `ToolInput` is its input, piece by piece. `Spent` may come at any time and adds up; what is said in a `Spent`
before anything else shows in `message_start` already. `Stop` is the last word of a model.
"""

import msgspec

from sijo.wire.base import Json
from sijo.wire.blocks import Block
from sijo.wire.events import BlockDeltas, StopDetails, StopReason
from sijo.wire.opaque import Opaque
from sijo.wire.sources import Citation


class Delta(msgspec.Struct, frozen=True, gc=False): ...


class Text(Delta, frozen=True):
    text: str


class Thinking(Delta, frozen=True):
    """What is thought; and what of it is to be shown, where somebody has decided that already."""

    text: str
    shown: str | None = None


class Signature(Delta, frozen=True):
    """Ends a thinking block: nothing can be added to what is signed."""

    value: str


class Cited(msgspec.Struct, frozen=True):
    """The text block that is open rests on this source."""

    citation: Citation


class ToolCall(Delta, frozen=True):
    """The model calls a tool. A `server` call is ours to run; a `written` one was text, to which no engine held it."""

    id: str
    name: str
    server: bool = False
    written: bool = False


class ToolInput(Delta, frozen=True):
    """A piece of the call's input, as JSON text."""

    json: str


class Whole(msgspec.Struct, frozen=True):
    """A block that arrives complete, such as a redacted thought or a server tool's result."""

    block: Block | Opaque


class Open(msgspec.Struct, frozen=True):
    """A block begins as it stands here, and what follows fills it: for what a plain `Text` or `ToolCall` cannot say,
    such as a call's `caller`."""

    block: Block | Opaque


class Piece(msgspec.Struct, frozen=True):
    """A piece of the open block that has no delta of its own here, as it is on the wire."""

    delta: BlockDeltas | Opaque


class About(msgspec.Struct, frozen=True):
    """What the engine tells of the message as a whole, by the names of the wire: `id`, `container`, `usage` (only what
    `Spent` does not count) and so on. It begins no message."""

    facts: Json


class Close(Delta, frozen=True):
    """The open block ends here, though the next delta could have continued it."""


class Spent(Delta, frozen=True):
    """Tokens, on top of what was spent before. `input` is what was not read from a cache. What is `told` goes out
    as it stands, however it would be accounted."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_5m: int = 0
    cache_1h: int = 0
    thinking: int = 0
    told: bool = False


class Wait(Delta, frozen=True):
    """A server tool waits for the client: the turn ends here, and a later request resumes it."""


class Stop(msgspec.Struct, frozen=True):
    reason: StopReason
    sequence: str | None = None
    details: StopDetails | None = None


AnyDelta = (
    Text | Thinking | Signature | Cited | ToolCall | ToolInput | Whole | Open | Piece | Close
    | Spent | About | Wait | Stop
)  # fmt: skip
