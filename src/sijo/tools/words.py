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


def asked(query: str) -> list[Mapping[str, float]]:
    """What to look for: for each word of a question that tells something, what will do for it, each with a weight."""
    silent, likes = _table()
    own = list(dict.fromkeys(analyzer().analyze(spaced(query))))
    telling = [word for word in own if word not in silent] or own
    return [{**likes.get(word, {}), word: 1.0} for word in telling]


@cache
def _table() -> tuple[frozenset[str], Mapping[str, Mapping[str, float]]]:
    """Words that tell nothing, and what else will do for each word, all as the analyzer leaves them."""
    table = tomllib.loads((resources.files("sijo") / "data/synonyms.toml").read_text("utf-8"))
    cut = analyzer().analyze
    silent = frozenset(word for text in table["silent"] for word in cut(text))
    likes: dict[str, dict[str, float]] = {}
    for group in table["groups"]:
        for like in group["words"]:
            words = [cut(text)[0] for text in like]
            for word in words:
                others = likes.setdefault(word, {})
                others.update({other: max(others.get(other, 0.0), group["weight"]) for other in words})
    return silent, likes
