"""Adaptive thinking: whether a request is worth thinking about. Cheap rules on its words; effort moves the threshold.

Levels as the API describes them: `max` and `xhigh` practically always think, `high` almost always, `medium` may skip
what is easy, `low` skips most simple requests.
"""

import re
from collections.abc import Mapping

from sijo.engine.prompt import Prompt
from sijo.wire import blocks as b

THRESHOLDS: Mapping[str, int] = {"low": 4, "medium": 3, "high": 1, "xhigh": 0, "max": 0}
DEFAULT = "high"
LONG, VERY_LONG = 200, 800

SMALL_TALK = re.compile(
    r"^\W*(?:hi|hello|hey|yo|thanks?|thank you|good (?:morning|evening|night|afternoon)|bye|ok(?:ay)?|yes|no|sure|cool|"
    r"how are you(?: doing)?(?: today)?|what'?s up|안녕(?:하세요|히 ?계세요|히 ?가세요)?|고마워요?|감사합니다|"
    r"네|아니요?|좋아요?|반가워요?|"
    r"잘 ?지냈어요?|hola|bonjour|hallo|こんにちは|你好)\W*$",
    re.IGNORECASE,
)
HARD: tuple[tuple[re.Pattern[str], int], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), weight)
    for pattern, weight in (
        (
            r"\b(?:prove|proof|derive|theorem|integral|optimi[sz]e|complexity|algorithm|debug|refactor|architect\w*)\b",
            4,
        ),
        (r"증명|유도|정리|적분|최적화|복잡도|알고리즘|디버그|리팩터|설계", 4),
        (
            r"\b(?:why|explain|compare|analy[sz]e|plan|design|solve|calculate|compute|how many|step by step)\b",
            2,
        ),
        (r"왜|설명|비교|분석|계획|풀어|계산|몇|단계", 2),
        (r"\d\s*[-+*/^×÷=<>]\s*\(?\d|\d+\s*(?:곱하기|더하기|빼기|나누기|times|plus|minus|divided)", 2),
        (r"```|\bdef |\bfunction\b|\bclass |SELECT |=>|;\n", 3),
        (r"\b(?:and then|then|first|after that|finally|if|unless)\b|그리고|그런 ?다음|만약|먼저", 1),
    )
)


def hardness(text: str) -> int:
    """How hard a request looks: 0 for small talk, 1 for any question, more for what needs steps."""
    if not text.strip() or SMALL_TALK.match(text):
        return 0
    head = text[:4000]
    points = 1 + sum(weight for pattern, weight in HARD if pattern.search(head))
    return points + (len(text) > LONG) + 2 * (len(text) > VERY_LONG)


def worthwhile(prompt: Prompt) -> bool | None:
    """Whether to think about this prompt, at its effort; in a tool loop the question that began it decides.

    None where the rules are not sure: just below the threshold, in what is a question at all.
    """
    threshold = THRESHOLDS[prompt.thought.effort or DEFAULT]
    points = hardness(question(prompt))
    return None if 0 < points == threshold - 1 else points >= threshold


def question(prompt: Prompt) -> str:
    """What the user last said in words."""
    for item in reversed(prompt.items):
        if item.role == "user":
            said = "\n".join(block.text for block in item.content if isinstance(block, b.Text))
            if said:
                return said
    return ""
