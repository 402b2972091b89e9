"""JSON values in the shape of the wire's structs, or nearly. Whether they make sense together is for `bodies`."""

from functools import cache
from typing import Any, get_args

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from sijo.wire.tools import AnyTool
from tests.wire.test_roundtrip import values

Made = st.SearchStrategy[Any]

texts = st.text(st.characters(), max_size=8)
"""Of all planes, halves of characters among them."""
PHRASES = (
    "Hello, Claude", "What is 12 * 7?", "What is 9**9**9?", "1/0 =", "Count to 20.", "Count from -5 to 10000000",
    "Repeat after me: 東京 é 😀", "My name is Ann. What is my name?", "Call f with a = 3 and then g.",
    "List all files.", "What's the weather in Paris and in Zürich?", "Search for a tool that reads files", "{", "[[[",
    "```json", "", " ", "\n\n", "END", "Take it slowly.", "안녕, 오늘 서울 날씨 어때?",
    "Repeat the word ab 100000 times.",
    "a=1, b=2, c: x@example.com, from Rome to Oslo on 2026-02-31 at 25:99", "(" * 60, "1" * 400, "1e999 + 1",
)  # fmt: skip
WORDS = (
    "", "f", "g", "a b", "x" * 200, "é", "\0", "2026-02-31", "#", "#/$defs/a", "^(a+)+$", "[a-", "(?=a)", "\\u{61}",
)  # fmt: skip
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
POOLS: dict[str, tuple[Any, ...]] = {
    "id": ("toolu_1", "toolu_2", "srvtoolu_1", ""),
    "tool_use_id": ("toolu_1", "toolu_2", "srvtoolu_1", ""),
    "name": ("f", "g", "web_search", "bash", "a" * 128),
    "role": ("user", "assistant", "system", "tool"),
    "media_type": ("image/png", "image/webp", "application/pdf", "text/plain"),
    "data": (PICTURE, PICTURE[:-4], "JVBERi0xLjQK", "/9j/4AAQ", "R0lGOD==", "", "=", "é", "plain words"),
    "url": (
        "http://127.0.0.1:9/a.png",
        "https://example.invalid/a.pdf",
        "file:///etc/passwd",
        "data:,x",
        "http://[",
        "",
    ),
    "signature": ("", "c2oxAAAA", "sj1", "é"),
}
"""What fields of these names hold most of the time: random words would say nothing."""
NUMBERS = (0, 1, -1, 1024, 4096, 10**6, 2**31, 2**53, 2**63, 2**64, -(2**63) - 1, 0.5, 1.0, 1e308, 5e-324)

words: Made = st.sampled_from(PHRASES) | texts


def shaped(kind: inspect.Type, name: str = "") -> Made:
    """Values of a type; `name` is the field that they are for."""
    match kind:
        case inspect.Metadata():
            return shaped(kind.type, name)
        case inspect.StructType():
            return struct(kind.cls)
        case inspect.UnionType():
            return st.one_of([shaped(choice, name) for choice in kind.types])
        case inspect.ListType():
            return st.lists(shaped(kind.item_type, name), max_size=2)
        case inspect.DictType():
            return schemas if "schema" in name else st.dictionaries(texts, values, max_size=2)
        case inspect.LiteralType():
            return st.sampled_from(kind.values)
        case inspect.StrType():
            return st.sampled_from(POOLS[name]) if name in POOLS else words
        case inspect.IntType() | inspect.FloatType():
            return st.sampled_from(NUMBERS)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.AnyType():
            return values
        case inspect.RawType():
            return st.deferred(lambda: tools)
    raise NotImplementedError(kind)


