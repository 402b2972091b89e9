"""A real Chromium for the tests, and a page that keeps what happens to it."""

import base64
import io
import shutil
from typing import Any

from PIL import Image
from playwright.sync_api import ViewportSize

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync",
]  # fmt: skip
SIZE: ViewportSize = {"width": 1000, "height": 600}
PAGE = """
<style>body { margin: 0; background: #00f; height: 5000px }
#red { position: absolute; left: 500px; top: 300px; width: 40px; height: 40px; background: #f00 }
#name { position: absolute; left: 100px; top: 100px; width: 200px; height: 30px }</style>
<input id=name><div id=red></div>
<script>
window.seen = []
for (const kind of ['mousedown', 'mouseup', 'mousemove', 'dblclick', 'wheel', 'keydown', 'keyup', 'contextmenu'])
  document.addEventListener(kind, e => {
    const where = e.clientX === undefined ? e.key : e.clientX + ',' + e.clientY
    const held = (e.ctrlKey ? 'ctrl+' : '') + (e.shiftKey ? 'shift+' : '')
    const what = kind == 'wheel' ? e.deltaX + ',' + e.deltaY : where
    seen.push(kind + ' ' + held + what + (e.button ? ' ' + e.button : ''))
    if (kind == 'contextmenu') e.preventDefault()
  })
</script>
"""
CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({"action": "mouse_move", "coordinate": [10, 20]}, ["mousemove 10,20"]),
    ({"action": "left_click", "coordinate": [30, 40]}, ["mousemove 30,40", "mousedown 30,40", "mouseup 30,40"]),
    (
        {"action": "right_click", "coordinate": [31, 40]},
        ["mousemove 31,40", "mousedown 31,40 2", "contextmenu 31,40 2", "mouseup 31,40 2"],
    ),
    (
        {"action": "double_click", "coordinate": [32, 40]},
        ["mousemove 32,40", *["mousedown 32,40", "mouseup 32,40"] * 2, "dblclick 32,40"],
    ),
    (
        {"action": "left_click", "coordinate": [33, 40], "text": "ctrl+shift"},
        [
            "mousemove 33,40", "keydown ctrl+Control", "keydown ctrl+shift+Shift", "mousedown ctrl+shift+33,40",
            "mouseup ctrl+shift+33,40", "keyup ctrl+Shift", "keyup Control",
        ],
    ),
    (
        {"action": "left_click_drag", "start_coordinate": [50, 50], "coordinate": [90, 60]},
        ["mousemove 50,50", "mousedown 50,50", "mousemove 90,60", "mouseup 90,60"],
    ),
    (
        {"action": "scroll", "coordinate": [60, 60], "scroll_direction": "down", "scroll_amount": 2},
        ["mousemove 60,60", "wheel 0,100", "wheel 0,100"],
    ),
    ({"action": "key", "text": "Page_Up"}, ["keydown PageUp", "keyup PageUp"]),
    (
        {"action": "key", "text": "ctrl+b"},
        ["keydown ctrl+Control", "keydown ctrl+b", "keyup ctrl+b", "keyup Control"],
    ),
    ({"action": "hold_key", "text": "x", "duration": 0.05}, ["keydown x", "keyup x"]),
]  # fmt: skip
HAPPENED = """count => new Promise(done => {
  const late = Date.now() + 10000
  const look = () => seen.length >= count || Date.now() > late ? done(seen.splice(0)) : setTimeout(look, 5)
  look()
})"""
"""Gives what the page has seen, once it is so much."""


def seen(content: Any) -> Image.Image:
    [block] = content
    assert (block["type"], block["source"]["media_type"]) == ("image", "image/png")
    return Image.open(io.BytesIO(base64.b64decode(block["source"]["data"]))).convert("RGB")
