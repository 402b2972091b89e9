"""The few things that the simulator knows, from `known.toml`: what people ask first, to see whether it answers."""

import re
import tomllib
from functools import cache
from importlib import resources

import msgspec

from sijo.backends.simulator.context import meant
from sijo.backends.simulator.lexicon import WORD, stem
from sijo.backends.simulator.prose import Length, asked_length
from sijo.backends.simulator.reply import EASY, HARD, Reply
from sijo.backends.simulator.scene import Scene

_ONE = (None, Length("word", 1), Length("sentence", 1))
"""Lengths that these answers have, or can be given."""
LISTED = 120
"""Characters of a request for a list."""
_ORDINALS = (
    "first|1st|첫\\s?번째|첫째",
    "second|2nd|두\\s?번째|둘째",
    "third|3rd|세\\s?번째|셋째",
    "fourth|4th|네\\s?번째",
    "fifth|5th|다섯\\s?번째",
)
_PICK = re.compile(
    "".join(
        rf"(?:\b|(?<=\s)|^)({one})(?:\s(?:one|item|point)|\s?(?:거|것|건)|는|[\s?.!]*$)"
        rf"|"
        for one in _ORDINALS
    )
    + r"\b(last) (?:one|item|point)\b",
    re.IGNORECASE,
)
_ITEM = re.compile(r"^(?:\d{1,3}\.|-) (.{1,300})$", re.MULTILINE)
ASKED = 200  # characters of a question


class Known(msgspec.Struct, forbid_unknown_fields=True):
    """An answer, and the words that ask for it."""

    words: list[str]
    korean: list[str]
    en: str
    ko: str
    hard: bool = False
    kernel: dict[str, str] = {}


class Listed(msgspec.Struct, forbid_unknown_fields=True):
    """A kind of things by its name, and some of them."""

    en: str
    ko: str
    english: list[str]
    korean: list[str]


class Table(msgspec.Struct, forbid_unknown_fields=True):
    """What `known.toml` holds."""

    known: list[Known]
    listed: list[Listed]


@cache
def table() -> Table:
    """All of them, the words as stems."""
    text = (resources.files(__package__) / "known.toml").read_text("utf-8")
    read = msgspec.convert(tomllib.loads(text), Table)
    rows = [msgspec.structs.replace(row, words=[stem(word) for word in row.words]) for row in read.known]
    kinds = [msgspec.structs.replace(kind, en=stem(kind.en)) for kind in read.listed]
    return Table(rows, kinds)


def entries(text: str, language: str) -> list[str]:
    """Things of the kind of which a short text asks for some; none, if it is of another."""
    topic = text[:LISTED]
    said = {stem(word) for word in WORD.findall(topic.replace("colour", "color"))}
    for kind in table().listed:
        if language == "ko" and re.search(rf"(?<![가-힣]){kind.ko}(?:깔|들)?(?:[을를의이가은는만]|\s|$)", topic):
            return kind.korean
        if kind.en in said:
            return kind.english
    return []


def listed(scene: Scene) -> Reply | None:
    """A list of so many things of a kind that is known; one of a list that was just given."""
    if found := _PICK.search(scene.ask[:LISTED]) if scene.heard and len(scene.ask) <= LISTED else None:
        at = next(n for n, group in enumerate(found.groups()) if group)
        items = _ITEM.findall(scene.heard)
        at = len(items) - 1 if at == len(_ORDINALS) else at
        picked = items[at] if 0 <= at < len(items) else ""
        return Reply(picked, [], EASY, picked) if picked else None
    task = scene.work.task
    if (
        len(task) > LISTED
        or not (asked := asked_length(task))
        or asked.unit != "item"
        or scene.language not in ("en", "ko")
    ):
        return None
    found_ones = entries(task, scene.language)[: asked.many]
    if len(found_ones) < asked.many or re.search(r"\b(?:for|about)\b|에 대해", task):
        return None
    return Reply("\n".join(f"{at}. {one}" for at, one in enumerate(found_ones, 1)), [], EASY)


def answered(scene: Scene) -> Reply | None:
    """The answer to a short question that is among them, in English or Korean, if no length was asked for."""
    language = scene.language
    if language not in ("en", "ko") or len(scene.ask) > ASKED or asked_length(scene.ask) not in _ONE:
        return None
    ask = meant(scene)
    said = {stem(word) for word in WORD.findall(ask)}
    for row in table().known:
        if said.issuperset(row.words) or all(_any(words, ask) for words in row.korean):
            text = row.en if language == "en" else row.ko
            return Reply(text, [], HARD if row.hard else EASY, row.kernel.get(language, ""))
    return None


def _any(words: str, text: str) -> bool:
    return any(word in text for word in words.split("|"))
