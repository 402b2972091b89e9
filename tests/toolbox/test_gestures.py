"""What each action means, as gestures: no screen, no I/O."""

from typing import Any

import pytest

from sijo.toolbox import ToolError
from sijo.toolbox.gestures import (
    ACTIONS,
    Gesture,
    KeyDown,
    KeyUp,
    Look,
    Move,
    Pause,
    Press,
    Release,
    Type,
    View,
    Wheel,
    Where,
    plan,
)
from sijo.toolbox.keys import KEYS, Key, chord
from sijo.toolbox.runnable import Given

SAME = View((1000, 800), (1000, 800))
HALF = View((2000, 1000), (1000, 500))
CTRL, SHIFT = Key("Control_L", "Control"), Key("Shift_L", "Shift")
A = Key("a", "a")


def clicked(button: str, count: int = 1) -> list[Gesture]:
    return [part for n in range(1, count + 1) for part in (Press(button, n), Release(button, n))]


PLANS: list[tuple[str, dict[str, Any], list[Gesture]]] = [
    ("screenshot", {}, [Look((0, 0, 1000, 800), (1000, 800))]),
    ("zoom", {"region": [100, 200, 300, 300]}, [Look((100, 200, 300, 300), (1000, 500))]),
    ("zoom", {"region": [0, 0, 1, 800]}, [Look((0, 0, 1, 800), (1, 800))]),
    ("left_click", {}, clicked("left")),
    ("left_click", {"coordinate": [5, 7]}, [Move((5, 7)), *clicked("left")]),
    ("right_click", {"coordinate": [0, 0]}, [Move((0, 0)), *clicked("right")]),
    ("middle_click", {"coordinate": [999, 799]}, [Move((999, 799)), *clicked("middle")]),
    ("double_click", {}, clicked("left", 2)),
    ("triple_click", {}, clicked("left", 3)),
    (
        "left_click",
        {"coordinate": [5, 7], "text": "ctrl+shift"},
        [Move((5, 7)), KeyDown(CTRL), KeyDown(SHIFT), *clicked("left"), KeyUp(SHIFT), KeyUp(CTRL)],
    ),
    ("left_click", {"text": ""}, clicked("left")),
    (
        "left_click_drag",
        {"start_coordinate": [1, 2], "coordinate": [3, 4]},
        [Move((1, 2)), Press("left"), Pause(0.05), Move((3, 4)), Pause(0.05), Release("left")],
    ),
    (
        "left_click_drag",
        {"coordinate": [3, 4]},
        [Press("left"), Pause(0.05), Move((3, 4)), Pause(0.05), Release("left")],
    ),
    ("mouse_move", {"coordinate": [3, 4]}, [Move((3, 4))]),
    ("left_mouse_down", {}, [Press("left")]),
    ("left_mouse_up", {}, [Release("left")]),
    ("cursor_position", {}, [Where()]),
    ("scroll", {"scroll_direction": "down", "scroll_amount": 5}, [Wheel("down", 5)]),
    (
        "scroll",
        {"scroll_direction": "left", "scroll_amount": 0, "coordinate": [1, 1]},
        [Move((1, 1)), Wheel("left", 0)],
    ),
    (
        "scroll",
        {"scroll_direction": "up", "scroll_amount": 1, "text": "ctrl"},
        [KeyDown(CTRL), Wheel("up", 1), KeyUp(CTRL)],
    ),
    ("type", {"text": "Grüße\n한글"}, [Type("Grüße\n한글")]),
    ("key", {"text": "a"}, [KeyDown(A), KeyUp(A)]),
    ("key", {"text": "ctrl+a"}, [KeyDown(CTRL), KeyDown(A), KeyUp(A), KeyUp(CTRL)]),
    ("key", {"text": "a", "repeat": 3}, [KeyDown(A), KeyUp(A)] * 3),
    ("key", {"text": "a a"}, [KeyDown(A), KeyUp(A)] * 2),
    ("hold_key", {"text": "shift", "duration": 0.5}, [KeyDown(SHIFT), Pause(0.5), KeyUp(SHIFT)]),
    ("wait", {"duration": 2}, [Pause(2)]),
]


@pytest.mark.parametrize(("action", "input", "gestures"), PLANS)
def test_what_an_action_is_made_of(action: str, input: dict[str, Any], gestures: list[Gesture]) -> None:
    assert plan(action, Given(input), SAME) == gestures


def test_every_action_has_a_plan() -> None:
    assert {action for action, _, _ in PLANS} == set(ACTIONS)


