"""A door in front of an engine: so many answers at once, the others wait in line, and not for long."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from sijo.engine.deltas import AnyDelta
from sijo.engine.prompt import Prompt
from sijo.engine.turn import Backend
from sijo.errors import Overloaded


class Gate:
    """A backend that lets through `concurrency` prompts at once, first come, first served.

    Who waited `queue` seconds gets `Overloaded`, before the first delta. A place is free again when its answer has
    ended, failed or was closed; who leaves the line makes room for the next.
    """

    def __init__(self, backend: Backend, concurrency: int, queue: float) -> None:
        self.backend = backend
        self.name, self.abilities = backend.name, backend.abilities
        self.queue = queue
        self._places = asyncio.Semaphore(concurrency)

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[AnyDelta]:
        """What the backend says, in its turn."""
        await self._enter()
        try:
            async with aclosing(self.backend.generate(prompt)) as deltas:
                async for delta in deltas:
                    yield delta
        finally:
            self._places.release()

    async def count(self, prompt: Prompt, /) -> int | None:
        """What the backend counts: that takes no place."""
        return await self.backend.count(prompt)

    async def close(self) -> None:
        await self.backend.close()

    async def _enter(self) -> None:
        if not self._places.locked():
            await self._places.acquire()  # at once
            return
        try:
            async with asyncio.timeout(self.queue):
                await self._places.acquire()
        except TimeoutError:
            raise Overloaded(retry_after=1) from None
