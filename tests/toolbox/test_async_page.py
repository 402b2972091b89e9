"""The computer on a real page in Chromium, through Playwright's asynchronous interface."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from anthropic.tools.computer import BetaToolsetCallContext
from playwright import async_api

from sijo.toolbox import AsyncComputer, AsyncComputerToolset, ToolError
from sijo.toolbox.page import AsyncPage
from tests.toolbox.browser import CASES, CHROMIUM, FLAGS, HAPPENED, PAGE, SIZE, seen


@asynccontextmanager
async def opened() -> AsyncIterator[async_api.Page]:
    async with async_api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport=SIZE)
        await page.set_content(PAGE)
        yield page
        await browser.close()


async def test_what_the_page_sees() -> None:
    async with opened() as page:
        computer = AsyncComputer(AsyncPage(page))
        part = seen(await computer.call({"action": "zoom", "region": [500, 300, 540, 320]}))
        assert (part.size, part.getpixel((500, 250))) == ((1000, 500), (255, 0, 0))
        for input, events in CASES:
            assert await computer.call(input) == "Done."
            assert await page.evaluate(HAPPENED, len(events)) == events
        assert await computer.call({"action": "cursor_position"}) == "X=60,Y=60"


async def test_members_do_the_same() -> None:
    async with opened() as page:
        toolset = AsyncComputerToolset(AsyncPage(page), confirm=lambda context: context.member != "type")
        context = BetaToolsetCallContext()
        clicked: Any = await toolset.call(context, "left_click", {"coordinate": [150, 115]})
        assert clicked[0]["text"] == "Clicked."
        shot: Any = await toolset.call(context, "screenshot", {})
        assert seen(shot).size == (1000, 600)
        with pytest.raises(ToolError):
            await toolset.call(context, "type", {"text": "x"})
        assert await page.input_value("#name") == ""


async def test_who_gives_up_lets_the_key_go() -> None:
    async with opened() as page:
        computer = AsyncComputer(AsyncPage(page))
        holding = asyncio.create_task(computer.call({"action": "hold_key", "text": "x", "duration": 60}))
        assert await page.evaluate(HAPPENED, 1) == ["keydown x"]
        holding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await holding
        assert await page.evaluate(HAPPENED, 1) == ["keyup x"]
