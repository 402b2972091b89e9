"""How an answer comes: cut into pieces as a model's tokens would be, at the speed that was asked for."""

import asyncio
import re

from sijo.backends.simulator.answer import Delay

_PIECE = re.compile(
    r" ?[가-힣]{1,2}"
    r"| ?[\u3040-\u30ff\u4e00-\u9fff]{1,2}"
    r"| ?[^\W\d_가-힣\u3040-\u30ff\u4e00-\u9fff]{1,6}"
    r"| ?\d{1,3}"
    r"| ?[^\w\s]{1,3}"
    r"|\s{1,8}"
    r"|[\s\S]"
)

pieces = _PIECE.findall
"""A text in pieces of a word or a few syllables; put together they are the text."""


class Clock:
    """Holds each delta back until it is due. What took too long is caught up with."""

    def __init__(self, delay: Delay) -> None:
        self._step = 1 / delay.rate if delay.rate else 0.0
        self._due = asyncio.get_running_loop().time() + delay.first

    async def tick(self) -> None:
        """Wait until the next delta may go."""
        left = self._due - asyncio.get_running_loop().time()
        if left > 0:
            await asyncio.sleep(left)
        self._due += self._step
