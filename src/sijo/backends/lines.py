"""Cuts the bytes of an event stream into the lines that matter, and names the stream that breaks off. Sans-I/O."""

from sijo.errors import ApiError

CUT = "The engine broke off in the middle of its answer."
LONGEST = 32 * 1024 * 1024
"""Bytes of one line, above which an engine is not listened to any more."""
MOST = 256 * 1024 * 1024
"""And of a whole answer: what it says is kept, and one that goes on for good would fill the memory."""


class Broken(ApiError):
    """The engine broke off. Before its first word another try may help: then it counts as away."""

    def __init__(self, message: str = CUT) -> None:
        super().__init__(message)


class Lines:
    """Cuts bytes into what stands after `data:`, a line each. Comments, event names and ids are dropped. An error in a
    field of its own, as older llama.cpp write it, is data like any other.

    Split at the newline byte and nowhere else: JSON may hold other separators. What is left around the JSON, a space
    or a carriage return, is space to JSON too.
    """

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._size = self._all = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are complete. Raises ApiError for one without end, and for an answer without end."""
        self._all += len(data)
        if self._all > MOST:
            raise ApiError("The engine sent an answer without end.")
        if b"\n" not in data:
            self._held.append(data)
            self._size += len(data)
            if self._size > LONGEST:
                raise ApiError("The engine sent a line without end.")
            return []
        if self._held:
            data = b"".join((*self._held, data))
        *lines, rest = data.split(b"\n")
        self._held, self._size = ([rest], len(rest)) if rest else ([], 0)
        return [
            line[5:] if line[:1] == b"d" else b'{"error":%b}' % line[6:]
            for line in lines
            if line[:5] == b"data:" or line[:6] == b"error:"
        ]

    def end(self) -> list[bytes]:
        return self.feed(b"\n")


class Whole(Lines):
    """For an answer that is one JSON document, as when an engine does not stream after all."""

    def feed(self, data: bytes) -> list[bytes]:
        self._held.append(data)
        self._size += len(data)
        if self._size > LONGEST:
            raise ApiError("The engine sent an answer without end.")
        return []

    def end(self) -> list[bytes]:
        return [b"".join(self._held)]
