"""What a text holds that could fill a field: places, numbers, dates, addresses, names, quotations.

Each kind is looked for once, when a field first wants it; what was taken for one field is not offered to the next.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from typing import NamedTuple

from sijo.backends.simulator import arithmetic
from sijo.backends.simulator.lexicon import Spot, places, role, split, spot, stem, stems, words
from sijo.backends.simulator.tongue import NAMES

FROM = frozenset({"from", "origin", "sourc", "source", "start", "departur", "departure"})
TO = frozenset({"to", "target", "destination", "destin", "goal", "arrival", "arriv"})

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}", re.ASCII)
_URL = re.compile(r"https?://[^\s<>\"'`)\]]{1,500}")
_PATH = re.compile(
    r"(?<![\w/.])(?:~?/|\./)?(?:[\w.-]{1,60}/){0,12}[\w-]{1,60}\.[A-Za-z]\w{0,5}\b"
    r"|(?<![\w/])~?/(?:[\w.-]{1,60}/?){1,12}",
    re.ASCII,
)
_QUOTED = re.compile(
    r"\"([^\"\n]{1,300})\"|“([^”\n]{1,300})”|‘([^’\n]{1,300})’|「([^」\n]{1,300})」"
    r"|(?<!\w)'([^'\n]{1,300})'(?![A-Za-z\d_])"
)
_FENCED = re.compile(r"```\w*\n(.{1,2000}?)```|`([^`\n]{1,500})`", re.DOTALL)
_TOLD = re.compile(
    r"(?:\b(?:run|execute)\b|실행)[^:`\n]{0,40}:[ \t]+(\S[^\n]{0,500})"
    r"|^\s*(?:please )?(?:run|execute) ((?:ls|cat|pwd|echo|git|grep|find|python3?|npm|node|pip|make|curl|df|du|ps"
    r"|whoami|date|uname|head|tail|wc)\b[^\n]{0,200}?)[.?!]?$",
    re.IGNORECASE,
)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_ISO = re.compile(r"\b\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?")
_KOREAN_DATE = re.compile(r"(\d{4})년\s?(\d{1,2})월\s?(\d{1,2})일")
_ENGLISH_DATE = re.compile(rf"\b({'|'.join(_MONTHS)}) (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})\b")
_KOREAN_DAY = re.compile(r"(?<!년 )(?<!년)(?<!\d)(\d{1,2})월\s?(\d{1,2})일")
_ENGLISH_DAY = re.compile(rf"\b({'|'.join(_MONTHS)}) (\d{{1,2}})(?:st|nd|rd|th)?\b(?!,? \d{{4}})")
LINE = 300  # characters of a line that says what to look for
YEAR = 2026
"""Assumed where a date names no year: by the clock, the same request would get another answer next year."""
_DAY = re.compile(
    r"\b(?:today|tomorrow|yesterday|tonight)\b"
    r"|\b(?:next |this )?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b"
    r"|오늘|내일|모레|어제|(?:다음 주 |이번 주 )?[월화수목금토일]요일",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b\d{1,2}:\d{2}(?:\s?[ap]m\b)?|\b\d{1,2}\s?[ap]m\b|(?:오[전후] ?)?\d{1,2}시(?:\s?\d{1,2}분)?", re.IGNORECASE
)
_PHONE = re.compile(r"\+?\d{1,4}[- ]\d{2,4}[- ]\d{3,4}(?:[- ]\d{2,4})?|(?<![\w-])\d{3}-\d{4}(?![\w-])")
_SYMBOL = re.compile(r"(?<![\w$])\$?([A-Z]{2,5})(?![\w])")
_CURRENCY = re.compile(r"\b(?:USD|EUR|KRW|JPY|GBP|CNY|CHF|CAD|AUD)\b")
_ID = re.compile(r"(?<![\w.])#?((?:[A-Za-z]{1,8}[-_]?)?\d[\w-]{0,30})", re.ASCII)
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d{1,3}(?:,\d{3})+(?:\.\d{1,12})?|(?<![\w.])[-+]?\d{1,15}(?:\.\d{1,12})?")
_NAME = re.compile(
    r"\b(?:named?|called|name is|to|with|for|by|from|I am|I['’]m|customer|user|invite|contact|email|call|tell|remind"
    r"|and|Dr\.|Mr\.|Ms\.)\s+"
    r"([A-Z][a-z'’-]+(?: [A-Z][a-z'’-]+)?)"
)
_CALLED = re.compile(
    r"\b(?:meeting|event|appointment|reminder|project|task|file|list|document|note|page|team|channel)\s+"
    r"(?:called|named|titled)\s+([A-Z]\w*(?: [A-Z]\w*)*)"
)
_TOLD_OF = re.compile(
    r"(?:^|[.:;!?\n]) ?(?!(?:This|That|It|There|He|She|They|We|You|The)\b)"
    r"([A-Z][a-z'’-]+(?: [A-Z][a-z'’-]+)?)"
    r"(?=,? (?:is \d|lives|works|wants|likes|loves|was born)|, ?\d{1,3}\b)"
)
_FULL_NAME = re.compile(
    r"\b(?!(?:Contact|Call|Email|Invite|Meet|Tell|Ask|Dear|Hello|From|The|Ship"
    r"|Order)\b)([A-Z][a-z'’-]+ [A-Z][a-z'’-]+)\b"
)
_KOREAN_NAME = re.compile(
    r"([가-힣]{2,4})(?=\()|([가-힣]{2,4}?)\s?(?=씨|님|에게|한테)|([가-힣]{2,4}?)(?:이는|은"
    r"|는)\s*(?=\d{1,3}\s?(?:살|세))"
    r"|이름[은이]\s*(?!뭐|무엇|어떻)([가-힣]{2,4}?)(?=이고|이며|이야|야|입니다|이에요|예요|[,.\s]|$)"
)
_THING = re.compile(
    r"(?<![\w.])(?:\d{1,6}|two|three|four|five|six|seven|eight|nine|ten)\s?(?:x\s|×\s?|pieces of\s|\s)\s?"
    r"((?!x\s|of\s)[A-Za-z][A-Za-z-]{1,30}(?: [A-Za-z][A-Za-z-]{1,30})??)(?=\s+(?:at|for|and|from|to|on|in|each"
    r"|please|@)\b|\s*[,.;:!?()\n$]|$)"
    r"|([가-힣]{1,10}) ?\d{1,6} ?(?:개|대|병|권|잔|마리|장|박스|켤레)"
)
"""So many of what: `2 x Widget`, 사과 3개."""
_SAYING = re.compile(
    r"\b(?:email|tell|message|text|notify|inform) \S{1,60}(?: [A-Z]\w{0,30})? that (.{1,500})"
    r"|(?:saying|that says|says|with the (?:message|text|body))(?: that)?[:,]?\s+(.{1,500})|[:：]\s*(.{1,500})$",
    re.IGNORECASE,
)
_PAIR = re.compile(r"(?:^|[\s,;({])[\"']?([A-Za-z_가-힣][\w-]{0,40})[\"']?\s*[:=]\s*[\"']?([^\"',;\n})]{1,200})")
_ASK = re.compile(
    r"^(?:please |can you |could you |would you |i want to |i'd like to |let's )*"
    r"(?:(?:search|look|google|find|check|query|browse)(?: up| out| into)?"
    r"(?: (?:the|on the) (?:web|internet|database|docs|documentation|news))?(?: online)?(?: for| about| on)?"
    r"|(?:play|translate|open|create|add|buy|order|write|turn (?:on|off)|set)(?: me)?(?: (?:an?|the|some))?"
    r"|tell me about|show me|get me|what(?: is|'s| are)|who(?: is|'s| are)|find out(?: about)?)\s+",
    re.IGNORECASE,
)
_KOREAN_ASK = re.compile(
    r"\s?(?:에 대해서?|에 관해서?|을|를|이|가)?\s?(?:인터넷에서 |웹에서 |좀 ){0,3}"
    r"(?:틀어|재생|켜|꺼|열어|만들어|추가|번역|검색|찾아|조회|알려|보여|알아)\S*(?:\s(?:줘|주세요|봐|줄래)\S*)?[.?!]*$"
)


class Number(NamedTuple):
    """A number in a text, and the stems of the words beside it."""

    start: int
    value: float
    beside: frozenset[str]


class Finds:
    """What `text` holds. `spare` is what to say where a field wants words and nothing fits; `about` is the part of the
    text that is worked on, without what is said to do with it."""

    def __init__(self, text: str, spare: str = "", about: str = "") -> None:
        self.text = text
        self.about = about or text
        self.low = text.lower()
        self.spare = spare or self.topic
        self._taken: set[tuple[str, int]] = set()

    def take(self, kind: str, words_of: frozenset[str]) -> str | None:
        """What fits best of a kind, which is then taken. Origins and goals go to the fields that are named so."""
        free = [found for found in self.all(kind) if (kind, found.start) not in self._taken]
        wanted = "from" if words_of & FROM else "to" if words_of & TO else ""
        fitting = [found for found in free if found.role == wanted] if wanted else []
        if wanted and not fitting:
            fitting = [found for found in free if not found.role]
        best = next(iter(fitting or free), None)
        if best is None:
            return None
        self._taken.add((kind, best.start))
        return best.value

    def number(self, words_of: frozenset[str], fits: Callable[[float], bool], *, loose: bool) -> float | None:
        """The number beside which a word of the field stands; if `loose`, else the first that is left."""
        free = [found for found in self.numbers if ("number", found.start) not in self._taken and fits(found.value)]
        best = next((found for found in free if found.beside & words_of), None)
        if best is None and loose:
            best = next((found for found in free if not found.beside & _unit_words()), free[0] if free else None)
        if best is None:
            return None
        self._taken.add(("number", best.start))
        return best.value

    def all(self, kind: str) -> list[Spot]:
        """Everything of a kind, in order."""
        found = self.__dict__.get(f"_{kind}")
        if found is None:
            found = self.__dict__[f"_{kind}"] = sorted(set(_KINDS[kind](self)))
        return list(found)

    @cached_property
    def numbers(self) -> list[Number]:
        masked = self.text
        for pattern in (_URL, _EMAIL, _ISO, _KOREAN_DATE, _PHONE):
            masked = pattern.sub(lambda match: "~" * len(match[0]), masked)
        found = [
            Number(match.start(), float(match[0].replace(",", "")), _beside(masked, match.start(), match.end()))
            for match in _NUMBER.finditer(masked)
        ]
        spelled = [(spot(self.low, word), value) for value, word in enumerate(_SPELLED, 2)]
        found += [Number(s.start, value, _beside(masked, s.start, s.end)) for s, value in spelled if s]
        return sorted(found)

    @cached_property
    def pairs(self) -> dict[str, str]:
        """What stands as `key: value` or `key = value`."""
        return {match[1].lower(): match[2].strip() for match in _PAIR.finditer(self.text)}

    def told(self, name: str) -> str | None:
        """What stands behind a field's own name: `with the subject Hello`."""
        if "with" not in self.low and "and " not in self.low:
            return None
        own = re.escape(" ".join(split(name)).lower()[:40])
        match = re.search(
            rf"\b(?:with(?:\s+(?:the|an?))?|and\s+(?:the|an?))\s+{own}\s+(?:(?:of|is|as|saying)\s+)?(?!for\b"
            rf"|from\b|in\b)"
            r"(?:[\"“]([^\"”\n]{1,300})[\"”]|(\S[^\n]{0,300}?)(?=,?\s+(?:and\s+(?:the|an?|with)|saying)\s|\n|$))",
            self.text,
            re.IGNORECASE,
        )
        return (match[1] or match[2]) if own and match else None

    def kind_of(self, name: str) -> str | None:
        """Which one of what a field is named for: Enterprise, in `our Enterprise plan`."""
        own = "|".join(re.escape(word.lower()) for word in split(name)[:4])
        match = re.search(rf"(?<=[a-z,] )([A-Z][\w-]{{0,40}}) (?:{own})\b", self.text) if own else None
        if own and not match:
            match = re.search(rf"\b(?:the|my|our)\s([a-z]{{3,20}}) (?:{own})\b", self.text)
        return match[1] if match else None

    @cached_property
    def topic(self) -> str:
        """The text without the words that only ask for something to be done with it."""
        line = self.about.strip().split("\n", 1)[0][:LINE].rstrip()
        return _KOREAN_ASK.sub("", _ASK.sub("", line)).strip(" ,?.!\"'") or line


