"""The computer tool in its three versions, and the computer toolset, over any screen; each plain and asynchronous."""

import base64
import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

import anyio
from anthropic.lib.tools import BetaAsyncBuiltinFunctionTool
from anthropic.tools.computer import (
    BetaAbstractComputerToolset20260801,
    BetaAsyncAbstractComputerToolset20260801,
    BetaAsyncComputerConfirmCallable,
    BetaComputerConfirmCallable,
    BetaComputerCursorPositionResult,
    BetaComputerMemberResult,
    BetaScreenshotResult,
    BetaToolsetCallContext,
)
from anthropic.types.beta import BetaToolUnionParam

from sijo.toolbox.gestures import ACTIONS, Gesture, KeyDown, KeyUp, Look, Pause, Point, View, Where, plan
from sijo.toolbox.keys import Key
from sijo.toolbox.runnable import Content, Given, Runnable, ToolError
from sijo.toolbox.screen import AsyncScreen, InThread, Screen

BETAS = {
    "computer_20241022": "computer-use-2024-10-22",
    "computer_20250124": "computer-use-2025-01-24",
    "computer_20251124": "computer-use-2025-11-24",
}
"""The versions, and the beta that each of them needs."""
FIRST = frozenset({
    "key", "type", "mouse_move", "left_click", "left_click_drag", "right_click", "middle_click", "double_click",
    "screenshot", "cursor_position",
})  # fmt: skip
"""The actions of the first version."""


class Desk:
    """A version of the tool over a view: its entry, what may be asked of it, and how results look."""

    def __init__(self, view: View, version: str, zoom: bool, cache_control: Mapping[str, Any] | None) -> None:
        if version not in BETAS:
            raise ValueError(f"no such version: {version}; there are {', '.join(BETAS)}")
        self.view = view
        self.actions = FIRST if version == "computer_20241022" else ACTIONS.keys() - {"zoom"}
        width, height = view.shown
        self.entry: dict[str, Any] = {
            "type": version, "name": "computer", "display_width_px": width, "display_height_px": height,
        }  # fmt: skip
        if version == "computer_20251124" and zoom:
            self.entry["enable_zoom"] = True
            self.actions |= {"zoom"}
        if cache_control is not None:
            self.entry["cache_control"] = dict(cache_control)

    def plan(self, input: object) -> list[Gesture]:
        if not isinstance(input, dict):
            raise ToolError("Error: the input must be an object")
        given = Given(input)
        action = given.text("action")
        if action not in self.actions:
            raise ToolError(f"Error: Unknown action: {action}. There are {', '.join(sorted(self.actions))}.")
        return plan(action, given, self.view)

    def told(self, found: bytes | Point | None) -> Content:
        """What was found, as the content of a result."""
        if isinstance(found, bytes):
            source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(found).decode()}
            return [{"type": "image", "source": source}]
        if found is not None:
            x, y = self.view.back(found)
            return f"X={x},Y={y}"
        return "Done."


class Computer(Runnable):
    """The computer tool over a screen: `Computer(XScreen(":1"))`, `Computer(Page(page))`.

    The model sees the screen in `size`, or as large as every model can. Requests need `betas=[computer.beta]`.
    """

    def __init__(
        self,
        screen: Screen,
        *,
        version: str = "computer_20251124",
        size: Point | None = None,
        zoom: bool = True,
        cache_control: Mapping[str, Any] | None = None,
    ) -> None:
        self.screen = screen
        self.desk = Desk(View.of(screen.size, size), version, zoom, cache_control)
        self.entry = self.desk.entry
        self.beta = BETAS[version]

    def run(self, given: Given) -> Content:
        return self.desk.told(carried_out(self.desk.plan(given.input), self.screen))


