"""Words: their stems, what else people call them, and names of places. The data is in `words.toml`."""

import re
import tomllib
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

import msgspec

from sijo.engine.remembered import remembered

WORD = re.compile(r"[^\W_]{1,40}")
LATIN = re.compile(r"[a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
PLACES = 50  # in one text
_ENDINGS = (
    "ations", "ation", "ators", "ator", "ating", "ated", "ates", "ate", "ings", "ing", "ions", "ion", "ers", "er", 
    "ors", "or", "ies", "es", "ed", "s", "y", "e",
)  # fmt: skip
_FROM, _TO = {"from"}, {"to", "into", "in", "as"}
_BESIDE = re.compile(
    r" and ([A-Z][a-z]{1,20}(?: [A-Z][a-z]{1,20})?)(?=\s*(?:[?.!,]|$)|\s+(?:today|tomorrow|now|right now)\b)"
)
_IN_PLACE = r"(?:in|at|near|around)\s+((?:[A-Z][\w'’-]+)(?:,?[ ](?:[A-Z][\w'’-]+)){0,3})"
_OF_PLACE = r"(?:for|to|from|of)\s+((?:[A-Z][\w'’-]+)(?:,?[ ](?:[A-Z][\w'’-]+)){0,3})"
_KOREAN_PLACE = r"([가-힣]{2,6}?)(?:의|에서|에)?\s+(?:현재\s*|오늘\s*|지금\s*|내일\s*)?(?:날씨|기온|시각|맛집)"


class Words(msgspec.Struct, forbid_unknown_fields=True):
    """What `words.toml` holds."""

    generic: frozenset[str]
    verbs: frozenset[str]
    concepts: dict[str, list[str]]
    same: dict[str, str]
    tickers: dict[str, list[str]]
    rooms: list[str]
    timezones: dict[str, list[str]]
    commands: dict[str, list[str]]
    roles: dict[str, list[str]]
    units: dict[str, list[str]]
    places: dict[str, list[str]]
    moods: dict[str, list[str]]


class Spot(NamedTuple):
    """Something found in a text: where, and whether the words around it make it the origin or the goal."""

    start: int
    end: int
    value: str
    role: str = ""


@cache
def words() -> Words:
    """The table, read once."""
    text = (resources.files(__package__) / "words.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Words)


@lru_cache(4096)
def stem(word: str) -> str:
    """A word without its ending: `converting` and `converter` are one word, and so are `city` and `cities`."""
    word = word.lower()
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def split(name: str) -> list[str]:
    """The words of a name: `getWeather`, `get_weather`."""
    return WORD.findall(_CAMEL.sub(" ", name).replace("_", " "))


def stems(text: str) -> frozenset[str]:
    """The stems of a text that are worth comparing."""
    return frozenset(stem(word) for word in split(text)) - _generic()


def meanings(text: str) -> frozenset[str]:
    """The stems of a text and of the concepts that it speaks of."""
    own = stems(text)
    low = text.lower()
    latin, others = _triggers()
    found = {concept for word in own for concept in latin.get(word, ())}
    found |= {concept for trigger, concepts in others if trigger in low for concept in concepts}
    return own | found


@cache
def _generic() -> frozenset[str]:
    return frozenset(stem(word) for word in words().generic) | words().generic


@cache
def verbs() -> frozenset[str]:
    """Stems that say little of what a tool is for, such as `search`."""
    return frozenset(stem(word) for word in words().verbs)


@cache
def _triggers() -> tuple[dict[str, list[str]], list[tuple[str, list[str]]]]:
    latin: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}
    for concept, triggers in words().concepts.items():
        for trigger in triggers:
            if LATIN.fullmatch(trigger):
                latin.setdefault(stem(trigger), []).append(stem(concept))
            else:
                others.setdefault(trigger, []).append(stem(concept))
    return latin, list(others.items())


@remembered(1024, 200)
def called(value: str) -> tuple[str, ...]:
    """What a value of a schema may be called in a text, itself first; all in lower case."""
    low = value.lower()
    concept = words().same.get(low, low)
    return (low, low.replace("_", " "), concept, *words().concepts.get(concept, ()))


def spot(text: str, name: str) -> Spot | None:
    """Where a name stands in a text of lower case: a Latin one as a whole word, any other anywhere."""
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        if not name.isascii() or not (_latin(text[start - 1 : start]) or _latin(text[end : end + 1])):
            return Spot(start, end, text[start:end], role(text, start, end))
        start = text.find(name, start + 1)
    return None


def _latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def role(text: str, start: int, end: int) -> str:
    """`from` or `to`, by the preposition before or the particle after, else nothing."""
    before = text[max(0, start - 12) : start].split()
    after = text[end : end + 3].lstrip()
    if after.startswith(("에서", "부터")) or (before and before[-1].lower() in _FROM):
        return "from"
    if after.startswith(("으로", "로", "까지", "행")) or (before and before[-1].lower() in _TO):
        return "to"
    return ""


def places(text: str, *, guess: bool = True) -> list[Spot]:
    """The places that a text names, in order: known ones, and others where only a place stands.

    If there are none, `guess` takes what stands where a place may stand."""
    spots: list[Spot] = []
    for sure, pattern in _patterns():
        for match in pattern.finditer(text) if sure or (guess and not spots) else ():
            start, end = match.span(1)
            if len(spots) >= PLACES:
                break
            if match[1] in words().places["never"] or any(start < s.end and s.start < end for s in spots):
                continue
            spots.append(Spot(start, end, match[1], role(text, start, end)))
    for near in spots:  # also those that are added here
        beside = _BESIDE.match(text, near.end) if guess and len(spots) < PLACES else None
        if beside and beside[1] not in words().places["never"] and all(s.start != beside.start(1) for s in spots):
            spots.append(Spot(*beside.span(1), beside[1], near.role))
    return sorted(spots)


@cache
def _patterns() -> tuple[tuple[bool, re.Pattern[str]], ...]:
    """How places are found, and whether what is found must be one."""
    known = words().places
    latin = "|".join(sorted(map(re.escape, (*known["latin"], *known["countries"])), key=len, reverse=True))
    korean = "|".join(sorted(map(re.escape, known["korean"]), key=len, reverse=True))
    region = rf"(?:,\s?(?:[A-Z]{{2}}|{'|'.join(known['countries'])})\b)?"
    return (
        (True, re.compile(rf"\b((?:{latin}){region})(?![a-z])")),
        (True, re.compile(f"({korean})")),
        (True, re.compile(_IN_PLACE)),
        (False, re.compile(_OF_PLACE)),
        (False, re.compile(_KOREAN_PLACE)),
    )
