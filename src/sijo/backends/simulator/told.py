"""How people tell facts about themselves, in the languages that are answered: patterns, and the key of each.

What is done with them is for `facts`. The commonest things have keys of their own.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

COMMON = {
    "name": "name", "이름": "name", "성함": "name", "age": "age", "나이": "age", "home": "home",
    "city": "home", "hometown": "home", "사는곳": "home", "사는도시": "home",
    "job": "job", "occupation": "job", "profession": "job", "직업": "job",
}  # fmt: skip
_END = r"(?=\s+(?:and|but)\s+(?:my|[Ii]|the|she|he|it|they)\b|\.(?!\w)|[!?,;\n]|$)"
_VALUE = r"((?:[^.!?,;\n]|\.(?=\w)){1,80}?)"
_IS = (
    r"(?:(?:이고|이며|고)(?=\s)|(?:이라고 해|라고 해|이라고|라고|이에요|예요|입니다|이야|이다|이고|인데|임|야)?"
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
            r"(?!not\b)([^\W\d_][\w'’-]*(?: [A-Z][\w'’-]*){0,2})",
        ),
        (
            "name",
            r"\b[Mm]y name(?: is|['’]s)(?: not|n['’]t) [\w'’ -]{1,30}?[,;.]?\s+(?:but|it['’]s"
            r"|it is)\s+([A-Z][\w'’-]*)",
        ),
        ("name", r"\b(?:I am|I['’]m|[Tt]his is)\s+([A-Z][\w'’-]+(?: [A-Z][\w'’-]+)?)(?=\s*(?:[.,!\n]|$)|\s+and\b)"),
        ("age", r"\b(?:I am|I['’]m)\s+(\d{1,3})\b(?=\s+years|\s*(?:[.,!\n]|$)|\s+and\b)"),
        ("from", rf"\b(?:I am|I['’]m|I come)(?: an? [a-z -]{{2,30}}?)? from\s+([A-Z][^.,!?\n]{{1,40}}?){_END}"),
        ("home", rf"\bI (?:(?:have )?(?:just )?moved to|now live in)\s+([^.,!?\n]{{1,40}}?){_END}"),
        (
            "job",
            r"\b(?:I am|I['’]m)\s+(an?\s+(?!bit|little|big|huge|fan|lot|man|woman|boy|girl)"
            r"[a-z][a-z -]{2,30}?)(?=\s+(?:from|in|at|and|who|living)\b|[.,!;\n]|$)",
        ),
        ("allergy", rf"\b(?:I am|I['’]m) allergic to\s+([^.,!?\n]{{1,40}}?){_END}"),
        (
            "dislikes",
            rf"\bI (?:(?:do not|don['’]t) (?:really )?(?:like|love|enjoy)|hate|dislike"
            rf"|can['’]t stand)\s+([^.,!?\n]{{1,40}}?){_END}",
        ),
        ("home", rf"\bI (?:live|am living|reside) in\s+([^.,!?\n]{{1,40}}?){_END}"),
        ("job", rf"\bI work as\s+([^.,!?\n]{{1,40}}?){_END}"),
        (
            "likes",
            rf"(?<![Dd]o )\bI (?:really )?(?:like|love|enjoy)\s+"
            rf"(?!(?:it|this|that|them|to|you)\b)([^.,!?\n]{{1,40}}?){_END}",
        ),
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
        ("home", r"([가-힣A-Za-z]{2,12})에(?:서)?\s*(?:살아|살고|삽니다|산다|거주|사는(?! ?곳))"),
        ("home", r"([가-힣A-Za-z]{2,12})(?:으로|로)\s*이사\s?(?:했|왔|갔)"),
        ("name", r"(?:나는|난|저는)\s*([가-힣]{1,2}(?![자사원생가인])[가-힣])(?:이고|고)\s"),
        ("job", r"(?:나는|난|저는|전|사는|[은는고]) ([가-힣]{1,6}[자사원생])(?:이야|야|입니다|이에요|예요|이고|고\s)"),
        (
            "dislikes",
            r"(?:(?:나는|난|저는)\s*|(?<=[.!] ))([^\s.,!?][^.,!?\n]{0,30}?)(?:을|를|은|는)\s*(?:정말 )?"
            r"(?:안 좋아|좋아하지 (?:않|못)|싫어|싫다)",
        ),
        (
            "likes",
            r"(?:(?:나는|난|저는)\s*|(?<=[.!] ))([^\s.,!?][^.,!?\n]{0,30}?)(?:을|를)\s*(?:정말 )?(?:좋아[해합]|사랑)",
        ),
    )
)
_LATIN = r"([^\W\d_][\w'’-]*(?: [A-ZÀ-Þ][\w'’-]*){0,2})"
_OTHERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (key, re.compile(pattern))
    for key, pattern in (
        ("name", r"(?:私|僕|わたし)の名前は\s*(?!何|なん)([^\s、。！？,.]{1,20}?)(?:です|だ(?!れ)|といいます|と申し)"),
        ("name", r"(?:我叫|我的名字(?:是|叫)|我是叫)\s*(?!什么|啥)([^\s，。！？,.]{1,12})"),
        ("home", r"([^\s、。！？は]{1,20})に住んで(?!いますか|ますか)"),
        ("home", r"我(?:现在)?(?:住在|在)\s*(?!哪|什么)([^\s，。！？,.]{1,12}?)(?:[，。！,.]|住|$)"),
        ("age", r"(\d{1,3})\s?歳(?:です|だ)"),
        ("age", r"我(?:今年)?\s*(\d{1,3})\s*岁"),
        (
            "name",
            rf"\b(?:[Mm]e llamo|[Mm]i nombre es|[Ii]ch hei(?:ß|ss)e|[Mm]ein Name ist"
            rf"|[Mm]on nom est)\s+(?!ich\b){_LATIN}",
        ),
        ("name", rf"\b[Jj]e m['’]appelle\s+{_LATIN}"),
        ("home", rf"\b(?:[Vv]ivo en|(?:wohne|lebe) in|[Jj]?['’]?habite (?:à|en|au))\s+{_LATIN}"),
        ("age", r"\b(?:[Tt]engo (\d{1,3}) años|[Ii]ch bin (\d{1,3})(?: Jahre)|[Jj]['’]ai (\d{1,3}) ans)"),
    )
)
"""What is common, in the other languages."""
_MINE = re.compile(rf"\b[Mm]y ([a-z][a-z '’-]{{1,40}}?)\s+(?:is|are|was)\s+{_VALUE}{_END}")
_PET = re.compile(r"\b(?:my|an?|our) ([a-z]{2,20}) (?:is )?(?:named|called)\s+([A-Z][\w'’-]*)")
"""Somebody's name: `I have a dog named Rex`."""
_THING = re.compile(
    rf"\b(?:the|our)\s+([a-z][a-z '’-]{{1,40}}?)\s+(?:is|are)\s+([^.!?,;\n]{{1,80}}?){_END}", re.IGNORECASE
)
_KOREAN_ALSO = re.compile(rf"(?<=[고며.,!])\s*(직업|취미|생일|전공|고향|나이)(?:은|는)\s*([^.!?,\n]{{1,50}}?){_IS}")
REMEMBER = re.compile(r"\b(?:remember|memori[sz]e|note|keep in mind|don['’]t forget)\b|기억|외워|잊지", re.IGNORECASE)
_REMEMBERED = re.compile(rf"\bremember(?: that)?:?\s+([\w '’-]{{1,40}}?)\s+(?:is|are)\s+{_VALUE}{_END}", re.IGNORECASE)
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
    r"|나는|난|저는|전|내|제|나의|우리|에 살|에서 살|기억|외워|잊지|私|僕|の名前|住んで|歳|我|\b(?:[Mm]e llamo"
    r"|[Mm]i nombre|[Vv]ivo|[Tt]engo|[Ii]ch|[Mm]ein|[Jj]e|[Mm]on|[Jj]['’]|habite)"
)
_FOREIGN = re.compile(r"\b(?:llamo|nombre|[Vv]ivo|[Ii]ch|[Mm]ein|wohne|[Jj]e|[Mm]on nom|habite|ans)\b")
_NOT_THAT = re.compile(r"^[^,.]{1,30}?[이가] 아니(?:라|고)\s+")
"""What a Korean correction says that it is not: 철수가 아니라 민수."""
_ASKING = re.compile(r"뭐|뭔|무엇|누구|몇|어디|어느|언제|\b(?:what|who|which|where)\b|什么|哪|何|どこ", re.IGNORECASE)


