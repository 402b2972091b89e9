"""What came with the user's words: images, and documents and search results to read."""

from collections.abc import Iterator

from sijo.backends.simulator.reply import EASY, MIDDLING, Reply
from sijo.backends.simulator.results import document_text, first_sentence, picture
from sijo.backends.simulator.scene import Scene
from sijo.backends.simulator.tongue import phrase
from sijo.wire import blocks as b
from sijo.wire.sources import BlockLocation, CharLocation, Citation, PlainText, SearchLocation


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
    """How a document begins, and where that stands in it."""
    title = block.title or phrase(scene.language, "a_document")
    whole = document_text(block) if isinstance(block, b.Document) else " ".join(part.text for part in block.content)
    text = first_sentence(whole)
    cited = block.citations is not None and block.citations.enabled
    return phrase(scene.language, "document", title=title, text=text), next(
        _cited(block, text, index), None
    ) if cited else None


def _cited(block: b.Document | b.SearchResult, text: str, index: int) -> Iterator[Citation]:
    match block:
        case b.SearchResult(source=source, title=title):
            yield SearchLocation(text, index, source, title, 0, 1)
        case b.Document(source=PlainText(data=data), title=title):
            start = data.find(text)
            yield CharLocation(text, index, title, start, start + len(text))
        case b.Document(source=b.ContentSource(content=list()), title=title):
            yield BlockLocation(text, index, title, 0, 1)
        case b.Document(source=b.ContentSource(), title=title):
            yield BlockLocation(text, index, title, 0, 1)
