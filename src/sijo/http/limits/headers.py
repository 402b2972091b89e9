"""What clients are told of their limits, with every reply."""

import math
from datetime import UTC, datetime
from functools import lru_cache

from sijo import ids
from sijo.http.limits.buckets import SLACK
from sijo.http.limits.plans import Plan

Header = tuple[bytes, bytes]


def names(of: bytes) -> tuple[bytes, bytes, bytes]:
    start = b"anthropic-ratelimit-" + of
    return start + b"-limit", start + b"-remaining", start + b"-reset"


NAMES = [names(of) for of in (b"requests", b"input-tokens", b"output-tokens", b"tokens")]
TOKENS = 3
STEP = 1000
"""To so many tokens what remains is rounded."""


def headers(plan: Plan, now: float) -> list[Header]:
    """Of each kind the limit that leaves the least; `tokens` is the tighter one of input and output."""
    told: list[Header] = []
    scarce, tokens = math.inf, None
    for at, buckets in plan.told:
        left = math.inf
        for one in buckets:
            if (less := one.remaining(now)) < left:
                left, bucket = less, one
        left = max(left, 0.0)
        second = math.ceil(now + (bucket.size - left) / (bucket.rate or 1) - SLACK)
        shown = (int(left + STEP / 2) // STEP * STEP) if at else int(left + SLACK)
        told += written(at, bucket.limit, shown, second)
        if at and left < scarce:
            scarce, tokens = left, (bucket.limit, shown, second)
    if tokens is not None:
        told += written(TOKENS, *tokens)
    return told


@lru_cache(1024)
def written(at: int, limit: int, left: int, second: int) -> tuple[Header, Header, Header]:
    """As it is sent: within a second, much of it is the same again."""
    names = NAMES[at]
    return (names[0], b"%d" % limit), (names[1], b"%d" % left), (names[2], stamp(second))


@lru_cache(256)
def stamp(second: int) -> bytes:
    """RFC 3339."""
    return ids.stamp(datetime.fromtimestamp(second, UTC)).encode()
