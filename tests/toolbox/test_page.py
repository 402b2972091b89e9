"""The computer on a real page in Chromium, through Playwright's plain interface, and the toolset under the runner."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest
from PIL import Image
from playwright import sync_api

from sijo.toolbox import Computer, ComputerToolset
from sijo.toolbox.page import Page, clipped, sized
from tests.serving import serving
from tests.toolbox.asked import said
from tests.toolbox.browser import CASES, CHROMIUM, FLAGS, HAPPENED, PAGE, SIZE, seen

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: sync_api.Browser) -> Iterator[sync_api.Page]:
    page = browser.new_page(viewport=SIZE)
    page.set_content(PAGE)
    yield page
    page.close()


@pytest.mark.parametrize(("input", "events"), CASES)
def test_what_the_page_sees(page: sync_api.Page, input: dict[str, Any], events: list[str]) -> None:
    assert said(Computer(Page(page)), **input) == "Done."
    assert page.evaluate(HAPPENED, len(events)) == events


def test_text_goes_where_the_focus_is(page: sync_api.Page) -> None:
    computer = Computer(Page(page))
    said(computer, action="left_click", coordinate=[150, 115])
    said(computer, action="type", text="Grüße, 한글 🎈")
    assert page.input_value("#name") == "Grüße, 한글 🎈"
    said(computer, action="triple_click", coordinate=[150, 115])
    said(computer, action="key", text="BackSpace")
    assert page.input_value("#name") == ""


def test_it_scrolls(page: sync_api.Page) -> None:
    computer = Computer(Page(page))
    said(computer, action="scroll", coordinate=[500, 300], scroll_direction="down", scroll_amount=10)
    page.wait_for_function("window.scrollY == 1000")
    assert seen(computer.call({"action": "screenshot"})).getpixel((520, 320)) == BLUE


def test_where_the_pointer_is(page: sync_api.Page) -> None:
    computer = Computer(Page(page))
    assert said(computer, action="cursor_position") == "X=0,Y=0"
    said(computer, action="mouse_move", coordinate=[12, 34])
    assert said(computer, action="cursor_position") == "X=12,Y=34"


@pytest.mark.parametrize("size", [None, (500, 300)])
def test_what_is_seen(page: sync_api.Page, size: tuple[int, int] | None) -> None:
    computer = Computer(Page(page), size=size)
    by = 2 if size else 1
    shot = seen(computer.call({"action": "screenshot"}))
    assert shot.size == (1000 // by, 600 // by)
    assert [shot.getpixel((x // by, y // by)) for x, y in ((490, 290), (510, 310), (550, 350))] == [BLUE, RED, BLUE]
    region = [value // by for value in (480, 300, 520, 320)]
    part = seen(computer.call({"action": "zoom", "region": region}))
    assert part.size == (1000 // by, 500 // by)
    assert [part.getpixel((x // by, y // by)) for x, y in ((400, 250), (600, 250))] == [BLUE, RED]


def test_a_zoom_shows_more_than_the_pixels_of_the_screen(page: sync_api.Page) -> None:
    """Stripes of half a pixel are drawn anew, and told apart."""
    page.set_content(
        "<style>body{margin:0}div{width:100px;height:100px;background:repeating-linear-gradient("
        "90deg,#000 0,#000 .5px,#fff .5px,#fff 1px)}</style><div></div>"
    )
    part = seen(Computer(Page(page)).call({"action": "zoom", "region": [0, 0, 10, 6]}))
    assert part.size == (1000, 600)
    assert [part.getpixel((x, 300)) for x in (25, 75, 125, 175)] == [(0, 0, 0), (255, 255, 255)] * 2


def test_other_browsers_zoom_into_pixels(page: sync_api.Page) -> None:
    part = sized(page.screenshot(**clipped((480, 300, 520, 320))), (400, 200))
    image = Image.open(io.BytesIO(part)).convert("RGB")
    assert (image.size, image.getpixel((100, 100)), image.getpixel((300, 100))) == ((400, 200), BLUE, RED)


def test_a_page_of_no_fixed_size_is_refused(browser: sync_api.Browser) -> None:
    page = browser.new_page(no_viewport=True)
    with pytest.raises(ValueError, match="no viewport of a fixed size"):
        Page(page)
    page.close()


SCRIPT = """
[[rules]]
match.text = "Write your name"
answers = {blocks = [
  {tool = "left_click", input = {coordinate = [150, 115]}},
  {tool = "type", input = {text = "Sijo"}},
  {tool = "screenshot"},
]}

[[rules]]
match.result = {name = "type", content = "Typed."}
answers = {blocks = [
  {tool = "cursor_position"},
  {tool = "left_click", input = {coordinate = [5000, 1]}},
  {tool = "zoom", input = {region = [0, 0, 10, 10]}},
]}

[[rules]]
match.result = {name = "zoom", is_error = true}
answers = "{result}"
"""


def test_the_runner_works_the_toolset(page: sync_api.Page, tmp_path: Path) -> None:
    (tmp_path / "script.toml").write_text(SCRIPT)
    flags = ("--model", "simulator", "--scripts", str(tmp_path / "script.toml"))
    with serving(tmp_path, *flags) as running, anthropic.Anthropic(base_url=running.url, api_key="any") as client:
        toolset = ComputerToolset(Page(page), confirm=lambda context: context.member != "hold_key")
        runner = client.beta.messages.tool_runner(
            model="claude-opus-5",
            max_tokens=1000,
            messages=[{"role": "user", "content": "Write your name"}],
            tools=[toolset],
            thinking={"type": "disabled"},
        )
        results: list[Any] = []
        for _ in runner:
            reply = runner.generate_tool_call_response()
            results += reply["content"] if reply else []
    assert page.input_value("#name") == "Sijo"
    assert [result["toolset_name"] for result in results] == ["computer"] * 6
    click, typed, shot, place, outside, zoom = [result["content"] for result in results]
    assert [click[0]["text"], typed[0]["text"], place[0]["text"]] == ["Clicked.", "Typed.", "X=150,Y=115"]
    assert seen(shot).size == (1000, 600)
    assert outside[0]["text"] == "Error: coordinate [5000, 1] is outside of the screen, 1000 by 600"
    assert zoom == "Not executed: an earlier computer action in this turn failed."
