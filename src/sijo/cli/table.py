"""What a command prints: rows as aligned text, CSV or JSON, and a line of little bars."""

import csv
import io
import unicodedata
from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = True) -> str:
    """Columns as wide as their widest cell. All begin at the left; but where they are `numbers`, which end at the
    right, only the first does. Names come from others: none of them commands the terminal."""
    plain = [["".join(char if char.isprintable() else "?" for char in cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(width, column)) for column in zip(*plain, strict=True)]
    lines = []
    for row in plain:
        spaces = [" " * (most - width(cell)) for cell, most in zip(row, widths, strict=True)]
        pairs = enumerate(zip(row, spaces, strict=True))
        lines.append(
            "  ".join(space + cell if numbers and at else cell + space for at, (cell, space) in pairs).rstrip()
        )
    return "\n".join(lines)


def width(text: str) -> int:
    """Columns that a text takes in a terminal: Hangul and its like take two a letter, accents none."""
    letters = unicodedata.normalize("NFC", text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in letters)
    return len(letters) + wide - sum(bool(unicodedata.combining(char)) for char in letters)


def comma_separated(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue().rstrip("\n")


def sparkline(values: Sequence[int]) -> str:
    """A bar for each value, the highest at full height; nothing spent is the lowest."""
    most = max(values, default=0)
    return "".join(BARS[-(-value * (len(BARS) - 1) // most)] if most else BARS[0] for value in values)
