"""An answer as data: its blocks, how it ends, how fast it comes, and what goes wrong with it.

Scripts hold answers, the talker makes them, `play` turns them into deltas.
"""

from typing import Any, Literal

import msgspec

from sijo.engine import deltas as d
from sijo.errors import BY_STATUS, BY_TYPE, ApiError
from sijo.wire.events import StopDetails, StopReason
from sijo.wire.sources import Citation

DEFAULTS = {
    "rate_limit_error": "This request would exceed the rate limit for your organization.",
    "overloaded_error": "Overloaded",
    "api_error": "Internal server error",
}


class Closed(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A table of a script: a key that is not known is a mistake."""


class Piece(Closed):
    """A block: exactly one of `text`, `thinking`, `tool` and `redacted`. A call without an `id` gets its own.

    `toolset` is only needed where two of them have a member of that name.
    """

    text: str | None = None
    thinking: str | None = None
    tool: str | None = None
    redacted: str | None = None
    input: dict[str, Any] = {}
    id: str | None = None
    toolset: str | None = None
    citations: list[Citation] = []

    def __post_init__(self) -> None:
        kinds = [self.text, self.thinking, self.tool, self.redacted]
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("a block has one of `text`, `thinking`, `tool` and `redacted`")
        if (self.input or self.id or self.toolset) and self.tool is None:
            raise ValueError("`input`, `id` and `toolset` belong to a block with `tool`")
        if self.citations and self.text is None:
            raise ValueError("`citations` belong to a block with `text`")


class Delay(Closed):
    """`first`: seconds before the first delta; `rate`: deltas a second after it, 0 for as fast as it goes."""

    first: float = 0.0
    rate: float = 0.0

    def __post_init__(self) -> None:
        if self.first < 0 or self.rate < 0:
            raise ValueError("`first` and `rate` cannot be below 0")


class Fault(Closed):
    """What goes wrong, after so many deltas; 0: before anything is said.

    `error` is one of the API's, by `status` or `type`. The others happen to the stream: `cut` ends the connection,
    `garbage` sends `bytes` that are no event, `hang` says nothing more until the client leaves.
    """

    kind: Literal["error", "cut", "garbage", "hang"] = "error"
    after: int = 0
    status: int | None = None
    type: str | None = None
    message: str | None = None
    retry_after: float | None = None
    bytes: str = "event: content_block_delta\ndata: {not json\n\n"

    def __post_init__(self) -> None:
        if self.after < 0:
            raise ValueError("`after` cannot be below 0")
        if self.retry_after is not None and self.retry_after < 0:
            raise ValueError("`retry_after` cannot be below 0")
        if self.kind == "error":
            if self.status is not None and self.status != 500 and self.status not in BY_STATUS:
                raise ValueError(
                    f"no error of the API has status {self.status}; there are {_listed([500, *BY_STATUS])}"
                )
            if self.type is not None and self.type not in BY_TYPE:
                raise ValueError(f"no error of the API has type {self.type!r}; there are {_listed(BY_TYPE)}")
        elif self.status is not None or self.type is not None or self.message is not None:
            raise ValueError(f"`status`, `type` and `message` belong to an error, not to `{self.kind}`")

    def error(self) -> ApiError:
        """The error to raise."""
        kind = BY_TYPE[self.type] if self.type else BY_STATUS.get(self.status or 500, ApiError)
        message = self.message or DEFAULTS.get(kind.type, f"{kind.type} by the script")
        error = kind.__new__(kind)
        ApiError.__init__(
            error, message, retry_after=self.retry_after
        )  # the same for all, whatever they fix themselves
        return error


class Spent(Closed):
    """Tokens to report in place of those that were counted."""

    input: int | None = None
    output: int | None = None
    thinking: int | None = None
    cache_read: int = 0
    cache_5m: int = 0
    cache_1h: int = 0

    def __post_init__(self) -> None:
        if any(tokens is not None and tokens < 0 for tokens in msgspec.structs.astuple(self)):
            raise ValueError("tokens cannot be below 0")


class Answer(Closed):
    """One answer. `text` alone is short for one block of text."""

    text: str | None = None
    blocks: list[Piece] = []
    stop_reason: StopReason | None = None
    stop_sequence: str | None = None
    stop_details: StopDetails | None = None
    usage: Spent | None = None
    delay: Delay | None = None
    fault: Fault | None = None

    def __post_init__(self) -> None:
        if self.text is not None:
            if self.blocks:
                raise ValueError("an answer has `text` or `blocks`, not both")
            self.blocks = [Piece(text=self.text)]
        if self.stop_reason == "refusal" and self.stop_details is None:
            self.stop_details = StopDetails()

    def stop(self) -> d.Stop:
        """How it ends, if nothing ends it before."""
        reason = self.stop_reason
        if reason is None:
            reason = "tool_use" if any(piece.tool is not None for piece in self.blocks) else "end_turn"
        return d.Stop(reason, self.stop_sequence, self.stop_details)


def _listed(values: object) -> str:
    assert isinstance(values, list | dict)
    return ", ".join(map(str, sorted(values)))
