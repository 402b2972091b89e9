"""Names of tools as models write them: with a prefix, in another case, misspelt. What can mean several is not taken."""

import re
from collections.abc import Collection

from sijo.engine.calls.fit import alike, plain

ALIKE, APART = 0.85, 0.08
"""How alike a misspelt name must be, and how much more so than the next one, from 0 to 1."""
LONGEST, MANY = 200, 1000
"""Characters of a name that are looked at, and tools among which slips are looked for."""
_AROUND = re.compile(r"""[\s"'`<>{}()\[\]]+|:+\Z""")
_COUNT = re.compile(r":\d+\Z")
_PREFIX = re.compile(r"(?:(?:functions?|tools?|default_api|default|api|client|assistant)(?:[.:/]+|__))+", re.IGNORECASE)
_SPACE = re.compile(r"[.:/]+|__")


def meant(name: str, known: Collection[str]) -> str | None:
    """The tool that is meant by a name, or None."""
    if name in known:
        return name
    bare = _COUNT.sub("", _AROUND.sub("", name[:LONGEST]))
    for said in (bare, _PREFIX.sub("", bare, count=1)):
        if said in known:
            return said
        same = [one for one in known if plain(one) == plain(said)]
        if same:
            return same[0] if len(same) == 1 else None
    within = [one for one in known if any(plain(tail) == plain(said) for tail in tails(one))]
    return within[0] if len(within) == 1 else near(said, known)


def tails(name: str) -> list[str]:
    """A name without its first name space, without the second one, and so on."""
    return [name[found.end() :] for found in _SPACE.finditer(name) if found.end() < len(name)]


def near(name: str, known: Collection[str]) -> str | None:
    """The name of which this one is a slip, if no other is nearly as near."""
    if len(name) < 4 or len(known) > MANY:
        return None
    ranks = sorted(((alike(name, one), one) for one in known), reverse=True)
    if not ranks or ranks[0][0] < ALIKE:
        return None
    return ranks[0][1] if len(ranks) == 1 or ranks[0][0] - ranks[1][0] >= APART else None
