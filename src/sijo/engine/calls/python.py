"""Calls written as Python: `[weather(city="Paris"), clock()]`. It is parsed and never run."""

import ast
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

LONGEST = 200_000
"""Characters that are parsed: deep ones would be dear."""
WORDS = {"true": True, "false": False, "null": None}
Properties = Callable[[str], Mapping[str, object]]


def calls(text: str, properties: Properties) -> list[tuple[str, str]]:
    """The calls as names and inputs, or nothing, if the text is anything else than calls."""
    if len(text) > LONGEST:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about backslashes: they are the model's
            tree = ast.parse(text.strip(), mode="eval").body
        nodes = tree.elts if isinstance(tree, ast.List | ast.Tuple) else [tree]
        return [read(node, properties) for node in nodes]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def read(node: ast.expr, properties: Properties) -> tuple[str, str]:
    """One call. Raises ValueError for what is none."""
    if not isinstance(node, ast.Call):
        raise ValueError("no call")
    name = ast.unparse(node.func)
    if name == "print" and len(node.args) == 1 and not node.keywords and isinstance(node.args[0], ast.Call):
        return read(node.args[0], properties)
    names = list(properties(name))
    if len(node.args) > len(names):
        raise ValueError("more values than names")
    input = dict(zip(names, map(value, node.args), strict=False))
    for pair in members(node):
        input.update(pair)
    return name, json.dumps(input, ensure_ascii=False)


def members(node: ast.Call) -> Iterator[dict[str, Any]]:
    for keyword in node.keywords:
        made = value(keyword.value)
        if keyword.arg is not None:
            yield {keyword.arg: made}
        elif isinstance(made, dict):
            yield made
        else:
            raise ValueError("no keywords")


def value(node: ast.expr) -> Any:
    """A literal, JSON's own words among them. Raises ValueError for anything that would have to be run."""
    for part in ast.walk(node):
        for field, inner in ast.iter_fields(part):
            if isinstance(inner, ast.Name) and inner.id in WORDS:
                setattr(part, field, ast.Constant(WORDS[inner.id]))
            elif isinstance(inner, list):
                inner[:] = [
                    ast.Constant(WORDS[one.id]) if isinstance(one, ast.Name) and one.id in WORDS else one
                    for one in inner
                ]
    if isinstance(node, ast.Name) and node.id in WORDS:
        return WORDS[node.id]
    made = ast.literal_eval(node)
    if isinstance(made, set | bytes | complex):
        raise ValueError("nothing that JSON knows")
    return made
