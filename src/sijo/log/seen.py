"""What is told of a request once it is over. The server's record of a request has these attributes, and more."""

from collections.abc import Mapping
from typing import Protocol


class Seen(Protocol):
    """Times are `time.perf_counter()` seconds; None is what never came to be."""

    id: str
    method: str
    path: str
    began: float
    status: int
    """As it was sent; 499 if the client left before, 0 if nothing was sent."""
    model: str | None
    backend: str | None
    stream: bool
    first: float | None
    """When the first event of a stream, or the whole of another reply, was there."""
    input_tokens: int | None
    output_tokens: int | None
    cache_read: int | None
    cache_written: int | None
    reused: int | None
    """Tokens that the engine says it had in its own cache, where clients are not told of it."""
    mended: Mapping[str, int]
    """How often a `call` or a `document` was `repaired`, `asked again` or `refused`: by `call repaired` and so on."""
    stop: str | None
    """The API's `stop_reason`."""
    error: str | None
    """The API's `error.type`, never its message."""
