"""What a command prints: rows as aligned text, CSV or JSON, and a line of little bars."""

import csv
import io
from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell: the first begins at the left, the others, numbers, end at the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) if not at else cell.rjust(width) for at, (cell, width) in enumerate(cells)).rstrip()
        for cells in (list(zip(row, widths, strict=True)) for row in (head, *rows))
    )


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
