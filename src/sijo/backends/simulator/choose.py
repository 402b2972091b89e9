"""Which tools a text calls for, in which order, and with what input.

A text is cut into clauses; each asks for the tool whose name and description share most words with it. What lacks a
value that the text does not hold waits for the results of what was called before it. How input is filled is for `fill`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sijo.backends.simulator.context import meant
from sijo.backends.simulator.fill import Filler
from sijo.backends.simulator.finds import Finds
from sijo.backends.simulator.lexicon import places, split
from sijo.backends.simulator.offers import FINDERS, Offer, offers, score, speaks_of
from sijo.backends.simulator.results import plain
from sijo.backends.simulator.scene import Scene, glance
from sijo.backends.simulator.schema import Schema, listed
from sijo.engine.schemas.fit import fitted
from sijo.wire.request import AnyTool as MustCall
from sijo.wire.request import Auto, Named

ENOUGH = 3
"""Score from which a tool is called without being asked for: one telling word of its name."""
MOST = 10
"""Calls in one answer."""
CLOSELY = 300
"""How many hidden tools are looked at closely."""
TOPIC, ANYTHING = 6, "tool"
"""Words of the text that are looked for where nothing fits, and what is looked for where it has none."""
_CUT = re.compile(
    r",\s+(?=(?:set|turn|play|send|get|check|find|book|create|add|lock|order|call|show|convert|search|schedule|email|open"
    r"|read|write|run|remind|translate)\b)"
    r"|(?:,|(?<![,\s]))\s++(?:and then|and also|after that|then|and)\s+|[,;]\s*(?:then|and)\s+|;\s*|[.?!]\s+|\n\s*"
    r"|(?<=[고서])[,\s]+|(?:,|(?<![,\s]))\s*+(?:그리고|그\s?다음에?|그런\s?다음|그\s?후에?)\s+"
    r"|(?<=[다음후])에?[,\s]+(?=\S)",
    re.IGNORECASE,
)
"""Where clauses are cut. White space is looked at from its start alone, however long it is."""
CLAUSES = 200
"""Clauses that are told apart in one text; behind them, the rest is one."""
_LEAD = re.compile(r"^[\s,;]*(?:(?:and|then|also|after that)\s+)*", re.IGNORECASE)
"""What joins a clause to the one before it."""
_IF = re.compile(r"[\s,;.]*(?:(?:and|then)\s+)?(?:if|when|once)\b", re.IGNORECASE)
_LEANS = re.compile(
    r"\b(?:send|convert|email|mail|save|write|store|translate|post|share|use|add|round|to|with|of)"
    r" (?:it|this|that|them|those)\b"
    r"|\bthe (?:result|answer)\b|\bif (?:it|that|so)\b|그걸|그것|이를|그 결과|결과를|그 값",
    re.IGNORECASE,
)
ASKED = 300
"""Characters of a question that is looked up."""
_WORLD = re.compile(
    r"^\s*(?:who|when|where|which|what|how (?:many|much|tall|old|far"
    r"|big))\b[^?]{10,}\?\s*$",
    re.IGNORECASE,
)
_NOT_WORLD = re.compile(r"\b(?:what about|how about|my|me|i|you|your|we|our)\b|\d\s*[-+*/^]\s*\d", re.IGNORECASE)
_LOOKS_UP = re.compile(r"(?:^|_)(?:search|web|wiki\w*|article|google|lookup|browse)(?:_|$)", re.IGNORECASE)
_QUERIES = frozenset(("query", "q", "search", "term", "keywords", "question"))
_BOUND = frozenset(("enum", "format", "pattern", "const", "minLength", "maxLength"))
"""What a field of a schema has that may not take any text."""
_PLACES = frozenset({"location", "city", "place", "region", "country", "destination", "origin"})


@dataclass(frozen=True, slots=True)
class Call:
    """A call to make, the words that speak for it, and whether it needed earlier results."""

    offer: Offer
    input: dict[str, Any]
    words: tuple[str, ...] = ()
    leaning: bool = False


@dataclass(slots=True)
class Step:
    """What a clause asks for."""

    offer: Offer
    text: str
    words: tuple[str, ...]


@dataclass(slots=True)
class Plan:
    """What to call now, and the names of what is left for later."""

    calls: list[Call]
    later: list[str]


def plan(scene: Scene) -> Plan:
    """What to call now. Nothing, if no tool fits and none must be called."""
    choice = scene.prompt.choice
    every = offers(scene)
    if isinstance(choice, Named):
        every = [offer for offer in every if offer.name == choice.name] or every
    ready = [offer for offer in every if not offer.hidden and offer.name not in FINDERS]
    failed = any(result.failed for result in scene.results)
    if not failed and (search := _searched(scene, every)):
        return Plan([search], [])
    now, later = ([], []) if failed else _split(steps(meant(scene), ready), scene)
    if not now and not later and not scene.results and (looked := _looked_up(scene, ready)):
        now = _filled(looked, scene)[0]
    if not now and scene.forced and ready:
        said = speaks_of(meant(scene))
        best = max(ready, key=lambda offer: score(offer, said)[0])
        now = _filled(Step(best, meant(scene), ()), scene)[0]
    single = isinstance(choice, Auto | MustCall | Named) and choice.disable_parallel_tool_use
    return Plan(now[: 1 if single else MOST], later)


def _looked_up(scene: Scene, ready: Sequence[Offer]) -> Step | None:
    """A search for what is asked about the world, if there is a tool for that."""
    ask = scene.ask
    if not (len(ask) <= ASKED and _WORLD.search(ask)) or _NOT_WORLD.search(ask):
        return None
    fitting = (offer for offer in ready if _LOOKS_UP.search(offer.name) and _takes_query(offer.schema))
    best = next(fitting, None)
    return Step(best, ask, ()) if best else None


def _takes_query(schema: Schema) -> bool:
    required = listed(schema, "required")
    return len(required) == 1 and isinstance(required[0], str) and not _QUERIES.isdisjoint(split(required[0].lower()))


def steps(text: str, every: Sequence[Offer]) -> list[Step]:
    """What the clauses of a text ask for, in order. A clause that asks for no tool belongs to the one before it, a
    condition to the one behind it."""
    if not every:
        return []
    out: list[Step] = []
    opening = ""
    clauses = list(_clauses(text))
    asked = {clause: _asked(clause, every) for clause in dict.fromkeys(clauses)}
    for clause in clauses:
        if step := asked[clause]:
            out.append(Step(step.offer, opening + clause, step.words))
            opening = ""
        elif out and not _IF.match(clause):
            out[-1].text += clause
        else:
            opening += clause
    if not out and len(clauses) > 1 and (step := _asked(text, every)):
        out.append(step)
    return out


def _clauses(text: str) -> Iterator[str]:
    """The clauses, each with what separates it from the one before."""
    start = 0
    for cut in islice(_CUT.finditer(text), CLAUSES):
        if cut.start() > start:
            yield text[start : cut.start()]
            start = cut.start()
    yield text[start:]


def _asked(text: str, every: Sequence[Offer]) -> Step | None:
    """The tool that fits a text best, if it fits well enough."""
    said = speaks_of(text)
    fits = [(score(offer, said), offer) for offer in every]
    (points, words), best = max(fits, key=lambda fit: fit[0][0])
    return Step(best, text, words) if points >= ENOUGH else None


def _split(wanted: list[Step], scene: Scene) -> tuple[list[Call], list[str]]:
    """The calls to make now, and the names of the tools that wait for what these bring.

    What was called since the user spoke is not called again.
    """
    made = Counter(call.name for call in scene.calls)
    now: list[Call] = []
    later: list[str] = []
    for step in wanted:
        name = step.offer.name
        every, lacking = _filled(step, scene)
        calls = every[made[name] :]
        made[name] = max(0, made[name] - len(every))
        waits = lacking or _LEANS.search(step.text) is not None
        if not calls or (waits and now and now[-1].offer.name == name):
            continue  # made, or the same tool again with nothing new to call it with
        if now and (waits or later):
            later.append(name)
        else:
            now += calls
    return now, later


def _filled(step: Step, scene: Scene) -> tuple[list[Call], bool]:
    """The calls that a step makes, and whether a required value was lacking. Two places make two calls."""
    results = [glance(plain(result.content)) for result in scene.results if not result.failed]
    text = "\n".join([_LEAD.sub("", step.text), *results])
    schema = step.offer.schema
    target = _place_field(schema)
    named = list(dict.fromkeys(spot.value for spot in places(step.text))) if target else []
    if not target and (target := _symbol_field(schema)):
        named = list(dict.fromkeys(spot.value for spot in Finds(step.text).all("symbol")))
    whole = scene.forced and not listed(schema, "required")  # to call it with nothing would say nothing
    filler = Filler(schema, Finds(text, results[-1] if results else ""), whole=whole)
    first = filler.fill()
    input = first if isinstance(first, dict) else {}
    if step.offer.strict:
        input = fitted(dict(schema), input)
    leaning = bool(results)
    calls = [Call(step.offer, input, step.words, leaning)]
    if target and len(named) > 1:
        calls = [Call(step.offer, {**input, target: place}, step.words, leaning) for place in named]
    return calls, bool(filler.missing)


def _place_field(schema: Schema) -> str:
    """The one required field that takes one place; none, if there are two, as in a journey."""
    properties = schema.get("properties")
    fields = properties if isinstance(properties, dict) else {}
    required = listed(schema, "required") or list(fields)[:1]
    taking = [
        key
        for key, value in fields.items()
        if isinstance(value, dict)
        and value.get("type") == "string"
        and not value.keys() & _BOUND
        and not _PLACES.isdisjoint(word.lower() for word in split(key))
    ]
    return taking[0] if len(taking) == 1 and taking[0] in required else ""


def _symbol_field(schema: Schema) -> str:
    """The required field that takes the symbol of one stock."""
    properties = schema.get("properties")
    required = listed(schema, "required")
    fields = properties if isinstance(properties, dict) else {}
    plain = (key for key in fields if key in ("symbol", "ticker", "ticker_symbol", "stock_symbol") and key in required)
    return next(
        (key for key in plain if fields[key] == {**fields[key], "type": "string"} and not fields[key].keys() & _BOUND),
        "",
    )


def _searched(scene: Scene, every: Sequence[Offer]) -> Call | None:
    """A search for tools, if one that is hidden fits better than all that are not, or if the search itself is forced.

    Once is enough: what it has not found is not there.
    """
    finder = next((offer for offer in every if offer.name in FINDERS), None)
    if finder is None or any(call.name in FINDERS for call in scene.calls):
        return None
    ready = [offer for offer in every if not offer.hidden and offer.name not in FINDERS]
    fitting = steps(meant(scene), [*ready, *likely(meant(scene), every)])
    hidden = [step for step in fitting if step.offer.hidden]
    words = list(dict.fromkeys(word for step in hidden for word in step.words or split(step.offer.name)))
    if not words and not (isinstance(scene.prompt.choice, Named) and scene.prompt.choice.name == finder.name):
        return None
    words = words or split(Finds(meant(scene)).topic)[:TOPIC] or [ANYTHING]
    field = "pattern" if finder.name == FINDERS[0] else "query"
    return Call(finder, {field: ("|" if field == "pattern" else " ").join(words)}, tuple(words))


def likely(text: str, every: Sequence[Offer]) -> list[Offer]:
    """The hidden tools that are worth a closer look: of very many, those in whose name a word of the text stands."""
    hidden = [offer for offer in every if offer.hidden and offer.name not in FINDERS]
    if len(hidden) <= CLOSELY:
        return hidden
    said = [word for word in speaks_of(text) if len(word) >= 3]
    return [offer for offer in hidden if any(word in offer.name.lower() for word in said)][:CLOSELY]
