"""Schemas as a seed has them: nested, of every kind that structured outputs know. `-m` prints them, one a line.

What they are made of is small on purpose: a model of random weights must come to the end of each.
"""

import json
import random
from typing import Any

SEED = 20
MANY = 200
DEEPEST = 4
FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
PATTERNS = (
    r"^[A-Z]{2}\d{4}$", r"^\w{1,8}$", r"^(?:red|green|blue)$", r"^[^\s]{1,6}$", r"^a+b*c?$", r"^\d+(?:\.\d{1,2})?$",
    r"^[a-z0-9]+(?:-[a-z0-9]+){0,2}$", r"^.{1,5}$", r"^[\w.]{2,6}@\w{2,5}$", r"^(\+\d{1,3} )?\d{3}-\d{4}$",
    r"^\S{3}$", r"^[^\"\\]{0,4}$", r"^#[0-9a-fA-F]{6}$", r"^(\d{4})/(0[1-9]|1[0-2])$", r"^\D?\W$", r"^$",
    r"[aeiou]", r"^[가-힣]{1,3}$", r"^\{[a-z]*\}$", r"^\t\n?$", r"^(y|n)$|^maybe$", r"^\/[a-z\/]{0,8}$", r"^\"\\+$",
)  # fmt: skip
NAMES = (
    "id", "name", "total", "items", "address line", "naïve", "이름", "日付", "😀", 'a"b', "back\\slash", "line\nbreak",
    "$ref", "type", "enum", "é", "0", "", "snake_case", "kebab-case", "CamelCase", "properties", "a/b", "a~b", "😶‍🌫️",
)  # fmt: skip
SCALARS = (
    "red", "", "a b", 'say "hi"', "tab\there", "날씨", "😀", "null", "1", 0, 1, -7, 3.5, -0.25, 1e3, 12345678901, True,
    False, None,
)  # fmt: skip


def schemas() -> list[dict[str, Any]]:
    """All of them; the same each time."""
    dice = random.Random(SEED)
    return [Maker(dice).schema() for _ in range(MANY)]


class Maker:
    """Makes one schema, and the definitions that it points to."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.word = dice.choice(("$defs", "definitions"))
        self.known: dict[str, Any] = {}

    def schema(self) -> dict[str, Any]:
        for at in range(self.dice.randrange(3)):  # each may point to those before it
            self.known[f"d{at}"] = self.value(2)
        root = self.object(0) if self.dice.random() < 0.7 else self.value(0)
        return {**root, self.word: self.known} if self.known else root

    def value(self, depth: int) -> dict[str, Any]:
        deep = [self.object, self.array, self.object, self.any, self.all] if depth < DEEPEST else []
        flat = [self.plain, self.text, self.enum, self.const, self.types, self.plain, self.reference]
        return self.dice.choice(deep + flat)(depth + 1)

    def object(self, depth: int) -> dict[str, Any]:
        names = self.dice.sample(NAMES, self.dice.randrange(0 if depth else 1, 5))
        required = [name for name in names if self.dice.random() < 0.6]
        self.dice.shuffle(required)
        out: dict[str, Any] = {"type": "object", "properties": {name: self.value(depth) for name in names}}
        if required or self.dice.random() < 0.5:
            out["required"] = required
        return {**out, "additionalProperties": False, **self.notes()}

    def array(self, depth: int) -> dict[str, Any]:
        least = self.dice.choice(({}, {"minItems": 0}, {"minItems": 1}))
        return {"type": "array", "items": self.value(max(depth, DEEPEST - 1)), **least}

    def any(self, depth: int) -> dict[str, Any]:
        return {"anyOf": [self.value(depth) for _ in range(self.dice.randrange(1, 4))]}

    def all(self, depth: int) -> dict[str, Any]:
        """Parts that go together: the same object said in halves, or a value that is named twice."""
        if self.dice.random() < 0.5:
            values = self.dice.sample(SCALARS, 4)
            return {"allOf": [{"enum": values[:3]}, {"enum": values[1:]}]}
        whole = self.object(depth)
        halves = [{"properties": {name: part}} for name, part in whole["properties"].items()]
        return {"allOf": [whole, *halves, {"required": whole.get("required", [])}]}

    def plain(self, _: int) -> dict[str, Any]:
        kind = self.dice.choice(("string", "integer", "number", "boolean", "null"))
        return {"type": kind, **self.notes()}

    def text(self, _: int) -> dict[str, Any]:
        if self.dice.random() < 0.5:
            return {"type": "string", "format": self.dice.choice(FORMATS)}
        return {"type": "string", "pattern": self.dice.choice(PATTERNS)}

    def enum(self, _: int) -> dict[str, Any]:
        return {"enum": self.dice.sample(SCALARS, self.dice.randrange(1, 6))}

    def const(self, _: int) -> dict[str, Any]:
        return {"const": self.dice.choice(SCALARS)}

    def types(self, _: int) -> dict[str, Any]:
        kinds = ("string", "integer", "number", "boolean", "null")
        return {"type": self.dice.sample(kinds, self.dice.randrange(1, 4))}

    def reference(self, depth: int) -> dict[str, Any]:
        if not self.known:
            return self.plain(depth)
        return {"$ref": f"#/{self.word}/{self.dice.choice(list(self.known))}", **self.notes()}

    def notes(self) -> dict[str, Any]:
        notes = {"title": "T", "description": "What it is.", "default": None, "examples": [1], "$comment": "none"}
        return {key: value for key, value in notes.items() if self.dice.random() < 0.08}


if __name__ == "__main__":
    print("\n".join(json.dumps(schema, ensure_ascii=False) for schema in schemas()))
