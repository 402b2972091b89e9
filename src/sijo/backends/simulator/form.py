"""The form that a request, or its system prompt, sets for any answer: one word, capitals, tags, how it begins and ends.

What is said is for the speakers; here it only gets its form. JSON is for `structure`, length for `prose`.
"""

import re
from collections.abc import Callable

from sijo.backends.simulator.material import sentences
from sijo.backends.simulator.reply import Reply
from sijo.backends.simulator.scene import Scene, glance
from sijo.backends.simulator.tongue import phrase
from sijo.engine.remembered import remembered

LIT = 600
"""Characters of a request in which a form is looked for; of a system prompt, as much as is looked at."""
_QUOTED = r"[\"'“‘「]([^\"'”’」\n]{1,80})[\"'”’」]"
_EVERY = (
    r"(?:(?:every|each|all|your|any|the)\s+(?:\w+\s+)?)?"
    r"(?:answers?|repl(?:y|ies)|responses?|messages?|sentences?|them)"
)
_STARTS = re.compile(
    rf"\b(?:start|begin)\b(?: {_EVERY})?(?: (?:with|by saying))(?: the \w+)?:? {_QUOTED}|{_QUOTED}(?:으로"
    rf"|로)\s?(?:만\s)?시작",
    re.IGNORECASE,
)
_ENDS = re.compile(
    rf"\b(?:end|finish|close)\b(?: {_EVERY})?(?: (?:with|by saying))(?: the \w+)?:? {_QUOTED}"
    rf"|{_QUOTED}(?:으로|로)\s?끝",
    re.IGNORECASE,
)
_ASKS = re.compile(
    rf"\b(?:end|finish|close)\b(?: {_EVERY})? (?:with|by asking) a (?:\w+ )?question\b"
    r"|질문으로 (?:끝|마무리|마쳐)",
    re.IGNORECASE,
)
_TAGS = re.compile(
    r"\b(?:in|inside|within|between|using|with|use)\s+(?:the\s+"
    r"|an?\s+)?<([a-zA-Z_][\w-]{0,30})>(?:\s*(?:and\s+|\.\.\.\s*)?</\1>)?(?=\s*(?:xml\s+)?(?:tags?\b|$|[.,:]))|<([a-zA-Z_][\w-]{0,30})>\s?태그",
    re.IGNORECASE,
)
_WORD = re.compile(
    r"\b(?:only|just|exactly|answers?|reply|respond|output)\b[^.\n]{0,20}\b(?:one|a single|1)[ -]word\b"
    r"|\bin (?:one|a single) word\b"
    r"|\bone[ -]word answers?\b|한 단어로",
    re.IGNORECASE,
)
_UPPER = re.compile(
    r"\b(?:answer|respond|reply|write|speak|talk|everything|only|always"
    r"|use)\b[^.\n]{0,30}\b(?:upper ?case|all caps|capital letters)\b|대문자로만",
    re.IGNORECASE,
)
_LOWER = re.compile(
    r"\b(?:answer|respond|reply|write|speak|talk|everything|only|always"
    r"|use)\b[^.\n]{0,30}\blower ?case\b|소문자로만",
    re.IGNORECASE,
)
_BULLETS = re.compile(
    r"\b(?:use|in|as|with|only)\s+(?:\w+\s+)?bullet(?:ed)?(?: points?| lists?|s)\b"
    r"|글머리 ?기호로",
    re.IGNORECASE,
)
_ANY = re.compile(
    r"\b(?:start|begin|end|finish|close|\w{0,5}case|caps|capital|word|bullets?|bulleted)\b|<\w|시작|끝|마무리|마쳐|단어로"
    r"|문자로만|글머리",
    re.IGNORECASE,
)
"""What no form can do without: most requests hold none of it."""

Step = tuple[str, str]


def formed(scene: Scene, reply: Reply) -> str:
    """The text of a reply in the form that was asked for."""
    text = reply.text
    for step, with_this in asked_form(glance(scene.system)) + asked_form(scene.work.task[:LIT]):
        text = _FORMS[step](text, with_this, scene, reply.kernel)
    return text


@remembered(64, 10_000)
def asked_form(text: str) -> tuple[Step, ...]:
    """What is to be done to an answer, in order: the step's name and what it takes."""
    if not _ANY.search(text):
        return ()
    found: list[Step] = []
    for name, pattern in _ORDER:
        if match := pattern.search(text):
            found.append((name, next(filter(None, match.groups()), "")))
    names = {name for name, _ in found}
    return tuple(step for step in found if not (step[0] == "bullets" and "word" in names))


def _one_word(text: str, _: str, scene: Scene, kernel: str) -> str:
    """The bare answer, if it is one; else the first word that says anything."""
    if kernel and len(kernel.split()) == 1:
        return kernel
    bare = (word.strip(".,!?:;“”\"'") for word in (kernel or text).split()[:: -1 if kernel else 1])
    return next(filter(None, bare), text)


def _bulleted(text: str, _: str, scene: Scene, kernel: str) -> str:
    if text.startswith(("- ", "1. ", "```", "* ")):
        return text
    return "\n".join(f"- {one}" for one in sentences(text)) or f"- {text}"


_FORMS: dict[str, Callable[[str, str, Scene, str], str]] = {
    "word": _one_word,
    "bullets": _bulleted,
    "upper": lambda text, _, scene, kernel: text.upper(),
    "lower": lambda text, _, scene, kernel: text.lower(),
    "start": lambda text, with_this, scene, kernel: text if text.startswith(with_this) else f"{with_this} {text}",
    "end": lambda text, with_this, scene, kernel: text if text.endswith(with_this) else f"{text} {with_this}",
    "question": lambda text, _, scene, kernel: (
        text if text.rstrip().endswith(("?", "？")) else f"{text} {phrase(scene.language, 'question', scene.chance)}"
    ),
    "tags": lambda text, with_this, scene, kernel: f"<{with_this}>{kernel or text}</{with_this}>",
}
_ORDER = (
    ("word", _WORD), ("bullets", _BULLETS), ("start", _STARTS), ("end", _ENDS), ("question", _ASKS), ("upper", _UPPER),
    ("lower", _LOWER), ("tags", _TAGS),
)  # fmt: skip
