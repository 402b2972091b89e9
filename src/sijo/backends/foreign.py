"""JSON from an engine, which may be no JSON, of any depth, with any number in it, and repeat the engine's key.

Every answer passes here before anybody believes it. What it means is for those who know the engine.
"""

import re
from typing import Any

import msgspec

from sijo.engine.entry import MOST
from sijo.engine.rules.body import held

NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises: for bad UTF-8 and for too many levels msgspec has no error of its own."""
LONGEST = 2000
"""Characters of an engine's own message that are read, and passed on."""
_USERINFO = re.compile(r"//[^/\s@]+@")
_decode, _encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode


def decoded(body: bytes) -> Any:
    """The JSON of a reply with an error status, or its text. A page of HTML tells nothing, nor what is too deep."""
    try:
        value = _decode(body)
    except RecursionError:
        return ""
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "" if body.lstrip()[:1] in (b"<", b"") else body.decode(errors="replace")
    return "" if deep(value) else value


def deep(value: Any) -> bool:
    """Whether it has more levels than may safely be written again."""
    return held(value) < 0


def counted(value: object) -> int | None:
    """The answer of a tokenizer, or None where that is no number of tokens."""
    return value if type(value) is int and 0 <= value <= MOST else None


def words(value: object) -> str:
    """What stands where an engine's message should be, as text."""
    return value if isinstance(value, str) else _encode(value).decode()


def cleaned(message: str, key: str | None) -> str:
    """An engine's own words, no longer than a client wants to read, without the engine's key or a password."""
    return without(message, key).strip()[:LONGEST]  # not cut before: half a key is too much, too


def without(message: str, key: str | None) -> str:
    """The message without a key that it may repeat, or the user and password of an address."""
    message = _USERINFO.sub("//", message)
    return message.replace(key, "***") if key else message


def scrubbed(value: Any, key: str | None) -> Any:
    """The value with all of its texts like that. It must not be `deep`."""
    if isinstance(value, str):
        return without(value, key)
    if isinstance(value, dict):
        return {without(name, key): scrubbed(part, key) for name, part in value.items()}
    return [scrubbed(part, key) for part in value] if isinstance(value, list) else value
