"""What the user told about themselves and asked to remember, and the questions that ask for it again.

A fact is a key and a value. What is common has a key of its own (`name`, `age`, `home`, `job`, `likes`); anything else
is kept under the words that the user used. Nothing is stored: every question reads the conversation anew.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sijo.backends.simulator.lexicon import stems
from sijo.backends.simulator.reply import EASY, MIDDLING, Reply
from sijo.backends.simulator.scene import Scene, glance
from sijo.backends.simulator.tongue import phrase

TURNS = 100
"""How many turns back a fact is looked for."""
TOLD = 500
"""Characters of a turn in which facts are looked for: what is longer is no talk."""
COMMON = {
    "name": "name", "이름": "name", "성함": "name", "age": "age", "나이": "age", "home": "home",
    "city": "home", "hometown": "home", "사는곳": "home", "사는도시": "home",
    "job": "job", "occupation": "job", "profession": "job", "직업": "job",
}  # fmt: skip
KOREAN = {"name": "이름", "age": "나이", "home": "사는 곳", "job": "직업"}
_END = r"(?=\s+(?:and|but)\s+(?:my|[Ii]|the)\b|[.!?,;\n]|$)"
_IS = (
    r"(?:(?:이고|이며)(?=\s)|(?:이라고 해|라고 해|이라고|라고|이에요|예요|입니다|이야|이다|이고|인데|임|야)?"
    r"(?=[\s.,!~]*(?:기억|그리고|[.!~\n]|$)|,))"
)
_YEARS = (
    r"\d{1,3}|(?:열|스물|서른|마흔|쉰|예순|일흔|여든|아흔)?(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉)"
    r"|스무|열|서른|마흔|쉰|예순|일흔|여든|아흔"
)
_TOPIC = r"(?<![하있없])(?<!\s사)(?:은|는)\s+"  # not the ending of a verb, as in 좋아하는
_SURNAMES = "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하"
_ENGLISH: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (key, re.compile(pattern))
    for key, pattern in (
        (
            "name",
            r"\b(?:[Mm]y name(?: is|['’]s)|(?:I am|I['’]m) called|[Cc]all me)\s+"
            r"([^\W\d_][\w'’-]*(?: [A-Z][\w'’-]*){0,2})",
        ),
        ("name", r"\b(?:I am|I['’]m|[Tt]his is)\s+([A-Z][\w'’-]+(?: [A-Z][\w'’-]+)?)(?=\s*(?:[.,!\n]|$)|\s+and\b)"),
        ("age", r"\b(?:I am|I['’]m)\s+(\d{1,3})\b(?=\s+years|\s*(?:[.,!\n]|$)|\s+and\b)"),
        ("home", rf"\bI (?:live|am living|reside) in\s+([^.,!?\n]{{1,40}}?){_END}"),
        ("job", rf"\bI work as\s+([^.,!?\n]{{1,40}}?){_END}"),
        ("likes", rf"\bI (?:really )?(?:like|love|enjoy)\s+([^.,!?\n]{{1,40}}?){_END}"),
    )
)
_KOREAN: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (key, re.compile(pattern))
    for key, pattern in (
        ("name", rf"(?:내|제|나의|저의) 이름은\s*([가-힣A-Za-z ]{{1,20}}?){_IS}"),
        ("age", rf"(?:나는|난|저는)[^.!?\n]{{0,40}}?\s({_YEARS})\s*(?:살|세)(?:이야|야|입니다|이에요|이고|인)"),
        ("name", r"(?:나는|난|저는|전)\s*([가-힣A-Za-z]{1,12}?)(?:이라고|라고)\s*(?:해|합니다|불러|하는)"),
        ("name", rf"(?:나는|난|저는|전)\s*([{_SURNAMES}][가-힣]{{1,2}})(?:이에요|예요|입니다|이야|야)"),
        (
            "age",
            rf"(?:나는|난|저는|내 나이는|제 나이는)\s*(?:올해\s*)?({_YEARS})\s*(?:살|세)",
        ),
        ("home", r"([가-힣A-Za-z]{2,12})에(?:서)?\s*(?:살아|살고|삽니다|산다|거주)"),
        ("likes", r"(?:나는|난|저는)\s*([^\s.,!?][^.,!?\n]{0,30}?)(?:을|를)\s*(?:정말 )?(?:좋아해|좋아합|사랑)"),
    )
)
_MINE = re.compile(rf"\b[Mm]y ([a-z][a-z '’-]{{1,40}}?)\s+(?:is|are|was)\s+([^.!?,;\n]{{1,80}}?){_END}")
_THING = re.compile(
    rf"\b(?:the|our)\s+([a-z][a-z '’-]{{1,40}}?)\s+(?:is|are)\s+([^.!?,;\n]{{1,80}}?){_END}", re.IGNORECASE
)
_KOREAN_ALSO = re.compile(
    rf"(?:이고|이며|고|며|[.,!])\s*(직업|취미|생일|전공|고향|나이)(?:은|는)\s*([^.!?,\n]{{1,50}}?){_IS}"
)
_REMEMBER = re.compile(r"\b(?:remember|memori[sz]e|note|keep in mind|don['’]t forget)\b|기억|외워|잊지", re.IGNORECASE)
_REMEMBERED = re.compile(
    rf"\bremember(?: that)?:?\s+([\w '’-]{{1,40}}?)\s+(?:is|are)\s+([^.!?,;\n]{{1,80}}?){_END}", re.IGNORECASE
)
_KEEP = re.compile(
    r"\b(?:remember|memori[sz]e|keep in mind) (?:the|this|my) (number|word|code|name|phrase|password|colou?r)[: ]+"
    r"[\"'“]?([\w-]{1,40})[\"'”]?(?=[\s.!,]*$)"
    r"|(숫자|단어|코드|암호|비밀번호)[: ]+[\"'“]?([\w-]{1,40}?)[\"'”]?(?:을|를)\s*(?:기억|외워)",
    re.IGNORECASE,
)
_KOREAN_MINE = re.compile(
    rf"(?:내가|제가|내|제|나의|저의|우리)\s([가-힣A-Za-z ]{{1,25}}?){_TOPIC}([^.!?,\n]{{1,50}}?){_IS}"
)
_KOREAN_THING = re.compile(rf"([가-힣A-Za-z][가-힣A-Za-z ]{{0,25}}?){_TOPIC}([^.!?,\n]{{1,50}}?){_IS}")
_TELLING = re.compile(
    r"\b(?:[Mm]y|I|[Cc]all me|[Tt]his is|the|our|[Rr]emember)\b"
    r"|나는|난|저는|전|내|제|나의|우리|에 살|에서 살|기억|외워|잊지"
)
_WANTS = re.compile(
    r"\b(?:write|explain|tell|give|make|create|list|fix|help|show|translate|summari[sz]e|suggest|find|describe"
    r"|classify|analy[sz]e|extract|rewrite|rephrase|correct|detect|identify|sentiment)\b"
    r"|써\s?줘|알려|설명|만들|작성|추천|번역|요약|고쳐|찾아|분류|분석|추출|감정",
    re.IGNORECASE,
)
_ASKING = re.compile(r"뭐|뭔|무엇|누구|몇|어디|어느|언제|\b(?:what|who|which|where)\b", re.IGNORECASE)

_QUESTIONS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (key, re.compile(pattern, re.IGNORECASE))
    for key, pattern in (
        ("name", r"\bwho (?:am i|i am)\b|내가 누구|제가 누구|내가 누군"),
        ("age", r"\bhow old am i\b|(?:내가|제가|나는|나) 몇 살|(?:내|제) 나이"),
        ("home", r"\bwhere do i live\b|(?:내가|제가|나는|나) 어디(?:에|서|에서)?\s*(?:살|산)"),
        ("job", r"\bwhat do i do\b|\bwhat is my (?:job|occupation)\b|(?:내|제) 직업"),
        ("likes", r"\bwhat do i (?:like|love|enjoy)\b|(?:내가|제가|나는) (?:뭘|뭐를|무엇을) 좋아"),
    )
)
_WHAT_IS_MY = re.compile(
    r"\b(?:wh(?:at|en)(?:['’]s| is| was| are| were)|tell me|(?:remember|recall|know)(?: what)?|say|said) my "
    r"([a-z][a-z '’-]{1,40}?)(?:\s+(?:is|was|are|were))?\s*(?:[?.!]|$)",
    re.IGNORECASE,
)
_WHAT_TOLD = re.compile(
    r"\bwh(?:at|ich) (\w{1,20}) (?:did i|was i) (?:tell|ask|want|give|say)\w*\b[^?.!]{0,30}(?:[?.!]|$)", re.IGNORECASE
)
_WHAT_IS = re.compile(r"\bwhat(?:['’]s| is| was) (?:the |our )?([\w '’-]{1,40}?)\s*(?:\?|$)", re.IGNORECASE)
_KOREAN_MINE_ASKED = re.compile(r"(?:내|제|나의|저의)\s([가-힣A-Za-z ]{1,25}?)(?:은|는|이|가)\s*\?")
_KOREAN_WHAT = re.compile(
    r"(?:(내가|제가|내|제|나의|저의|우리)\s)?([가-힣A-Za-z][가-힣A-Za-z ]{0,25}?)(?:이|가|은|는|을|를)?\s*"
    r"(?:뭐|뭔|무엇|누구|몇|어디|어느|언제|기억나|기억해\?|기억하|알아\?|알고)"
)


class Fact(NamedTuple):
    """`mine`: it is about the user, not about a thing."""

    key: str
    value: str
    mine: bool = True


def stated(text: str) -> Iterator[Fact]:
    """The facts that a text tells, in no order; a question tells none."""
    if not _TELLING.search(text):
        return
    for key, pattern in (*_ENGLISH, *_KOREAN):
        for match in pattern.finditer(text):
            if not _ASKING.search(match[1]):
                yield Fact(key, match[1].strip())
    patterns = [(_MINE, True), (_KOREAN_MINE, True), (_KOREAN_ALSO, True)]
    if _REMEMBER.search(text):
        patterns += [(_THING, False), (_REMEMBERED, False), (_KOREAN_THING, False), (_KEEP, False)]
    for pattern, mine in patterns:
        for match in pattern.finditer(text):
            key, value = (group.strip(" \"'“”‘’") for group in match.groups() if group is not None)
            if value and not _ASKING.search(f"{key} {value}"):
                yield Fact(_common(key), value, mine)


def recall(scene: Scene) -> Reply | None:
    """The answer to a question about what was told, or None if the text asks no such thing."""
    asked = _asked(scene.ask)
    if asked is None:
        return None
    found = next((fact for fact in _known(scene) if _same(fact.key, asked.key)), None)
    language = scene.language
    if found:
        name = KOREAN.get(found.key, found.key) if language == "ko" else found.key
        note = phrase(scene.inner, "t_recall", key=name, value=found.value)
        text = phrase(language, _phrase(found), scene.chance, key=name, value=found.value)
        return Reply(text, [note], EASY, found.value)
    if not asked.mine:
        return None  # a question about the world, not about what was told
    return Reply(phrase(language, "unknown", scene.chance), [phrase(scene.inner, "t_unknown")], EASY)


def greeted(scene: Scene) -> Reply | None:
    """The answer to a text that only tells something."""
    text = scene.ask
    if "?" in text or len(text) > 400 or (_WANTS.search(text) and not _REMEMBER.search(text)):
        return None
    facts = list(stated(text))
    if not facts:
        return None
    name = next((fact.value for fact in facts if fact.key == "name"), "")
    said = phrase(scene.language, "met" if name else "noted", scene.chance, value=name)
    return Reply(said, [], MIDDLING if len(facts) > 3 else EASY)


def _asked(text: str) -> Fact | None:
    """What a question asks for: the key, and whether it is about the user."""
    if len(text) > 400:
        return None
    for key, pattern in _QUESTIONS:
        if pattern.search(text):
            return Fact(key, "")
    if match := _WHAT_IS_MY.search(text):
        return Fact(_common(match[1].strip()), "")
    if match := _KOREAN_WHAT.search(text):
        return Fact(_common(match[2].strip()), "", bool(match[1]))
    if match := _KOREAN_MINE_ASKED.search(text):
        return Fact(_common(match[1].strip()), "")
    if match := _WHAT_TOLD.search(text) or _WHAT_IS.search(text):
        return Fact(_common(match[1].strip()), "", mine=False)
    return None


def _known(scene: Scene) -> Iterator[Fact]:
    """The facts of a conversation, the newest first; those of the system prompt last."""
    told = list(scene.told())[-TURNS:]
    for text in reversed(told):
        yield from reversed(list(stated(text[:TOLD])))
    yield from stated(re.sub(r"\b[Tt]he user['’]s\b", "my", glance(scene.system)))


def _common(key: str) -> str:
    key = re.sub(r"^(?:the|own|current)\s+", "", key.lower())
    return COMMON.get(key) or COMMON.get(key.replace(" ", "")) or key


def _same(known: str, asked: str) -> bool:
    if known == asked:
        return True
    if known in COMMON.values() or asked in COMMON.values():
        return False
    a, b = _bare(known), _bare(asked)
    return bool(a and b) and (a == b or set(a) <= set(b) or set(b) <= set(a))


def _bare(key: str) -> Iterable[str]:
    """The words of a key that tell it from others, in one spelling."""
    plain = re.sub(r"our\b", "or", key.replace("favourite", "favorite"))
    plain = re.sub(r"가장|제일|내가|제가", " ", plain)
    return stems(plain)


def _phrase(fact: Fact) -> str:
    own = f"recall_{fact.key}"
    if fact.key in ("age", "home", "likes", "job"):
        return own
    return "recall" if fact.mine else "recall_thing"
