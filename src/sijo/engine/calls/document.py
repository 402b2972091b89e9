"""An answer that must be one JSON document of a schema: whether it is, and what makes it one where that is certain."""

import json
import re

from sijo.engine.calls.fit import Fit
from sijo.engine.calls.mend import Mender, Unsure, loads, mended, sound

_FENCED = re.compile(r"```[\w-]*[ \t]*\n(.*?)\n?```", re.DOTALL)
_BEGINS = re.compile(r"[{\[]")
TRIED = 8
"""Places in prose at which a document is looked for."""


def document(text: str, fit: Fit) -> tuple[str | None, str]:
    """The document, as it was written if it was valid; else None, and what is wrong, in words to the model."""
    complaint = "it is no JSON"
    for candidate in candidates(text):
        try:
            made = mended(candidate)
        except Unsure as error:
            complaint = str(error)
            continue
        value = loads(made)
        better, wrong = fit.fitted(value)
        if not wrong:
            return (made if better is value else json.dumps(better, ensure_ascii=False)), ""
        complaint = "; ".join(wrong)
    return None, complaint


def candidates(text: str) -> list[str]:
    """What may be meant: the whole, the only fence, or the only value in prose. Two of them are one too many."""
    bare = text.strip()
    if sound(bare):
        return [bare]
    found = [bare]
    fences = [match[1] for match in _FENCED.finditer(bare)]
    if len(fences) == 1:
        found.append(fences[0])
    values = within(bare)
    return found + values if len(values) == 1 else found


def within(text: str) -> list[str]:
    """The values in prose, each as it stands there."""
    out: list[str] = []
    at = tried = 0
    while tried < TRIED and (begin := _BEGINS.search(text, at)):
        tried += 1
        reader = Mender(text, begin.start())
        try:
            reader.value(0)
        except Unsure:
            at = begin.end()
            continue
        out.append(text[begin.start() : reader.at])
        at = reader.at
    return out
