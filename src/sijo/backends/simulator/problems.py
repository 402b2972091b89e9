"""Word problems of the plainest kind: so many of something, of which some come or go, or so many in each of so many.

The sum is made from the numbers in their order and the verb beside each; it is worked out by `arithmetic`. Where
a number stands beside no verb that tells, there is no sum.
"""

import re

from sijo.backends.simulator.arithmetic import Sum, work_out

LONGEST = 300  # characters of a problem
_ASKS = re.compile(
    r"\bhow (?:many|much)\b|몇 ?[가-힣]{1,3}|얼마|cuánt[oa]s|combien|wie viele"
    r"|いくつ|何個|多少|几个",
    re.IGNORECASE,
)
_NUMBERS = {
    word: str(number)
    for number, group in enumerate(
        (
            "one a an una uno une un ein eine eins",
            "two dos deux zwei",
            "three tres trois drei",
            "four cuatro quatre vier",
            "five cinco cinq fünf",
            "six seis sechs",
            "seven siete sept sieben",
            "eight ocho huit acht",
            "nine nueve neuf neun",
            "ten diez dix zehn",
        ),
        1,
    )
    for word in group.split()
}
_WORD = re.compile(r"[^\W\d_]{1,20}|\d{1,9}(?:\.\d{1,4})?")
_GOES = re.compile(
    r"(?:eat|ate|eaten|give|gave|given|lose|lost|sell|sold|spend|spent|use|used|break|broke|remove|throw|threw"
    r"|drop|donate|leave|left|fly|flew"
    r"|como|comí|doy|di|pierdo|perdí|vendo|mange|donne|perds|vends|esse|aß|gebe|gab|verliere|verkaufe)(?:s|d|ed|es|n)?",
    re.IGNORECASE,
)
_COMES = re.compile(
    r"(?:buy|bought|get|got|find|found|receive|more|add|pick|earn|win|won|collect|gain|join|arrive|come|came"
    r"|compro|recibo|más|achète|reçois|kaufe|bekomme|finde)(?:s|d|ed|es)?",
    re.IGNORECASE,
)
_KOREAN_GOES = re.compile(r"먹|[주줬준]|잃|팔|[쓰썼]|버리|버렸|떠나|떠났|나갔|빠졌|잘랐|깨")
_KOREAN_COMES = re.compile(r"[사샀산](?:면|고|다|았|서|$)|샀|받|얻|더\s|주웠|벌었|왔")
_EACH = re.compile(r"\beach\b|\bper\b|\bevery\b|씩|cada|chacun|jeweils", re.IGNORECASE)
_SHARED = re.compile(
    r"\b(?:shared?|split|divided?|distribute)\b[^.]{0,40}\b(?:equally|among|between|by)\b|똑같이"
    r"|나누어|나눠",
    re.IGNORECASE,
)
_CLAUSES = re.compile(r"[.,;?!。，、？]\s*|\s+(?:and|but|then|y|et|und)\s+|(?<=[고데서며면])\s+", re.IGNORECASE)
_KOREAN_NUMBER = re.compile(r"\d{1,9}")


def find(text: str) -> Sum | None:
    """The sum of a problem; None, if it is none or cannot be told from the words."""
    if len(text) > LONGEST or not _ASKS.search(text):
        return None
    korean = any("가" <= char <= "힣" for char in text)
    found: list[tuple[str, str]] = []
    for clause in _CLAUSES.split(text):
        numbers = _KOREAN_NUMBER.findall(clause) if korean else _counted(clause, first=not found)
        sign = _sign(clause, korean)
        found += [(sign, number) for number in numbers]
    if len(found) < 2:
        return None
    numbers = [number for _, number in found]
    if len(found) == 2 and _SHARED.search(text):
        return work_out(f"{numbers[0]} / {numbers[1]}")
    if len(found) == 2 and _EACH.search(text):
        return work_out(f"{numbers[0]} * {numbers[1]}")
    if not all(sign for sign, _ in found[1:]):
        return None
    return work_out(" ".join([numbers[0], *(f"{sign} {number}" for sign, number in found[1:])]))


def _counted(clause: str, *, first: bool) -> list[str]:
    """The numbers of a clause. `a` and `one` count only behind a verb, where something was counted before."""
    if _ASKS.search(clause):
        return []
    words = _WORD.findall(clause)
    digits = [word for word in words if word[0].isdigit()]
    spelled = [_NUMBERS[word.lower()] for word in words if word.lower() in _NUMBERS]
    return digits or ([] if first and spelled == ["1"] else spelled[:1])


def _sign(clause: str, korean: bool) -> str:
    """What a clause does to the number before it; nothing, if no verb tells."""
    if korean:
        if _KOREAN_COMES.search(clause):
            return "+"
        return "-" if _KOREAN_GOES.search(clause) else ""
    words = _WORD.findall(clause)
    goes = any(_GOES.fullmatch(word) for word in words)
    comes = any(_COMES.fullmatch(word) for word in words)
    if goes and not (comes and "me" in words) and "more" not in words:
        return "+" if "me" in words else "-"
    return "+" if comes else "-" if goes else ""
