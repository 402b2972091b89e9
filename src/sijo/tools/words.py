"""Words of tools and of questions, as they are compared: names split, accents and endings off, scripts without spaces
in pairs of letters. `data/synonyms.toml` says what else people call a thing."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tantivy import TextAnalyzer

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
"""Kana, Chinese characters and Hangul: endings cling to words there, or nothing stands between them."""
LONGEST = 40
"""Letters of a word; what is longer is no word."""
LIKE = 0.35
"""How much a synonym weighs, beside the word itself."""


def spaced(text: str) -> str:
    """A text whose words are told apart by what stands between them: `getWeather` is two words, 날씨를 two pairs."""
    text = _CAMEL.sub(" ", text)
    return text if text.isascii() else _DENSE.sub(_pairs, text)


def _pairs(run: re.Match[str]) -> str:
    text = run[0]
    return f" {text} " if len(text) < 3 else f" {' '.join(text[at : at + 2] for at in range(len(text) - 1))} "


@cache
def analyzer() -> "TextAnalyzer":
    """Cuts a spaced text into words, and takes from each what two forms of it may differ in."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer  # slow to import, and few servers are asked for it

    steps = (Filter.remove_long(LONGEST), Filter.lowercase(), Filter.ascii_fold(), Filter.stemmer("english"))
    builder = TextAnalyzerBuilder(Tokenizer.simple())
    for step in steps:
        builder = builder.filter(step)
    return builder.build()


def asked(query: str) -> dict[str, float]:
    """The words of a question, each with its weight: those that only ask are left out, and synonyms are put in."""
    silent, likes = _table()
    own = list(dict.fromkeys(analyzer().analyze(spaced(query))))
    telling = [word for word in own if word not in silent] or own
    weights = {like: LIKE for word in telling for like in likes.get(word, ())}
    return weights | dict.fromkeys(telling, 1.0)


@cache
def _table() -> tuple[frozenset[str], Mapping[str, tuple[str, ...]]]:
    """Words that tell nothing, and the synonyms of each word, all as the analyzer leaves them."""
    table = tomllib.loads((resources.files("sijo") / "data/synonyms.toml").read_text("utf-8"))
    cut = analyzer().analyze
    silent = frozenset(word for text in table["silent"] for word in cut(text))
    likes: dict[str, dict[str, None]] = {}
    for group in table["same"]:
        words = [word for text in group for word in cut(text)]
        for word in words:
            likes.setdefault(word, {}).update(dict.fromkeys(other for other in words if other != word))
    return silent, {word: tuple(others) for word, others in likes.items()}