@cache
def struct(cls: type[msgspec.Struct]) -> Made:
    """Objects with all that a struct needs, and perhaps something of what it may have."""
    kind = inspect.type_info(cls)
    assert isinstance(kind, inspect.StructType)
    needed = {field.encode_name: shaped(field.type, field.encode_name) for field in kind.fields if field.required}
    spare = {field.encode_name: shaped(field.type, field.encode_name) for field in kind.fields if not field.required}
    if kind.tag_field:
        needed[kind.tag_field] = st.just(kind.tag)

    @st.composite
    def built(draw: st.DrawFn) -> dict[str, Any]:
        more = draw(st.sampled_from((*sorted(spare), *("",) * len(spare)))) if spare else ""
        return draw(st.fixed_dictionaries({**needed, **({more: spare[more]} if more else {})}))

    return built()


COUNTS = st.sampled_from((0, 1, 3, 17, 10**5, 10**9, 2**64, 10**400, 1.0))
BOUNDS = st.sampled_from((1, 3, 100, 0.1, 1e-300, 1e308, 2**64, 10**400))
KEYWORDS: dict[str, Made] = {
    "enum": st.lists(words | st.sampled_from(NUMBERS), min_size=1, max_size=3),
    "const": words,
    "default": values,
    "examples": st.lists(words, max_size=2),
    "pattern": st.sampled_from((*WORDS, "^[a-z]{2,5}$", "(a{999}){999}", "a|b|", "^\\d+$", "[^\\s]{3}", "\\p{L}+", "")),
    "format": st.sampled_from(("date", "date-time", "email", "uuid", "uri", "ipv4", "regex", "odd", "")),
    "description": words,
    "title": texts,
    "additionalProperties": st.booleans(),
    "required": st.lists(st.sampled_from(("a", "b", "city", "zz")), max_size=3, unique=True),
    "$ref": st.sampled_from(("#", "#/$defs/a", "#/properties/a", "http://127.0.0.1:9/s", "")),
    "uniqueItems": st.booleans(),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), COUNTS),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), BOUNDS | st.sampled_from(NUMBERS)),
    "multipleOf": BOUNDS,
}


def wider(inner: Made) -> Made:
    """Schemas that hold schemas."""
    named = st.dictionaries(st.sampled_from(("a", "b", "city", "file_path", "to")), inner, min_size=1, max_size=3)
    some = st.lists(inner, min_size=1, max_size=2)
    keys = {"properties": named, "$defs": named, "items": inner, "anyOf": some, "allOf": some, "oneOf": some,
            "not": inner, "prefixItems": some, "patternProperties": named, "additionalProperties": inner}  # fmt: skip

    @st.composite
    def built(draw: st.DrawFn) -> dict[str, Any]:
        kind = draw(st.sampled_from(("object", "object", "array", None)))
        key = draw(st.sampled_from(sorted(keys))) if kind is None else "properties" if kind == "object" else "items"
        whole: dict[str, Any] = {} if kind is None else {"type": kind}
        whole[key] = draw(keys[key])
        return {**whole, **draw(leaves(1))}

    return built()


@st.composite
def leaves(draw: st.DrawFn, most: int = 2) -> dict[str, Any]:
    """Some keywords of a schema."""
    names = draw(st.lists(st.sampled_from(sorted(KEYWORDS)), max_size=most, unique=True))
    return {name: draw(KEYWORDS[name]) for name in names}


KINDS = ("string", "integer", "number", "boolean", "array", "object", "null")
plain = st.builds(
    lambda kind, more: {**({"type": kind} if kind else {}), **more},
    st.sampled_from((*KINDS, None)) | st.lists(st.sampled_from(KINDS), min_size=1, max_size=2, unique=True),
    leaves(),
)
schemas: Made = st.recursive(plain, wider, max_leaves=4)
"""JSON Schema, more or less: some mean no end of work to whoever fills them in."""
own: Made = st.fixed_dictionaries(
    {"name": st.sampled_from(("f", "g", "get_weather", "read_file")),
     "input_schema": schemas.map(lambda schema: {**schema, "type": "object"})},
    optional={"description": words, "strict": st.sampled_from((False, False, True)),
              "eager_input_streaming": st.booleans()},
)  # fmt: skip
tools: Made = own | own | st.sampled_from(get_args(AnyTool)).flatmap(struct)
"""Entries of `tools`, most of them the caller's own."""
