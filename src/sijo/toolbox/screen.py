"""What a computer tool acts on: something to see and to point at. `x11` and `page` have some; yours may be another."""

from abc import ABC, abstractmethod
from io import BytesIO

import anyio
from PIL import Image

from sijo.toolbox.gestures import Gesture, Point, Region


class Screen(ABC):
    """Takes gestures, but for those that ask something (`Look` and `Where`) and pauses."""

    size: Point

    @abstractmethod
    def do(self, gesture: Gesture) -> None:
        """Carry out one gesture."""

    @abstractmethod
    def look(self, region: Region, size: Point) -> bytes:
        """A region, in pixels of the screen, as a PNG of some size."""

    @abstractmethod
    def where(self) -> Point:
        """Where the pointer is."""


class AsyncScreen(ABC):
    """The same, for the asynchronous tools."""

    size: Point

    @abstractmethod
    async def do(self, gesture: Gesture) -> None: ...

    @abstractmethod
    async def look(self, region: Region, size: Point) -> bytes: ...

    @abstractmethod
    async def where(self) -> Point: ...


class InThread(AsyncScreen):
    """A plain screen, worked in threads."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.size = screen.size

    async def do(self, gesture: Gesture) -> None:
        await anyio.to_thread.run_sync(self.screen.do, gesture)

    async def look(self, region: Region, size: Point) -> bytes:
        return await anyio.to_thread.run_sync(self.screen.look, region, size)

    async def where(self) -> Point:
        return await anyio.to_thread.run_sync(self.screen.where)


def png(image: Image.Image, size: Point) -> bytes:
    """A picture of this size."""
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    out = BytesIO()
    image.save(out, "PNG", compress_level=3)
    return out.getvalue()
