"""The tokens of a prompt: each thing in it counts once, and marks for the cache do not count."""

import base64
import io
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sijo.engine import estimate
from sijo.engine.count import MESSAGE, PAGE, UNSEEN, pixels, prompt_tokens
from sijo.engine.prompt import Prompt

from .build import WEATHER, call, prompt, result, talk

HIGH = "claude-opus-4-7"


def count(asked: Prompt) -> int:
    return prompt_tokens(asked, len)


def picture(kind: str, width: int, height: int, **options: Any) -> str:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, kind, **options)
    return base64.b64encode(file.getvalue()).decode()


def test_each_message_costs_its_text_and_a_little_more() -> None:
    one, three = count(prompt("12345")), count(prompt(talk("12345", "123", "1")))
    assert one == 5 + MESSAGE
    assert 4 + 2 * MESSAGE <= three - one <= 6 + 2 * MESSAGE


@pytest.mark.parametrize(
    "fields",
    [
        {"system": "a system prompt"},
        {"system": [{"type": "text", "text": "a system prompt"}]},
        {"tools": [WEATHER]},
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
    ],
)
def test_system_tools_and_format_count(fields: dict[str, Any]) -> None:
    assert count(prompt("x", **fields)) > count(prompt("x")) + 10


def test_every_text_is_measured_exactly_once() -> None:
    seen: Counter[str] = Counter()

    def measure(text: str) -> int:
        seen[text] += 1
        return len(text)

    texts = [f"text number {at}" for at in range(6)]
    body = talk(
        texts[0],
        [{"type": "text", "text": texts[1]}, call("t", "get_weather", location=texts[2])],
        [result("t", texts[3])],
    )
    prompt_tokens(prompt(body, system=texts[4], tools=[WEATHER | {"description": texts[5]}]), measure)
    assert [sum(times for text, times in seen.items() if each in text) for each in texts] == [1] * 6


CACHED = {"cache_control": {"type": "ephemeral"}}


def test_marks_for_the_cache_do_not_count() -> None:
    plain, marked = (
        prompt(
            talk(
                [{"type": "text", "text": "hello", **mark}],
                [call("t", "get_weather", location="Paris") | mark],
                [result("t", "sunny", **mark)],
                [
                    {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}} | mark,
                    {"type": "web_search_tool_result", "tool_use_id": "s", "content": [], **mark},
                ],
            ),
            system=[{"type": "text", "text": "be brief", **mark}],
            tools=[WEATHER | mark, {"type": "bash_20250124", "name": "bash"} | mark],
        )
        for mark in ({}, CACHED)
    )
    assert count(plain) == count(marked)


def test_a_deferred_tool_counts_once_it_was_found() -> None:
    tools = [WEATHER | {"defer_loading": True}]
    reference = [{"type": "tool_reference", "tool_name": "get_weather"}]
    hidden = talk("x", [call("t", "find")], [result("t", "")])
    shown = talk("x", [call("t", "find")], [result("t", reference)])
    again = [*shown, *talk("x", [call("u", "find")], [result("u", reference)])[1:]]
    cost = count(prompt("x", tools=[WEATHER])) - count(prompt("x"))
    assert count(prompt(hidden, tools=tools)) == count(prompt(hidden))
    assert count(prompt(shown, tools=tools)) - count(prompt(shown)) >= cost
    assert count(prompt(again, tools=tools)) - count(prompt(again)) == count(prompt(shown, tools=tools)) - count(
        prompt(shown)
    )


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", HIGH])
def test_an_image_counts_by_its_size(model: str) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": picture("PNG", 1000, 3000)}
    asked = prompt(talk([{"type": "image", "source": source}]), model=model)
    assert count(asked) == MESSAGE + estimate.image(1000, 3000, high=model == HIGH)


@pytest.mark.parametrize(
    "source",
    [{"type": "url", "url": "https://x.org/a.png"}, {"type": "base64", "media_type": "image/png", "data": "AAAA"}],
)
def test_an_image_that_cannot_be_seen_counts_as_a_large_one(source: dict[str, Any]) -> None:
    assert count(prompt(talk([{"type": "image", "source": source}]))) == MESSAGE + estimate.image(*UNSEEN, high=False)


@pytest.mark.parametrize(
    ("source", "least"),
    [
        ({"type": "text", "media_type": "text/plain", "data": "x" * 500}, 500),
        ({"type": "content", "content": "x" * 500}, 500),
        ({"type": "content", "content": [{"type": "text", "text": "x" * 250}] * 2}, 500),
        ({"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}, PAGE),
        ({"type": "base64", "media_type": "application/pdf", "data": "JVBERi0x" * 50_000}, 5 * PAGE),
        ({"type": "url", "url": "https://x.org/a.pdf"}, PAGE),
    ],
)
def test_a_document_counts_by_what_is_in_it(source: dict[str, Any], least: int) -> None:
    assert least <= count(prompt(talk([{"type": "document", "source": source, "title": "T"}]))) < least + 2 * PAGE


@pytest.mark.parametrize(
    "block",
    [
        {"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "found it"}]},
        {"type": "thinking", "thinking": "let me see", "signature": "s"},
        {"type": "redacted_thinking", "data": "c2VjcmV0"},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}},
        {"type": "compaction", "content": "what came before"},
    ],
)
def test_every_kind_of_block_counts(block: dict[str, Any]) -> None:
    assert count(prompt(talk("x", [block]))) > count(prompt("x")) + MESSAGE


@pytest.mark.parametrize(("width", "height"), [(1, 1), (320, 200), (2001, 3), (16_000, 1)])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "exif": b"Exif\0\0" + bytes(40_000)}),
        ("GIF", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\0\0" + bytes(99)}),
    ],
)
def test_the_head_of_an_image_tells_its_size(kind: str, options: dict[str, Any], width: int, height: int) -> None:
    assert pixels(picture(kind, width, height, **options)) == (width, height)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_broken_image_never_breaks_the_count(kind: str) -> None:
    whole = base64.b64decode(picture(kind, 32, 20))
    dice = random.Random(7)
    for _ in range(300):
        cut = bytearray(whole[: dice.randrange(len(whole))])
        for _ in range(dice.randrange(4)):
            if cut:
                cut[dice.randrange(len(cut))] = dice.randrange(256)
        data = base64.b64encode(bytes(cut)).decode()
        count(prompt(talk([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}])))


@given(st.text(max_size=80))
def test_what_is_no_image_has_no_size(data: str) -> None:
    assert pixels(data) is None
