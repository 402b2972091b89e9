"""Which tools a regular expression finds. The pattern comes from a model: it is hostile until it has been run.

RE2 takes linear time, so most patterns run here, piece by piece under a deadline. What RE2 does not know (lookaround,
back references) is run in a process of its own, which is killed when its time is up.
"""

import asyncio
import re
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from sijo.errors import RateLimited
from sijo.tools import backtrack
from sijo.tools.index import Lines
from sijo.wire.base import Json

SECONDS = 0.35
"""How long a pattern is looked for."""
GRACE = 0.4
"""Seconds more for a process to start and to say what it found."""
PIECE = 32_768
"""Bytes that are searched before the clock is looked at again."""
MEMORY = 4 << 20
"""Bytes that RE2 may take for a pattern, and for its automaton."""
PROCESSES, WAITING = 2, 16
"""How many processes search at a time, and how many may wait for one."""
_BY_TEXT = re.compile(r"\\[AzZ]|\(\?[a-zA-Z-]*[msU-]")
"""What means the beginning or the end of a text, or changes what does: each text is searched by itself then."""
_BY_LETTER = re.compile(r"\\[wWbBdDsS]")
"""What RE2 takes for ASCII alone."""


class BadPattern(ValueError):
    """It is no regular expression; the text says why."""


class Patterns:
    """Runs patterns. `close` is not needed: a process ends with the search that started it."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(PROCESSES)
        self._waiting = 0

    async def found(self, pattern: str, lines: Lines, limit: int) -> list[str]:
        """The names of the tools that a pattern finds, those first whose names it fits.

        Raises BadPattern, TimeoutError where it takes too long, RateLimited where too many wait for a process.
        """
        linear = await asyncio.to_thread(Linear.of, pattern, lines)  # even to read one may take a tenth of a second
        if linear is not None:
            return await asyncio.to_thread(linear.names, lines, limit)
        if self._waiting >= WAITING:
            raise RateLimited("too many patterns are looked for")
        self._waiting += 1
        try:
            async with self._free:
                return await apart(pattern, lines, limit)
        finally:
            self._waiting -= 1


class Linear:
    """A pattern that RE2 knows."""

    def __init__(self, joined: Any, single: Any) -> None:
        self._joined, self._single = joined, single

    @classmethod
    def of(cls, pattern: str, lines: Lines) -> "Linear | None":
        """The pattern for RE2, or None where that does not know it, or would take it otherwise."""
        import re2  # type: ignore[import-untyped]  # few servers are asked for it

        if not lines.ascii and _BY_LETTER.search(pattern):
            return None
        options = re2.Options()
        options.case_sensitive, options.never_capture, options.log_errors = False, True, False
        options.max_mem = MEMORY
        raw = pattern.encode("utf-8", "replace")
        try:
            single = re2.compile(raw, options)
            joined = None if _BY_TEXT.search(pattern) else re2.compile(b"(?m)" + raw, options)
        except re2.error:
            return None
        finally:
            re2.purge()  # it would keep a hundred patterns, with all the memory that each may take
        return cls(joined, single)

    def names(self, lines: Lines, limit: int) -> list[str]:
        """The names of the tools found. Raises TimeoutError."""
        until = time.monotonic() + SECONDS
        found: dict[int, None] = {}
        for tool in self._spots(lines, until) if self._joined is not None else self._each(lines, until):
            found[tool] = None
            if len(found) == limit:
                break
        return [lines.names[tool] for tool in found]

    def _spots(self, lines: Lines, until: float) -> Iterator[int]:
        """Search all texts as one. What is found there is looked at again by itself: a line is more than it seems."""
        at, end = 0, len(lines.text)
        while at < end:
            _in_time(until)
            stop = min(end, lines.owner(min(at + PIECE, end - 1))[1])
            while at < stop and (spot := self._joined.search(lines.text, at, stop)) is not None:
                tool, after = lines.owner(spot.start())
                if self._fits(lines, tool):
                    yield tool
                at = after
                _in_time(until)
            at = stop

    def _each(self, lines: Lines, until: float) -> Iterator[int]:
        for tool in range(len(lines.names)):
            _in_time(until)
            if self._fits(lines, tool):
                yield tool

    def _fits(self, lines: Lines, tool: int) -> bool:
        return any(self._single.search(text.encode("utf-8", "replace")) for text in lines.fields[tool])


def _in_time(until: float) -> None:
    if time.monotonic() > until:
        raise TimeoutError


async def apart(pattern: str, lines: Lines, limit: int) -> list[str]:
    """Search in another process. Raises BadPattern, or TimeoutError for what takes too much time or memory."""
    ask: Json = {"pattern": pattern, "texts": lines.fields, "limit": limit, "seconds": SECONDS}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(Path(backtrack.__file__)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        async with asyncio.timeout(SECONDS + GRACE):
            said, _ = await process.communicate(await asyncio.to_thread(msgspec.json.encode, ask))
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if not said:  # it was ended for what it took
        raise TimeoutError
    answer = msgspec.json.decode(said, type=dict[str, Any])
    if "error" in answer:
        raise BadPattern(answer["error"])
    return [lines.names[tool] for tool in answer["found"]]
