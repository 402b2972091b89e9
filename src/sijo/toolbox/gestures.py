"""What a model wants done at a computer, as gestures of hand and eye. Pure: an action and its input in, gestures out.

Actions of the computer tools and members of the computer toolset have the same names, and mean the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sijo.toolbox.keys import Key, chord
from sijo.toolbox.runnable import Given, ToolError

LONGEST = 300
"""Seconds to wait or to hold a key, at most."""
MOST_REPEATS, MOST_NOTCHES = 100, 100
EDGE, AREA = 1568, 1_150_000
"""The longest side and the most pixels of a picture that every model sees in its own size."""
Point = tuple[int, int]
Region = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Move:
    to: Point


@dataclass(frozen=True, slots=True)
class Press:
    """`count`: the how manieth press it is of a double or triple click."""

    button: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Release:
    button: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Wheel:
    direction: str
    notches: int


@dataclass(frozen=True, slots=True)
class KeyDown:
    key: Key


@dataclass(frozen=True, slots=True)
class KeyUp:
    key: Key


@dataclass(frozen=True, slots=True)
class Type:
    text: str


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


@dataclass(frozen=True, slots=True)
class Look:
    """See a region of the screen as a picture of some size."""

    region: Region
    size: Point


@dataclass(frozen=True, slots=True)
class Where:
    """Ask where the pointer is."""


Gesture = Move | Press | Release | Wheel | KeyDown | KeyUp | Type | Pause | Look | Where


class View(NamedTuple):
    """A screen of `real` pixels that the model sees as a picture of `shown` pixels."""

    real: Point
    shown: Point

    @classmethod
    def of(cls, real: Point, shown: Point | None = None) -> "View":
        """As large as every model sees it, unless the size is given."""
        if shown is None:
            width, height = real
            scale = min(1.0, EDGE / max(real), (AREA / (width * height)) ** 0.5)
            shown = (max(1, int(width * scale)), max(1, int(height * scale)))
        return cls(real, shown)

    def point(self, given: Given, field: str) -> Point:
        """A point of the picture, on the screen: the middle of what its pixel stands for. Raises ToolError."""
        x, y = given.numbers(field, 2)
        if not (0 <= x < self.shown[0] and 0 <= y < self.shown[1]):
            raise ToolError(f"Error: {field} [{x}, {y}] is outside of the screen, {self.shown[0]} by {self.shown[1]}")
        return int((x + 0.5) * self.real[0] / self.shown[0]), int((y + 0.5) * self.real[1] / self.shown[1])

    def back(self, point: Point) -> Point:
        """A point of the screen, in the picture."""
        x, y = point
        return int((x + 0.5) * self.shown[0] / self.real[0]), int((y + 0.5) * self.shown[1] / self.real[1])

    def whole(self) -> Look:
        return Look((0, 0, *self.real), self.shown)

    def part(self, given: Given) -> Look:
        """A region, as large as the whole is otherwise. Raises ToolError."""
        x0, y0, x1, y1 = given.numbers("region", 4)
        width, height = self.shown
        if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
            raise ToolError(f"Error: region [{x0}, {y0}, {x1}, {y1}] is no part of the screen, {width} by {height}")
        across, down = self.real[0] / width, self.real[1] / height
        region = (int(x0 * across), int(y0 * down), -int(-x1 * across // 1), -int(-y1 * down // 1))
        scale = min(width / (x1 - x0), height / (y1 - y0))
        return Look(region, (max(1, int((x1 - x0) * scale)), max(1, int((y1 - y0) * scale))))


def plan(action: str, given: Given, view: View) -> list[Gesture]:
    """The gestures that an action is made of. Raises ToolError."""
    if action not in ACTIONS:
        raise ToolError(f"Error: Unknown action: {action}")
    return ACTIONS[action](given, view)


def _click(button: str, count: int = 1) -> Callable[[Given, View], list[Gesture]]:
    def click(given: Given, view: View) -> list[Gesture]:
        clicks = [part for n in range(1, count + 1) for part in (Press(button, n), Release(button, n))]
        return [*_there(given, view), *_held(given, clicks)]

    return click


def _drag(given: Given, view: View) -> list[Gesture]:
    start = _there(given, view, "start_coordinate")
    x, y = view.point(given, "coordinate")
    return [*start, *_held(given, [Press("left"), Pause(0.05), Move((x, y)), Pause(0.05), Release("left")])]


def _scroll(given: Given, view: View) -> list[Gesture]:
    direction, notches = given.text("scroll_direction"), given.whole("scroll_amount", 3)
    if direction not in ("up", "down", "left", "right"):
        raise ToolError(f"Error: scroll_direction {direction} is none of up, down, left, right")
    if not 0 <= notches <= MOST_NOTCHES:
        raise ToolError(f"Error: scroll_amount must be from 0 to {MOST_NOTCHES}")
    return [*_there(given, view), *_held(given, [Wheel(direction, notches)])]


def _key(given: Given, _: View) -> list[Gesture]:
    repeat = given.whole("repeat", 1)
    if not 1 <= repeat <= MOST_REPEATS:
        raise ToolError(f"Error: repeat must be from 1 to {MOST_REPEATS}")
    presses = [part for keys in given.text("text").split() for part in _pressed(_keys(keys), [])]
    if not presses:
        raise ToolError("Error: text names no key")
    return presses * repeat


def _hold(given: Given, _: View) -> list[Gesture]:
    return _pressed(_keys(given.text("text").strip()), [Pause(_seconds(given))])


def _seconds(given: Given) -> float:
    seconds = given.number("duration")
    if not 0 <= seconds <= LONGEST:
        raise ToolError(f"Error: duration must be from 0 to {LONGEST} seconds")
    return seconds


def _there(given: Given, view: View, field: str = "coordinate") -> list[Gesture]:
    """A move to where the action is to be, if that is said."""
    return [Move(view.point(given, field))] if given.has(field) else []


def _held(given: Given, within: Sequence[Gesture]) -> list[Gesture]:
    """Gestures while the keys in `text` are held, if there are some."""
    return _pressed(_keys(given.text("text")) if given.input.get("text") else [], within)


def _pressed(keys: list[Key], within: Sequence[Gesture]) -> list[Gesture]:
    return [*map(KeyDown, keys), *within, *map(KeyUp, reversed(keys))]


def _keys(text: str) -> list[Key]:
    try:
        return chord(text)
    except KeyError as error:
        raise ToolError(f"Error: Unknown key: {error.args[0]}") from error


ACTIONS: Mapping[str, Callable[[Given, View], list[Gesture]]] = {
    "screenshot": lambda given, view: [view.whole()],
    "zoom": lambda given, view: [view.part(given)],
    "left_click": _click("left"),
    "right_click": _click("right"),
    "middle_click": _click("middle"),
    "double_click": _click("left", 2),
    "triple_click": _click("left", 3),
    "left_click_drag": _drag,
    "mouse_move": lambda given, view: [Move(view.point(given, "coordinate"))],
    "left_mouse_down": lambda given, view: [Press("left")],
    "left_mouse_up": lambda given, view: [Release("left")],
    "cursor_position": lambda given, view: [Where()],
    "scroll": _scroll,
    "type": lambda given, view: [Type(given.text("text"))],
    "key": _key,
    "hold_key": _hold,
    "wait": lambda given, view: [Pause(_seconds(given))],
}
