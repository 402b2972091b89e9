"""One of the answers that a request, or the system prompt, allows: `Answer yes or no`, `positive, negative or neutral`.

The one of which the text speaks is chosen; where nothing tells, the one that stands for that, such as `neutral`, else
the first.
"""

import re
from collections.abc import Sequence
from functools import cache

from sijo.backends.simulator.lexicon import Spot, called, spot
from sijo.backends.simulator.mood import OPEN, SIDES, mood
from sijo.backends.simulator.reply import EASY, Reply
from sijo.backends.simulator.scene import Scene, glance
from sijo.backends.simulator.tongue import phrase
from sijo.engine.remembered import remembered

ASKED = 400
"""Characters of a request, and of a system prompt's parts, in which choices are named."""
_MORE = r"[\"'“‘「`]?[^\W\d_](?:(?![或か])[\w-]){0,20}[\"'”’」`]?"
"""Holds no letter that separates without a space: where either reading would do, all of them would be tried."""
_OR = r"(?:,?\s+(?:or|oder|ou|o)\s+|\s*/\s*|\s*,\s*|\s+(?:또는|혹은)\s+|이나\s+|或者?+|か|인지\s+)"
_LISTED = rf"{_MORE}(?:{_OR}{_MORE}){{1,10}}"
_DEMANDS = (
    r"\b(?:answer|respond|reply|classif\w*|label\w*|choose|pick|output|return|say|rate)\b(?!\s+in\b)"
    r"[^.:?!\n]{0,60}?(?:\b(?:with|as|into|between|from|of|only|either|just|is|categories|labels|options)\b:?"
    rf"|[:(]|^|(?<=answer)|(?<=say))\s+(?:either\s+|only\s+|just\s+|one of\s+|a\s+)?({_LISTED})",
    rf"\b(?:categories|labels|options|classes|choices|choose from|one of|카테고리|분류|선택지"
    rf"|범주)(?: are)?[^\w\n]{{1,3}}({_LISTED})",
    rf"\bis (?:this|it|that|the following|the (?:text|review|message|sentence|sentiment|email"
    rf"|comment))[^:?\n]{{0,30}}? ({_LISTED})(?=\s*(?:[:?]|$))",
    rf"({_LISTED})(?:으로|로)(?:만|만 )?\s?(?:분류|답|대답|응답|말해|판단)",
    rf"({_MORE}인지\s+{_MORE})인지",
    rf"({_LISTED})\s?(?:중(?:에서)?|가운데)\s?하나",
    rf"({_LISTED})で(?:のみ|だけ)?(?:答|回答|分類)|用({_LISTED})回答|({_LISTED})\s?[인입]",
    rf"\b(?:responde|contesta|antworte|réponds|répondez)\b[^.:?!\n]{{0,20}}?\s({_LISTED})",
    rf"^\s*({_LISTED})\s*[:：?]",
)
_HAS = re.compile(r"\s(?:or|oder|ou|o)\s|[/,]|또는|혹은|이나|或|か|인지", re.IGNORECASE)
"""What stands between two choices: most requests have none of it."""
_LITERAL = re.compile(r"\b(?:exactly|verbatim|repeat|echo|word for word)\b|그대로|따라", re.IGNORECASE)
_SPLIT = re.compile(_OR, re.IGNORECASE)
_QUOTES = " \"'“”‘’「」`"
_YES = frozenset(("yes", "no", "true", "false", "y", "n", "예", "네", "아니오", "아니요", "아뇨", "참", "거짓",
                  "맞아", "틀려", "sí", "si",
                  "oui", "non", "ja", "nein", "はい", "いいえ", "是", "否", "不是", "맞음", "틀림"))  # fmt: skip
_SEEKING = re.compile(
    r"\b(?:only|must|always|just|choose|pick|label|classif\w*|reply|answer|respond|output)\b|만|답|분류"
    r"|대답",
    re.IGNORECASE,
)


@cache
def _compiled() -> tuple[re.Pattern[str], ...]:
    """Made when a request first has a choice in it, as few do."""
    return tuple(re.compile(demand, re.IGNORECASE) for demand in _DEMANDS)


@remembered(64, 10_000)
def allowed(text: str) -> tuple[str, ...]:
    """The answers that a text allows, as it spells them; none, if it names no choice of them."""
    head = text[:ASKED]
    if not _HAS.search(head):
        return ()
    for demand in _compiled():
        if match := demand.search(head):
            listed = next(filter(None, match.groups()))
            labels = [label.strip(_QUOTES).removesuffix("으") for label in _SPLIT.split(listed)]
            found = tuple(dict.fromkeys(label for label in labels if label))
            if len(found) > 1:
                return found
    return ()


def polar(labels: Sequence[str]) -> bool:
    """Whether the choice is between yes and no."""
    return len(labels) == 2 and all(label.lower() in _YES for label in labels)


def best(labels: Sequence[str], text: str) -> str | None:
    """The label of which a text speaks; by its mood, where that is what the labels name. None, if nothing tells."""
    sides = {SIDES[label.lower()]: label for label in labels if label.lower() in SIDES}
    if len(sides) == 2:
        felt = mood(text).name
        return sides.get(felt) or open_one(labels)
    low = text.lower()
    found: list[tuple[Spot, str]] = []
    for label in labels:
        spots = [place for name in called(label) if (place := spot(low, name))]
        if spots:
            found.append((min(spots), label))
    return min(found)[1] if found else open_one(labels)


def open_one(labels: Sequence[str]) -> str | None:
    """The label for what fits no other."""
    return next((label for label in labels if label.lower() in OPEN), None)


def _without(ask: str, labels: Sequence[str]) -> str:
    """The request without the choices that it names."""
    for label in labels:
        ask = ask.replace(label, " ", 1)
    return ask


def chosen(scene: Scene) -> Reply | None:
    """One of the answers that are allowed."""
    task, text = scene.work
    labels = () if _LITERAL.search(task[:ASKED]) else allowed(task)
    if not labels:
        system = glance(scene.system)
        labels = allowed(system) if _SEEKING.search(system[:ASKED]) else ()
        text = scene.ask
    if not labels or (polar(labels) and scene.results):
        return None
    label = labels[0] if polar(labels) else best(labels, text or _without(scene.ask, labels))
    if label is None and not text and not _SEEKING.search(task[:ASKED]):
        return None  # a question that only holds an `or`
    label = label or labels[0]
    notes = [phrase(scene.inner, "t_choice", labels=", ".join(labels), label=label)]
    shown = label[:1].upper() + label[1:] if polar(labels) else label
    return Reply(shown, notes, EASY, shown)
