"""A page of a browser as a screen, through Playwright: `Page` by its plain interface, `AsyncPage` by the other one.

What a gesture means there is said once, as steps: a method of the page, by its path, and what it is called with.
"""

import base64
from collections.abc import Iterator
from io import BytesIO
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from PIL import Image

from sijo.toolbox.gestures import Gesture, KeyDown, KeyUp, Move, Point, Press, Region, Release, Type, Wheel
from sijo.toolbox.screen import AsyncScreen, Screen, png

if TYPE_CHECKING:
    from playwright import async_api, sync_api

NOTCH = 100
"""Pixels that a notch of the wheel scrolls."""
WHEEL = {"up": (0, -NOTCH), "down": (0, NOTCH), "left": (-NOTCH, 0), "right": (NOTCH, 0)}
Step = tuple[str, tuple[Any, ...], dict[str, Any]]


def steps(gesture: Gesture) -> Iterator[Step]:
    """What is called for a gesture."""
    match gesture:
        case Move(to=to):
            yield "mouse.move", to, {}
        case Press(button=button, count=count):
            yield "mouse.down", (), {"button": button, "click_count": count}
        case Release(button=button, count=count):
            yield "mouse.up", (), {"button": button, "click_count": count}
        case Wheel(direction=direction, notches=notches):
            for _ in range(notches):
                yield "mouse.wheel", WHEEL[direction], {}
        case KeyDown(key=key):
            yield "keyboard.down", (key.web,), {}
        case KeyUp(key=key):
            yield "keyboard.up", (key.web,), {}
        case Type(text=text):
            yield "keyboard.type", (text,), {}
        case _:
            raise TypeError(f"a page is not asked to {gesture!r}")


def captured(region: Region, size: Point) -> dict[str, Any]:
    """What Chromium is asked for a picture: it draws the region anew in that size, so that small print gets sharp."""
    x0, y0, x1, y1 = region
    clip = {"x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0, "scale": size[0] / (x1 - x0)}
    return {"format": "png", "clip": clip, "captureBeyondViewport": False}


def clipped(region: Region) -> dict[str, Any]:
    """What other browsers are asked."""
    x0, y0, x1, y1 = region
    return {"clip": {"x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0}, "type": "png", "scale": "css"}


def sized(data: bytes, size: Point) -> bytes:
    """The picture in exactly this size."""
    with Image.open(BytesIO(data)) as image:
        return data if image.size == size else png(image.convert("RGB"), size)


def viewport(page: "sync_api.Page | async_api.Page") -> Point:
    """The size of the page."""
    size = page.viewport_size
    if size is None:
        raise ValueError("the page has no viewport of a fixed size: make it with viewport={'width': …, 'height': …}")
    return size["width"], size["height"]


class Page(Screen):
    """A page of `playwright.sync_api`. Playwright wants to be called from the thread that it was started in."""

    def __init__(self, page: "sync_api.Page") -> None:
        self.page = page
        self.size = viewport(page)
        self._at: Point = (0, 0)
        self._session: sync_api.CDPSession | None = None

    def do(self, gesture: Gesture) -> None:
        for path, args, more in steps(gesture):
            attrgetter(path)(self.page)(*args, **more)
        if isinstance(gesture, Move):
            self._at = gesture.to

    def look(self, region: Region, size: Point) -> bytes:
        if not _chromium(self.page):
            return sized(self.page.screenshot(**clipped(region)), size)
        self._session = self._session or self.page.context.new_cdp_session(self.page)
        shot = self._session.send("Page.captureScreenshot", captured(region, size))
        return sized(base64.b64decode(shot["data"]), size)

    def where(self) -> Point:
        return self._at


class AsyncPage(AsyncScreen):
    """A page of `playwright.async_api`."""

    def __init__(self, page: "async_api.Page") -> None:
        self.page = page
        self.size = viewport(page)
        self._at: Point = (0, 0)
        self._session: async_api.CDPSession | None = None

    async def do(self, gesture: Gesture) -> None:
        for path, args, more in steps(gesture):
            await attrgetter(path)(self.page)(*args, **more)
        if isinstance(gesture, Move):
            self._at = gesture.to

    async def look(self, region: Region, size: Point) -> bytes:
        if not _chromium(self.page):
            return sized(await self.page.screenshot(**clipped(region)), size)
        self._session = self._session or await self.page.context.new_cdp_session(self.page)
        shot = await self._session.send("Page.captureScreenshot", captured(region, size))
        return sized(base64.b64decode(shot["data"]), size)

    async def where(self) -> Point:
        return self._at


def _chromium(page: "sync_api.Page | async_api.Page") -> bool:
    browser = page.context.browser
    return browser is None or browser.browser_type.name == "chromium"
