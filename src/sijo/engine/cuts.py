"""Where the text of one JSON object may be cut, as it comes in pieces. Its parts are others' matter."""


class Cuts:
    """Reads a JSON object and keeps no word of it. `over`: it has ended."""

    def __init__(self) -> None:
        self.over = False
        self._depth = 0
        self._string = self._escape = False

    def feed(self, piece: str, /) -> list[int]:
        """The places in the piece behind each comma of the outermost object, and behind its end; none after that."""
        if self.over or (self._string and not self._escape and '"' not in piece and "\\" not in piece):
            return []
        cuts: list[int] = []
        for at, char in enumerate(piece, 1):
            if self._string:
                if self._escape:
                    self._escape = False
                elif char == "\\":
                    self._escape = True
                elif char == '"':
                    self._string = False
            elif char == '"':
                self._string = True
            elif char == ",":
                if self._depth == 1:
                    cuts.append(at)
            elif char in "{[":
                self._depth += 1
            elif char in "}]":
                self._depth -= 1
                if not self._depth:
                    self.over = True
                    return [*cuts, at]
        return cuts
