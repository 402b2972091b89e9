"""What clients are told of their limits, with every reply."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from sijo import ids
from sijo.http.limits.buckets import SLACK
from sijo.http.limits.plans import Meter, Plan

Header = tuple[bytes, bytes]
Left = tuple[float, Meter]
THOUSAND = 1000


def names(of: bytes) -> tuple[bytes, bytes, bytes]:
    start = b"anthropic-ratelimit-" + of
    return start + b"-limit", start + b"-remaining", start + b"-reset"


REQUESTS, TOKENS, INPUT, OUTPUT = (names(of) for of in (b"requests", b"tokens", b"input-tokens", b"output-tokens"))


def headers(plan: Plan, now: float) -> list[Header]:
    """Of each kind the limit that leaves the least; `tokens` is the tighter one of input and output."""
    told: list[Header] = []
    if plan.requests:
        left, meter = tightest(plan.requests, now)
        told += written(REQUESTS, meter.limit, int(left + SLACK), reset(left, meter, now))
    least, tokens = 0.0, None
    for name, meters in ((INPUT, plan.input), (OUTPUT, plan.output)):
        if meters:
            left, meter = tightest(meters, now)
            values = meter.limit, int(left + THOUSAND / 2) // THOUSAND * THOUSAND, reset(left, meter, now)
            told += written(name, *values)
            if tokens is None or left < least:
                least, tokens = left, values
    if tokens is not None:
        told += written(TOKENS, *tokens)
    return told


def tightest(meters: Sequence[Meter], now: float) -> Left:
    """The one that leaves the least, with how much that is; never below zero."""
    meter = meters[0]
    left = meter.bucket.remaining(now)
    for other in meters[1:]:
        if (less := other.bucket.remaining(now)) < left:
            left, meter = less, other
    return left if left > 0 else 0.0, meter


def reset(left: float, meter: Meter, now: float) -> int:
    """The second at which it is full again."""
    bucket = meter.bucket
    return math.ceil(now + (bucket.size - left) / (bucket.rate or 1) - SLACK)


@lru_cache(1024)
def written(names: tuple[bytes, bytes, bytes], limit: int, left: int, second: int) -> tuple[Header, Header, Header]:
    """As it is sent: within a second, much of it is the same again."""
    return (names[0], b"%d" % limit), (names[1], b"%d" % left), (names[2], stamp(second))


@lru_cache(256)
def stamp(second: int) -> bytes:
    """RFC 3339."""
    return ids.stamp(datetime.fromtimestamp(second, UTC)).encode()
