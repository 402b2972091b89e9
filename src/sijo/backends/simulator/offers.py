"""The tools of a request as things to choose from, and how well each fits what a text speaks of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sijo.backends.simulator import arithmetic
from sijo.backends.simulator.finds import Finds
from sijo.backends.simulator.lexicon import meanings, split, stem, stems, verbs
from sijo.backends.simulator.scene import Scene, once
from sijo.backends.simulator.schema import Schema, listed
from sijo.engine import toolsets
from sijo.engine.clienttools import as_custom
from sijo.engine.count import found as shown_by
from sijo.wire import tools as t

DESCRIBED = 300
"""Characters of a description that are looked at."""
_NAME, _VERB, _DESCRIBED, _PROPERTY = 3, 2, 1, 1
_ART = re.compile(
    r"\b(?:joke|poem|haiku|story|song lyrics|essay|limerick)\b|농담|동화|하이쿠|시를 (?:써|지어)|이야기를",
    re.IGNORECASE,
)
_HOLDS = {
    "place": ("city", "location"),
    "path": ("file", "path"),
    "url": ("url", "web"),
    "code": ("command", "code", "bash", "run"),
}
"""What a text speaks of when it holds one of these."""
_OPERATIONS = {
    "+": ("ADD", "SUM", "PLUS", "ADDITION"), "-": ("SUBTRACT", "MINUS", "DIFFERENCE", "SUBTRACTION"),
    "*": ("MULTIPLY", "TIMES", "PRODUCT", "MULTIPLICATION"), "/": ("DIVIDE", "DIVISION", "QUOTIENT"),
    "^": ("POWER", "POW", "EXPONENT"), "√": ("SQRT", "ROOT"),
}  # fmt: skip
"""What tools are called that work out a sum; in capitals, as no other stem is: in a sum `add` is more than a verb."""
_STRING: Schema = {"type": "string"}
_SERVER: Mapping[type, tuple[str, str, Schema]] = {
    t.WebSearch: ("web_search", "Search the web for news and current information", {"query": _STRING}),
    t.WebFetch: ("web_fetch", "Fetch the page at a URL", {"url": {"type": "string", "format": "uri"}}),
    t.CodeMay2025: ("code_execution", "Run Python code, calculate", {"code": _STRING}),
    t.CodeAugust2025: ("bash_code_execution", "Run a shell command or Python code, calculate", {"command": _STRING}),
    t.CodeJanuary2026: ("bash_code_execution", "Run a shell command or Python code, calculate", {"command": _STRING}),
    t.CodeMay2026: ("bash_code_execution", "Run a shell command or Python code, calculate", {"command": _STRING}),
    t.SearchRegex: ("tool_search_tool_regex", "", {"pattern": _STRING}),
    t.SearchRegexUndated: ("tool_search_tool_regex", "", {"pattern": _STRING}),
    t.SearchBm25: ("tool_search_tool_bm25", "", {"query": _STRING}),
    t.SearchBm25Undated: ("tool_search_tool_bm25", "", {"query": _STRING}),
}
_NEEDS: Mapping[type, Mapping[str, Schema]] = {
    t.Bash: {"command": {}},
    t.Bash2024: {"command": {}},
    t.Memory: {"path": {"default": "/memories"}},
}
"""Fields of the client's tools without which a call does nothing, as their first command is what is called."""
FINDERS = ("tool_search_tool_regex", "tool_search_tool_bm25")


@dataclass(frozen=True)
class Offer:
    """A tool that may be called. `hidden`: only after a search has found it; `strict`: its input is always valid."""

    name: str
    description: str
    schema: Schema
    server: bool = False
    hidden: bool = False
    strict: bool = False
    toolset: str | None = None

    @once
    def terms(self) -> "Terms":
        """What there is to know it by."""
        return _known(self.name, self.description[:DESCRIBED], _field_words(self.schema))


class Terms(NamedTuple):
    """The words of a tool's name with their stems, the stems of its description's beginning and of its fields, and all
    of these with the name's words in capitals, as sums are told by them."""

    name: dict[str, str]
    described: frozenset[str]
    properties: frozenset[str]
    every: frozenset[str]


