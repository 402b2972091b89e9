"""Ways in which a stream breaks that are no error of the API: raised by a backend, obeyed where bytes are written.

They stand for what a network does to a stream, not for what an engine says. An engine that fails raises an `ApiError`.
"""


class Cut(Exception):
    """The connection ends here, in the middle: no event says so, and no last chunk is written."""


class Garbage(Exception):
    """Bytes that are no event come next, as they are in `payload`; then the connection ends."""

    def __init__(self, payload: bytes) -> None:
        super().__init__(f"{len(payload)} bytes that are no event")
        self.payload = payload