_SPELLED = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


@cache
def _unit_words() -> frozenset[str]:
    return frozenset(stem(word) for group in words().units.values() for word in group)


def _beside(text: str, start: int, end: int) -> frozenset[str]:
    before, after = text[max(0, start - 24) : start], text[end : end + 12].lstrip(" -")
    found = set(stems(" ".join(before.split()[-2:])))
    units = words().units
    word = re.match(r"[A-Za-z]+|[°%$]", after)
    for key in [word[0].lower()] if word else [after[:3], after[:2], after[:1]]:
        found.update(map(stem, units.get(key, ())))
    found |= stems(word[0]) if word else set()
    found.update(map(stem, units.get(before[-1:].strip(), ())))
    return frozenset(found)


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[Spot]:
    for match in pattern.finditer(text):
        group = match.lastindex or 0
        start, end = match.span(group)
        yield Spot(start, end, match[group].strip(), role(text, start, end))


def _dates(finds: Finds) -> Iterator[Spot]:
    yield from _matches(_ISO, finds.text)
    for match in _KOREAN_DATE.finditer(finds.text):
        yield Spot(*match.span(), _iso(match[1], match[2], match[3]))
    for match in _KOREAN_DAY.finditer(finds.text):
        yield Spot(*match.span(), _iso(YEAR, match[1], match[2]))
    for match in _ENGLISH_DATE.finditer(finds.text):
        yield Spot(*match.span(), _iso(match[3], _MONTHS.index(match[1]) + 1, match[2]))
    for match in _ENGLISH_DAY.finditer(finds.text):
        yield Spot(*match.span(), _iso(YEAR, _MONTHS.index(match[1]) + 1, match[2]))
    yield from _matches(_DAY, finds.text)


