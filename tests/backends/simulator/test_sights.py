"""Images and documents that come with the words."""

import base64
import io
from typing import Any

import pytest
from PIL import Image

from sijo.wire import blocks as b
from sijo.wire.sources import BlockLocation, CharLocation, SearchLocation

from .build import answer, prompt, result, talk, text


def picture(kind: str, width: int, height: int) -> dict[str, Any]:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, kind)
    data = base64.b64encode(file.getvalue()).decode()
    return {"type": "image", "source": {"type": "base64", "media_type": f"image/{kind.lower()}", "data": data}}


def words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def document(source: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "document", "source": source, **fields}


PLAIN = {
    "type": "text",
    "media_type": "text/plain",
    "data": "  Grass is green. The sky is 3.5 times blue. Water is wet.",
}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_an_image_is_told_by_kind_and_size(kind: str) -> None:
    said = await text(talk([picture(kind, 320, 200), words("What is this?")]))
    assert f"{kind}, 320 × 200" in said


async def test_several_images_are_counted() -> None:
    said = await text(talk([picture("PNG", 30, 20), picture("JPEG", 64, 48), words("이 그림들은 뭐야?")]))
    assert "2장" in said
    assert "PNG, 30 × 20; JPEG, 64 × 48" in said


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"type": "base64", "media_type": "image/png", "data": "AAAAAAA="}, "image/png, 5 bytes"),
        ({"type": "base64", "media_type": "image/jpeg", "data": "/9j/"}, "image/jpeg, 3 bytes"),
        ({"type": "base64", "media_type": "image/png", "data": "!"}, "image/png"),
        ({"type": "url", "url": "https://example.com/a.png"}, "https://example.com/a.png"),
        ({"type": "file", "file_id": "file_1"}, "file_1"),
    ],
)
async def test_an_image_that_cannot_be_read_is_named(source: Any, expected: str) -> None:
    assert expected in await text(talk([{"type": "image", "source": source}, words("What is this?")]))


async def test_an_image_without_words_is_told_too() -> None:
    assert "PNG" in await text(talk([picture("PNG", 3, 2)]))


async def test_an_image_of_an_earlier_turn_is_not_told_again() -> None:
    assert "PNG" not in await text(talk([picture("PNG", 3, 2), words("What is this?")], "A picture.", "Thanks"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (PLAIN, "“Grass is green.”"),
        ({"type": "content", "content": "First things first! And more."}, "“First things first!”"),
        ({"type": "content", "content": [words("One."), words("Two.")]}, "“One.”"),
        ({"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}, "PDF, 5 bytes"),
        ({"type": "url", "url": "https://example.com/a.pdf"}, "https://example.com/a.pdf"),
    ],
)
async def test_a_document_is_told_by_its_first_sentence(source: Any, expected: str) -> None:
    said = await text(talk([document(source, title="Notes"), words("Summarize this")]))
    assert expected in said
    assert "Notes" in said


async def test_documents_are_cited_where_that_is_asked_for() -> None:
    cited = {"citations": {"enabled": True}}
    blocks = [
        document(PLAIN, title="A", **cited),
        document({"type": "content", "content": [words("One."), words("Two.")]}, title="B", **cited),
        {
            "type": "search_result",
            "source": "https://x.org",
            "title": "C",
            "content": [words("Found it. Yes.")],
            **cited,
        },
    ]
    message = await answer(prompt(talk([document(PLAIN), words("x")], "ok", [*blocks, words("What do they say?")])))
    [block] = message.content
    assert isinstance(block, b.Text)
    assert block.citations == [
        CharLocation("Grass is green.", 1, "A", 2, 17),
        BlockLocation("One.", 2, "B", 0, 1),
        SearchLocation("Found it.", 0, "https://x.org", "C", 0, 1),
    ]


async def test_documents_are_not_cited_unasked() -> None:
    [block] = (await answer(prompt(talk([document(PLAIN), words("What does it say?")])))).content
    assert isinstance(block, b.Text)
    assert block.citations is None


async def test_what_a_tool_shows_is_told() -> None:
    made = [{"type": "tool_use", "id": "t", "name": "screenshot", "input": {}}]
    assert "PNG, 8 × 6" in await text(talk("Look", made, [result("t", [picture("PNG", 8, 6)])]))
