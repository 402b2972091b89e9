"""Whether a text speaks well or ill of something, by the words that it uses. The words are in `words.toml`."""

import re
from typing import NamedTuple

from sijo.backends.simulator.lexicon import words

SIDES = {"positive": "positive", "negative": "negative", "긍정": "positive", "부정": "negative", "긍정적": "positive",
          "부정적": "negative", "positivo": "positive", "negativo": "negative", "positif": "positive",
          "négatif": "negative", "positiv": "positive", "negativ": "negative", "ポジティブ": "positive",
          "ネガティブ": "negative", "正面": "positive", "负面": "negative"}  # fmt: skip
"""What classes are called that stand for a mood."""
OPEN = frozenset(
    ("neutral", "other", "others", "unknown", "none", "mixed", "general", "n/a", "unclear", "중립", "기타", "없음",
    "모름",
     "보통", "中立", "中性", "其他", "その他", "neutre", "neutro", "otro", "autre", "andere")
)  # fmt: skip
"""What the class is called that is for what fits no other."""
READ = 2_000  # characters
_WORD = re.compile(r"[a-z']{2,20}|[가-힣]{1,10}|[\u3040-\u30ff\u4e00-\u9fff]{1,10}")
_NOT = frozenset(
    ("not", "no", "never", "don't", "doesn't", "didn't", "isn't", "wasn't", "won't", "can't", "hardly", "without")
)
_KOREAN_NOT = ("않", "없", "못")
NEAR = 3
"""Words between a denial and what it denies."""


class Mood(NamedTuple):
    """How many words speak well of it, and how many ill."""

    good: int
    bad: int

    @property
    def name(self) -> str:
        """`positive`, `negative`, or `neutral` where neither outweighs the other."""
        return "positive" if self.good > self.bad else "negative" if self.bad > self.good else "neutral"

    def share(self, of: str) -> float:
        """How much of it is of a mood, 0 to 1."""
        all_of_them = self.good + self.bad
        if of == "neutral":
            return round(1 / (1 + all_of_them), 2)
        return round((self.good if of == "positive" else self.bad) / (1 + all_of_them), 2)


def mood(text: str) -> Mood:
    """The mood of a text; what is denied, as in `not good`, counts for the other side."""
    known = words().moods
    counts = [0, 0]
    said = _WORD.findall(text[:READ].lower().replace("’", "'"))
    for at, word in enumerate(said):
        side = _side(word, known)
        if side is None:
            continue
        if "가" <= word[0] <= "힣":
            after = said[at + 1 : at + 2]
            denied = any(no in word for no in _KOREAN_NOT) or any(no in near for near in after for no in _KOREAN_NOT)
        else:
            denied = not _NOT.isdisjoint(said[max(0, at - NEAR) : at])
        counts[side is not denied] += 1
    return Mood(counts[True], counts[False])


def _side(word: str, known: dict[str, list[str]]) -> bool | None:
    """True for a good word, False for a bad one."""
    for good, name in ((False, "negative"), (True, "positive")):
        for mark in known[name]:
            if word.startswith(mark) if mark.isascii() else mark in word:
                return good
    return None
