"""The computer on a real X server, with a real window that keeps what happens to it."""

import base64
import io
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from PIL import Image
from Xlib import XK, X  # type: ignore[import-untyped]
from Xlib.display import Display  # type: ignore[import-untyped]

from sijo.toolbox import Async, AsyncComputer, Computer
from sijo.toolbox.computer import carried_out
from sijo.toolbox.gestures import Gesture, KeyDown, Press
from sijo.toolbox.keys import KEYS
from sijo.toolbox.x11 import XScreen, Xvfb
from tests.toolbox.asked import refused, said

SIZE = 1000, 600
RED, BLUE = (255, 0, 0), (0, 0, 255)


class Window:
    """A window over the whole display: blue, with a red square of 40 pixels at 500, 300."""

    def __init__(self, name: str) -> None:
        self.display = Display(name)
        screen = self.display.screen()
        mask = X.KeyPressMask | X.KeyReleaseMask | X.ButtonPressMask | X.ButtonReleaseMask | X.PointerMotionMask
        self.window = screen.root.create_window(
            0, 0, *SIZE, 0, screen.root_depth, background_pixel=0x0000FF, event_mask=mask | X.ExposureMask
        )
        self.window.map()
        while self.display.next_event().type != X.Expose:
            pass
        self.window.fill_rectangle(self.window.create_gc(foreground=0xFF0000), 500, 300, 40, 40)
        self.window.set_input_focus(X.RevertToParent, X.CurrentTime)
        self.display.sync()

    def happened(self, count: int) -> list[tuple[Any, ...]]:
        """The next so many things that happen to it."""
        found: list[tuple[Any, ...]] = []
        until = time.monotonic() + 10
        while len(found) < count and time.monotonic() < until:
            if not self.display.pending_events():
                time.sleep(0.005)
                continue
            event = self.display.next_event()
            match event.type:
                case X.MappingNotify:
                    self.display.refresh_keyboard_mapping(event)
                case X.MotionNotify:
                    found.append(("move", event.event_x, event.event_y))
                case X.ButtonPress | X.ButtonRelease:
                    found.append(("press" if event.type == X.ButtonPress else "release", event.detail))
                case X.KeyPress | X.KeyRelease:
                    level = 1 if event.state & X.ShiftMask else 0
                    keysym = self.display.keycode_to_keysym(event.detail, level)
                    keysym = keysym or self.display.keycode_to_keysym(event.detail, 0)
                    found.append(("down" if event.type == X.KeyPress else "up", spoken(keysym)))
        assert len(found) == count, found
        return found


def spoken(keysym: int) -> str:
    """What a keysym means: the name of a key, or a character."""
    return NAMES.get(keysym) or chr(keysym - 0x0100_0000 if keysym >= 0x0100_0000 else keysym)


NAMES = {XK.string_to_keysym(key.x): key.x for key in KEYS.values() if len(key.x) > 1 and key.x != "space"}


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with Xvfb(*SIZE) as name:
        yield name


@pytest.fixture(scope="module")
def desk(display: str) -> Iterator[tuple[XScreen, Window]]:
    window = Window(display)
    with XScreen(display) as screen:
        yield screen, window
    window.display.close()


@pytest.fixture
def computer(desk: tuple[XScreen, Window]) -> Computer:
    return Computer(desk[0])


@pytest.fixture
def window(desk: tuple[XScreen, Window]) -> Window:
    window = desk[1]
    while window.display.pending_events():
        window.display.next_event()
    return window


def seen(content: Any) -> Image.Image:
    [block] = content
    assert (block["type"], block["source"]["media_type"]) == ("image", "image/png")
    return Image.open(io.BytesIO(base64.b64decode(block["source"]["data"])))


def typed(*keys: str) -> list[tuple[str, str]]:
    return [(kind, key) for key in keys for kind in ("down", "up")]


CLICK = [("press", 1), ("release", 1)]
CASES: list[tuple[dict[str, Any], list[tuple[Any, ...]]]] = [
    ({"action": "mouse_move", "coordinate": [10, 20]}, [("move", 10, 20)]),
    ({"action": "left_click", "coordinate": [30, 40]}, [("move", 30, 40), *CLICK]),
    ({"action": "right_click", "coordinate": [31, 40]}, [("move", 31, 40), ("press", 3), ("release", 3)]),
    ({"action": "middle_click", "coordinate": [32, 40]}, [("move", 32, 40), ("press", 2), ("release", 2)]),
    ({"action": "double_click", "coordinate": [33, 40]}, [("move", 33, 40), *CLICK * 2]),
    ({"action": "triple_click", "coordinate": [34, 40]}, [("move", 34, 40), *CLICK * 3]),
    (
        {"action": "left_click", "coordinate": [35, 40], "text": "ctrl"},
        [("move", 35, 40), ("down", "Control_L"), *CLICK, ("up", "Control_L")],
    ),
    (
        {"action": "left_click_drag", "start_coordinate": [50, 50], "coordinate": [90, 60]},
        [("move", 50, 50), ("press", 1), ("move", 90, 60), ("release", 1)],
    ),
    ({"action": "left_mouse_down"}, [("press", 1)]),
    ({"action": "left_mouse_up"}, [("release", 1)]),
    (
        {"action": "scroll", "coordinate": [60, 60], "scroll_direction": "down", "scroll_amount": 2},
        [("move", 60, 60), *[("press", 5), ("release", 5)] * 2],
    ),
    ({"action": "scroll", "scroll_direction": "left", "scroll_amount": 1}, [("press", 6), ("release", 6)]),
    ({"action": "type", "text": "ab 1\n"}, typed("a", "b", " ", "1", "Return")),
    ({"action": "type", "text": "é한ß🎈"}, typed("é", "한", "ß", "🎈")),
    ({"action": "key", "text": "ctrl+s"}, [("down", "Control_L"), *typed("s"), ("up", "Control_L")]),
    ({"action": "key", "text": "Page_Down"}, typed("Page_Down")),
    ({"action": "key", "text": "F5"}, typed("F5")),
    ({"action": "hold_key", "text": "x", "duration": 0.05}, typed("x")),
]


