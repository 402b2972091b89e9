"""Whether to think now: by what was asked for and where the turn is, and, adaptively, by what the request is worth.

Cheap rules on its words; effort moves the threshold.

Levels as the API describes them: `max` and `xhigh` practically always think, `high` almost always, `medium` may skip
what is easy, `low` skips most simple requests.
"""

import re
from collections.abc import Mapping

from msgspec.structs import replace

from sijo.engine import ran
from sijo.engine.prompt import Prompt, Thought
from sijo.wire import blocks as b
from sijo.wire.request import AnyTool as MustCall
from sijo.wire.request import Named

THRESHOLDS: Mapping[str, int] = {"low": 4, "medium": 3, "high": 1, "xhigh": 0, "max": 0}
DEFAULT = "high"
LONG, VERY_LONG = 200, 800
INTERLEAVED = "interleaved-thinking-2025-05-14"

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
    bare = text.strip()
    if not bare or (len(bare) <= LONG and SMALL_TALK.match(bare)):
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


def next_thought(thinks: Thought, prompt: Prompt) -> Thought:
    """The same for what comes next: after a tool's result only who interleaves thinks, and `between_tools` only there.

    Nor is there thinking before a text that the caller has begun, or a call that the caller forces.
    """
    if thinks.mode == "off":
        return thinks
    within = answered(prompt)
    manual = thinks.mode == "enabled"
    forced = isinstance(prompt.choice, MustCall | Named)
    if thinks.mode == "between_tools" and not within:
        return replace(thinks, mode="off")
    if manual and within and not interleaved(prompt):
        return replace(thinks, mode="off")
    if prompt.prefill is not None or (forced and manual):
        return replace(thinks, mode="off")
    return thinks


def interleaved(prompt: Prompt) -> bool:
    """Whether manual thinking goes on between tool calls: by the header, where the model knows it."""
    return INTERLEAVED in prompt.betas and prompt.model.interleaved in ("header", "both")


def answered(prompt: Prompt) -> bool:
    """Whether tools have just answered, the client's or those that run here."""
    if not prompt.items:
        return False
    last = prompt.items[-1]
    if last.role == "user":
        return all(isinstance(block, b.ToolResult) for block in last.content)
    return bool(last.content) and isinstance(last.content[-1], ran.RESULTS)
