"""Text of the length that was asked for, on what was asked about. It knows nothing, and says so."""

import re
from typing import NamedTuple

from sijo.backends.simulator.reply import EASY, HARD, MIDDLING, Reply
from sijo.backends.simulator.scene import Scene, glance
from sijo.backends.simulator.tongue import phrase, phrases

MOST = {"sentence": 500, "word": 20_000, "item": 1_000, "paragraph": 100, "line": 1_000, "character": 100_000}
EFFORT = {"low": 1, "medium": 2, "high": 3, "xhigh": 4, "max": 5}
"""Sentences of an answer whose length nobody asked for."""
_SMALL = {
    word: n
    for n, group in enumerate(
        (
            "한",
            "two 두",
            "three 세",
            "four 네",
            "five 다섯",
            "six 여섯",
            "seven 일곱",
            "eight 여덟",
            "nine 아홉",
            "ten 열",
        ),
        1,
    )
    for word in group.split()
}
_N = rf"(\d{{1,6}}|{'|'.join(word for word in _SMALL if word.isascii())})"
_UNITS = {
    "sentence": "sentence", "word": "word", "paragraph": "paragraph", "line": "line", "character": "character",
    "item": "item", "bullet": "item", "point": "item", "thing": "item", "example": "item", "idea": "item",
    "tip": "item", "reason": "item", "way": "item", "fact": "item", "step": "item", "문장": "sentence", "단어": "word",
    "문단": "paragraph", "단락": "paragraph", "줄": "line", "가지": "item", "개": "item", "글자": "character",
    "자": "character",
}  # fmt: skip
_NAMES = "|".join(name for name in _UNITS if name.isascii())
_ENGLISH = re.compile(rf"\b{_N}[ -](?:[a-z]+[ -]){{0,2}}?({_NAMES})s?\b", re.IGNORECASE)
_SINGLE = re.compile(
    r"\b(?:in|with|only|just|exactly|using)\s+(?:an?|one)\s+(?:single\s+|short\s+)?(sentence|word|paragraph|line)\b",
    re.IGNORECASE,
)
_LIST = re.compile(rf"\b(?:list(?: of)?|top|name|give me)\s+(?:the\s+)?{_N}\b", re.IGNORECASE)
_KOREAN = re.compile(
    r"(\d{1,6}|한|두|세|네|다섯|여섯|일곱|여덟|아홉|열)\s?(문장|단어|문단|단락|줄|가지|개(?!월))|(\d{1,6})\s?(글자"
    r"|자(?!리))"
)
_OTHERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (unit, re.compile(pattern, re.IGNORECASE))
    for unit, pattern in (
        (
            "item",
            r"\b(?:lista de|dame|nenne|liste de|donne[sz]?[- ]moi|cite|gib mir)\s+(?:una lista de\s+"
            r"|une liste de\s+)?(\d{1,4})\b"
            r"|(\d{1,4})\s?(?:つ|個)(?:挙げ|あげ|の|を|教え)|(?:列出|举出|给我)\s?(\d{1,4})\s?[种个項条]",
        ),
        (
            "sentence",
            r"\ben (\d{1,3}|una) frases?\b|\ben (\d{1,3}|une) phrases?\b|\bin (\d{1,3}|einem) (?:satz"
            r"|sätzen)\b"
            r"|(\d{1,3}|一)\s?文で|用(\d{1,3}|一)句话",
        ),
    )
)
"""Lengths in the other languages."""
_HOW_MANY = re.compile(r"몇|얼마")  # asks for a number, so those in it are no length
_NAMED = re.compile(
    r"알려|추천|나열|들어|말해|써|적어|만들|골라|뽑|제안|대\s?봐|소개|보여|작성|목록|예시|생각|개[\s?.!]*$"
)
"""What makes things with 개 a list; of apples that are sent, there is none."""
_BRIEF = re.compile(r"\b(?:brief(?:ly)?|concise(?:ly)?|in short|short answer)\b|짧게|간단히|간략", re.IGNORECASE)
_LONG = re.compile(
    r"\b(?:in detail|detailed|at length|long (?:answer|essay|story|text)|thorough(?:ly)?)\b|자세히|길게|상세",
    re.IGNORECASE,
)
_PIECE = re.compile(
    r"\b(?:write|tell|compose|create|give)\b[^.?!:\n]{0,20}\b(?:long|lengthy)[ ,]+(?:[a-z-]+ )?"
    r"(?:essay|story|article|report|text|letter|speech)\b"
    r"|긴 (?:글|이야기|에세이|소설|동화|보고서|편지)[을를]? ?(?:하나 |한 편 )?(?:써|쓰|들려|지어|만들|작성)",
    re.IGNORECASE,
)
"""What is to be written, and is long in paragraphs, not in sentences."""
_HARD = re.compile(
    r"\b(?:why|prove|proof|explain|design|plan|analy[sz]e|compare|debug|optimi[sz]e|derive|solve|implement|refactor"
    r"|trade-?offs?)\b"
    r"|왜|증명|설명|설계|계획|분석|비교|최적화|구현|풀어",
    re.IGNORECASE,
)
_TOPIC = re.compile(
    r"\b(?:about|regarding|on the topic of)\s+(?!\d)([^.?!\n,]{1,60}?)(?=\s+(?:in|with|using|for)\s|[.?!\n,]|$)"
    r"|([^.?!\n,]{1,60}?)에\s?(?:대해|대하여|관해|관한|대한)",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:please |can you |could you |would you |i want |i need )*"
    r"(?:(?:give|tell|write|show|make|create|list|name|suggest|explain|describe)(?: me| us)?(?: (?:an?|the|some))?\s+)?"
    r"(?:(?:very |long |short |brief )+(?=\w))?"
    rf"(?:(?:{_N}[ -](?:{_NAMES})s? |short |brief |top |very |long )*"
    rf"(?:list|poem|story|essay|summary|overview) (?:of|on|about) )?"
    rf"(?:{_N} (?:[a-z]+ )??(?:{_NAMES})s? (?:for|of|on|to) )?(?:{_N} )?",
    re.IGNORECASE,
)


