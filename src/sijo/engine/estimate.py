"""Tokens of a text or an image when no tokenizer can be asked: a cheap estimate, within 20 % for prose, code and JSON.

It leaves to others what a request costs beyond its texts and images, and the choice between an engine's own count, a
tokenizer file and this (docs/counting.md, which also has the measured errors).

Text. A tokenizer first cuts a text into words, numbers and marks, then cuts what is rare into more pieces. How often it
cuts can be read off the *shape* of a text: its UTF-8 bytes with each replaced by a letter for its class, so that
"Hello, 42" is "Aaaaa. 00". The estimate is a sum over the table `ASCII`, and `WIDE` for other scripts: how often a
pattern occurs in the shape, times its weight. The weights come from a least-squares fit of the relative errors, none
below zero, on 808 pieces of text (4 MB, none of them in the tests: prose and manuals in English, Korean, Chinese,
Japanese and 17 other languages, source code, JSON, Markdown, logs, tables), where English, Korean, code and JSON weigh
most. Fitted to is the middle of five tokenizers: for each piece the geometric mean of the fewest and the most tokens
that o200k, Qwen 2.5/3, Qwen 3.5/3.6, Llama 3.1 and Gemma 3 make of it.

Of a long text only pieces are looked at, the fewer the farther in. Which ones depends on where they stand and not on
how long the text is, and no weight is negative: text added at the end never lowers the estimate, however long it is.
"""

from bisect import bisect_left
from math import ceil
from operator import mul
from typing import Final

# A byte's class. `x` costs nothing by itself: the later bytes of a character, and a carriage return before its newline.
CLASSES: Final = {
    "a": b"abcdefghijklmnopqrstuvwxyz",
    "A": b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "0": b"0123456789",
    " ": b" ",
    "\n": b"\n",
    "\t": b"\t",
    "x": b"\r" + bytes(range(0x80, 0xC0)),
    "L": bytes(range(0xC0, 0xCA)) + b"\xee\xef",  # Latin with accents, full-width forms
    "R": bytes(range(0xCA, 0xE0)) + b"\xe2",  # Greek, Cyrillic, Hebrew, Arabic; arrows, dashes, lines
    "C": b"\xe0\xe1" + bytes(range(0xE3, 0xEA)),  # Chinese, kana; Thai, Devanagari and other scripts of three bytes
    "H": bytes(range(0xEA, 0xEE)),  # Hangul
    "F": bytes(range(0xF0, 0x100)),  # emoji
}
_NAMES: Final = {byte: ord(name) for name, members in CLASSES.items() for byte in members}
SHAPE: Final = bytes(_NAMES.get(byte, ord(".")) for byte in range(256))

ASCII: Final = (
    (b"a", 0.12),  # the longer a word, the likelier it is cut
    (b"A", 0.50),
    (b"a ", 0.45),  # a word of prose; its space belongs to the next token
    (b".a", 1.07),  # a word after a mark, as in code
    (b"0", 1.05),  # most engines count each digit, some make one token of three
    (b".", 0.21),
    (b". ", 1.02),
    (b"\n", 1.29),
    (b"  ", 0.17),  # indentation: long runs of spaces are one token
    (b"\t", 1.40),
)
WIDE: Final = (
    (b"L", 1.44),
    (b"R", 0.40),
    (b"C", 0.58),
    (b"H", 0.50),
    (b"F", 2.12),
    (b"x ", 0.76),  # a word of a script with spaces
)

Table = tuple[tuple[bytes, ...], tuple[float, ...]]
NARROW: Final[Table] = (tuple(pattern for pattern, _ in ASCII), tuple(weight for _, weight in ASCII))
EVERY: Final[Table] = (tuple(pattern for pattern, _ in ASCII + WIDE), tuple(weight for _, weight in ASCII + WIDE))

WHOLE: Final = 8_192  # characters; of what follows, as many in each zone, and each zone is as long as all before it
PIECE: Final = 64  # characters in a row

PATCH: Final = 28  # pixels; one token a patch, begun ones included
STANDARD: Final = (1568, 1568)  # longest edge in pixels, most tokens
HIGH: Final = (2576, 4784)


def tokens(text: str) -> int:
    """About how many tokens `text` is: 0 when empty, else at least 1.

    A call costs about 10 ns a character (English, code; Korean 25) up to `WHOLE`, and about a millisecond for 1 MB: a
    long text is cheaper passed whole than in parts.
    """
    if not text:
        return 0
    cost, start = _cost(text[:WHOLE]), WHOLE
    while start < len(text):
        cost += _cost(_pieces(text, start)) * (start // WHOLE)
        start *= 2
    return max(1, round(cost))


def _cost(text: str) -> float:
    shape = text.encode("utf-8", "surrogatepass").translate(SHAPE)
    patterns, weights = NARROW if text.isascii() else EVERY
    cost: float = sum(map(mul, weights, map(shape.count, patterns)))
    return cost


def _pieces(text: str, start: int) -> str:
    """`WHOLE` characters of the zone from `start` to twice as far, one piece out of each of as many equal stretches.

    Where in its stretch a piece begins varies, lest rows of one length be cut at the same column every time.
    """
    stretch = start * PIECE // WHOLE
    room = stretch - PIECE + 1
    count = min(WHOLE // PIECE, -(-(len(text) - start) // stretch))
    starts = [start + number * stretch + number * 40503 % room for number in range(count)]
    return "".join([text[at : at + PIECE] for at in starts])


def image(width: int, height: int, *, high: bool) -> int:
    """Tokens of an image of this many pixels, after `fit`; `high` where the model has the high-resolution tier.

    Raises ValueError where a side is below 1.
    """
    return _patches(*fit(width, height, high=high))


def fit(width: int, height: int, *, high: bool) -> tuple[int, int]:
    """The size, in pixels, at which the model sees an image: unchanged, or the largest of its shape within the tier.

    The short side is rounded, halves to the even neighbour. Raises ValueError where a side is below 1.
    """
    if width < 1 or height < 1:
        raise ValueError(f"an image of {width}x{height} pixels")
    edge, most = HIGH if high else STANDARD
    longest, ratio = max(width, height), max(width, height) / min(width, height)

    def short(long: int) -> int:
        return max(1, round(long / ratio))

    def excess(long: int) -> bool:
        return long > edge or _patches(long, short(long)) > most

    if not excess(longest):
        return width, height
    long = bisect_left(range(1, longest), True, key=excess)  # how many of 1, 2, 3, ... fit, which is the last that does
    return (long, short(long)) if width >= height else (short(long), long)


def _patches(width: int, height: int) -> int:
    return ceil(width / PATCH) * ceil(height / PATCH)
