"""An X display as a screen, with mouse and keyboard through XTEST; and Xvfb, to have one without a monitor."""

import os
import shutil
import signal
import subprocess
import time
import weakref
from types import TracebackType
from typing import Any, Self

from PIL import Image
from Xlib import XK, X  # type: ignore[import-untyped]
from Xlib.display import Display  # type: ignore[import-untyped]
from Xlib.ext import xtest  # type: ignore[import-untyped]

from sijo.toolbox.gestures import Gesture, KeyDown, KeyUp, Move, Point, Press, Region, Release, Type, Wheel
from sijo.toolbox.keys import Key
from sijo.toolbox.runnable import ToolError
from sijo.toolbox.screen import Screen, png

BUTTONS = {"left": 1, "middle": 2, "right": 3}
WHEEL = {"up": 4, "down": 5, "left": 6, "right": 7}
UNICODE = 0x0100_0000
"""Added to a character's code it is the character's keysym."""
SETTLE = 0.02
"""Seconds that programs get to learn of a key's new meaning."""
CONTROL = {"\n": "Return", "\r": "Return", "\t": "Tab", "\b": "BackSpace", "\x1b": "Escape"}


class XScreen(Screen):
    """The screen of a running X server: `:0`, or what `Xvfb` gives. Without a name it is that of DISPLAY."""

    def __init__(self, display: str | None = None) -> None:
        self.display = Display(display)
        self._screen = self.display.screen()
        self._root = self._screen.root
        self.size = (self._screen.width_in_pixels, self._screen.height_in_pixels)
        self._spare: list[int] = []
        self._lent: dict[int, int] = {}

    def do(self, gesture: Gesture) -> None:
        match gesture:
            case Move(to=(x, y)):
                self._fake(X.MotionNotify, x=x, y=y)
            case Press(button=button):
                self._fake(X.ButtonPress, BUTTONS[button])
            case Release(button=button):
                self._fake(X.ButtonRelease, BUTTONS[button])
            case Wheel(direction=direction, notches=notches):
                for _ in range(notches):
                    self._fake(X.ButtonPress, WHEEL[direction])
                    self._fake(X.ButtonRelease, WHEEL[direction])
            case KeyDown(key=key):
                self._key(*self._code(_keysym(key)), down=True)
            case KeyUp(key=key):
                self._key(*self._code(_keysym(key)), down=False)
            case Type(text=text):
                for char in text:
                    code, shift = self._code(_char(char))
                    self._key(code, shift, down=True)
                    self._key(code, shift, down=False)
            case _:
                raise TypeError(f"a screen is not asked to {gesture!r}")
        self.display.sync()

    def look(self, region: Region, size: Point) -> bytes:
        x0, y0, x1, y1 = region
        width, height = x1 - x0, y1 - y0
        found = self._root.get_image(x0, y0, width, height, X.ZPixmap, 0xFFFFFFFF)
        return png(Image.frombytes("RGB", (width, height), found.data, "raw", "BGRX"), size)

    def where(self) -> Point:
        found = self._root.query_pointer()
        return found.root_x, found.root_y

    def close(self) -> None:
        """Leave the display."""
        self.display.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fake(self, kind: int, detail: int = 0, **more: Any) -> None:
        xtest.fake_input(self.display, kind, detail, **more)

    def _key(self, code: int, shift: bool, *, down: bool) -> None:
        """One key, with shift where it stands on the upper half of its cap."""
        held = self.display.keysym_to_keycode(XK.XK_Shift_L)
        if shift and down:
            self._fake(X.KeyPress, held)
        self._fake(X.KeyPress if down else X.KeyRelease, code)
        if shift and not down:
            self._fake(X.KeyRelease, held)

    def _code(self, keysym: int) -> tuple[int, bool]:
        """The key of a keysym, and whether shift goes with it. What no key has gets one of those that have nothing."""
        found = [(code, level) for code, level in self.display.keysym_to_keycodes(keysym) if level < 2]
        if found:
            code, level = min(found, key=lambda place: place[1])
            return code, level == 1
        if keysym not in self._lent:
            code = self._free()
            self.display.change_keyboard_mapping(code, [[keysym, keysym]])
            self.display.sync()
            time.sleep(SETTLE)
            while self.display.pending_events():
                self.display.next_event()  # the news of the change, which nobody here needs
            self._lent[keysym] = code
        return self._lent[keysym], False

    def _free(self) -> int:
        """A key that means nothing; when there are none left, the one that was taken first is taken again."""
        if not self._spare:
            first, last = self.display.display.info.min_keycode, self.display.display.info.max_keycode
            rows = self.display.get_keyboard_mapping(first, last - first + 1)
            self._spare = [first + at for at, row in enumerate(rows) if not any(row)]
        if not self._spare:
            raise ToolError("Error: the display has no key to spare for this character")
        code = self._spare.pop(0)
        self._spare.append(code)
        self._lent = {keysym: lent for keysym, lent in self._lent.items() if lent != code}
        return code


def _keysym(key: Key) -> int:
    if len(key.x) == 1:
        return _char(key.x)
    found: int = XK.string_to_keysym(key.x)
    if not found:
        raise ToolError(f"Error: this display has no key {key.x}")
    return found


def _char(char: str) -> int:
    if char in CONTROL:
        found: int = XK.string_to_keysym(CONTROL[char])
        return found
    code = ord(char)
    return code if 0x20 <= code < 0x7F or 0xA0 <= code < 0x100 else UNICODE + code


class Xvfb:
    """An X server without a monitor, while the block lasts: `with Xvfb() as name, XScreen(name) as screen:`."""

    def __init__(self, width: int = 1280, height: int = 800) -> None:
        program = shutil.which("Xvfb")
        if program is None:
            raise FileNotFoundError("Xvfb is not installed (Debian: apt-get install xvfb)")
        told, telling = os.pipe()
        command = [program, "-displayfd", str(telling), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
        process = subprocess.Popen(  # noqa: S603  # found on the path
            [*command, "-noreset"], pass_fds=(telling,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(telling)
        self._end = weakref.finalize(self, _stop, process)
        with os.fdopen(told) as line:
            number = line.readline().strip()
        if not number:
            self.close()
            raise OSError("Xvfb did not start")
        self.name = f":{number}"

    def close(self) -> None:
        """Stop it."""
        self._end()

    def __enter__(self) -> str:
        return self.name

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait()
