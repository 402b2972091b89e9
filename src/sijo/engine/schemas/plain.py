"""A schema as the converters of engines can bear it: the same schema, where they can, and what it means, where not.

What a converter does not know it passes over without a word, or refuses the whole request for. So formats and patterns
become patterns in the plainest words, `allOf` is merged, and required properties stand first. What is told to the model
in `description` stays.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from sijo.engine.schemas import chars, formats, gbnf, regex
from sijo.engine.schemas import tree as t
from sijo.engine.schemas.regex import Alt, Chars, Regex, Repeat, Seq, Unheld
from sijo.wire.base import Json

Dialect = Literal["own", "raw", "json"]
"""How patterns are said: "own" leaves them and formats as they are; "json" matches them with the text as JSON escapes
it, which is how llama.cpp reads them; "raw" lets only characters through that JSON does not escape, and so means the
same to every engine."""
NOTES = ("title", "description", "default", "examples")
TOLD = 500
"""Characters of a pattern that are told in words."""
_BETWEEN = re.compile(r"[A-Za-z0-9]")


class Writer:
    """Writes one schema for an engine that reads patterns in this way. `lossy`: something of it had to be left out."""

    def __init__(self, root: Json, dialect: Dialect) -> None:
        self.root, self.dialect = root, dialect
        self.lossy = False

    def write(self) -> Json:
        found = self._written(self.root)
        return found if isinstance(found, dict) else self.root

    def _written(self, schema: Any) -> Any:
        if not isinstance(schema, dict):
            return schema
        if isinstance(schema.get("allOf"), list):
            return self._merged(schema)
        out = dict(schema)
        for word in ("properties", "$defs", "definitions"):
            if isinstance(found := schema.get(word), dict):
                out[word] = {name: self._written(part) for name, part in found.items()}
        for word in ("anyOf", "oneOf", "prefixItems"):
            if isinstance(found := schema.get(word), list):
                out[word] = [self._written(part) for part in found]
        for word in ("items", "additionalProperties"):
            if word in schema:
                out[word] = self._written(schema[word])
        if isinstance(properties := out.get("properties"), dict):
            out["properties"] = ordered(properties, schema.get("required") or ())
        if self.dialect != "own" and ("pattern" in schema or schema.get("format") in formats.PATTERNS):
            self._text(out)
        return out

    def _merged(self, schema: Json) -> Json:
        """A schema put together from others, as one; left alone where no tree holds it."""
        definitions: Json = {word: self.root[word] for word in ("$defs", "definitions") if word in self.root}
        try:
            node = t.read({**definitions, **schema})
            made = schema_of(node, self.dialect)
        except Unheld:
            self.lossy = True
            return schema
        return {key: schema[key] for key in (*NOTES, "$defs", "definitions") if key in schema} | made

    def _text(self, out: Json) -> None:
        """Put the pattern in, or tell of it in words where it can only be told."""
        pattern, form = out.pop("pattern", None), out.pop("format", None)
        trees: list[Regex] = []
        try:
            if isinstance(pattern, str):
                trees.append(regex.read(pattern))
                out["pattern"] = held(trees[-1], self.dialect)
        except Unheld:
            self.lossy = True
            self._note(out, f"Pattern: {str(pattern)[:TOLD]}")
        if form in formats.PATTERNS:
            self.lossy = self.lossy or bool(trees)
            out["pattern"] = held(formats.tree(form), self.dialect)
            self._note(out, f"Format: {form}")
        elif form is not None:
            out["format"] = form

    def _note(self, out: Json, words: str) -> None:
        out["description"] = f"{out.get('description', '')} {words}".lstrip()


def ordered(properties: Mapping[str, Any], required: Sequence[Any]) -> Json:
    """The required properties first: that is the order in which they are written."""
    first = {name: part for name, part in properties.items() if name in required}
    return {**first, **properties}


def schema_of(node: t.Node, dialect: Dialect) -> Json:
    """A tree as a schema again. Raises Unheld for a pattern that the dialect cannot say."""
    match node:
        case t.Literals(values=values):
            return {"enum": list(values)}
        case t.Number(whole=whole):
            return {"type": "integer" if whole else "number"}
        case t.Union(nodes=nodes):
            return {"anyOf": [schema_of(inner, dialect) for inner in nodes]}
        case t.Free(kind=kind):
            return {"type": kind} if kind else {}
        case t.Text(pattern=pattern) if pattern is not None:
            return {"type": "string", "pattern": held(pattern, dialect)}
        case t.Text(least=least, most=most):
            return {"type": "string", **_bounds("Length", least, most)}
        case t.Array(item=item, least=least, most=most):
            return {"type": "array", "items": schema_of(item, dialect), **_bounds("Items", least, most)}
        case t.Object(fields=fields):
            return {
                "type": "object",
                "properties": {f.name: schema_of(f.node, dialect) for f in fields},
                "required": [f.name for f in fields if f.required],
                "additionalProperties": False,
            }


def _bounds(what: str, least: int, most: int | None) -> Json:
    return ({f"min{what}": least} if least else {}) | ({} if most is None else {f"max{what}": most})


def held(pattern: Regex, dialect: Dialect) -> str:
    """The pattern in a dialect. Raises Unheld where it needs a character that the dialect cannot say."""
    ways: Mapping[Dialect, Callable[[chars.Ranges], str]] = {"json": _encoded, "raw": _raw, "own": _one}
    return expression(pattern, ways[dialect])


def expression(pattern: Regex, one: Callable[[chars.Ranges], str] | None = None) -> str:
    """The pattern from the first character to the last, of classes, groups, choices and repetitions alone.

    `one` says a class of characters; without it they are those of the text itself.
    """
    return f"^{_said(pattern, one or _one)}$"


def _said(pattern: Regex, one: Callable[[chars.Ranges], str]) -> str:
    match pattern:
        case Chars(ranges=ranges):
            return one(ranges)
        case Seq(parts=parts):
            return "".join(_said(part, one) for part in parts)
        case Alt(parts=parts):
            return f"({'|'.join(_said(part, one) for part in parts)})"
        case Repeat(part=part, least=least, most=most):
            inner = _said(part, one)
            atom = isinstance(part, Chars | Alt) and (len(inner) == 1 or inner[-1] in ")]")
            return f"{inner if atom else f'({inner})'}{gbnf.times(least, most)}"


@lru_cache(1024)
def _encoded(ranges: chars.Ranges) -> str:
    raw, escaped = gbnf.spelled(ranges)
    options = [_one(raw)] if raw else []
    options += ["".join(_one(chars.of(char)) for char in text) for text in escaped]
    return options[0] if len(options) == 1 and raw else f"({'|'.join(options)})"


def _raw(ranges: chars.Ranges) -> str:
    raw = chars.common(ranges, chars.RAW)
    if not raw:
        raise Unheld("a character that JSON escapes")
    return _one(raw)


@lru_cache(1024)
def _one(ranges: chars.Ranges) -> str:
    """A class of characters; a letter or digit that is alone stands for itself."""
    if chars.size(ranges) == 1 and _BETWEEN.fullmatch(char := chr(ranges[0][0])):
        return char
    return "[" + "".join(_end(low) if low == high else f"{_end(low)}-{_end(high)}" for low, high in ranges) + "]"


def _end(code: int) -> str:
    if code >= 0x80 or _BETWEEN.fullmatch(chr(code)):
        return chr(code)
    return f"\\u{code:04X}"  # of four digits in every dialect: some take as many after `\\x` as there are


def complete(schema: Any) -> bool:
    """Whether every property of every object is required."""
    if isinstance(schema, list):
        return all(map(complete, schema))
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if isinstance(properties, dict) and not properties.keys() <= set(schema.get("required") or ()):
        return False
    inner = [*(properties.values() if isinstance(properties, dict) else ()), schema.get("items"), schema.get("anyOf")]
    inner += [list(schema[word].values()) for word in ("$defs", "definitions") if isinstance(schema.get(word), dict)]
    return all(map(complete, inner))