class AsyncComputer(BetaAsyncBuiltinFunctionTool):
    """The same for the asynchronous runner: `AsyncComputer(AsyncPage(page))`; a plain screen is worked in threads."""

    def __init__(
        self,
        screen: Screen | AsyncScreen,
        *,
        version: str = "computer_20251124",
        size: Point | None = None,
        zoom: bool = True,
        cache_control: Mapping[str, Any] | None = None,
    ) -> None:
        self.screen = screen if isinstance(screen, AsyncScreen) else InThread(screen)
        self.desk = Desk(View.of(screen.size, size), version, zoom, cache_control)
        self.beta = BETAS[version]

    def to_dict(self) -> BetaToolUnionParam:
        return cast(BetaToolUnionParam, dict(self.desk.entry))

    async def call(self, input: object) -> Content:
        return self.desk.told(await carried_out_later(self.desk.plan(input), self.screen))


class ComputerToolset(BetaAbstractComputerToolset20260801):
    """The computer toolset over a screen. `confirm` is asked before each call, with what is about to be done."""

    def __init__(
        self, screen: Screen, *, confirm: BetaComputerConfirmCallable, size: Point | None = None, **more: Any
    ) -> None:
        super().__init__(confirm=confirm, **more)
        self.screen = screen
        self.view = View.of(screen.size, size)

    def execute(self, context: BetaToolsetCallContext, name: Any, input: Any) -> BetaComputerMemberResult:
        """Do one member's work."""
        gestures = plan(name, Given(input.to_dict()), self.view)
        return member_result(carried_out(gestures, self.screen), self.view)


class AsyncComputerToolset(BetaAsyncAbstractComputerToolset20260801):
    """The same for the asynchronous runner; a plain screen is worked in threads."""

    def __init__(
        self,
        screen: Screen | AsyncScreen,
        *,
        confirm: BetaAsyncComputerConfirmCallable,
        size: Point | None = None,
        **more: Any,
    ) -> None:
        super().__init__(confirm=confirm, **more)
        self.screen = screen if isinstance(screen, AsyncScreen) else InThread(screen)
        self.view = View.of(screen.size, size)

    async def execute(self, context: BetaToolsetCallContext, name: Any, input: Any) -> BetaComputerMemberResult:
        """Do one member's work."""
        gestures = plan(name, Given(input.to_dict()), self.view)
        return member_result(await carried_out_later(gestures, self.screen), self.view)


def carried_out(gestures: Sequence[Gesture], screen: Screen) -> bytes | Point | None:
    """Do it, and bring what was asked for. Keys that are held when something fails are let go."""
    found: bytes | Point | None = None
    held: list[Key] = []
    try:
        for gesture in gestures:
            match gesture:
                case Pause(seconds=seconds):
                    time.sleep(seconds)
                case Look(region=region, size=size):
                    found = screen.look(region, size)
                case Where():
                    found = screen.where()
                case _:
                    hold(held, gesture)
                    screen.do(gesture)
    finally:
        for key in reversed(held):
            screen.do(KeyUp(key))
    return found


async def carried_out_later(gestures: Sequence[Gesture], screen: AsyncScreen) -> bytes | Point | None:
    """`carried_out`, on an asynchronous screen."""
    found: bytes | Point | None = None
    held: list[Key] = []
    try:
        for gesture in gestures:
            match gesture:
                case Pause(seconds=seconds):
                    await anyio.sleep(seconds)
                case Look(region=region, size=size):
                    found = await screen.look(region, size)
                case Where():
                    found = await screen.where()
                case _:
                    hold(held, gesture)
                    await screen.do(gesture)
    finally:
        with anyio.CancelScope(shield=True):
            for key in reversed(held):
                await screen.do(KeyUp(key))
    return found


def hold(held: list[Key], gesture: Gesture) -> None:
    """Keep account of the keys that are down."""
    if isinstance(gesture, KeyDown):
        held.append(gesture.key)
    elif isinstance(gesture, KeyUp):
        held.remove(gesture.key)


def member_result(found: bytes | Point | None, view: View) -> BetaComputerMemberResult:
    """What was found, as the SDK wants it."""
    if isinstance(found, bytes):
        return BetaScreenshotResult(data=base64.b64encode(found).decode(), media_type="image/png")
    if found is not None:
        x, y = view.back(found)
        return BetaComputerCursorPositionResult(x=x, y=y)
    return None
