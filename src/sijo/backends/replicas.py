"""Several engines behind one model: each conversation keeps to one of them, so that its prefix is in that one's cache.

Which one is chosen by rendezvous hashing on what all requests of a conversation share, and so is the next where it is
busy or away. When an engine comes or goes, only its own conversations move. Nothing is kept but who was away just now.
"""

import hashlib
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
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
    """Backends that can stand in for each other. Closed by who made them. Raises ValueError where they cannot."""

    def __init__(self, backends: Sequence[Backend], *, clock: Callable[[], float] = time.monotonic) -> None:
        first = backends[0]
        for other in backends[1:]:
            if other.abilities != first.abilities:
                raise ValueError(f"{first.name} and {other.name} differ in what they can do")
        self.backends = backends
        self.name = "+".join(backend.name for backend in backends)
        self.abilities = first.abilities
        self._clock = clock
        self._away: dict[str, float] = {}

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[AnyDelta]:
        """What the first of them says that says anything. Raises what the first in order had raised."""
        failed: ApiError | None = None
        for backend in self.order(prompt):
            said = False
            try:
                async with aclosing(backend.generate(prompt)) as deltas:
                    async for delta in deltas:
                        said = True
                        yield delta
                return
            except PASSING as error:
                if said:
                    raise
                self._noted(backend, error)
                failed = failed or error
        assert failed is not None
        raise failed

    async def count(self, prompt: Prompt, /) -> int | None:
        """What the first of them counts that can be asked."""
        failed: ApiError | None = None
        for backend in self.order(prompt):
            try:
                return await backend.count(prompt)
            except PASSING as error:
                self._noted(backend, error)
                failed = failed or error
        assert failed is not None
        raise failed

    async def close(self) -> None:
        """They are closed by who made them."""

    def order(self, prompt: Prompt) -> list[Backend]:
        """Who is asked, in turn: those that were away just now come last."""
        key, now, away = family(prompt), self._clock(), self._away
        ranked = sorted(self.backends, key=lambda backend: score(key, backend.name), reverse=True)
        return sorted(ranked, key=lambda backend: away.get(backend.name, 0.0) > now)

    def _noted(self, backend: Backend, error: ApiError) -> None:
        if isinstance(error, Unreachable):
            self._away[backend.name] = self._clock() + AWAY
        log.info("%s is %s: another is asked", backend.name, "away" if isinstance(error, Unreachable) else "busy")


def score(key: bytes, name: str) -> bytes:
    """How well an engine fits a conversation: the best of all scores wins (rendezvous hashing)."""
    return hashlib.sha256(key + name.encode()).digest()
