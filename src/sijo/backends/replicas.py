"""Several engines behind one model: each conversation keeps to one of them, so that its prefix is in that one's cache.

Which one is chosen by rendezvous hashing on what all requests of a conversation share, and so is the next where it is
busy or away. When an engine comes or goes, only its own conversations move. Nothing is kept but who was away just now.
"""

import hashlib
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

from sijo.engine.cache import family
from sijo.engine.deltas import AnyDelta
from sijo.engine.prompt import Prompt
from sijo.engine.turn import Backend
from sijo.errors import ApiError, Overloaded, RateLimited, Unreachable

AWAY = 5.0
"""Seconds for which an engine that could not be reached is asked last."""
PASSING = (Overloaded, RateLimited)
"""Failures for which another engine is no worse off."""

log = logging.getLogger("sijo.replicas")


class Replicas:
    """Backends, by the engines' names, that can stand in for each other. Raises ValueError where they cannot.

    They are closed by who made them.
    """

    def __init__(self, backends: Mapping[str, Backend], *, clock: Callable[[], float] = time.monotonic) -> None:
        (first, one), *others = backends.items()
        for name, other in others:
            if other.abilities != one.abilities:
                raise ValueError(f"{first} and {name} differ in what they can do")
        self.backends = backends
        self.name = "+".join(backends)
        self.abilities = one.abilities
        self._clock = clock
        self._away: dict[str, float] = {}

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[AnyDelta]:
        """What the first of them says that says anything. Raises what the first in order had raised."""
        failed: ApiError | None = None
        for name in self.order(prompt):
            said = False
            try:
                async with aclosing(self.backends[name].generate(prompt)) as deltas:
                    async for delta in deltas:
                        said = True
                        yield delta
                return
            except PASSING as error:
                if said:
                    raise
                self._noted(name, error)
                failed = failed or error
        assert failed is not None
        raise failed

    async def count(self, prompt: Prompt, /) -> int | None:
        """What the first of them counts that can be asked."""
        failed: ApiError | None = None
        for name in self.order(prompt):
            try:
                return await self.backends[name].count(prompt)
            except PASSING as error:
                self._noted(name, error)
                failed = failed or error
        assert failed is not None
        raise failed

    async def close(self) -> None:
        """They are closed by who made them."""

    def order(self, prompt: Prompt) -> list[str]:
        """Who is asked, in turn: those that were away just now come last."""
        key, now, away = family(prompt), self._clock(), self._away
        ranked = sorted(self.backends, key=lambda name: score(key, name), reverse=True)
        return sorted(ranked, key=lambda name: away.get(name, 0.0) > now)

    def _noted(self, name: str, error: ApiError) -> None:
        away = isinstance(error, Unreachable)
        if away:
            self._away[name] = self._clock() + AWAY
        log.info("%s is %s: another is asked", name, "away" if away else "busy")


def score(key: bytes, name: str) -> bytes:
    """How well an engine fits a conversation: the best of all scores wins (rendezvous hashing)."""
    return hashlib.sha256(key + name.encode()).digest()
