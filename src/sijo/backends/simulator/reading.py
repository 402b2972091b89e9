"""The sentence of a text that answers a question best: the one that shares most of the question's words.

Documents, a text in the request and the system prompt are read alike. Nothing is understood; what is quoted is there.
"""

import re
from collections.abc import Iterator

from sijo.backends.simulator.lexicon import split, stem, stems
from sijo.backends.simulator.material import sentences
from sijo.backends.simulator.reply import MIDDLING, Reply
from sijo.backends.simulator.scene import Scene, glance
from sijo.backends.simulator.tongue import phrase

READ = 200  # sentences of a text
_ASKS = re.compile(
    r"[?？]|\b(?:who|what|when|where|which|how|why)\b|뭐|무엇|누구|어디|언제|얼마|몇|何|誰|どこ"
    r"|什么|谁|哪",
    re.IGNORECASE,
)
_ORDERS = re.compile(
    r"\b(?:you|your|always|never|answer|respond|reply|must|should|use the|do not|don['’]t)\b|너는|넌|당신|답변"
    r"|답해|대답|마세요|하세요"
    r"|해 줘|해줘",
    re.IGNORECASE,
)
_WEAK = frozenset(map(stem, ("do", "does", "did", "have", "has", "was", "were", "following", "text", "based",
    "document", "question",
                             "context", "answer", "using", "long", "much", "many", "according", "passage", "say",
                             "where", "why")))  # fmt: skip
_KINDS = (
    (
        re.compile(r"\bwho\b|누구|누가|誰|谁", re.IGNORECASE),
        re.compile(
            r"\bby [A-Z]|(?<=[a-z,] )[A-Z][a-z]+"
            r"|[가-힣]{2,4}(?:이|가)\s"
        ),
    ),
    (re.compile(r"\bwhen\b|what year|언제|몇 년|いつ|什么时候", re.IGNORECASE), re.compile(r"\d{4}|\d{1,2}[월日:]")),
    (re.compile(r"\bhow (?:many|much|tall|long|far|old|big)\b|얼마|몇|いくつ|多少", re.IGNORECASE), re.compile(r"\d")),
)
"""What a question asks for, and how a sentence looks that has it: it decides between two that share as much."""
_CJK = re.compile(r"[가-힣]{2,}|[\u3040-\u30ff\u4e00-\u9fff]{2,}")


def read(scene: Scene) -> Reply | None:
    """What the request's own text, or else the system prompt, says to a question."""
    task, text = scene.work
    if text and _ASKS.search(task):
        found = best(task, sentences(text)[:READ], 0.3)
    elif scene.system and len(scene.ask) <= 300 and _ASKS.search(scene.ask):
        told = [said for said in sentences(glance(scene.system))[:READ] if not _ORDERS.search(said)]
        found = best(scene.ask, told, 0.5)
    else:
        return None
    if found is None:
        return None
    return Reply(found, [phrase(scene.inner, "t_read", text=found)], MIDDLING, found)


def best(question: str, said: list[str], least: float) -> str | None:
    """The sentence that shares most words with a question, if that is at least such a part of the question's."""
    wanted = frozenset(_marks(question))
    if not wanted or not said:
        return None
    kind = next((told for asked, told in _KINDS if asked.search(question)), None)
    shared = [len(wanted.intersection(_marks(one))) for one in said]
    fits = [(count, kind is not None and kind.search(one) is not None, -at)
            for at, (count, one) in enumerate(zip(shared, said, strict=True))]  # fmt: skip
    count, _, at = max(fits)
    return said[-at] if count and count >= least * len(wanted) else None


def _marks(text: str) -> Iterator[str]:
    """What tells one sentence from another: stems of Latin words, the beginning of others."""
    for word in split(text):
        if word.isascii() and stem(word) in stems(word) and stem(word) not in _WEAK:
            yield stem(word)
    for match in _CJK.finditer(text):
        if "가" <= match[0][0] <= "힣":
            if not _ASKS.search(match[0]):
                yield match[0][:2]
        else:
            yield from (match[0][at : at + 2] for at in range(len(match[0]) - 1))