_KOREAN_MANY = r"(?:\d{1,4}|한|두|세|네|다섯|열)\s?(?:가지|개)"
_KOREAN_LEAD = re.compile(
    rf"^{_KOREAN_MANY}의?\s+|^\d{{1,6}}\s?(?:글자|자|단어|문장|문단|단락|줄)(?:짜리|으로|로|의)?\s+(?=\S)"
    rf"|(?:(?:\s{_KOREAN_MANY})?(?:을|를|만)?\s(?:말해|알려|설명해|써|추천해|나열해)\s?(?:줘|주세요|봐)?)$"
)
_TAIL = re.compile(
    rf"\s+(?:in|with|using|of)\s+(?:(?:about|exactly|only|just|at most)\s+)?(?:{_N}|an?|one)\s+(?:[a-z]+\s+)?"
    rf"(?:{_NAMES})s?$",
    re.IGNORECASE,
)
ASKED = 400
"""Characters in which a request says what it is about."""


class Length(NamedTuple):
    """How long an answer should be: so `many` of a unit of `MOST`."""

    unit: str
    many: int


def asked_length(text: str) -> Length | None:
    """The length that a text asks for."""
    if match := _ENGLISH.search(text):
        return _length(match[1], _UNITS[match[2].lower()])
    if match := _SINGLE.search(text):
        return Length(match[1].lower(), 1)
    if match := _LIST.search(text):
        return _length(match[1], "item")
    if (match := _KOREAN.search(text)) and not _HOW_MANY.search(text) and (match[2] != "개" or _NAMED.search(text)):
        return _length(match[1] or match[3], _UNITS[match[2] or match[4]])
    for unit, pattern in _OTHERS:
        if match := pattern.search(text):
            many = next(filter(None, match.groups()))
            return _length(many if many.isdecimal() else "1", unit)
    if _BRIEF.search(text):
        return Length("sentence", 1)
    if _PIECE.search(text):
        return Length("paragraph", 6)
    return Length("sentence", 6) if _LONG.search(text) else None


