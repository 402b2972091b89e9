"""Images and PDFs that come as base64: that they are what they say, and within the limits. Only heads are decoded."""

import base64

from sijo.engine.count import pixels
from sijo.engine.estimate import fit
from sijo.engine.rules.facts import Facts
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire.sources import ImageBase64, PdfBase64, Url

MOST_BYTES = 10 * 1024 * 1024
LONGEST_SIDE, MANY, LONGEST_OF_MANY = 8000, 20, 2000
"""Pixels of a side; above `MANY` images in a request, the lower limit counts."""
MAGIC = (("/9j/", "image/jpeg"), ("iVBORw0KGgo", "image/png"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp"))
"""How the first bytes of each format look in base64."""
ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
PDF_HEAD = 1024
"""A PDF says what it is somewhere in so many bytes."""


class Images:
    """All images of a request: how many, and the first that is too big to be one of many."""

    count: int = 0
    big: str | None = None

    def add(self, block: b.Image, path: str, facts: Facts) -> None:
        """Look at one image. `path` ends in `.image`. Raises InvalidRequest."""
        self.count += 1
        source = block.source
        if isinstance(source, Url):
            if not source.url.startswith(("https://", "http://")):
                raise InvalidRequest(f"{path}.source.url.url: must be an http or https URL")
        elif isinstance(source, ImageBase64):
            width, height = self._size(source, f"{path}.source.base64", facts)
            if max(width, height) > LONGEST_OF_MANY and self.big is None:
                self.big = path
            if block.transformations is not None and block.transformations.oversized_image == "error":
                _fits(width, height, path.removesuffix(".image"), facts)

    def whole(self, facts: Facts) -> None:
        """What counts over all of them."""
        if self.count > facts.model.image_count:
            raise InvalidRequest(f"messages: too many images: {self.count} > {facts.model.image_count} maximum")
        if self.count > MANY and self.big is not None:
            raise InvalidRequest(
                f"{self.big}.source.base64.data: At least one of the image dimensions exceed max allowed size for "
                f"many-image requests: {LONGEST_OF_MANY} pixels"
            )

    def _size(self, source: ImageBase64, path: str, facts: Facts) -> tuple[int, int]:
        data = source.data
        if not encoded(data):
            raise InvalidRequest(f"{path}: invalid base64 data")
        size = len(data) * 3 // 4 - data[-2:].count("=")
        if size > MOST_BYTES:
            raise InvalidRequest(
                f"{path}: image exceeds {MOST_BYTES >> 20} MB maximum: {size} bytes > {MOST_BYTES} bytes"
            )
        kind = next((media for magic, media in MAGIC if data.startswith(magic)), None)
        sides = pixels(data) if kind else None
        if sides is None or not all(sides):
            raise InvalidRequest("Could not process image")
        if kind != source.media_type and facts.holds("media_type"):
            raise InvalidRequest(f"{path}.data: Image does not match the provided media type {source.media_type}")
        if max(sides) > LONGEST_SIDE:
            raise InvalidRequest(
                f"{path}.data: At least one of the image dimensions exceed max allowed size: {LONGEST_SIDE} pixels"
            )
        return sides


def fits(source: ImageBase64, path: str, facts: Facts) -> None:
    """Raise InvalidRequest for an image that the model would see smaller: what it points at would be off."""
    sides = pixels(source.data)
    if sides is not None and all(sides):  # what is no image at all is refused as any other is
        _fits(*sides, path, facts)


def _fits(width: int, height: int, path: str, facts: Facts) -> None:
    fitted = fit(width, height, high=facts.model.high_res)
    if fitted != (width, height):
        small = f"{fitted[0]}x{fitted[1]}"
        raise InvalidRequest(
            f"{path}: image dimensions {width}x{height} exceed the maximum image size of a model named on this request "
            f"and would be downsized to {small}; scale the image to at most {small} or set the image's oversized_image "
            'setting to "downsize"'
        )


def pdf(source: PdfBase64, path: str) -> None:
    """A PDF that says it is one. What is inside is for whoever opens it."""
    head = source.data[: PDF_HEAD * 4 // 3 // 4 * 4]
    if not encoded(source.data):
        raise InvalidRequest(f"{path}.pdf.source.base64.data: invalid base64 data")
    if b"%PDF-" not in base64.b64decode(head):
        raise InvalidRequest(f"{path}.pdf.source.base64.data: The PDF specified was not valid.")


def encoded(data: str) -> bool:
    """Whether it is base64, padded, and not empty."""
    if not data or len(data) % 4 or not data.isascii():
        return False
    rest = data.encode().translate(None, ALPHABET)
    return rest in (b"", b"=", b"==") and data.endswith(rest.decode())
