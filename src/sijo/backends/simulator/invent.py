"""What fields of a JSON answer get where the text holds no value for them: its sentences, or the field's name.

A test double has nothing to tell of the world; so that no two fields read alike, each says what it is.
"""

import re

from sijo.backends.simulator.finds import Finds
from sijo.backends.simulator.lexicon import split
from sijo.backends.simulator.material import sentences
from sijo.backends.simulator.mood import mood

SEVERAL = 3
"""Entries of a list about which the text says nothing."""
POINTS = 5
"""Sentences that are taken for points."""
_ANSWERS = frozenset(("answer", "response", "reply", "text", "message", "content", "output", "explanation",
                      "reason", "reasoning",
                      "comment", "description", "details", "thoughts", "result", "final", "답", "답변", "설명",
                      "이유"))  # fmt: skip
_SUMMARIES = frozenset(("summary", "abstract", "overview", "gist", "tldr", "synopsis", "요약"))
_TEXTS = frozenset(("original", "source", "quote", "원문"))
TEXT = 500
"""Characters of the text that are repeated."""
_POINTS = frozenset(
    ("points", "facts", "sentences", "highlights", "takeaways", "findings", "claims", "bullets", "summary")
)
_KEYWORDS = frozenset(("tags", "keywords", "topics", "hashtags", "themes", "subjects", "키워드", "태그"))
_SCORES = frozenset(("confidence", "probability", "certainty", "likelihood"))
_MOODS = frozenset(("positive", "negative", "neutral"))
_WORD = re.compile(r"[A-Za-z][\w-]{4,30}|[가-힣]{2,8}")
_COMMON = frozenset(("about", "there", "their", "would", "could", "should", "which", "these", "those", "article",
                     "summarize",
                     "following", "please", "extract", "generate", "write", "create"))  # fmt: skip


def worded(name: str, finds: Finds) -> str:
    """Words for a field: the answer, if the field is for one; a summary of the text; else the field's name."""
    own = _own(name)
    if own & _SUMMARIES and (said := sentences(finds.about)):
        return said[0]
    if own & _TEXTS:
        return finds.about[:TEXT]
    if not own or own & _ANSWERS:
        return finds.spare
    return " ".join(split(name))


def wordy(name: str) -> bool:
    """Whether a list of that name holds words of the text's author, such as points or tags."""
    return not _own(name).isdisjoint(_POINTS | _KEYWORDS)


def entries(name: str, finds: Finds) -> list[str]:
    """Entries for a list of texts: sentences of the text, its longer words, or the field's name and a number."""
    own = _own(name)
    if own & _KEYWORDS:
        words = dict.fromkeys(word for word in _WORD.findall(finds.about[:400]) if word.lower() not in _COMMON)
        if words:
            return list(words)[:SEVERAL]
    if own & _POINTS and len(said := sentences(finds.about)) > 1:
        return said[:POINTS]
    one = " ".join(split(name)) or "entry"
    one = f"{one[:-3]}y" if one.endswith("ies") else one.removesuffix("s")
    return [f"{one} {at}" for at in range(1, SEVERAL + 1)]


def number(name: str, finds: Finds) -> float | None:
    """A score of how the text speaks, or how sure an answer is, for a field that asks for one."""
    own = _own(name)
    if side := next(iter(own & _MOODS), None):
        return mood(finds.about).share(side)
    return 0.5 if own & _SCORES else None


def _own(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in split(name))
