"""Breaks what was good: fields of a value, the text of a JSON, the bytes of a request."""

import copy
import gzip
import json
import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.shapes import PHRASES, Made, texts
from tests.wire.test_hostile import places
from tests.wire.test_roundtrip import values

DEPTHS = (10, 70, 130, 260, 520, 1010, 5000)
LITERALS = (
    "1e400", "-1e400", "1e-999", "-0", "-0.0", "1E5", "9223372036854775808", "-9223372036854775809",
    "18446744073709551616", "9" * 400, "-" + "9" * 5000, "0." + "1" * 400, "NaN", "Infinity", "01", "+1", "0x1", ".5",
    "tru", "'a'", '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\x41"', '"\t"', '"\x00"', "undefined", "",
    *("[" * deep + "]" * deep for deep in DEPTHS),
    *('{"a":' * deep + "1" + "}" * deep for deep in DEPTHS[:-1]),
    *('{"type":"array","items":' * deep + "{}" + "}" * deep for deep in DEPTHS[:-2]),
)  # fmt: skip
"""What no Python value is written as."""
RAW = re.compile(r'"@raw (\d+)"')
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, 1e308, 2**63, 2**64, -(2**70), "", " ", "\0", "a" * 5000, "\ud800", "\U0010ffff",
    "\u202e\ufeff", [], {}, [[]], [None], [{}], {"type": None}, {"type": []}, {"type": "text"}, {"": ""}, "null", "1",
    "true", "[]", "text", "tool_use", "image", "enabled", "custom", {"type": "text", "text": ""}, "__class__",
)  # fmt: skip
odd: Made = st.one_of(
    st.sampled_from(ODD),
    values,
    texts,
    st.sampled_from(PHRASES),
    st.sampled_from(range(len(LITERALS))).map(lambda at: f"@raw {at}"),
).map(copy.deepcopy)  # what is put somewhere may be broken there in turn

Json = dict[str, Any]
Path = tuple[Any, ...]


def parent(whole: Any, path: Path) -> Any:
    for step in path[:-1]:
        whole = whole[step]
    return whole


def replaced(draw: st.DrawFn, whole: Json, path: Path) -> None:
    parent(whole, path)[path[-1]] = draw(odd)


def dropped(_: st.DrawFn, whole: Json, path: Path) -> None:
    del parent(whole, path)[path[-1]]


def renamed(draw: st.DrawFn, whole: Json, path: Path) -> None:
    holder = parent(whole, path)
    if isinstance(holder, dict):
        holder[draw(texts | st.sampled_from(("type", "text", "id", "content", path[-1].upper())))] = holder.pop(
            path[-1]
        )


def repeated(draw: st.DrawFn, whole: Json, path: Path) -> None:
    holder = parent(whole, path)
    if isinstance(holder, list):
        holder[path[-1] : path[-1]] = [holder[path[-1]]] * draw(st.sampled_from((1, 2, 30)))


def added(draw: st.DrawFn, whole: Json, path: Path) -> None:
    holder = parent(whole, path)
    if isinstance(holder, dict):
        holder[draw(texts | st.sampled_from(("type", "cache_control", "speed", "zz", "$ref", "__proto__")))] = draw(odd)
    else:
        holder.insert(path[-1], draw(odd))


def wrapped(draw: st.DrawFn, whole: Json, path: Path) -> None:
    holder = parent(whole, path)
    part = holder[path[-1]]
    holder[path[-1]] = draw(st.sampled_from(([part], {"type": part}, {"a": part}, str(part), [part, part])))


def moved(draw: st.DrawFn, whole: Json, path: Path) -> None:
    """A part stands where another was."""
    other = draw(st.sampled_from(places(whole)[1:]))
    parent(whole, path)[path[-1]] = copy.deepcopy(parent(whole, other)[other[-1]])


BREAKS: tuple[Callable[[st.DrawFn, Json, Path], None], ...] = (
    replaced, replaced, dropped, renamed, repeated, added, wrapped, moved,
)  # fmt: skip


@st.composite
def broken(draw: st.DrawFn, whole: Json) -> Json:
    """The object after one to three mishaps."""
    whole = copy.deepcopy(whole)
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3)))):
        found = places(whole)[1:]
        if found:
            draw(st.sampled_from(BREAKS))(draw, whole, draw(st.sampled_from(found)))
    return whole


@st.composite
def written(draw: st.DrawFn, value: Any) -> bytes:
    """The value as JSON, in one of the ways in which it can be written."""
    ascii = draw(st.booleans())
    spaced = draw(st.sampled_from((None, None, (",", ":"), (" ,\n", "\t: "))))
    text = json.dumps(value, ensure_ascii=ascii, separators=spaced)
    text = RAW.sub(lambda found: LITERALS[int(found[1]) % len(LITERALS)], text)
    return text.encode("utf-8", "surrogatepass")


ENCODINGS: tuple[Callable[[bytes], bytes], ...] = (
    lambda body: b"\xef\xbb\xbf" + body,
    lambda body: body.decode("utf-8", "replace").encode("utf-16"),
    lambda body: body.decode("utf-8", "replace").encode("utf-32-le"),
    gzip.compress,
    lambda body: body + body,
    lambda body: body + b"\x00",
    lambda body: b" " * 3000 + body,
    lambda body: body + b"\n" * 300_000,
    lambda body: b"[" + body + b"]",
    lambda body: json.dumps(body.decode("utf-8", "replace")).encode(),
    lambda body: body.replace(b'"', b"'"),
    lambda body: body[:-1] + b"," + body[1:],
    lambda _: b"",
)


@st.composite
def spoiled(draw: st.DrawFn, body: bytes) -> bytes:
    """The bytes after a mishap: cut off, with others within, or in another encoding."""
    how = draw(st.sampled_from(("cut", "cut", "insert", "insert", "delete", "flip", "copy", "encode", "random")))
    at = draw(st.integers(0, max(0, len(body) - 1)))
    end = min(len(body), at + draw(st.sampled_from((1, 2, 10, 100))))
    match how:
        case "cut":
            return body[:at]
        case "insert":
            return body[:at] + draw(noise) + body[at:]
        case "delete":
            return body[:at] + body[end:]
        case "flip":
            return body[:at] + bytes(byte ^ 0x20 for byte in body[at:end]) + body[end:]
        case "copy":
            return body[:end] + body[at:]
        case "encode":
            return draw(st.sampled_from(ENCODINGS))(body)
    return draw(st.binary(max_size=64))


noise = st.one_of(
    st.binary(min_size=1, max_size=8),
    st.sampled_from(
        (b"\x00", b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\\ud800", b'"', b"{", b"]", b",", b"\\", b"\r\n")
    ),
    st.sampled_from(LITERALS).map(lambda text: text.encode("utf-8", "surrogatepass")),
)
