"""What can be done to a text letter by letter, and is exact: count, turn around, sort, capitals."""

import re

from sijo.backends.simulator.material import MOST
from sijo.backends.simulator.reply import EASY, Reply
from sijo.backends.simulator.scene import Scene
from sijo.backends.simulator.tongue import phrase

LISTED = 200  # entries that are sorted
_UPPER = re.compile(r"\b(?:upper ?case|capital letters|capitali[sz]e|all caps)\b|대문자", re.IGNORECASE)
_LOWER = re.compile(r"\b(?:lower ?case)\b|소문자", re.IGNORECASE)
_REVERSE = re.compile(r"\brevers\w*|\bbackwards?\b|거꾸로|뒤집", re.IGNORECASE)
_SORT = re.compile(r"\b(?:sort|alphabeti\w+|put [^.]{0,30} in order)\b|정렬|순서대로", re.IGNORECASE)
_DOWN = re.compile(
    r"\b(?:descending|largest first|high(?:est)? to low\w*|z to a|reverse order)\b|내림차순"
    r"|큰 순",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\b(?:count|how many|number of)\b[^?.!]{0,30}?\b(words?|characters?|letters?|sentences?"
    r"|lines?)\b(?!\s+['\"“]?\w['\"”]?\s)"
    r"|(단어|글자|문장|줄)\S{0,2}\s?(?:수|개수|몇|세)|(?:몇)\s?(글자|단어|문장|줄)",
    re.IGNORECASE,
)
_OCCURS = re.compile(
    r"\bhow many (?:times does (?:the letter )?)?(?:letters? )?['\"“‘]?([a-z])['\"”’]?(?:['’]?s)?(?: letters?)?"
    r"(?: appear| are there| are| occur| does it have)?(?: in)(?: the word)? ['\"“‘]?(\w{2,40})",
    re.IGNORECASE,
)
_WORD = re.compile(r"(?:the (?:word|string|text|phrase)\s+|['\"“‘])?([\w가-힣]{1,40})", re.IGNORECASE)
_BARE = re.compile(
    r"\b(?:reverse|spell|uppercase|lowercase)(?: the)? (?:word|string|text) (\w{1,40})"
    r"|(\w{1,40}) backwards",
    re.IGNORECASE,
)
_UNITS = {"word": "word", "단어": "word", "sentence": "sentence", "문장": "sentence", "line": "line", "줄": "line"}


def lettered(scene: Scene) -> Reply | None:
    """The text, changed or counted as was asked for; None if nothing of the kind was."""
    if found := _OCCURS.search(scene.ask[:200]):
        return _told(scene, str(found[2].lower().count(found[1].lower())))
    task, text = scene.work
    if not text and (bare := _BARE.search(task[:200])):
        text = bare[1] or bare[2]
    if not text or len(text) > MOST:
        return None
    changed = _changed(task, text)
    return _told(scene, changed) if changed is not None else None


def _told(scene: Scene, kernel: str) -> Reply:
    return Reply(kernel, [phrase(scene.inner, "t_exact")], EASY, kernel)


def _changed(task: str, text: str) -> str | None:
    if _SORT.search(task):
        return _sorted(text, down=_DOWN.search(task) is not None)
    if _REVERSE.search(task):
        return text[::-1]
    if _UPPER.search(task):
        return text.upper()
    if _LOWER.search(task):
        return text.lower()
    if match := _COUNT.search(task):
        return str(counted(text, next(filter(None, match.groups())).lower()))
    return None


def counted(text: str, unit: str) -> int:
    """How many words, sentences, lines or, for any other unit, characters a text has."""
    match _UNITS.get(unit.rstrip("s")):
        case "word":
            return len(text.split())
        case "sentence":
            return max(1, len(re.findall(r"[.!?。！？]+(?=\s|$)", text)))
        case "line":
            return len(text.splitlines())
    return sum(char.isalnum() for char in text) if unit.startswith("letter") or unit == "글자" else len(text)


def _sorted(text: str, *, down: bool) -> str | None:
    """Entries of a list in order: as numbers, if all are."""
    entries = [entry.strip(" .\"'[]()") for entry in re.split(r"\s*(?:,|;|\n)\s*(?:and\s)?|\s+and\s+", text)]
    entries = [entry for entry in entries if entry][:LISTED]
    if len(entries) == 1:
        entries = entries[0].split()
    if len(entries) < 2:
        return None
    try:
        entries.sort(key=float, reverse=down)
    except ValueError:
        entries.sort(key=str.casefold, reverse=down)
    return ", ".join(entries)
