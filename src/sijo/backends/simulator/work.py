"""What is done with a text that a request brings: a summary out of its own sentences, what is to be found in it.

A translation needs a model, and the answer says so.
"""

import re
from collections.abc import Iterator

from sijo.backends.simulator.finds import Finds
from sijo.backends.simulator.lexicon import words
from sijo.backends.simulator.material import sentences
from sijo.backends.simulator.prose import Length, asked_length
from sijo.backends.simulator.reply import EASY, MIDDLING, Reply
from sijo.backends.simulator.results import document_text
from sijo.backends.simulator.scene import Scene, glance
from sijo.backends.simulator.tongue import phrase
from sijo.wire import blocks as b

_SUMMARY = re.compile(
    r"\bsummar\w+|\btl;?dr\b|\bsum (?:it |this )?up\b|\b(?:shorten|condense)\b|요약|줄여|要約|まとめ|总结|概括|摘要"
    r"|\bresum\w+|\brésum\w+|\bfasse\b|\bzusammenfass",
    re.IGNORECASE,
)
_TRANSLATE = re.compile(r"\btranslat\w+|번역|翻訳|翻译|\btraduc\w*|\btradui\w*|\bübersetz\w*", re.IGNORECASE)
_EXTRACT = re.compile(
    r"\b(?:extract|find|list|pull out|identify|what (?:is|are)|give me)\b|추출|뽑아|찾아|抽出|提取"
    r"|\bextra\w+",
    re.IGNORECASE,
)
_KINDS = {
    "email": re.compile(r"\be-?mails?\b(?: address(?:es)?)?|이메일|메일|メール|邮箱", re.IGNORECASE),
    "url": re.compile(r"\b(?:urls?|links?|websites?)\b|링크|주소창", re.IGNORECASE),
    "phone": re.compile(r"\b(?:phone|telephone)\b|전화", re.IGNORECASE),
    "date": re.compile(r"\bdates?\b|날짜", re.IGNORECASE),
    "person": re.compile(r"\b(?:names?|people|persons?)\b|이름|사람|인물", re.IGNORECASE),
    "place": re.compile(r"\b(?:places?|cities|city|countries|locations?)\b|도시|장소|지명", re.IGNORECASE),
}
_NAME = re.compile(r"(?<![\w'’])([A-Z][a-z'’-]{1,20}(?: [A-Z][a-z'’-]{1,20}){0,2})(?!\w)")
_OPENERS = frozenset(
    ("The", "This", "That", "It", "He", "She", "They", "We", "You", "In", "On", "At", "My", "Our", "If", "When",
    "Then", "There",
     "And", "But", "Please", "Hello", "Hi", "Dear", "Yesterday", "Today", "Tomorrow", "Contact", "Call", "His", "Her")
)  # fmt: skip
"""Words that only begin a sentence."""
_NUMBERS = re.compile(r"\b(?:numbers?|amounts?|prices?)\b|숫자|금액|가격", re.IGNORECASE)
SHORT = 80
"""Characters of a request that speaks of what was said before it: `Summarize that`."""
BULLETS = re.compile(r"\bbullets?\b|글머리|箇条書き|要点", re.IGNORECASE)


def worked(scene: Scene) -> Reply | None:
    """The summary of a text, or what was to be found in it; None if neither was asked for."""
    task, text = scene.work
    if _TRANSLATE.search(task[:200]):
        said = (
            phrase(scene.language, "untranslated", text=_short(text))
            if text
            else phrase(scene.language, "no_translation")
        )
        return Reply(said, [phrase(scene.inner, "t_no_translation")], EASY)
    if _SUMMARY.search(task):
        length = asked_length(task)
        if scene.readings:
            text = "\n".join(_read(scene)) if length else ""  # how a document begins is told with its title otherwise
        elif not text and len(task) < SHORT:
            text = scene.heard
        said = summary(text, length, task) if text else ""
        return Reply(said, [phrase(scene.inner, "t_summary")], MIDDLING) if said else None
    if text and _EXTRACT.search(task):
        return _extracted(scene, task, text)
    return None


def summary(text: str, length: Length | None, task: str = "") -> str:
    """The first sentences of a text, as many as asked for; else a third of them, one at least and three at most."""
    said = sentences(text)
    if length is None:
        kept = said[: max(1, min(3, -(-len(said) // 3)))]
        return "\n".join(f"- {one}" for one in said[:3]) if BULLETS.search(task) else " ".join(kept)
    match length.unit:
        case "item":
            mark = "- {}" if BULLETS.search(task) else "{n}. {}"
            return "\n".join(mark.format(one, n=n) for n, one in enumerate(said[: length.many], 1))
        case "line":
            return "\n".join(said[: length.many])
        case "word":
            words = " ".join(said).split()
            return " ".join(words[: length.many]).rstrip(",;:") if words else ""
        case "character":
            return " ".join(said)[: length.many]
    return " ".join(said[: length.many if length.unit == "sentence" else 3 * length.many])


def _read(scene: Scene) -> list[str]:
    return [glance(document_text(block)) for _, block in scene.readings if isinstance(block, b.Document)]


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:200].rstrip() + "…"


def _names(finds: Finds) -> Iterator[str]:
    """People: those of whom the text says so, and in a Latin text whatever else is written as a name."""
    never = words().places["never"]
    sure = [spot.value for spot in finds.all("person")]
    places = {spot.value for spot in finds.all("place")} - set(sure)
    found = [match[1] for match in _NAME.finditer(finds.text)]
    yield from (name for name in found or sure if name not in places and name not in never and name not in _OPENERS)


def _extracted(scene: Scene, task: str, text: str) -> Reply | None:
    finds = Finds(text)
    for kind, names in _KINDS.items():
        if names.search(task):
            found = list(dict.fromkeys(_names(finds) if kind == "person" else (spot.value for spot in finds.all(kind))))
            break
    else:
        if not _NUMBERS.search(task):
            return None
        found = [f"{number.value:g}" for number in finds.numbers]
    said = ", ".join(found) or phrase(scene.language, "nothing_found")
    return Reply(said, [phrase(scene.inner, "t_exact")], EASY, said)
