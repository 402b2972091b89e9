"""Broken JSON, as models write it, made whole where it can have only one meaning. Whoever is unsure says so.

Quotes of other kinds, literals of Python's, comments, commas too many or too few, line breaks inside strings, and ends
that are missing after something complete: all of these have one meaning. A string that stops in the middle, a number
that may go on, a quote inside of quotes have several, and nothing is guessed. Strings are kept character for character.
"""

import re
from typing import Any

import jiter

DEEPEST = 100
WORDS = {
    "true": "true", "True": "true", "TRUE": "true", "false": "false", "False": "false", "FALSE": "false",
    "null": "null", "None": "null", "NULL": "null",
}  # fmt: skip
ENDS = {'"': '"', "'": "'", "\u201c": "\u201d"}
"""The quotes with which a string may begin, each with the one that ends it."""
BARE = '"\\/bfnrt'
_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/|#[^\n]*)*+", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_STOPS = {quote: re.compile(rf"[\\{quote}\x00-\x1f]") for quote in ENDS.values()}
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_LEFT_OVER = re.compile(r"(?:\s|[}\]]|```|</?[\w:]+>|<\|[\w/]*\|>)*+\Z")
"""What may follow a value and means nothing: ends too many, the end of a fence, tags and tokens of a template."""
_FENCE = re.compile(r"\s*```[\w-]*[ \t]*\n(.*?)(?:\n?```\s*)?\Z", re.DOTALL)


class Unsure(ValueError):
    """It is no JSON, and what was meant is not certain."""


def loads(text: str) -> Any:
    """The value of JSON. Raises ValueError."""
    return jiter.from_json(text.encode(), allow_inf_nan=False)


def sound(text: str) -> bool:
    """Whether it is JSON as it stands."""
    try:
        loads(text)
    except ValueError:
        return False
    return True


def mended(text: str) -> str:
    """The text, or JSON that means the same. Raises Unsure."""
    if sound(text):
        return text
    made = whole(text)
    if not sound(made):
        raise Unsure(f"it is no JSON: {text[:80]!r}")
    return made


def whole(text: str) -> str:
    """One value, whatever meaningless stands around it."""
    if fence := _FENCE.match(text):
        text = fence[1]
    bare = text.strip().removeprefix("\ufeff")
    if bare.startswith('{\\"'):  # escaped as for a string, and the string's own quotes forgotten
        return mended(loaded(f'"{bare}"'))
    reader = Mender(bare)
    reader.value(0)
    rest = bare[reader.at :]
    made = "".join(reader.out)
    if _LEFT_OVER.match(rest):
        return made
    return again(made, rest)


def again(first: str, rest: str) -> str:
    """Of two values in a row the one that is meant: the same twice, or an empty one before it."""
    reader = Mender(rest)
    reader.value(0)
    second = "".join(reader.out)
    if not _LEFT_OVER.match(rest[reader.at :]) or not (sound(first) and sound(second)):
        raise Unsure("something else follows the JSON")
    if loads(first) in ({}, loads(second)):
        return second
    raise Unsure("two different values follow each other")


def loaded(text: str) -> str:
    """The content of a JSON string. Raises Unsure."""
    try:
        return str(loads(text))
    except ValueError:
        raise Unsure("it is escaped in no known way") from None