def offers(scene: Scene) -> list[Offer]:
    """The tools of a prompt that the model itself may call."""
    shown = {name for item in scene.prompt.items for block in item.content for name in shown_by(block)}
    made = (
        _members(tool, shown) if isinstance(tool, t.Toolset) else [_offer(tool, shown)] for tool in scene.prompt.tools
    )
    return [offer for part in made for offer in part if offer is not None]


def _members(tool: t.Toolset, shown: set[str]) -> list[Offer]:
    toolset = toolsets.NAMES[type(tool)]
    return [
        Offer(
            name,
            custom.description,
            custom.input_schema,
            hidden=custom.defer_loading and shown.isdisjoint((name, toolset)),
            toolset=toolset,
        )
        for name, custom in toolsets.customs(tool).items()
    ]


def _offer(tool: t.AnyTool, shown: set[str]) -> Offer | None:
    callers = getattr(tool, "allowed_callers", None)
    if callers and "direct" not in callers:
        return None  # for code that the model writes, not for the model
    needs = _NEEDS.get(type(tool), {})
    if isinstance(tool, t.Typed):
        tool = as_custom(tool)
    if isinstance(tool, t.Custom):
        hidden = tool.defer_loading and tool.name not in shown
        schema = _needing(tool.input_schema, needs)
        return Offer(tool.name, tool.description, schema, hidden=hidden, strict=bool(tool.strict))
    row = next((_SERVER[kind] for kind in type(tool).__mro__ if kind in _SERVER), None)
    if row is None:
        return None
    name, description, properties = row
    return Offer(
        name, description, {"type": "object", "properties": properties, "required": list(properties)}, server=True
    )


def _needing(schema: Schema, needs: Mapping[str, Schema]) -> Schema:
    """The schema with what a call needs that makes sense, though the schema does not ask for it."""
    if not needs:
        return schema
    fields = {**schema["properties"], **{name: {**schema["properties"][name], **more} for name, more in needs.items()}}
    return {**schema, "properties": fields, "required": [*schema.get("required", ()), *needs]}


def speaks_of(text: str) -> frozenset[str]:
    """The stems of what a text speaks of, and of what is in it."""
    if art := _ART.search(text):
        return stems(art[0])  # a joke about rain is no question about the weather
    said = set(meanings(text))
    finds = Finds(text)
    for kind, concepts in _HOLDS.items():
        if finds.all(kind):
            said.update(map(stem, concepts))
    if found := arithmetic.find(text):
        said.update(map(stem, ("calculate", "math")))
        said.update(*(names for sign, names in _OPERATIONS.items() if sign in found.expression))
    return frozenset(said)


def score(offer: Offer, said: frozenset[str]) -> tuple[int, tuple[str, ...]]:
    """How much a tool has in common with what is said, and the words of its name that it has in common."""
    name, described, properties, every = offer.terms
    if said.isdisjoint(every):
        return 0, ()
    common = {word: found for word, found in name.items() if found in said}
    sums = {word: found for word, found in name.items() if word.upper() in said}
    common |= sums
    total = sum(_VERB if found in verbs() and word not in sums else _NAME for word, found in common.items())
    total += _DESCRIBED * min(3, len((said & described) - verbs())) + _PROPERTY * min(2, len(said & properties))
    return total, tuple(common)


@lru_cache(1024)
def _known(name: str, description: str, fields: tuple[str, ...]) -> Terms:
    own = {word.lower(): stem(word) for word in split(name) if stem(word) in stems(name)}
    described = stems(description) - set(own.values())
    properties = frozenset(stem(word) for field in fields for word in split(field)) - described
    return Terms(own, described, properties, described | properties | {*own.values(), *map(str.upper, own)})


def _field_words(schema: Schema) -> tuple[str, ...]:
    """The names of a schema's fields, and the values from which they choose."""
    properties = schema.get("properties")
    fields = list(properties.items())[:20] if isinstance(properties, dict) else []
    values = (value for _, field in fields if isinstance(field, dict) for value in listed(field, "enum"))
    words = (*(name for name, _ in fields), *(value for value in values if isinstance(value, str)))[:60]
    return tuple(word[:DESCRIBED] for word in words)