def _length(number: str, unit: str) -> Length:
    count = int(number) if number.isdigit() else _SMALL[number.lower()]
    return Length(unit, max(1, min(count, MOST[unit])))


def prose(scene: Scene) -> Reply:
    """An answer to anything."""
    asked = asked_length(scene.work.task) or asked_length(glance(scene.system))
    effort = scene.prompt.thought.effort or "high"
    topic = topic_of(scene)
    length = asked or Length("sentence", EFFORT.get(effort, 3))
    language = scene.inner
    hard = _HARD.search(scene.ask) is not None
    notes = [phrase(language, "t_topic", topic=topic)]
    notes += [phrase(language, "t_hard")] if hard else []
    notes += [phrase(language, "t_length", count=length.many, unit=length.unit)] if asked else []
    weight = HARD if hard else MIDDLING if len(scene.ask) > 80 else EASY
    return Reply(_written(scene, topic, length), notes, weight)


def topic_of(scene: Scene) -> str:
    """What the user asks about, in their words."""
    if match := _TOPIC.search(scene.ask[:ASKED]):
        return (match[1] or match[2]).strip()
    if (match := _OTHERS[0][1].search(scene.ask[:ASKED])) and scene.language not in ("en", "ko"):
        before, after = scene.ask[: match.start()], re.split(r"[.!?,。！？]", scene.ask[match.end() :])[0]
        if named := (before if scene.language == "ja" else after).strip(" のを的"):
            return named[:60]
    line = next((line.strip() for line in scene.ask.splitlines() if line.strip()), "").rstrip("?.! ？。！").lstrip("¿¡")
    line = _KOREAN_LEAD.sub("", _LEAD.sub("", _TAIL.sub("", line))) or line
    if len(line) > 60:
        line = line[:60].rsplit(" ", 1)[0] + "…"
    return line or phrase(scene.language, "this")


def _written(scene: Scene, topic: str, length: Length) -> str:
    match length.unit:
        case "sentence":
            return _joined(scene, _sentences(scene, topic, length.many))
        case "paragraph":
            return "\n\n".join(_joined(scene, _sentences(scene, topic, 3, at * 2)) for at in range(length.many))
        case "line":
            return "\n".join(_sentences(scene, topic, length.many))
        case "item":
            items = phrases()[scene.language]["item"]
            shown = [items[at % len(items)].format(topic=topic) for at in range(length.many)]
            return "\n".join(f"{at}. {item}" for at, item in enumerate(shown, 1))
        case "word":
            return _words(scene, topic, length.many)
    text = " ".join(_sentences(scene, topic, length.many // 15 + 2))
    return text[: length.many]


def _joined(scene: Scene, said: list[str]) -> str:
    return ("" if scene.language in ("ja", "zh") else " ").join(said)


def _sentences(scene: Scene, topic: str, count: int, skip: int = 0) -> list[str]:
    """So many sentences: first what was asked, then what there is to say of anything, around and around."""
    general = phrases()[scene.language]["general"]
    turn = scene.chance % max(1, len(general) - 1)
    rest = [general[0], *general[1 + turn :], *general[1 : 1 + turn]]
    if count == 1:
        return [phrase(scene.language, "single", topic=topic)]
    opening = [] if skip else [phrase(scene.language, "topic", topic=topic)]
    return [*opening, *(rest[(skip + at) % len(rest)] for at in range(count - len(opening)))]


def _words(scene: Scene, topic: str, count: int) -> str:
    if count == 1:
        return topic.rsplit(maxsplit=1)[-1].rstrip(".…") + "."
    words = " ".join(_sentences(scene, topic, count // 4 + 2)).split()
    while len(words) < count:
        words += words
    return " ".join(words[:count]).rstrip(".,:;") + "."