class Mender:
    """Reads a value from `text` at `at`, and writes it as JSON to `out`."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text, self.at = text, at
        self.out: list[str] = []
        self._open: list[str] = []

    def value(self, depth: int) -> None:
        if depth > DEEPEST:
            raise Unsure("it is too deep")
        char = self._next()
        if char == "{":
            self._object(depth)
        elif char == "[":
            self._array(depth)
        elif char in ENDS:
            self._string(char)
        else:
            self._word()

    def _next(self) -> str:
        """The next character that is neither space nor comment; empty at the end."""
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def _object(self, depth: int) -> None:
        self._begin("{")
        more = False
        while not self._closes("}", more):
            if more:
                self._comma()
                if self._closes("}", False):
                    break
            self._key()
            self.value(depth + 1)
            more = True
        self._end("}")

    def _array(self, depth: int) -> None:
        self._begin("[")
        more = False
        while not self._closes("]", more):
            if more:
                if self._next() != ",":
                    raise Unsure("a comma is missing between values")
                self.at += 1
                if self._closes("]", False):
                    break
                self.out.append(",")
            self.value(depth + 1)
            more = True
        self._end("]")

    def _begin(self, opening: str) -> None:
        self.at += 1
        self.out.append(opening)
        self._open.append(opening)

    def _end(self, closing: str) -> None:
        self._open.pop()
        self.out.append(closing)
        if self.text[self.at : self.at + 1] == closing:
            self.at += 1

    def _closes(self, closing: str, complete: bool) -> bool:
        """Whether it ends here: by its own sign, by that of what it stands in, or, after something complete, because
        all ends here."""
        char = self._next()
        if not char:
            if not complete:
                raise Unsure("it is cut off")
            return True
        if char in "}]" and char != closing:
            if len(self._open) < 2 or not complete:
                raise Unsure("its brackets do not match")
            return True
        return char == closing

    def _comma(self) -> None:
        """Between members; one that was left out is clear from the key that comes."""
        if self._next() == ",":
            self.at += 1
            if self._next() == "}":
                return
        elif self._next() not in ENDS:
            raise Unsure("no member follows")
        if self._next():
            self.out.append(",")

    def _key(self) -> None:
        char = self._next()
        if char in ENDS:
            self._string(char)
        elif word := _WORD.match(self.text, self.at):
            self.at = word.end()
            self.out.append(f'"{word[0]}"')
        else:
            raise Unsure("a key is missing")
        if self._next() != ":":
            raise Unsure("no colon follows the key")
        self.at += 1
        self.out.append(":")

    def _word(self) -> None:
        """A literal or a number. A number at the very end may have had more digits."""
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            if self._open and not self._next():
                raise Unsure("it is cut off in or after a number")
            self.out.append(number[0])
            return
        word = _WORD.match(self.text, self.at)
        if word is None or word[0] not in WORDS:
            raise Unsure(f"no value at {self.text[self.at : self.at + 20]!r}")
        self.at = word.end()
        self.out.append(WORDS[word[0]])

    def _string(self, quote: str) -> None:
        end = ENDS[quote]
        size = 3 if self.text.startswith(end * 3, self.at) and end != "\u201d" else 1
        self.at += size
        body = Quoted(self.text, self.at, end, size)
        self.out.append(f'"{body.read()}"')
        self.at = body.at
        follows = self._next()
        if follows and follows not in ",:}]" and follows not in ENDS:
            raise Unsure("a quote stands inside of quotes")


class Quoted:
    """The inside of a string as JSON writes it, from `at` on; then `at` is behind the quote that ends it."""

    def __init__(self, text: str, at: int, quote: str, size: int) -> None:
        self.text, self.at, self.quote, self.size = text, at, quote, size
        self._odd = self._lettered = False

    def read(self) -> str:
        parts: list[str] = []
        stops = _STOPS[self.quote]
        while True:
            found = stops.search(self.text, self.at)
            if found is None:
                raise Unsure("it is cut off inside of a string")
            parts.append(self._plain(self.text[self.at : found.start()]))
            self.at = found.start()
            char = found[0]
            if char == self.quote and self._ends():
                break
            if char == "\\":
                parts.append(self._escape())
            else:
                parts.append(self._plain(char) if char == self.quote else f"\\u{ord(char):04x}")
                self.at += 1
        self.at += self.size
        if self._odd and self._lettered:
            raise Unsure("some backslashes are escapes, and some are not")
        return "".join(parts)

    def _plain(self, text: str) -> str:
        return text if self.quote == '"' and self.size == 1 else text.replace('"', '\\"')

    def _ends(self) -> bool:
        """Whether the quote here is the end, and no apostrophe."""
        if not self.text.startswith(self.quote * self.size, self.at):
            return False
        around = self.text[self.at - 1 : self.at] + self.text[self.at + 1 : self.at + 2]
        return not (self.quote == "'" and self.size == 1 and len(around) == 2 and around.isalpha())

    def _escape(self) -> str:
        """A backslash and what it escapes. One that escapes nothing is meant as it is, if that holds for all here."""
        char, after = self.text[self.at + 1 : self.at + 2], self.at + 2
        self.at = after
        if char and char in BARE:
            self._lettered = self._lettered or char.isalpha()
            return f"\\{char}"
        if char == "u" and _HEX.match(self.text, after):
            self._lettered, self.at = True, after + 4
            return self.text[after - 2 : after + 4]
        if char == "'":
            return "'"
        if char in ("", "u") or char < " " or (char == "x" and self.quote == "'"):
            raise Unsure("a backslash escapes nothing that is known")
        self._odd = True
        return f"\\\\{char}"