class Fact(NamedTuple):
    """`mine`: it is about the user, not about a thing."""

    key: str
    value: str
    mine: bool = True


def stated(text: str) -> Iterator[Fact]:
    """The facts that a text tells, in no order; a question tells none."""
    if not _TELLING.search(text):
        return
    for key, pattern in (*_ENGLISH, *_KOREAN, *(_OTHERS if not text.isascii() or _FOREIGN.search(text) else ())):
        for match in pattern.finditer(text):
            value = _NOT_THAT.sub("", next(filter(None, match.groups())).strip())
            if not _ASKING.search(value):
                yield Fact(key, value)
    for match in _PET.finditer(text):
        yield Fact(f"{match[1]}'s name", match[2])
    patterns = [(_MINE, True), (_KOREAN_MINE, True), (_KOREAN_ALSO, True)]
    if REMEMBER.search(text):
        patterns += [(_THING, False), (_REMEMBERED, False), (_KOREAN_THING, False), (_KEEP, False)]
    for pattern, mine in patterns:
        for match in pattern.finditer(text):
            key, value = (group.strip(" \"'“”‘’") for group in match.groups() if group is not None)
            value = _NOT_THAT.sub("", value)
            if value and not value.startswith("not ") and not _ASKING.search(f"{key} {value}"):
                key = common(key)
                yield Fact(key, value.rstrip("살세") if key == "age" else value, mine)


def common(key: str) -> str:
    """The key under which a fact is kept, whatever words it was told with."""
    key = re.sub(r"^(?:the|own|current)\s+", "", key.lower())
    return COMMON.get(key) or COMMON.get(key.replace(" ", "")) or key
