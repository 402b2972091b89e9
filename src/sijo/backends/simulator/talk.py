"""An answer to anything, by rules alone: the first speaker who has something to say is heard.

It decides what is said and by whom; each speaker lives in a module of its own. What comes out is an `Answer` like one
of a script, and is played like one.
"""

import base64
import hashlib
import re
from collections.abc import Callable

import msgspec

from sijo.backends.simulator import (
    arithmetic,
    choices,
    choose,
    code,
    echo,
    facts,
    form,
    known,
    letters,
    problems,
    prose,
    reading,
    sights,
    structure,
    think,
    work,
)
from sijo.backends.simulator.answer import Answer, Piece
from sijo.backends.simulator.lexicon import meanings
from sijo.backends.simulator.reply import EASY, HARD, MIDDLING, Reply
from sijo.backends.simulator.results import plain
from sijo.backends.simulator.scene import REDACTED, REFUSAL, Scene
from sijo.backends.simulator.tongue import phrase, phrases
from sijo.wire.events import StopDetails

SEVERAL, PARTS = 400, 6
"""Characters of a message in which several questions are told apart, and how many."""
_PARTED = re.compile(
    r"(?<=[?？。])\s*(?=\S)|(?<=[.!])\s+(?=\S)|,?\s+(?:and|also)\s+(?=(?:what|who|how|when|where)\b)"
    r"|(?<!\S)(?:그리고|또)\s+",
    re.IGNORECASE,
)
EXPLANATION = "This request was declined because it holds the test string for refusals."


def answer(scene: Scene) -> Answer:
    """What the simulator answers."""
    if REFUSAL in scene.magic:
        return Answer(stop_reason="refusal", stop_details=StopDetails(None, EXPLANATION))
    plan = choose.plan(scene) if scene.offered else choose.Plan([], [])
    if plan.calls:
        notes, weight = _called(scene, plan), MIDDLING if len(plan.calls) == 1 and not plan.later else HARD
        said = [Piece(tool=call.offer.name, input=call.input, toolset=call.offer.toolset) for call in plan.calls]
    else:
        reply = spoken(scene)
        notes, weight = reply.notes, reply.weight
        if scene.offered and not scene.results and weight > EASY:
            notes = [*notes, phrase(scene.inner, "t_no_tool", count=len(scene.prompt.tools))]
        said = [Piece(text=continued(scene.prompt.prefill, reply), citations=reply.citations)]
    return Answer(blocks=[*_thoughts(scene, notes, weight), *(piece for piece in said if piece.text != "")])


def _thoughts(scene: Scene, notes: list[str], weight: int) -> list[Piece]:
    if scene.prompt.prefill or scene.prompt.thought.mode == "off":
        return []
    if REDACTED in scene.magic:
        return [Piece(redacted=_sealed(scene))]
    thinking = think.thought(scene, notes, weight)
    return [Piece(thinking=thinking)] if thinking else []


def prepare() -> None:
    """Read the tables now, not at the first request."""
    meanings("")
    phrases()
    known.table()


def spoken(scene: Scene) -> Reply:
    """What is said in words, in the form that was asked for."""
    if reply := _structured(scene):
        return reply
    reply = _worded(scene)
    reply.text = form.formed(scene, reply)
    return reply


def continued(prefill: str | None, reply: Reply) -> str:
    """The answer's text, without what the caller has already put into the assistant's mouth."""
    if not prefill:
        return reply.text
    text = reply.text
    if prefill.lstrip()[:1] in ("{", "["):
        return structure.rest_of(prefill, text)
    if text.startswith(prefill):
        return text[len(prefill) :]
    space = "" if prefill[-1:].isspace() or prefill[-1:] in "(\"'“" else " "
    return space + (reply.kernel + "." if reply.kernel else text)


