"""Images and documents: taken, lowered or refused aloud, never dropped."""

import base64
import io
import json
from typing import Any

import pytest
from PIL import Image

from tests.conformance.picky import rows
from tests.conformance.talk import WEATHER, Json, Talk, assistant, result, said, text, use, user, words
from tests.conformance.targets import once, over


def picture(kind: str = "png", width: int = 6, height: int = 4) -> Json:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(out, kind)
    source = {"type": "base64", "media_type": f"image/{kind}", "data": base64.b64encode(out.getvalue()).decode()}
    return {"type": "image", "source": source}


def pdf() -> str:
    """A document of one page that says `Chapter one`."""
    content = b"BT /F1 18 Tf 20 100 Td (Chapter one) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 6\n0000000000 65535 f \n%strailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(out),
    )
    return base64.b64encode(out + end).decode()


LINK: Json = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
PLAIN: Json = {
    "type": "document", "title": "Notes", "source": {"type": "text", "media_type": "text/plain", "data": "Buy milk."},
}  # fmt: skip
BLOCKS: Json = {"type": "document", "source": {"type": "content", "content": [words("Part one."), words("Part two.")]}}
PDF: Json = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": pdf()}}
FOUND: Json = {"type": "search_result", "source": "https://a.b", "title": "Page", "content": [words("Found text.")]}
ASK = words("What is in it?")


def asked(*blocks: Json) -> list[Any]:
    return [user(*blocks, ASK)]


@over("text", "eyes")
@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_an_image_is_taken(target: Talk, kind: str) -> None:
    for message in target.both(messages=asked(picture(kind))):
        assert text(message)


@over("text", "eyes", "seen")
def test_the_engine_gets_the_image_itself(target: Talk) -> None:
    image = picture()
    target.whole(messages=asked(image))
    parts = target.sent()["messages"][-1]["content"]
    assert [part["type"] for part in parts] == ["image_url", "text"]
    assert parts[0]["image_url"]["url"] == f"data:image/png;base64,{image['source']['data']}"


@over("text", "eyes", "obedient")
def test_an_image_is_seen(target: Talk) -> None:
    for message in target.both(messages=asked(picture(width=60, height=40))):
        assert "60" in text(message) and "40" in text(message)


@over("text", without="eyes")
def test_without_eyes_an_image_is_refused_aloud(target: Talk) -> None:
    error = target.refused(messages=asked(picture()))
    assert error.status_code == 400
    assert "image" in said(error)


@over("text", "links")
def test_an_image_by_address_is_taken(target: Talk) -> None:
    for message in target.both(messages=asked(LINK)):
        assert message.content


@over("text", "eyes", without="links")
def test_an_image_by_address_is_refused_aloud_where_the_engine_takes_none(target: Talk) -> None:
    error = target.refused(messages=asked(LINK))
    assert error.status_code == 400
    assert said(error).startswith("messages.0.content.0.image.source.url")


@over("text", "eyes")
def test_an_image_in_a_result_is_taken(target: Talk) -> None:
    content = [words("A picture:"), picture()]
    messages = [user("Look."), assistant(use("toolu_1", city="Oslo")), user(result("toolu_1", content), words("So?"))]
    for message in target.both(messages=messages, tools=[WEATHER]):
        assert message.stop_reason
    if target.can("seen"):
        assert picture()["source"]["data"] in json.dumps(target.sent()["messages"])


@over("text")
@pytest.mark.parametrize(
    ("block", "word"), [(PLAIN, "milk"), (BLOCKS, "Part"), (PDF, "Chapter one"), (FOUND, "Found text.")],
    ids=["text", "blocks", "pdf", "search result"],
)  # fmt: skip
def test_a_document_is_read(target: Talk, block: Json, word: str) -> None:
    for message in target.both(messages=asked(block)):
        assert message.stop_reason
    if target.can("seen") and not (block is PDF and rows()[target.target.name]["files"]):
        assert word in json.dumps(target.sent()["messages"])


@over("text", "seen")
@pytest.mark.parametrize(("block", "word"), [(PLAIN, "milk"), (FOUND, "Found text.")], ids=["text", "search result"])
def test_a_document_in_a_result_is_read(target: Talk, block: Json, word: str) -> None:
    messages = [user("Look."), assistant(use("toolu_1", city="Oslo")), user(result("toolu_1", [block]))]
    target.whole(messages=messages, tools=[WEATHER])
    (told,) = [one for one in target.sent()["messages"] if one["role"] == "tool"]
    assert word in str(told["content"])


def broken(**source: str) -> Json:
    return {"type": "image", "source": {**picture()["source"], **source}}


@once("text")
@pytest.mark.parametrize(
    ("block", "why"),
    [
        (broken(data="not base64!"), "messages.0.content.0.image.source.base64: invalid base64 data"),
        (broken(data=""), "messages.0.content.0.image.source.base64: invalid base64 data"),
        (broken(data=base64.b64encode(b"GIF").decode()), "Could not process image"),
        (broken(data=base64.b64encode(b"<svg/>" * 50).decode()), "Could not process image"),
        (broken(media_type="image/tiff"), "messages.0.content.0.image.source.base64.media_type: Input should be"),
        (picture(width=8001, height=1), "messages.0.content.0.image.source.base64.data: At least one of the image dim"),
        ({"type": "image", "source": {"type": "url", "url": "file:///etc/passwd"}},
         "messages.0.content.0.image.source.url.url: must be an http or https URL"),
        ({"type": "image"}, "messages.0.content.0.image.source: Field required"),
        ({"type": "image", "source": {"type": "base64"}}, "messages.0.content.0.image.source.base64.media_type: Fi"),
    ],
    ids=range(9),
)  # fmt: skip
def test_what_is_no_image_is_refused(target: Talk, block: Json, why: str) -> None:
    reply = target.post(target.body(messages=asked(block)))
    assert reply.status_code == 400
    assert reply.json()["error"]["message"].startswith(why), reply.text


@over("text")
@pytest.mark.parametrize("data", ["", "AAAA", base64.b64encode(b"%PDF-1.4 nothing more").decode()])
def test_what_is_no_pdf_is_refused(target: Talk, data: str) -> None:
    block = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": data}}
    reply = target.post(target.body(messages=asked(block)))
    takes_files = target.can("seen") and rows()[target.target.name]["files"]
    everything = target.target.name in ("simulator", "relay")
    if len(data) > 4 and (takes_files or everything):  # what is inside is for whoever opens it
        assert reply.status_code == 200
    else:
        assert reply.status_code == 400
        assert "pdf" in reply.json()["error"]["message"].lower()


@over("text", "counted", "eyes")
def test_an_image_counts(target: Talk) -> None:
    plain, small = target.count(messages=asked()), target.count(messages=asked(picture()))
    large = target.count(messages=asked(picture(width=1000, height=800)))
    assert plain < small < large
