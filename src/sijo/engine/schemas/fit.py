"""A value made to fit a tree: what fits already stays, the rest becomes the least that is valid."""

from typing import Any

from sijo.engine.schemas import chars, plain
from sijo.engine.schemas import tree as t
from sijo.engine.schemas.regex import Alt, Chars, Regex, Repeat, Seq, Unheld
from sijo.wire.base import Json

PREFERRED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-."
MOST = 20_000
"""Parts of a value, and tries at them."""
ABSENT = object()
"""No value is there to be fitted."""


def fitted(schema: Json, value: Any) -> Any:
    """The value, changed as little as makes it valid. Where no tree is made of the schema, the value as it is."""
    try:
        return _Fitter().fit(t.read(schema), value)
    except Unheld:
        return value


class _Fitter:
    """Fits one value, of a bounded size: what a schema asks for can be larger than anybody could write."""

    def __init__(self) -> None:
        self._left = MOST

    def fit(self, node: t.Node, value: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise Unheld("too large")
        match node:
            case t.Literals(values=values):
                return next((one for one in values if _same(one, value)), values[0])
            case t.Number(whole=whole):
                return value if _number(value, whole=whole) else 0
            case t.Text():
                return value if isinstance(value, str) and _matches(node, value) else _text(node, value)
            case t.Array(item=item, least=least, most=most):
                items = value[:most] if isinstance(value, list) else []
                items += [ABSENT] * (least - len(items))
                return [self.fit(item, part) for part in items]
            case t.Object(fields=fields):
                given = value if isinstance(value, dict) else {}
                wanted = [f for f in fields if f.required or f.name in given]
                return {f.name: self.fit(f.node, given.get(f.name, ABSENT)) for f in wanted}
            case t.Union(nodes=nodes):
                return self._chosen(nodes, value)
            case t.Free(kind=kind):
                return _free(kind, value)

    def _chosen(self, nodes: tuple[t.Node, ...], value: Any) -> Any:
        """The value by the first alternative that it fits; else by one of its kind, or by the first of all."""
        made = [self.fit(node, value) for node in nodes]
        if exact := [one for one in made if _same(one, value)]:
            return exact[0]
        return next((one for one in made if type(one) is type(value)), made[0])


def _free(kind: str, value: Any) -> Any:
    if kind == "object":
        return value if isinstance(value, dict) else {}
    if kind == "array":
        return value if isinstance(value, list) else []
    return "" if value is ABSENT else value


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _number(value: Any, *, whole: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return not whole or value == int(value)


def _matches(node: t.Text, value: str) -> bool:
    """Whether a text is valid; patterns run in linear time."""
    if node.pattern is None:
        return node.least <= len(value) and (node.most is None or len(value) <= node.most)
    import jsonschema_rs

    words = {"pattern": plain.expression(node.pattern)}
    try:
        validator = jsonschema_rs.Draft202012Validator(words, pattern_options=jsonschema_rs.RegexOptions())
    except jsonschema_rs.ValidationError:  # too large to be matched in linear time
        return False
    return validator.is_valid(value)


def _text(node: t.Text, value: Any) -> str:
    if node.pattern is not None:
        return example(node.pattern)
    said = value if isinstance(value, str) else ""
    return (said + "." * (node.least - len(said)))[: node.most]


def example(pattern: Regex) -> str:
    """The shortest text of a pattern that takes the first of each choice."""
    match pattern:
        case Chars(ranges=ranges):
            return next((char for char in PREFERRED if chars.common(ranges, chars.of(char))), chr(ranges[0][0]))
        case Seq(parts=parts):
            return "".join(map(example, parts))
        case Alt(parts=parts):
            return example(parts[0])
        case Repeat(part=part, least=least):
            return example(part) * least
