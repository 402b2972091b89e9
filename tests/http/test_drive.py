"""Whatever a task sends or throws arrives where it belongs, with a word before each wait."""

import asyncio
from collections.abc import Callable

import pytest

from sijo.http.drive import drive


class Told:
    """Counts how often it was told, and may wait itself."""

    def __init__(self, seconds: float | None = None) -> None:
        self.times = 0
        self.ended = 0
        self.seconds = seconds

    async def __call__(self) -> None:
        self.times += 1
        if self.seconds is not None:
            await asyncio.sleep(self.seconds)
        self.ended += 1


async def at_once() -> str:
    return "done"


async def later(times: int = 1) -> str:
    for _ in range(times):
        await asyncio.sleep(0)
    return "done"


async def on(future: "asyncio.Future[str]") -> str:
    return await future


@pytest.mark.parametrize("seconds", [None, 0, 0.001])
@pytest.mark.parametrize(("work", "waits"), [(at_once, 0), (later, 1), (lambda: later(3), 3)])
async def test_it_tells_before_each_wait_and_not_otherwise(
    work: Callable[[], "asyncio.Future[str]"], waits: int, seconds: float | None
) -> None:
    told = Told(seconds)
    assert await drive(work(), told) == "done"
    assert told.times == told.ended == waits


@pytest.mark.parametrize("seconds", [None, 0.001])
async def test_a_failure_of_what_is_waited_for_reaches_the_work(seconds: float | None) -> None:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    seen: list[str] = []

    async def work() -> str:
        try:
            return await future
        except ConnectionRefusedError:
            seen.append("refused")
            await asyncio.sleep(0)
            return "mended"

    asyncio.get_running_loop().call_later(0.01, future.set_exception, ConnectionRefusedError())
    assert await drive(work(), Told(seconds)) == "mended"
    assert seen == ["refused"]


async def test_an_error_of_the_work_is_the_callers() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        await drive(work(), Told())


@pytest.mark.parametrize("seconds", [None, 10])
async def test_cancelling_reaches_the_work(seconds: float | None) -> None:
    cleaned: list[bool] = []

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cleaned.append(True)

    async def outer() -> None:
        await drive(work(), Told(seconds))

    task = asyncio.create_task(outer())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == [True]


async def test_a_future_that_is_done_by_the_time_it_is_waited_for() -> None:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def before() -> None:
        future.set_result("early")
        await asyncio.sleep(0)

    assert await drive(on(future), before) == "early"


@pytest.mark.parametrize("seconds", [None, 0.001])
async def test_the_work_ends_when_its_client_cannot_be_told(seconds: float | None) -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append("work")

    async def before() -> None:
        if seconds is not None:
            await asyncio.sleep(seconds)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await drive(work(), before)
    assert ended == ["work"]
