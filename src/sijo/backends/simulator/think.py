"""The thought before an answer: how it was found, at a length that effort and budget allow.

It decides whether there is one at all, and how deep it goes; what is found is in the reply's notes.
"""

from math import log2

from sijo.backends.simulator.reply import EASY, HARD, MIDDLING, TRIVIAL
from sijo.backends.simulator.scene import Scene
from sijo.backends.simulator.tongue import phrase, phrases
from sijo.engine.estimate import tokens

QUOTED = 200  # characters of the request that a thought repeats
LEAST = {"low": HARD, "medium": MIDDLING, "high": EASY, "xhigh": EASY, "max": EASY}
"""From which weight on an adaptive model thinks."""
DEPTH = {"low": 0, "medium": 1, "high": 2, "xhigh": 4, "max": 6}
"""Sentences beyond the notes."""


def thought(scene: Scene, notes: list[str], weight: int) -> str:
    """The thought, or nothing."""
    if not _thinks(scene, weight):
        return ""
    language = scene.inner
    ask = scene.ask if len(scene.ask) <= QUOTED else scene.ask[:QUOTED].rstrip() + "…"
    lines = [phrase(language, "t_ask", ask=" ".join(ask.split()))] if ask else []
    lines += [phrase(language, "t_system")] if scene.system else []
    lines += notes
    depth = _depth(scene, weight)
    deeper = phrases()[language]["t_deeper"]
    rounds = (deeper[(scene.chance + at) % len(deeper)] for at in range(depth))
    room = scene.prompt.max_tokens // 2  # an answer must still fit behind it
    return _within(lines, list(rounds), min(scene.prompt.thought.budget or room, room))


def _thinks(scene: Scene, weight: int) -> bool:
    how = scene.prompt.thought
    match how.mode:
        case "enabled":
            return True
        case "adaptive":
            return weight > TRIVIAL and weight >= LEAST.get(how.effort or "high", EASY)
        case "between_tools":
            return bool(scene.results)
    return False


def _depth(scene: Scene, weight: int) -> int:
    """How many sentences to add: more with effort, with the budget, and with what is hard."""
    how = scene.prompt.thought
    depth = DEPTH.get(how.effort or "high", 2) + (weight if how.mode == "adaptive" else 0)
    if how.mode == "enabled" and how.budget:
        depth += max(0, round(2 * log2(how.budget / 1024)))
    return depth


def _within(lines: list[str], deeper: list[str], budget: int) -> str:
    """As many of the sentences as the budget holds, in order: the notes line by line, what goes deeper in one."""
    kept = 0
    for line in (*lines, *deeper):
        budget -= tokens(line) + 1
        if budget < 0:
            break
        kept += 1
    return "\n".join([*lines[:kept], " ".join(deeper[: max(0, kept - len(lines))])]).rstrip()