def _results(scene: Scene) -> Reply | None:
    """What the tools have brought."""
    if not scene.results:
        return None
    said, notes = [], []
    for result in scene.results:
        content = plain(result.content).rstrip(" .")
        key = "failed" if result.failed else "result" if content else "no_content"
        told = content or phrase(scene.language, "no_reason")
        said.append(phrase(scene.language, key, scene.chance, name=result.name, content=told))
        notes.append(phrase(scene.inner, "t_failed" if result.failed else "t_result", name=result.name, content=told))
    return Reply("\n".join(said), notes, MIDDLING if len(said) == 1 else HARD)


def _structured(scene: Scene) -> Reply | None:
    return structure.structured(scene, lambda: _worded(scene).text)


def _worded(scene: Scene) -> Reply:
    """The answer if it had not to be JSON: where a schema wants words, these are they."""
    if reply := _several(scene):
        return reply
    for speaker in SPEAKERS:
        if reply := speaker(scene):
            return reply
    return prose.prose(scene)


def _several(scene: Scene) -> Reply | None:
    """The answers to two questions or more in one message, if at least two have an answer of their own."""
    ask = scene.ask
    if len(ask) > SEVERAL or scene.results or not _PARTED.search(ask):
        return None
    replies = []
    for part in _PARTED.split(ask)[:PARTS]:
        alone = scene.asking(part)
        if re.search(r"\w", part):
            replies += [reply for speaker in SURE if (reply := speaker(alone))][:1]
    if len(replies) < 2:
        return None
    notes = [note for reply in replies for note in reply.notes]
    return Reply(" ".join(dict.fromkeys(_ended(reply.text) for reply in replies)), notes, HARD)


def _ended(text: str) -> str:
    """A text with a point at its end, so that another can follow."""
    return text if text.endswith((".", "!", "?", "。", "！", "？")) else f"{text}."


def _sum(scene: Scene) -> Reply | None:
    found = arithmetic.find(scene.ask) or problems.find(scene.ask) or arithmetic.onward(scene.ask, scene.heard)
    if found is None:
        return None
    shown = {"expression": found.expression, "value": found.value}
    if found.value is None:
        return Reply(phrase(scene.language, found.problem, **shown), [], EASY)
    language = scene.inner
    notes = [phrase(language, "t_sum", **shown), *(phrase(language, "t_step", step=step) for step in found.steps)]
    notes += [phrase(language, "t_total", **shown)]
    key = "sum" if found.exact else "about"
    weight = EASY if len(found.steps) == 1 and len(found.expression) < 6 else MIDDLING
    return Reply(phrase(scene.language, key, **shown), notes, weight, found.value)


SPEAKERS: tuple[Callable[[Scene], Reply | None], ...] = (
    _results, choices.chosen, echo.repeated, echo.counted, letters.lettered, work.worked, sights.seen, _sum,
    echo.history, facts.recall, known.answered, known.listed, code.stubbed, reading.read,
    echo.social, facts.greeted,
)  # fmt: skip
"""Who is asked, in order; `prose` has something to say on everything."""
SURE = (_sum, facts.recall, known.answered, echo.social)
"""Who answers one of several questions: those who say nothing where they know nothing."""


def _called(scene: Scene, plan: choose.Plan) -> list[str]:
    """Why these tools, for a thought."""
    language = scene.inner
    notes = [phrase(language, "t_result", name=result.name, content=plain(result.content)) for result in scene.results]
    for call in plan.calls:
        words = ", ".join(call.words)
        key = "t_needs" if call.leaning else "t_why" if words else "t_forced"
        why = phrase(language, key, words=words)
        input = msgspec.json.encode(call.input).decode()
        notes.append(phrase(language, "t_tool", name=call.offer.name, why=why, input=input))
    return [*notes, *(phrase(language, "t_later", name=name) for name in plan.later)]


def _sealed(scene: Scene) -> str:
    """What stands for a thought that nobody may read."""
    return base64.b64encode(hashlib.shake_128(scene.key).digest(96)).decode()