def _iso(year: int | str, month: int | str, day: int | str) -> str:
    return f"{year}-{int(month):02}-{int(day):02}"


def _named(finds: Finds, table: dict[str, list[str]]) -> Iterator[Spot]:
    """Values that the text calls by one of their names."""
    for value, names in table.items():
        if found := next(filter(None, (spot(finds.low, name) for name in names)), None):
            yield found._replace(value=value)


def _languages(finds: Finds) -> Iterator[Spot]:
    for name in NAMES:
        if found := spot(finds.low, name):
            yield found._replace(value=name.title() if name.isascii() else name)


def _currencies(finds: Finds) -> Iterator[Spot]:
    yield from _matches(_CURRENCY, finds.text)
    concepts = words().concepts
    yield from _named(finds, {code.upper(): concepts[code] for code in ("usd", "krw", "eur", "jpy")})


def _symbols(finds: Finds) -> Iterator[Spot]:
    yield from _matches(_SYMBOL, finds.text)
    yield from _named(finds, words().tickers)


def _people(finds: Finds) -> Iterator[Spot]:
    known = {found.value for found in places(finds.text, guess=False)} | set(words().places["never"])
    things = {found.start for found in _matches(_CALLED, finds.text)}

    def found_by(pattern: re.Pattern[str]) -> list[Spot]:
        spots = _matches(pattern, finds.text)
        return [found for found in spots if found.value not in known and found.start not in things]

    named = [found for pattern in (_FULL_NAME, _NAME, _KOREAN_NAME) for found in found_by(pattern)]
    yield from named or found_by(_TOLD_OF)


