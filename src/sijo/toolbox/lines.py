"""Text as numbered lines: what the editor and the memory show and change. Pure: texts in, texts out."""

from collections.abc import Sequence

WIDTH = 6


def lines_of(text: str) -> list[str]:
    """The lines, without their ends; an end of line at the end begins no other."""
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def numbered(lines: Sequence[str], first: int = 1) -> str:
    """Each line after its number and a tab."""
    return "\n".join(f"{n:>{WIDTH}}\t{line}" for n, line in enumerate(lines, first))


def ranged(count: int, asked: Sequence[int]) -> tuple[int, int] | None:
    """The first and the last line of a `view_range`, from 1; -1 is the end. None where there are no such lines."""
    first, last = asked
    last = count if last == -1 else min(last, count)
    return (first, last) if 1 <= first <= last else None


def found(text: str, part: str) -> list[int]:
    """The lines, from 1, on which `part` begins; each place is counted, though two overlap."""
    out, at = [], text.find(part)
    while at >= 0:
        out.append(text.count("\n", 0, at) + 1)
        at = text.find(part, at + 1)
    return out


def inserted(text: str, after: int, part: str) -> str:
    """The text with `part` as lines of their own after so many lines."""
    lines = [line + "\n" for line in lines_of(text)]
    if lines and not text.endswith("\n"):
        lines[-1] = lines[-1][:-1]
    if after and not lines[after - 1].endswith("\n"):
        lines[after - 1] += "\n"
    if part and not part.endswith("\n") and (after < len(lines) or text.endswith("\n") or not lines):
        part += "\n"
    return "".join([*lines[:after], part, *lines[after:]])


def around(text: str, line: int, count: int, near: int = 4) -> str:
    """The lines from `line` on, `count` of them, with their neighbours, numbered."""
    lines = lines_of(text)
    first = max(1, line - near)
    return numbered(lines[first - 1 : line - 1 + count + near], first)


def cut(text: str, most: int) -> str:
    """No more than so many characters, and a word on what is missing."""
    if len(text) <= most:
        return text
    return f"{text[:most]}\n[{len(text) - most} more characters: view them with view_range]"


def human(size: int) -> str:
    """A size in bytes for people: `12B`, `1.5K`, `3.0M`."""
    value = float(size)
    for unit in "BKMGT":
        if value < 1024 or unit == "T":
            break
        value /= 1024
    return f"{size}B" if unit == "B" else f"{value:.1f}{unit}"