@pytest.mark.parametrize(("input", "events"), CASES)
def test_what_the_window_sees(
    computer: Computer, window: Window, input: dict[str, Any], events: list[tuple[Any, ...]]
) -> None:
    assert said(computer, **input) == "Done."
    assert window.happened(len(events)) == events


def test_capitals_come_with_shift(computer: Computer, window: Window) -> None:
    said(computer, action="type", text="A?")
    assert window.happened(8) == [
        ("down", "Shift_L"), ("down", "A"), ("up", "A"), ("up", "Shift_L"),
        ("down", "Shift_L"), ("down", "?"), ("up", "?"), ("up", "Shift_L"),
    ]  # fmt: skip


def test_more_strange_characters_than_there_are_spare_keys(computer: Computer, window: Window) -> None:
    text = "".join(chr(0xAC00 + 28 * n) for n in range(60))
    for char in text:
        said(computer, action="type", text=char)
        assert window.happened(2) == typed(char)


def test_where_the_pointer_is(computer: Computer, window: Window) -> None:
    said(computer, action="mouse_move", coordinate=[123, 234])
    assert said(computer, action="cursor_position") == "X=123,Y=234"


def test_what_is_seen(computer: Computer, window: Window) -> None:
    shot = seen(computer.call({"action": "screenshot"}))
    assert shot.size == SIZE
    assert [shot.getpixel(at) for at in ((499, 299), (500, 300), (539, 339), (540, 340))] == [BLUE, RED, RED, BLUE]
    part = seen(computer.call({"action": "zoom", "region": [480, 300, 520, 320]}))
    assert part.size == (1000, 500)
    assert [part.getpixel(at) for at in ((400, 250), (600, 250), (999, 499))] == [BLUE, RED, RED]


def test_a_large_screen_is_seen_smaller_and_hit_where_it_is(desk: tuple[XScreen, Window], window: Window) -> None:
    small = Computer(desk[0], size=(500, 300))
    assert small.to_dict() == {
        "type": "computer_20251124", "name": "computer", "display_width_px": 500, "display_height_px": 300,
        "enable_zoom": True,
    }  # fmt: skip
    shot = seen(small.call({"action": "screenshot"}))
    assert shot.size == (500, 300)
    assert shot.getpixel((260, 160)) == RED
    said(small, action="left_click", coordinate=[260, 160])
    assert window.happened(1) == [("move", 521, 321)]
    assert said(small, action="cursor_position") == "X=260,Y=160"
    part = seen(small.call({"action": "zoom", "region": [250, 150, 270, 170]}))
    assert part.size == (300, 300)
    assert {part.getpixel((5, 5)), part.getpixel((295, 295))} == {RED}


@pytest.mark.parametrize(
    ("version", "action", "known"),
    [
        ("computer_20241022", "scroll", False), ("computer_20241022", "zoom", False),
        ("computer_20250124", "wait", True), ("computer_20250124", "zoom", False),
        ("computer_20251124", "zoom", True),
    ],
)  # fmt: skip
def test_what_each_version_can(desk: tuple[XScreen, Window], version: str, action: str, known: bool) -> None:
    tool = Computer(desk[0], version=version)
    assert ("Unknown action" not in refused(tool, action=action)) is known
    assert tool.beta == version.replace("computer_", "computer-use-").replace("2024", "2024-").replace(
        "2025", "2025-"
    ).replace("-1022", "-10-22").replace("-0124", "-01-24").replace("-1124", "-11-24")


def test_without_zoom_there_is_none(desk: tuple[XScreen, Window]) -> None:
    tool = Computer(desk[0], zoom=False)
    assert "enable_zoom" not in tool.to_dict()
    assert "Unknown action: zoom" in refused(tool, action="zoom", region=[0, 0, 1, 1])


def test_keys_are_let_go_when_something_fails(computer: Computer, window: Window) -> None:
    """There is no such button; the key that was held before it does not stay down."""
    gestures: list[Gesture] = [KeyDown(KEYS["shift"]), Press("fourth")]
    with pytest.raises(KeyError):
        carried_out(gestures, computer.screen)
    assert window.happened(2) == typed("Shift_L")


@pytest.mark.parametrize("wrapped", [True, False])
async def test_the_asynchronous_one_does_the_same(desk: tuple[XScreen, Window], window: Window, wrapped: bool) -> None:
    tool = Async(Computer(desk[0])) if wrapped else AsyncComputer(desk[0])
    assert await tool.call({"action": "left_click", "coordinate": [70, 71]}) == "Done."
    assert window.happened(3) == [("move", 70, 71), *CLICK]
    assert await tool.call({"action": "cursor_position"}) == "X=70,Y=71"
    assert seen(await tool.call({"action": "screenshot"})).size == SIZE


def test_a_server_ends_with_its_block() -> None:
    with Xvfb(320, 240) as name, XScreen(name) as screen:
        assert screen.size == (320, 240)
        [server] = [child for child in psutil.Process().children() if "320x240x24" in child.cmdline()]
    assert not server.is_running()
