"""A tree as a grammar in GBNF, which llama.cpp brought up: JSON without a space that is not part of a string.

A weak model fills what space it is given. Here it is given none, so that each token brings the document nearer its end.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from sijo.engine.schemas import chars
from sijo.engine.schemas import tree as t
from sijo.engine.schemas.regex import Alt, Chars, Large, Regex, Repeat, Seq, weight

MOST = 20_000
"""Parts of a grammar once its repetitions are written out."""
NUMBER = r"""
whole ::= "-"? ("0" | [1-9] [0-9]{0,17})
number ::= "-"? ("0" | [1-9] [0-9]{0,14}) ("." [0-9]{1,15})? ([eE] [-+]? [1-9] [0-9]?)?
"""
VALUE = r"""
object ::= "{" (pair ("," pair)*)? "}"
pair ::= text ":" value
array ::= "[" (value ("," value)*)? "]"
value ::= object | array | text | number | "true" | "false" | "null"
"""
_NAMED = {0x08: "b", 0x09: "t", 0x0A: "n", 0x0C: "f", 0x0D: "r", 0x22: '"', 0x5C: "\\"}
"""Characters that JSON escapes with a letter, or with themselves."""


def write(node: t.Node) -> str:
    """The grammar, with `root` for the whole. Raises Unheld where it would be too large."""
    writer = _Writer()
    root = writer.rule(node)
    lines = [f"root ::= {root}", *(f"{name} ::= {body}" for name, body in writer.rules.items())]
    return "\n".join(lines) + NUMBER + VALUE + TEXT


class _Writer:
    """Collects rules; a node that stands in several places is one rule."""

    def __init__(self) -> None:
        self.rules: dict[str, str] = {}
        self._names: dict[int, str] = {}
        self._patterns: dict[Regex, str] = {}
        self._size = 0

    def rule(self, node: t.Node) -> str:
        """What stands for a node in another rule: its name, or itself where it is short."""
        match node:
            case t.Free(kind=kind):
                return kind or "value"
            case t.Number(whole=whole):
                return "whole" if whole else "number"
            case t.Text(pattern=None, least=0, most=None):
                return "text"
            case t.Text(pattern=pattern) if pattern is not None:
                if pattern not in self._patterns:
                    self._weigh(weight(pattern))
                    self._patterns[pattern] = self._add(f'"\\"" {expression(pattern)} "\\""')
                return self._patterns[pattern]
        if id(node) not in self._names:
            self._names[id(node)] = self._add(" | ".join(self._bodies(node)))
        return self._names[id(node)]

    def _add(self, body: str) -> str:
        name = f"r{len(self.rules)}"
        self.rules[name] = body
        return name

    def _weigh(self, size: int) -> None:
        self._size += size
        if self._size > MOST:
            raise Large("the grammar")

    def _bodies(self, node: t.Node) -> Iterator[str]:
        match node:
            case t.Literals(values=values):
                self._weigh(len(values))
                yield from (literal(msgspec.json.encode(value).decode()) for value in values)
            case t.Union(nodes=nodes):
                yield from map(self.rule, nodes)
            case t.Text(least=least, most=most):
                self._weigh(most or least)
                yield f'"\\"" char{times(least, most)} "\\""'
            case t.Array(item=item, least=least, most=most):
                self._weigh(most or least)
                yield self._array(self.rule(item), least, most)
            case t.Object(fields=fields):
                yield self._object(fields)

    def _array(self, item: str, least: int, most: int | None) -> str:
        if most == 0:
            return '"[]"'
        rest = times(max(0, least - 1), None if most is None else most - 1)
        inner = item if rest == "{0}" else f'{item} ("," {item}){rest}'
        return f'"[" {inner} "]"' if least else f'"[" ({inner})? "]"'

    def _object(self, fields: Sequence[t.Field]) -> str:
        """Fields in their order. After the first that is there each brings its comma."""
        pairs = [f"{literal(f'{msgspec.json.encode(f.name).decode()}:')} {self.rule(f.node)}" for f in fields]
        needed = sum(f.required for f in fields)
        self._weigh(len(fields))
        rest = ""
        firsts: list[str] = []
        for at in range(len(fields) - 1, -1, -1):
            firsts.append(f"{pairs[at]} {rest}".rstrip())
            if at:
                rest = self._add(
                    f'{"" if at < needed else "("}"," {pairs[at]}{"" if at < needed else ")?"} {rest}'.rstrip()
                )
        if not fields:
            return '"{}"'
        if needed:
            return f'"{{" {firsts[-1]} "}}"'
        return f'"{{" ({" | ".join(reversed(firsts))})? "}}"'


def literal(text: str) -> str:
    """A text as GBNF quotes it."""
    return '"' + "".join(_quoted(char) for char in text) + '"'


def _quoted(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else _code(ord(char))


def _code(code: int) -> str:
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def expression(regex: Regex) -> str:
    """A pattern as an expression over the characters of a JSON string: escaped where JSON asks for it."""
    match regex:
        case Chars(ranges=ranges):
            return _characters(ranges)
        case Seq(parts=parts):
            return (
                f"({' '.join(map(expression, parts))})" if len(parts) > 1 else "".join(map(expression, parts)) or '""'
            )
        case Alt(parts=parts):
            return f"({' | '.join(expression(part) for part in parts)})"
        case Repeat(part=part, least=least, most=most):
            inner = expression(part)
            return f"{inner if isinstance(part, Chars | Alt) else f'({inner})'}{times(least, most)}"


def times(least: int, most: int | None) -> str:
    """How a repetition is written."""
    match least, most:
        case 0, None:
            return "*"
        case 1, None:
            return "+"
        case 0, 1:
            return "?"
        case _, None:
            return f"{{{least},}}"
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


@lru_cache(1024)
def _characters(ranges: chars.Ranges) -> str:
    """A class of characters: those that stand for themselves, and the escapes of the others."""
    raw, escaped = spelled(ranges)
    options = ([_class(raw)] if raw else []) + [literal(text) for text in escaped]
    return options[0] if len(options) == 1 else f"({' | '.join(options)})"


def spelled(ranges: chars.Ranges) -> tuple[chars.Ranges, list[str]]:
    """What of a class stands in a JSON string as it is, and how the rest is written there.

    Control characters without a letter of their own are only written where nothing else is in the class.
    """
    raw = chars.common(ranges, chars.RAW)
    inside = {code for low, high in ranges for code in range(low, min(high, 0x9F) + 1)}
    escaped = [f"\\{letter}" for code, letter in _NAMED.items() if code in inside]
    return raw, escaped if raw or escaped else [f"\\u{code:04x}" for code in sorted(inside)]


def _class(ranges: chars.Ranges) -> str:
    return "[" + "".join(_end(low) if low == high else f"{_end(low)}-{_end(high)}" for low, high in ranges) + "]"


def _end(code: int) -> str:
    """One end of a range: as itself where it cannot be taken for anything else."""
    char = chr(code)
    return char if char.isascii() and char.isalnum() else _code(code)


TEXT = rf"""
text ::= "\"" char* "\""
char ::= {_class(chars.RAW)} | "\\" (["\\/bfnrt] | "u" ([0-9a-cA-CefEF] [0-9a-fA-F]{{3}} | [dD] [0-7] [0-9a-fA-F]{{2}}))
"""
