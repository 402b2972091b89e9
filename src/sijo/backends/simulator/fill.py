"""A value for a JSON schema, filled from a text as far as that goes, and valid whatever the text says.

What a text holds is for `finds`, what is valid for `schema`. How deep and how wide a schema is followed is bounded.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sijo.backends.simulator import arithmetic, invent
from sijo.backends.simulator.finds import FROM, TO, Finds
from sijo.backends.simulator.lexicon import Spot, called, meanings, split, spot, stem
from sijo.backends.simulator.mood import OPEN, SIDES, mood
from sijo.backends.simulator.roles import NONE, example, proposed, wanted
from sijo.backends.simulator.schema import (
    FORMATS,
    Schema,
    accepts,
    as_number,
    count_at,
    fits,
    kind_of,
    least_of,
    listed,
    merged,
    number_at,
    valid_number,
    valid_text,
)

DEEPEST = 8
MOST = 2_000
"""Values, and steps to them, in one input."""
ITEMS = 100
"""Items in one array, and fields that an object gets only to have enough of them."""
SHOWN = 3
"""How deep optional fields are filled where all are to be shown."""
PLAIN = {
    "email": FORMATS["email"], "url": FORMATS["uri"], "path": "file.txt", "language": "English", "currency": "USD",
    "symbol": "AAPL", "timezone": "UTC", "date": FORMATS["date"], "time": "09:00", "phone": "+82 2-0000-0000",
    "place": "Seoul", "id": "1", "person": "Alex", "room": "living room",
}  # fmt: skip
"""What a field gets that wants no words, where the text has nothing for it."""
_WORDY = ("query", "body", "title")
_ADDRESSED = ("to", "from", "recipients", "sender")
"""Fields that take an address, if the text has one."""
_SHAPED = ("email", "url", "phone")
"""Kinds that are known by their look: in `this email: John Smith (john@example.com)` the address is meant."""
_ASKING = frozenset(
    stem(word)
    for word in ("is", "has", "include", "enable", "should", "use", "with", "request", "want", "need", "require")
)
_OUTCOMES = frozenset(("result", "answer", "sum", "total", "product", "final_answer", "결과", "답"))
LONGEST, ROWS, ROWS_DEEP = 2_000, 20, 2
"""Characters of a text that is taken apart into objects, how many of these, and how deep that is done."""
_CUTS = (
    re.compile(r";\s*|\n+"),
    re.compile(r"(?<=[.!?。])\s+"),
    re.compile(r",\s*(?:and\s+)?(?=\d|[가-힣]+\s?\d)|\s+and\s+(?=\d)"),
    re.compile(r",\s*(?:and\s+)?|\s+and\s+"),
)
"""Where a list is cut, the surest first."""
_NEVER = object()
"""No value: an optional field that the text says nothing of."""


class Filler:
    """Fills one schema, once. `whole` fills optional fields too, not only those that the text speaks of.

    Afterwards `missing` names the required fields for which the text had nothing, and `sure` counts what it had.
    """

    def __init__(self, schema: Schema, finds: Finds, *, whole: bool = False) -> None:
        self.root = schema
        self.finds = finds
        self.whole = whole
        self.missing: list[str] = []
        self.sure = 0
        self._left = MOST

    def fill(self) -> Any:
        """The value."""
        return self._value(self.root, "", 0, required=True)

    def _value(self, schema: Any, name: str, depth: int, *, required: bool) -> Any:
        self._left -= 1
        schema = self._plain(schema)
        if depth > DEEPEST or self._left < 0:
            return least_of(schema)
        if "const" in schema:
            return schema["const"]
        if listed(schema, "enum"):
            return self._enum(schema, name, required=required)
        match kind_of(schema):
            case "object":
                return self._object(schema, name, depth, required=required)
            case "array":
                return self._array(schema, name, depth, required=required)
            case "integer" | "number":
                return self._number(schema, name, required=required)
            case "boolean":
                return self._boolean(schema, name, required=required)
            case "null":
                return None
        return self._string(schema, name, required=required)

    def _plain(self, schema: Any) -> dict[str, Any]:
        """The schema without references, parts and alternatives: the first of these that is not null is meant."""
        while isinstance(schema, dict):
            self._left -= 1
            if self._left < 0:
                break
            if isinstance(reference := schema.get("$ref"), str):
                schema = {**self._referred(reference), **_without(schema, "$ref")}
            elif choices := [*listed(schema, "anyOf"), *listed(schema, "oneOf")]:
                null = {"nullable": True} if {"type": "null"} in choices else {}
                schema = merged([_without(schema, "anyOf", "oneOf"), _chosen(choices), null])
            elif parts := listed(schema, "allOf"):
                schema = merged([_without(schema, "allOf"), *(part for part in parts if isinstance(part, dict))])
            else:
                return {**schema, "enum": [schema["const"]]} if "const" in schema else schema
        return {}

    def _referred(self, reference: str) -> dict[str, Any]:
        found: Any = self.root
        for step in reference.removeprefix("#").strip("/").split("/"):
            if step:
                found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def _object(self, schema: Schema, name: str, depth: int, *, required: bool) -> Any:
        properties = schema.get("properties")
        fields: Mapping[str, Any] = properties if isinstance(properties, dict) else {}
        needed = dict.fromkeys(key for key in listed(schema, "required") if isinstance(key, str))
        before, out = self.sure, dict[str, Any]()
        for key in [*needed, *(key for key in fields if key not in needed)]:
            must = key in needed or (self.whole and depth < SHOWN)
            value = self._value(fields.get(key), key, depth + 1, required=must)
            if value is not _NEVER:
                out[key] = value
        if name and not required and self.sure == before:
            return _NEVER
        extra = schema.get("additionalProperties")
        lacking = min(count_at(schema, "minProperties", 0), ITEMS) - len(out)
        for at in range(lacking if extra is not False else 0):
            out[f"field{at + 1}"] = self._value(extra, "", depth + 1, required=True)
        return out

    def _array(self, schema: Schema, name: str, depth: int, *, required: bool) -> Any:
        item = self._plain(schema.get("items"))
        least, most = count_at(schema, "minItems", 0), min(count_at(schema, "maxItems", ITEMS), ITEMS)
        first = listed(schema, "prefixItems") if required or least else ()
        values = [self._value(part, name, depth + 1, required=True) for part in first[:ITEMS]]
        values = values or self._several(item, name) or self._rows(item, name, depth)
        if not values and not required:
            return _NEVER
        if not values and kind_of(item) in ("object", "string") and depth < DEEPEST // 2:
            values = self._invented(item, name, depth)
        while len(values) < min(least, ITEMS) and self._left > 0:
            values.append(self._another(item, name, depth, values))
        return values[:most]

    def _several(self, item: Schema, name: str) -> list[Any]:
        """Everything in the text that an array of such items could hold."""
        if choices := listed(item, "enum"):
            found = [value for value, _ in self._named(choices)]
        elif kind_of(item) in ("integer", "number"):
            fit = fits(item)
            found = [valid_number(item, number.value) for number in self.finds.numbers if fit(number.value)]
        elif kind_of(item) == "string" and (kind := self._listing(name, item)):
            found = [spot.value for spot in self.finds.all(kind) if accepts(item, spot.value)]
        else:
            found = []
        self.sure += bool(found)
        return [value for at, value in enumerate(found) if value not in found[:at]]

    def _listing(self, name: str, item: Schema) -> str:
        """What kind of finds a list takes; none, if it is one of words."""
        kind = "" if self.whole and invent.wordy(name) else wanted(name, item)
        return kind if kind not in _WORDY else ""

    def _rows(self, item: Schema, name: str, depth: int) -> list[Any]:
        """Objects from a text that tells of several: one from each part that has what two fields want."""
        if kind_of(item) != "object" or depth >= ROWS_DEEP or not isinstance(fields := item.get("properties"), dict):
            return []
        least = max(1, min(2, len(fields)))
        _, mark, after = self.finds.about.partition(f"{name.replace('_', ' ').capitalize()}:") if name else ("", "", "")
        about = (after if mark else self.finds.about)[:LONGEST]
        for cut in _CUTS:
            parts = [part for part in cut.split(about) if part.strip()]
            if not 2 <= len(parts) <= ROWS:
                continue
            rows = []
            for part in parts:
                own = Filler(self.root, Finds(part, self.finds.spare), whole=self.whole)
                own._left = self._left = self._left - len(fields)
                row = own._value(item, name, depth + 1, required=True)
                rows += [row] if own.sure >= least else []
            if len(rows) >= 2:
                self.sure += 1
                return rows
        return []

    def _invented(self, item: Schema, name: str, depth: int) -> list[Any]:
        """The items of an array for which the text has nothing."""
        if self.whole and kind_of(item) == "string" and not listed(item, "enum") and not wanted("", item):
            made = [entry for entry in invent.entries(name, self.finds) if accepts(item, entry)]
            if made:
                self.missing.append(name)
                return list(made)
        return [self._one(item, name, depth)]

    def _one(self, item: Schema, name: str, depth: int) -> Any:
        """The only item of an array for which the text has nothing."""
        short = self.finds.topic[:40]
        if kind_of(item) == "string" and not listed(item, "enum") and not wanted(name, item) and accepts(item, short):
            self.missing.append(name)
            return short
        return self._value(item, name, depth + 1, required=True)

    def _another(self, item: Schema, name: str, depth: int, values: Sequence[Any]) -> Any:
        """One more item, unlike the others where that can be."""
        value = next((choice for choice in listed(item, "enum") if choice not in values), None)
        if value is None:
            value = self._value(item, name, depth + 1, required=True)
        if isinstance(value, dict | list) or value not in values or listed(item, "enum"):
            return value
        if isinstance(value, str) and accepts(item, longer := f"{values[0]} {len(values) + 1}"):
            return longer
        if kind_of(item) in ("integer", "number"):
            highest = max(number for number in values if isinstance(number, int | float))
            return valid_number(item, highest + (number_at(item, "multipleOf") or 1))
        return value

    def _enum(self, schema: Schema, name: str, *, required: bool) -> Any:
        choices = listed(schema, "enum")
        named = self._named(choices)
        if felt := self._felt(choices):
            return self._surely(felt)
        parts = _stems(name)
        role, other = ("from", "to") if parts & FROM else ("to", "from") if parts & TO else ("", "-")
        fitting = [value for value, said in named if said == role] if role else []
        fitting += [value for value, said in named if said != other]
        if fitting:
            return self._surely(fitting[0])
        if not required:
            return _NEVER
        if (own := proposed(schema)) is not NONE:
            return own
        taken = [value for value, _ in named]  # said to be the goal, so it is not the origin, or the other way round
        open_one = next((c for c in choices if isinstance(c, str) and c.lower() in OPEN), None) if not taken else None
        return open_one or next(
            (choice for choice in choices if choice is not None and choice not in taken), choices[0]
        )

    def _felt(self, choices: Sequence[Any]) -> Any:
        """The choice that names the text's mood, if moods are what there is to choose from."""
        sides = {
            SIDES[choice.lower()]: choice for choice in choices if isinstance(choice, str) and choice.lower() in SIDES
        }
        return sides.get(mood(self.finds.about).name) if len(sides) == 2 else None

    def _named(self, choices: Sequence[Any]) -> list[tuple[Any, str]]:
        """The choices of which the text speaks, in its order, each with its role."""
        found: list[tuple[Spot, Any]] = []
        for choice in choices[:ITEMS]:
            names = called(choice) if isinstance(choice, str) and 0 < len(choice) <= 60 else ()
            spots = [place for name in names if (place := spot(self.finds.low, name))]
            if spots:
                found.append((min(spots), choice))
        return [(choice, place.role) for place, choice in sorted(found, key=lambda entry: entry[0])]

    def _number(self, schema: Schema, name: str, *, required: bool) -> Any:
        given = as_number(self._given(name) or "")
        if given is not None:
            return self._surely(valid_number(schema, given))
        described = _stems(str(schema.get("description", ""))[:80]) if required else frozenset()
        value = invent.number(name, self.finds) if required else None
        if value is None:
            value = self._worked_out(name)
        if value is None:
            value = self.finds.number(_stems(name) | described, fits(schema), loose=required)
        if value is not None:
            return self._surely(valid_number(schema, value))
        return self._lacking(schema, name, valid_number(schema, 0)) if required else _NEVER

    def _worked_out(self, name: str) -> float | None:
        """What a sum in the text comes to, for a field that is named for it."""
        if name.lower() not in _OUTCOMES or (found := arithmetic.find(self.finds.text)) is None:
            return None
        return as_number(found.value or "")

    def _boolean(self, schema: Schema, name: str, *, required: bool) -> Any:
        given = (self._given(name) or "").lower()
        if given in ("true", "yes", "false", "no"):
            return self._surely(given in ("true", "yes"))
        own = _stems(name) - _ASKING
        if own and own <= meanings(self.finds.text):
            last = split(name)[-1].lower()
            return self._surely(not any(f"{no} {last}" in self.finds.low for no in ("no", "not", "without")))
        default = proposed(schema)
        return (name.lower() in _OUTCOMES if default is NONE else default) if required else _NEVER

    def _string(self, schema: Schema, name: str, *, required: bool) -> Any:
        given, kind = self._given(name), wanted(name, schema)
        shaped = [spot.value for spot in self.finds.all(kind)] if kind in _SHAPED else []
        if given is not None and accepts(schema, given) and (not shaped or given in shaped):
            return self._surely(given)
        found = self.finds.take(kind, _stems(name)) if kind else None
        while found is not None and not accepts(schema, found):
            found = self.finds.take(kind, _stems(name))
        if found is None and name.lower() in _ADDRESSED:
            found = self.finds.take("email", frozenset())
            found = found if found is not None and accepts(schema, found) else None
        if found is None and kind == "person":
            found = self._thing(schema)
        worded = self._worded(kind, name)
        if found is None and required and kind in _WORDY and accepts(schema, worded):
            found = worded
        if found is None and required and not kind:
            found = self.finds.kind_of(name)
            found = found if found is not None and accepts(schema, found) else None
        if found is not None:
            return self._surely(found)
        return self._lacking(schema, name, valid_text(schema, worded)) if required else _NEVER

    def _thing(self, schema: Schema) -> str | None:
        """What there is so many of, which has a name as people have."""
        found = self.finds.take("thing", frozenset())
        return found if found is not None and accepts(schema, found) else None

    def _worded(self, kind: str, name: str) -> str:
        """What to say where the text has nothing: what it is about, or a plain value of the kind."""
        match kind:
            case "query":
                return self.finds.topic
            case "title":
                return self.finds.topic if len(self.finds.topic) <= 60 else self.finds.topic[:60].rsplit(" ", 1)[0]
        return PLAIN.get(kind) or (invent.worded(name, self.finds) if self.whole else self.finds.spare)

    def _given(self, name: str) -> str | None:
        return (self.finds.pairs.get(name.lower()) or self.finds.told(name)) if name else None

    def _surely(self, value: Any) -> Any:
        self.sure += 1
        return value

    def _lacking(self, schema: Schema, name: str, otherwise: Any) -> Any:
        """What to take for a required field of which the text says nothing."""
        if (own := proposed(schema)) is not NONE:
            return own
        self.missing.append(name)
        one = next(iter(listed(schema, "examples")), example(schema))
        return one if isinstance(one, str) and isinstance(otherwise, str) and accepts(schema, one) else otherwise


def _without(schema: Schema, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in keys}


def _chosen(choices: Sequence[Any]) -> Schema:
    """The alternative that is meant; alternatives that are all constants are a choice among these."""
    able = [choice for choice in choices if isinstance(choice, dict) and choice.get("type") != "null"]
    if able and all("const" in choice for choice in able):
        return {"enum": [choice["const"] for choice in able]}
    return able[0] if able else {"type": "null"}


def _stems(name: str) -> frozenset[str]:
    return frozenset(stem(word) for word in split(name))