@pytest.mark.parametrize(
    ("action", "input", "words"),
    [
        ("jump", {}, "Error: Unknown action: jump"),
        ("left_click", {"coordinate": [1000, 0]}, "Error: coordinate [1000, 0] is outside of the screen, 1000 by 800"),
        ("left_click", {"coordinate": [0, -1]}, "Error: coordinate [0, -1] is outside of the screen, 1000 by 800"),
        ("left_click", {"coordinate": [1]}, "Error: `coordinate` must be a list of 2 whole numbers"),
        ("left_click", {"coordinate": "1,2"}, "Error: `coordinate` must be a list of 2 whole numbers"),
        ("left_click", {"coordinate": [True, 1]}, "Error: `coordinate` must be a list of 2 whole numbers"),
        ("mouse_move", {}, "Error: `coordinate` must be a list of 2 whole numbers"),
        ("left_click_drag", {"start_coordinate": [1, 1]}, "Error: `coordinate` must be a list of 2 whole numbers"),
        ("zoom", {"region": [5, 5, 5, 9]}, "Error: region [5, 5, 5, 9] is no part of the screen, 1000 by 800"),
        ("zoom", {"region": [0, 0, 1001, 9]}, "Error: region [0, 0, 1001, 9] is no part of the screen, 1000 by 800"),
        ("zoom", {}, "Error: `region` must be a list of 4 whole numbers"),
        ("scroll", {"scroll_direction": "in", "scroll_amount": 1},
         "Error: scroll_direction in is none of up, down, left, right"),
        ("scroll", {"scroll_direction": "up", "scroll_amount": 101}, "Error: scroll_amount must be from 0 to 100"),
        ("scroll", {"scroll_direction": "up", "scroll_amount": 1.5}, "Error: `scroll_amount` must be a whole number"),
        ("key", {"text": "ctrl+bogus"}, "Error: Unknown key: bogus"),
        ("key", {"text": " "}, "Error: text names no key"),
        ("key", {"text": "a", "repeat": 0}, "Error: repeat must be from 1 to 100"),
        ("key", {}, "Error: `text` must be a string"),
        ("hold_key", {"text": "a", "duration": 301}, "Error: duration must be from 0 to 300 seconds"),
        ("wait", {"duration": -1}, "Error: duration must be from 0 to 300 seconds"),
        ("wait", {"duration": float("nan")}, "Error: `duration` must be a number"),
        ("wait", {"duration": "1"}, "Error: `duration` must be a number"),
    ],
)  # fmt: skip
def test_what_cannot_be_done(action: str, input: dict[str, Any], words: str) -> None:
    with pytest.raises(ToolError) as caught:
        plan(action, Given(input), SAME)
    assert str(caught.value) == words


def test_points_of_the_picture_are_points_of_the_screen() -> None:
    assert plan("mouse_move", Given({"coordinate": [0, 0]}), HALF) == [Move((1, 1))]
    assert plan("mouse_move", Given({"coordinate": [999, 499]}), HALF) == [Move((1999, 999))]
    assert HALF.back((1999, 999)) == (999, 499)
    assert plan("screenshot", Given({}), HALF) == [Look((0, 0, 2000, 1000), (1000, 500))]
    assert plan("zoom", Given({"region": [10, 20, 30, 30]}), HALF) == [Look((20, 40, 60, 60), (1000, 500))]


@pytest.mark.parametrize("x", [0, 1, 5, 700, 1428])
def test_a_point_comes_back_as_it_was(x: int) -> None:
    view = View.of((1920, 1080))
    [move] = plan("mouse_move", Given({"coordinate": [x, 3]}), view)
    assert isinstance(move, Move)
    assert view.back(move.to) == (x, 3)


@pytest.mark.parametrize(
    ("real", "shown"),
    [
        ((1280, 800), (1280, 800)),
        ((1024, 768), (1024, 768)),
        ((1920, 1080), (1429, 804)),
        ((3840, 2160), (1429, 804)),
        ((5000, 100), (1568, 31)),
        ((1, 9000), (1, 1568)),
    ],
)
def test_the_picture_is_as_large_as_every_model_sees_it(real: tuple[int, int], shown: tuple[int, int]) -> None:
    assert View.of(real).shown == shown
    assert View.of(real, (100, 50)).shown == (100, 50)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Return", ["Enter"]), ("ctrl+shift+Escape", ["Control", "Shift", "Escape"]), ("Page_Up", ["PageUp"]),
        ("CTRL+S", ["Control", "S"]), ("ctrl++", ["Control", "+"]), ("+", ["+"]), ("cmd+space", ["Meta", "Space"]),
        ("alt+F4", ["Alt", "F4"]), ("ctrl+plus", ["Control", "+"]), ("ㅎ", ["ㅎ"]),
    ],
)  # fmt: skip
def test_combinations_of_keys(text: str, names: list[str]) -> None:
    assert [key.web for key in chord(text)] == names


def test_every_key_has_both_names() -> None:
    assert all(key.x and key.web and name == name.lower() for name, key in KEYS.items())
