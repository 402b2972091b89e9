"""The formats that a string may have, as patterns that let no wrong day, address or name through.

RFC 3339 for dates and times (no leap seconds), its appendix for durations, RFC 5321 and 1123 for addresses and hosts,
RFC 3986 for URIs, RFC 4291 for IPv6, RFC 9562 for UUIDs: in each the forms that every validator takes.
"""

from collections.abc import Mapping
from functools import cache

from sijo.engine.schemas.regex import Regex, whole

_YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_LEAP = (
    "(?:(?:0[1-9]|[1-9][0-9])(?:0[48]|[2468][048]|[13579][26])|00(?:0[48]|[2468][048]|[13579][26])"
    "|(?:0[48]|[2468][048]|[13579][26])00)"
)
_DATE = (
    f"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    f"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = rf"{_CLOCK}:[0-5][0-9](?:\.[0-9]{{1,6}})?(?:Z|[+-]{_CLOCK})"
_COUNT = "[0-9]{1,6}"
_SPAN = f"(?:{_COUNT}H(?:{_COUNT}M(?:{_COUNT}S)?)?|{_COUNT}M(?:{_COUNT}S)?|{_COUNT}S)"
_DAYS = f"(?:{_COUNT}Y(?:{_COUNT}M(?:{_COUNT}D)?)?|{_COUNT}M(?:{_COUNT}D)?|{_COUNT}D)"
_LABEL = "[A-Za-z0-9]{1,40}(?:-[A-Za-z0-9]{1,10}){0,2}"
_TOP = "[A-Za-z][A-Za-z0-9]{0,30}(?:-[A-Za-z0-9]{1,10}){0,2}"
_HOST = rf"(?:{_LABEL}\.){{0,3}}{_TOP}"
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_H = "[0-9a-fA-F]{1,4}"
_IPV6 = "|".join([
    f"(?:{_H}:){{7}}{_H}",
    f"::(?:{_H}(?::{_H}){{0,5}})?",
    *(f"{_H}(?::{_H}){{{more}}}::(?:{_H}(?::{_H}){{0,{4 - more}}})?" for more in range(5)),
    f"::[fF]{{4}}:{_IPV4}",
])  # fmt: skip
_P = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})"
_URI = (
    rf"[a-z][a-z0-9+.-]{{0,11}}:(?://(?:{_LABEL}\.){{0,3}}{_TOP}(?::[1-9][0-9]{{0,3}})?(?:/{_P}*)*|{_P}+(?:/{_P}*)*)"
    rf"(?:\?(?:{_P}|[/?])*)?(?:#(?:{_P}|[/?])*)?"
)

PATTERNS: Mapping[str, str] = {
    "date": _DATE,
    "time": _TIME,
    "date-time": f"{_DATE}T{_TIME}",
    "duration": f"P(?:{_DAYS}(?:T{_SPAN})?|T{_SPAN}|{_COUNT}W)",
    "email": rf"{_ATOM}(?:\.{_ATOM}){{0,2}}@(?:{_LABEL}\.){{1,3}}{_TOP}",
    "hostname": _HOST,
    "uri": _URI,
    "ipv4": _IPV4,
    "ipv6": _IPV6,
    "uuid": "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
}
"""Each without anchors."""


@cache
def tree(name: str) -> Regex:
    """The tree of a format's pattern."""
    return whole(PATTERNS[name])
