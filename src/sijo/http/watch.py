"""Sees the client leave, and says when nothing has been written for a while."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import Receive


async def gone(receive: Receive) -> None:
    """Returns when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Watch:
    """Cancels the task that started it when the client leaves; `left` tells that this was the reason.

    Every `seconds` it calls `tick`, if there is one. It costs nothing until `start`.
    """

    left = False
    _work: asyncio.Task[object] | None = None
    _task: asyncio.Task[None] | None = None

    def __init__(
        self, receive: Receive, seconds: float | None = None, tick: Callable[[], Awaitable[None]] | None = None
    ):
        self._receive, self._seconds, self._tick = receive, seconds, tick

    async def start(self) -> None:
        """Begin to watch, if not begun yet."""
        if self._task is None:
            self._work = asyncio.current_task()
            self._task = asyncio.create_task(self._watch())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        leaving = asyncio.ensure_future(gone(self._receive))
        try:
            while not (await asyncio.wait((leaving,), timeout=self._seconds))[0]:
                if self._tick is not None:
                    await self._tick()
        finally:
            leaving.cancel()
        self.left = True
        if self._work is not None:
            self._work.cancel()
