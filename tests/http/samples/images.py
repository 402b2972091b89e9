"""Samples: images beside text."""

import base64
import io
from typing import Literal

import anthropic
from anthropic.types import ImageBlockParam, TextBlockParam
from PIL import Image

from tests import replies
from tests.http.samples.refusals import refused
from tests.http.samples.talk import MODEL


def png(colour: str, width: int = 200, height: int = 100) -> str:
    """A picture of one colour, in base64."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return base64.standard_b64encode(file.getvalue()).decode()


def shown(data: str, kind: Literal["image/png", "image/jpeg"] = "image/png") -> ImageBlockParam:
    return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}


def one(client: anthropic.Anthropic) -> None:
    question: TextBlockParam = {"type": "text", "text": "Describe this image."}
    message = client.messages.create(
        model=MODEL, max_tokens=256, messages=[{"role": "user", "content": [shown(png("red")), question]}]
    )
    assert message.stop_reason == "end_turn" and replies.text(message)
    without = client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": [question]}])
    assert 20 <= message.usage.input_tokens - without.input_tokens <= 40  # about width * height / 750


def two(client: anthropic.Anthropic) -> None:
    content: list[TextBlockParam | ImageBlockParam] = [
        {"type": "text", "text": "Image 1:"},
        shown(png("red")),
        {"type": "text", "text": "Image 2:"},
        shown(png("blue", 600, 600)),
        {"type": "text", "text": "How are these images different?"},
    ]
    message = client.messages.create(model=MODEL, max_tokens=256, messages=[{"role": "user", "content": content}])
    assert message.stop_reason == "end_turn" and replies.text(message)
    assert message.usage.input_tokens > 480


def broken(client: anthropic.Anthropic) -> None:
    data = base64.standard_b64encode(b"this is no picture").decode()
    with refused(anthropic.BadRequestError, 400, "Could not process image"):
        client.messages.create(model=MODEL, max_tokens=16, messages=[{"role": "user", "content": [shown(data)]}])


def mislabelled(client: anthropic.Anthropic) -> None:
    content = [shown(png("green"), "image/jpeg")]
    with refused(anthropic.BadRequestError, 400, "does not match the provided media type"):
        client.messages.create(model=MODEL, max_tokens=16, messages=[{"role": "user", "content": content}])
