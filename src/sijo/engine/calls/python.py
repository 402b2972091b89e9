"""Calls written as Python: `[weather(city="Paris"), clock()]`. It is parsed and never run.

Python's own parser reads it, and what is nested too deeply harms the whole process: so only what calls and literals
need is let through to it.
"""

import ast
import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

LONGEST, DEEPEST = 200_000, 40
"""Characters that are parsed, and brackets inside of each other."""
_STRING = re.compile(
    r"""(?<!\w)(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}|"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+')""",
    re.DOTALL,
)
_ALIEN = re.compile(
    r"""[^\w\s.,=:()\[\]{}\x00-]|-(?![\d.])|(?:[^\W eE]|(?<!\d)[eE]|[)\]}\x00])\s*-|[)\]}\x00]\s*[(\[{]|\w\s*[\[{]
    |(?:\.\s*\w+\s*){9}|\b(?:not|if|else|lambda|await|and|or|in|is|for|yield|async)\b""",
    re.VERBOSE,
)
"""What neither a call nor a literal has: operators, words, and other ways to nest without brackets."""
WORDS = {"true": True, "false": False, "null": None}
Properties = Callable[[str], Mapping[str, object]]


def calls(text: str, properties: Properties) -> list[tuple[str, str]]:
    """The calls as names and inputs, or nothing, if the text is anything else than calls."""
    if not plain(text):
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about backslashes: they are the model's
            tree = ast.parse(text.strip(), mode="eval").body
        nodes = tree.elts if isinstance(tree, ast.List | ast.Tuple) else [tree]
        return [read(node, properties) for node in nodes]
    except (SyntaxError, ValueError, TypeError):  # of a type: a set within, or a key that JSON does not have
        return []


def plain(text: str) -> bool:
    """Whether a text may be calls with literals, and no deep ones."""
    if len(text) > LONGEST or "(" not in text:
        return False
    bare = _STRING.sub("\x00", text.strip())
    if _ALIEN.search(bare):
        return False
    depth = deepest = 0
    for char in re.findall(r"[()\[\]{}]", bare):
        depth += 1 if char in "([{" else -1
        deepest = max(deepest, depth)
    return deepest <= DEEPEST


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
    return name, paired(json.dumps(input, ensure_ascii=False))


def paired(text: str) -> str:
    """The text, its characters that were escaped in two halves made whole. Raises ValueError for half of one."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16")


def members(node: ast.Call) -> Iterator[dict[str, Any]]:
    for keyword in node.keywords:
        if keyword.arg is None:
            raise ValueError("no keyword")
        yield {keyword.arg: value(keyword.value)}


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
