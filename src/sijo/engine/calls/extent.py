"""Where a value in brackets ends, and with it a call: found piece by piece, without reading what it says."""

import re

from sijo.engine.calls import tags

_BRACKETS = re.compile(r"""["\\{}\[\]()']""")


class Extent:
    """Finds where a value in brackets ends, piece by piece."""

    def __init__(self) -> None:
        self._depth = 0
        self._quote = ""
        self._skip = False

    def feed(self, text: str) -> int | None:
        """The place behind its end, if that is in this piece."""
        if self._skip:
            self._skip, at = False, 1
        else:
            at = 0
        while found := _BRACKETS.search(text, at):
            char, at = found[0], found.end()
            if self._quote:
                if char == "\\":
                    if at >= len(text):
                        self._skip = True
                    at += 1
                elif char == self._quote:
                    self._quote = ""
            elif char in "\"'":
                self._quote = char
            elif char in "{[(":
                self._depth += 1
            elif char in ")]}":
                self._depth -= 1
                if self._depth == 0:
                    return at
        return None

    @property
    def quoted(self) -> bool:
        return bool(self._quote)


def complete(inner: str) -> bool:
    """Whether a call may end here: not inside a string of JSON, and not inside a value between tags."""
    bare = inner.lstrip()
    if bare.startswith(("{", "[")):
        extent = Extent()
        return extent.feed(bare) is not None or not extent.quoted
    return tags.closed(inner)
