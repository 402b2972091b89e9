"""Keys by the names that models use, as X11 and as a browser call them."""

from typing import NamedTuple


class Key(NamedTuple):
    """A key: its X keysym by name, and what `KeyboardEvent.key` calls it. A character is itself in both."""

    x: str
    web: str


_NAMED = """
    ctrl control control_l     Control_L    Control
    control_r                  Control_R    Control
    shift shift_l              Shift_L      Shift
    shift_r                    Shift_R      Shift
    alt alt_l option           Alt_L        Alt
    alt_r altgr iso_level3_shift  ISO_Level3_Shift  AltGraph
    super super_l cmd command meta win windows  Super_L  Meta
    return enter               Return       Enter
    kp_enter                   KP_Enter     Enter
    esc escape                 Escape       Escape
    tab                        Tab          Tab
    space                      space        Space
    backspace                  BackSpace    Backspace
    del delete                 Delete       Delete
    ins insert                 Insert       Insert
    up arrowup                 Up           ArrowUp
    down arrowdown             Down         ArrowDown
    left arrowleft             Left         ArrowLeft
    right arrowright           Right        ArrowRight
    home                       Home         Home
    end                        End          End
    page_up pageup prior       Page_Up      PageUp
    page_down pagedown next    Page_Down    PageDown
    caps_lock capslock         Caps_Lock    CapsLock
    num_lock numlock           Num_Lock     NumLock
    scroll_lock scrolllock     Scroll_Lock  ScrollLock
    print printscreen          Print        PrintScreen
    pause                      Pause        Pause
    menu                       Menu         ContextMenu
"""
_MARKS = {
    "minus": "-", "plus": "+", "equal": "=", "comma": ",", "period": ".", "slash": "/", "backslash": "\\",
    "semicolon": ";", "colon": ":", "apostrophe": "'", "quotedbl": '"', "grave": "`", "asciitilde": "~",
    "bracketleft": "[", "bracketright": "]", "parenleft": "(", "parenright": ")", "underscore": "_", "at": "@",
    "exclam": "!", "question": "?", "numbersign": "#", "dollar": "$", "percent": "%", "ampersand": "&", "asterisk": "*",
    "less": "<", "greater": ">", "bar": "|", "asciicircum": "^", "braceleft": "{", "braceright": "}",
}  # fmt: skip
KEYS: dict[str, Key] = {f"f{n}": Key(f"F{n}", f"F{n}") for n in range(1, 25)}
for _line in _NAMED.strip().splitlines():
    *_names, _x, _web = _line.split()
    KEYS.update(dict.fromkeys(_names, Key(_x, _web)))
KEYS.update({name: Key(char, char) for name, char in _MARKS.items()})


def key(name: str) -> Key:
    """A key by its name, whatever its case, or by the character on it. Raises KeyError."""
    return Key(name, name) if len(name) == 1 else KEYS[name.lower()]


def chord(text: str) -> list[Key]:
    """The keys of a combination such as `ctrl+shift+s`; the last may be `+` itself. Raises KeyError."""
    names = text.split("+") if text != "+" else ["+"]
    if text.endswith("++"):
        names = [*text[:-2].split("+"), "+"]
    return [key(name) for name in names]
