"""What stands between the marks of a call, whatever the model's family: JSON, tags, Python, or a name and then JSON.

Models mix conventions, so the form is told by the text and not by the marks. Nothing is judged here: a call comes out
as the name and the input that were written, for `judge` to look at.
"""

import re
from collections.abc import Iterator, Mapping

import msgspec

from sijo.engine.calls import python, tags
from sijo.engine.calls.mend import Mender, Unsure, mended, sound
from sijo.engine.calls.python import Properties

Written = tuple[str, str]
"""A call's name, and its input as JSON text, maybe broken."""
NAMES = ("name", "tool_name", "tool", "function_name", "recipient_name", "action", "function", "call")
INPUTS = ("arguments", "parameters", "input", "args", "params", "action_input", "tool_input", "kwargs")
HOLDERS = ("function", "function_call", "tool_call", "tool_use")
LISTS = ("tool_calls", "calls", "tool_uses")
ASIDE = frozenset({"id", "type", "index", "tool_call_id", "call_id", "thought", "reasoning"})
HEADS = frozenset({*NAMES, *INPUTS, *HOLDERS, *LISTS, "id", "type"})
"""Keys with which a call written as JSON may begin."""
_NAMED = re.compile(
    r"""\s*+(?:function\s*+<\uff5ctool\u2581sep\uff5c>)?\s*+([\w.:/-]++)
    (?:\s++|\[CALL_ID\]\s*+\w++|\[ARGS\]|<[|\uff5c][^<>|\uff5c]*+[|\uff5c]>)*+(?=[{"]|```)""",
    re.VERBOSE,
)
_CUT = re.compile(
    r"""["'](?:name|tool_name|tool)["']\s*:\s*["']([^"'\n]{1,128})["']\s*,
    \s*["'](?:arguments|parameters|input|args)["']\s*:\s*""",
    re.VERBOSE,
)
_NAME = re.compile(r"""["'](?:name|tool_name|tool|function)["']\s*:\s*["']([^"'\n]{1,128})["']""")
_JUNK = re.compile(r"(?:\s|</?[\w:-]+>|```)*+")
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


def calls(text: str, properties: Properties) -> tuple[list[Written], str]:
    """The calls, and what was written after them. Without calls it is something else."""
    bare = text.strip()
    if tags.FUNCTION.search(bare[:400]) and not bare.startswith(("{", "[{", "```json")):
        return tags.calls(bare, properties), ""
    if "<arg_key>" in bare:
        return tags.keyed(bare, properties), ""
    bare = unfenced(bare)
    if bare.startswith(("{", "[{")) or re.match(r"\[\s*\{", bare):
        return objects(bare)
    if found := python.calls(bare, properties):
        return found, ""
    if head := _NAMED.match(bare):
        return [(head[1], unfenced(bare[head.end() :]))], ""
    return [], text


def unfenced(text: str) -> str:
    """The text without a fence around it."""
    bare = text.strip()
    if not bare.startswith("```"):
        return bare
    return bare.partition("\n")[2].removesuffix("```").strip()


def objects(text: str) -> tuple[list[Written], str]:
    """Calls as JSON: one, several in a list, or one after the other."""
    found: list[Written] = []
    while text:
        value, rest = first(text)
        if value is None:
            broken = _NAME.search(text)
            cut = _CUT.search(text)
            if broken is None:
                break
            found.append((broken[1], text[cut.end() :] if cut else text))
            return found, ""
        made = list(spelt(value))
        if not made:
            break
        found += made
        text = rest.lstrip(" \t\r\n;,")
        if not text.startswith(("{", "[")):
            return found, text[_junk(text) :]
    return found, text


def _junk(text: str) -> int:
    found = _JUNK.match(text)
    return found.end() if found else 0


def first(text: str) -> tuple[str | None, str]:
    """The first value in a text, as sound JSON, and what follows it."""
    reader = Mender(text)
    try:
        reader.value(0)
        made = text[: reader.at] if sound(text[: reader.at]) else "".join(reader.out)
        return (made, text[reader.at :]) if sound(made) else (None, text)
    except Unsure:
        pass
    try:
        return mended(text), ""
    except Unsure:
        return None, text


def spelt(value: str) -> Iterator[Written]:
    """The calls in a value of JSON, by whatever keys."""
    if value.lstrip().startswith("["):
        for one in _decode_list(value):
            yield from spelt(bytes(one).decode())
        return
    try:
        whole = _decode(value)
    except msgspec.ValidationError:
        return
    for key in LISTS:
        if key in whole:
            yield from spelt(bytes(whole[key]).decode())
            return
    for key in HOLDERS:
        if key in whole and bytes(whole[key]).startswith(b"{"):
            yield from spelt(bytes(whole[key]).decode())
            return
    for key in NAMES:
        if key in whole and (name := string(whole[key])) is not None:
            yield name, given(whole, key)
            return
    if len(whole) == 1:  # {"weather": {"city": "Paris"}}
        ((name, input),) = whole.items()
        if bytes(input).startswith(b"{"):
            yield name, bytes(input).decode()


def given(whole: Mapping[str, msgspec.Raw], named: str) -> str:
    """The input that stands beside a name; without a key of its own it is all the rest."""
    for key in INPUTS:
        if key in whole and key != named:
            return bytes(whole[key]).decode()
    rest = {key: value for key, value in whole.items() if key != named and key not in ASIDE}
    return msgspec.json.encode(rest).decode()


def string(raw: msgspec.Raw) -> str | None:
    text = bytes(raw)
    return msgspec.json.decode(text, type=str) if text.startswith(b'"') else None


def whole(text: str) -> bool:
    """Whether a call is complete as it stands."""
    return sound(text) or (bool(tags.FUNCTION.search(text)) and text.rstrip().endswith(("</function>", "</invoke>")))


def cut(text: str, properties: Properties) -> list[Written]:
    """Calls that end in the middle, because no more could be said: the last one's input is as far as it came."""
    bare = text.strip(" \n")
    if heads := list(tags.FUNCTION.finditer(bare)):
        *before, (name, made) = tags.calls(bare, properties)
        input = bare[heads[-1].end() :]
        if tags.PARAMETER.search(input):
            return [*before, (name, made if tags.closed(input) else made[:-2])]
        return [*before, (name, input if input.startswith("{") else "")]
    if heads := list(_CUT.finditer(bare)):
        start = max(bare.rfind("{", 0, heads[-1].start()), 0)
        before = objects(bare[:start].rstrip(" ,;\n") + "]" * bare.startswith("["))[0] if start > 1 else []
        return [*before, (heads[-1][1], bare[heads[-1].end() :])]
    head = _NAMED.match(bare)
    return [(head[1], bare[head.end() :])] if head else []


def harmony(text: str) -> tuple[list[Written], str]:
    """`functions.weather <|constrain|>json<|message|>{...}`"""
    head, mark, input = text.partition("<|message|>")
    return ([(head.split()[0].split("<|")[0], input.strip())], "") if mark and head.split() else ([], "")
