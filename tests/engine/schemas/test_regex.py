"""Patterns, taken apart and said again: the same texts are found, also where JSON has escaped them."""

import json
import re

import pytest

from sijo.engine.schemas import plain
from sijo.engine.schemas.fit import example
from sijo.engine.schemas.formats import PATTERNS, tree
from sijo.engine.schemas.regex import Large, Unheld, read
from tests.formats.asked import faults
from tests.formats.invented import PATTERNS as INVENTED

TEXTS = (
    "",
    "a",
    "b",
    "ab",
    "abc",
    "x",
    '"x"',
    "a\\b",
    "\\",
    '"',
    '\\"',
    "/1/",
    "red",
    "blue",
    "no",
    "yes",
    "maybe",
    "-1.50",
    "123-45",
    "a-b-c",
    "a b",
    " ",
    "\t",
    "\n.",
    "\t\n.",
    "é",
    "éà",
    "서울",
    "東京",
    "😀",
    "#0fA9bC",
    "2024/02",
    "AB1234",
    "aaabbc",
    "12.5",
    "{abc}",
    "{}",
    "[]",
    "][",
    ".*+?()[]{}|^$",
    "a.b.co",
    "y",
    "n",
    "+82 010-1234",
    "eee",
    "caab",
)
HELD = (
    "",
    "^$",
    "a",
    "^a",
    "a$",
    "^a$",
    "^a|b$",
    "(^a|b)$",
    "^(?:a|)$",
    "^(?:^a$|^b$)$",
    r"^[^\s]+$",
    r'^[\\"]{1,2}$',
    "^[a-c-]+$",
    r"^\d{3}-\d{2}$",
    r"^\.\*\+\?\(\)\[\]\{\}\|\^\$$",
    r"^\{[a-z]*\}$",
    "^(a*)*$",
    "^a{2,}",
    "^(?<x>a)b",
    "^é|서",
    "^[à-ü]",
    r"\\",
    "^.$",
    "^.{2}$",
    r"[\]\[]",
    r"^\t",
    r"\n",
    "^[^a-y]$",
    *INVENTED,
)


def found(pattern: str, text: str) -> bool:
    """Whether the text is right in both dialects: classes are of ASCII in the one, of all letters in the other."""
    python = pattern.replace("(?<", "(?P<")
    return bool(re.search(python, text, re.ASCII) and re.search(python, text))


@pytest.mark.parametrize("pattern", HELD)
def test_the_same_texts_are_found(pattern: str) -> None:
    said = plain.expression(read(pattern))
    assert [text for text in TEXTS if re.search(said, text)] == [text for text in TEXTS if found(pattern, text)]


@pytest.mark.parametrize("pattern", HELD)
def test_and_as_json_escapes_them(pattern: str) -> None:
    said = plain.held(read(pattern), "json")
    written = [json.dumps(text, ensure_ascii=False)[1:-1] for text in TEXTS]
    expected = [inner for text, inner in zip(TEXTS, written, strict=True) if found(pattern, text)]
    assert [inner for inner in written if re.search(said, inner)] == expected


@pytest.mark.parametrize("pattern", HELD)
def test_an_example_is_found(pattern: str) -> None:
    assert (
        faults({"type": "string", "pattern": pattern.replace("(?<x>", "(")}, json.dumps(example(read(pattern)))) == []
    )


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)",
        "(?!a)",
        "(?<=a)b",
        "(?<!a)b",
        r"(a)\1",
        r"\bx",
        r"x\B",
        r"(?<n>a)\k<n>",
        "(?i)a",
        "(?P<n>a)",
        r"\p{L}",
        "[",
        "(",
        r"\Aa",
        r"a\Z",
        "a(^b)c",
        "a$b",
        "(?>a)",
        "a*+",
    ],
)
def test_what_no_grammar_holds_is_refused(pattern: str) -> None:
    with pytest.raises(Unheld):
        read(pattern)


@pytest.mark.parametrize("pattern", ["a" * 6000, "^a{9999}$", "^((a{0,99}){0,99}){0,99}$", "^(a?){5000}$"])
def test_what_would_be_too_large_is_refused(pattern: str) -> None:
    with pytest.raises(Large):
        read(pattern)


FORMED = {
    "date": ("2024-02-29 2000-02-29 1999-12-31 0001-01-01 9999-12-31", "2023-02-29 1900-02-29 2024-13-01 2024-04-31"),
    "time": ("00:00:00Z 23:59:59.123+09:00", "24:00:00Z 12:60:00Z 12:00:00 12:00Z"),
    "date-time": ("2024-02-29T12:00:00Z", "2023-02-29T12:00:00Z 2024-01-01t12:00:00Z 2024-01-01T12:00:00"),
    "duration": ("P1Y P1Y2M3D P1DT2H PT5M P3W P1M PT1H2M3S", "P P1 PT P1S P1Y3D P1W2D"),
    "email": ("a@example.com a.b+c@x-y.example.org", "a@b a@@b.com a..b@c.com @b.com a@-b.com"),
    "hostname": ("example.com a xn-a.b-c.org", "-a.com a-.com a..b a_b.com example.1"),
    "uri": ("https://example.com/a?b=c#d mailto:a@b.c urn:x:y http://a:80/", "example.com /a https:// http://a/<b>"),
    "ipv4": ("0.0.0.0 255.255.255.255 192.0.2.1", "256.0.0.1 1.2.3 01.2.3.4 1.2.3.4.5"),
    "ipv6": ("::1 :: 2001:db8::1 1:2:3:4:5:6:7:8 ::ffff:192.0.2.1 1::8", "1:2:3 1::2::3 :1 12345::1 1:2:3:4:5:6:7:8:9"),
    "uuid": ("00000000-0000-4000-8000-000000000000 ABCDEF01-2345-6789-abcd-ef0123456789", "0000-0000 g-0"),
}


@pytest.mark.parametrize("name", FORMED)
def test_a_format_lets_through_what_is_right_and_nothing_else(name: str) -> None:
    right, wrong = (text.split() for text in FORMED[name])
    said = plain.expression(tree(name))
    assert [text for text in [*right, *wrong] if re.search(said, text)] == right
    assert all(faults({"type": "string", "format": name}, json.dumps(text)) == [] for text in right)


def test_every_format_is_tried() -> None:
    assert FORMED.keys() == PATTERNS.keys()
