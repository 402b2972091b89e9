"""What a message leaves out or points at, put in from what was said before: `And in London?`, `there`, `where I live`.

Only places are put in; a fact about the user is for `facts`.
"""

import re

from sijo.backends.simulator.facts import known
from sijo.backends.simulator.lexicon import Spot, places
from sijo.backends.simulator.scene import Scene, glance

SHORT = 60
"""Characters of a message that only carries a question on."""
POINTING = 400
"""Characters of a message in which something is pointed at."""
BACK = 20
"""Turns in which a place, or the question that is carried on, is looked for."""
_ON = re.compile(
    r"^\s*(?:and|what about|how about|or|also|ok,? and|그럼|그러면|그리고|じゃあ|那|¿?y|et|und)[\s,]"
    r"|^[^?？]{1,20}(?:은|는|도|는요|은요|呢)\s?[?？]\s*$",
    re.IGNORECASE,
)
_NEW = re.compile(
    r"^\s*(?:[Aa]nd|[Ww]hat about|[Hh]ow about)[\s,]+(?:in |for |at )?"
    r"([A-Z][\w'’-]{1,20}(?: [A-Z][\w'’-]{1,20})?)\s?[?]"
)
"""A name that can only be that of a place, as the question before was about one."""
_THERE = re.compile(r"(?<!is )(?<!are )(?<!be )\bthere\b(?! (?:is|are|was|were|be)\b)|거기|그곳", re.IGNORECASE)
_HOME = re.compile(
    r"\b(?:where i live|my (?:city|town|home ?town|place)|at home)\b|내가 사는 (?:곳|도시|데)"
    r"|우리 동네",
    re.IGNORECASE,
)
_ANY = re.compile(r"\bthere\b|\bmy\b|\bwhere i\b|\bat home\b|거기|그곳|사는|동네", re.IGNORECASE)


def meant(scene: Scene) -> str:
    """What the user says, with the place in it that it speaks of without a name."""
    ask = scene.ask
    if len(ask) <= SHORT and scene.at > 0 and _ON.search(ask):
        return _carried(scene, ask)
    if len(ask) > POINTING or not _ANY.search(ask):
        return ask
    if (match := _HOME.search(ask)) and (home := next((fact.value for fact in known(scene) if fact.key == "home"), "")):
        return _put(ask, match, home)
    if (match := _THERE.search(ask)) and (place := _last_place(scene, ask[: match.start()])):
        return _put(ask, match, place)
    return ask


def _put(ask: str, match: re.Match[str], place: str) -> str:
    before = ask[: match.start()].rstrip()
    lead = "in " if match[0].isascii() and not before.endswith((" in", " at", " to", " from", " for")) else ""
    return f"{before} {lead}{place}{ask[match.end() :]}".strip()


def _last_place(scene: Scene, before: str) -> str:
    """The place that was named last: in this message, else in those before it."""
    for text in (before, *list(scene.told())[-2 : -BACK - 2 : -1]):
        if spots := _named(text):
            return spots[-1].value
    return ""


def _carried(scene: Scene, ask: str) -> str:
    """The question before, asked of another place; with nothing to put in, the message stays as it is."""
    asked = next((text for text in list(scene.told())[-2 : -BACK - 2 : -1] if not _ON.search(text[:SHORT])), "")
    old, new = _named(asked), _named(ask)
    name = new[0].value if new else match[1] if (match := _NEW.search(ask)) else ""
    if not old or not name:
        return ask
    question = glance(asked)
    return f"{question[: old[0].start]}{name}{question[old[-1].end :]}"


def _named(text: str) -> list[Spot]:
    return places(glance(text), guess=False)
