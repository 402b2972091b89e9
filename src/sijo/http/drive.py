"""Await something, and be told right before it really waits.

What can be had at once costs no trip through the event loop, so bytes that are ready together leave together, and a
watcher for the client who leaves is made only when there is time in which to leave.
"""

from collections.abc import Awaitable, Callable, Generator
from types import TracebackType, coroutine
from typing import Any, TypeVar

T = TypeVar("T")
GONE = (OSError, RuntimeError)
"""What writing to a client raises, with some servers, when there is no client any more. The work ends by it: if it were
only left, its generators would stay as they are, in the midst of a step, and nobody could close them."""


@coroutine
def drive(work: Awaitable[T], before: Callable[[], Awaitable[None]]) -> Generator[Any, Any, T]:
    """`await drive(work, before)` is `await work`, with `await before()` each time that `work` is about to wait."""
    steps = work.__await__()
    try:
        waits_for = next(steps)
    except StopIteration as done:  # most work is done without a wait, and pays for none
        result: T = done.value
        return result
    return (yield from _Drive(steps, before, waits_for))


class _Drive(Generator[Any, Any, T]):
    """It stands between the task and the work as the task sees it: what is sent goes on to the work, and what is thrown
    too, which is how a failure arrives of what the work waits for, or its cancellation.
    """

    __slots__ = ("_aside", "_before", "_begun", "_held", "_work")

    def __init__(self, work: Generator[Any, Any, T], before: Callable[[], Awaitable[None]], waits_for: Any) -> None:
        self._work, self._before, self._held = work, before, waits_for
        self._aside: Generator[Any, Any, None] | None = None
        self._begun = False

    def send(self, value: Any) -> Any:
        if not self._begun:
            self._begun = True
            return self._pause(self._held)
        if self._aside is None:
            return self._pause(self._work.send(value))
        try:
            return self._aside.send(value)
        except StopIteration:
            self._aside = None
            return self._held
        except GONE as error:
            self._aside = None
            return self._pause(self._work.throw(error))

    def throw(self, kind: Any, value: Any = None, trace: TracebackType | None = None) -> Any:
        error: Any = kind if value is None else value
        if self._aside is not None:  # what was begun before the wait ends with it
            self._aside.close()
            self._aside = None
        return self._pause(self._work.throw(error))

    def _pause(self, waits_for: Any) -> Any:
        """The work is about to wait: first what is to be done before."""
        aside = self._before().__await__()
        try:
            first = aside.send(None)
        except StopIteration:
            return waits_for
        except GONE as error:
            return self._pause(self._work.throw(error))
        self._aside, self._held = aside, waits_for
        return first
