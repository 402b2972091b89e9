"""The few things that the simulator knows, from `known.toml`: what people ask first, to see whether it answers."""

import tomllib
from functools import cache
from importlib import resources

import msgspec

from sijo.backends.simulator.context import meant
from sijo.backends.simulator.lexicon import WORD, stem
from sijo.backends.simulator.prose import asked_length
from sijo.backends.simulator.reply import EASY, HARD, Reply
from sijo.backends.simulator.scene import Scene

ASKED = 200  # characters of a question


class Known(msgspec.Struct, forbid_unknown_fields=True):
    """An answer, and the words that ask for it."""

    words: list[str]
    korean: list[str]
    en: str
    ko: str
    hard: bool = False
    kernel: dict[str, str] = {}


@cache
def table() -> list[Known]:
    """All of them, the words as stems."""
    text = (resources.files(__package__) / "known.toml").read_text("utf-8")
    rows = msgspec.convert(tomllib.loads(text)["known"], list[Known])
    return [msgspec.structs.replace(row, words=[stem(word) for word in row.words]) for row in rows]


def answered(scene: Scene) -> Reply | None:
    """The answer to a short question that is among them, in English or Korean, if no length was asked for."""
    language = scene.language
    if language not in ("en", "ko") or len(scene.ask) > ASKED or asked_length(scene.ask):
        return None
    ask = meant(scene)
    said = {stem(word) for word in WORD.findall(ask)}
    for row in table():
        if said.issuperset(row.words) or all(_any(words, ask) for words in row.korean):
            text = row.en if language == "en" else row.ko
            return Reply(text, [], HARD if row.hard else EASY, row.kernel.get(language, ""))
    return None


def _any(words: str, text: str) -> bool:
    return any(word in text for word in words.split("|"))