def _runnable(expression: str) -> str:
    """A sum as programs write it: `sqrt(9)`, `2 ** 3`, `15 / 100 * 80`."""
    return expression.replace("√", "sqrt").replace("^", "**").replace("% × ", " / 100 * ")


def _codes(finds: Finds) -> Iterator[Spot]:
    if fenced := list(_matches(_FENCED, finds.text)):
        yield from fenced
        return
    if told := list(_matches(_TOLD, finds.text)):
        yield from told
        return
    if found := arithmetic.find(finds.text):
        yield Spot(len(finds.text), len(finds.text), _runnable(found.expression))
    yield from _named(finds, words().commands)


def _texts(finds: Finds) -> Iterator[Spot]:
    yield from list(_matches(_SAYING, finds.text)) or _matches(_QUOTED, finds.text)


def _things(finds: Finds) -> Iterator[Spot]:
    """What there is so many of; years and people are no things."""
    units = words().units
    for found in _matches(_THING, finds.text):
        first = found.value.split()[0].lower()
        if first not in units and f"{first}s" not in units and stem(first) not in _unit_words():
            yield found


_KINDS: dict[str, Callable[[Finds], Iterator[Spot]]] = {
    "email": lambda finds: _matches(_EMAIL, finds.text),
    "url": lambda finds: _matches(_URL, finds.text),
    "path": lambda finds: _matches(_PATH, finds.text),
    "code": _codes,
    "language": _languages,
    "currency": _currencies,
    "symbol": _symbols,
    "date": _dates,
    "time": lambda finds: _matches(_TIME, finds.text),
    "timezone": lambda finds: _named(finds, words().timezones),
    "room": lambda finds: _named(finds, {room: [room] for room in words().rooms}),
    "phone": lambda finds: _matches(_PHONE, finds.text),
    "place": lambda finds: iter(places(finds.text)),
    "id": lambda finds: _matches(_ID, finds.text),
    "person": _people,
    "thing": _things,
    "title": lambda finds: (found for known in (_CALLED, _QUOTED) for found in _matches(known, finds.text)),
    "body": _texts,
    "query": lambda finds: iter(list(_matches(_FENCED, finds.text)) or _matches(_QUOTED, finds.text)),
}
