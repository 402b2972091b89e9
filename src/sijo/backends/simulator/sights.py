"""What came with the user's words: images, and documents and search results to read."""

from collections.abc import Iterator, Sequence

from sijo.backends.simulator import reading
from sijo.backends.simulator.material import sentences
from sijo.backends.simulator.reply import EASY, MIDDLING, Reply
from sijo.backends.simulator.results import document_text, first_sentence, picture
from sijo.backends.simulator.scene import Scene, glance
from sijo.backends.simulator.tongue import phrase
from sijo.wire import blocks as b
from sijo.wire.sources import BlockLocation, CharLocation, Citation, PlainText, SearchLocation

HALF = 0.5
"""Of a question's words: so many must stand in the sentence that is taken for the answer."""


def seen(scene: Scene) -> Reply | None:
    """How many images there are and what each is, and how each document begins, cited where that is asked for."""
    if not scene.images and not scene.readings:
        return None
    notes = [phrase(scene.inner, "t_look")]
    said = [_pictures(scene)] if scene.images else []
    citations: list[Citation] = []
    for index, block in scene.readings:
        text, citation = _begin(scene, block, index)
        said.append(text)
        citations += [citation] if citation else []
    weight = MIDDLING if len(said) > 1 else EASY
    return Reply("\n\n".join(said), notes, weight, citations=citations)


def _pictures(scene: Scene) -> str:
    images = scene.images
    key = "picture" if len(images) == 1 else "pictures"
    return phrase(scene.language, key, count=len(images), list="; ".join(map(picture, images)))


def _begin(scene: Scene, block: b.Document | b.SearchResult, index: int) -> tuple[str, Citation | None]:
    """What a document says to the question, or else how it begins, and where that stands in it."""
    title = block.title or phrase(scene.language, "a_document")
    whole = document_text(block) if isinstance(block, b.Document) else " ".join(part.text for part in block.content)
    asked = (
        reading.best(scene.work.task, sentences(glance(whole)), HALF) if "?" in scene.ask or "？" in scene.ask else None
    )
    text = asked if asked is not None and asked in whole else first_sentence(whole)
    key = "document" if text == first_sentence(whole) else "document_says"
    cited = block.citations is not None and block.citations.enabled
    return phrase(scene.language, key, title=title, text=text), next(
        _cited(block, text, index), None
    ) if cited else None


def _cited(block: b.Document | b.SearchResult, text: str, index: int) -> Iterator[Citation]:
    match block:
        case b.SearchResult(source=source, title=title):
            at = _holding(block.content, text)
            yield SearchLocation(text, index, source, title, at, at + 1)
        case b.Document(source=PlainText(data=data), title=title):
            start = data.find(text)
            yield CharLocation(text, index, title, start, start + len(text))
        case b.Document(source=b.ContentSource(content=list() as parts), title=title):
            at = _holding(parts, text)
            yield BlockLocation(text, index, title, at, at + 1)
        case b.Document(source=b.ContentSource(), title=title):
            yield BlockLocation(text, index, title, 0, 1)


def _holding(parts: Sequence[object], text: str) -> int:
    """Which of the parts a text stands in; the first, if it begins there and ends in the next."""
    return next((at for at, part in enumerate(parts) if isinstance(part, b.Text) and text in part.text), 0)
