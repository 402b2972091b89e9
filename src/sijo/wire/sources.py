"""Where images and documents come from, and how a text cites them."""

from typing import Literal

from sijo.wire.base import Part


class ImageBase64(Part, tag="base64"):
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: str


class Url(Part, tag="url"):
    url: str


class File(Part, tag="file"):
    file_id: str


ImageSource = ImageBase64 | Url | File


class PdfBase64(Part, tag="base64"):
    media_type: Literal["application/pdf"]
    data: str


class PlainText(Part, tag="text"):
    media_type: Literal["text/plain"]
    data: str


class Transformations(Part):
    """What may happen to an image that is over the model's size."""

    oversized_image: Literal["downsize", "error"] = "downsize"


class CharLocation(Part, tag="char_location"):
    """In a plain text: characters from 0, the end exclusive."""

    cited_text: str
    document_index: int
    document_title: str | None
    start_char_index: int
    end_char_index: int
    file_id: str | None = None


class PageLocation(Part, tag="page_location"):
    """In a PDF: pages from 1, the end exclusive."""

    cited_text: str
    document_index: int
    document_title: str | None
    start_page_number: int
    end_page_number: int
    file_id: str | None = None


class BlockLocation(Part, tag="content_block_location"):
    """In a document of blocks: blocks from 0, the end exclusive."""

    cited_text: str
    document_index: int
    document_title: str | None
    start_block_index: int
    end_block_index: int
    file_id: str | None = None


class SearchLocation(Part, tag="search_result_location"):
    cited_text: str
    search_result_index: int
    source: str
    title: str | None
    start_block_index: int
    end_block_index: int


class WebLocation(Part, tag="web_search_result_location"):
    cited_text: str
    encrypted_index: str
    title: str | None
    url: str


Citation = CharLocation | PageLocation | BlockLocation | SearchLocation | WebLocation
