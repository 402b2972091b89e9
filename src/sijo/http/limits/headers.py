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


REQUESTS, TOKENS, INPUT, OUTPUT = (names(of) for of in (b"requests", b"tokens", b"input-tokens", b"output-tokens"))


def headers(plan: Plan, now: float) -> list[Header]:
    """Of each kind the limit that leaves the least; `tokens` is the tighter one of input and output."""
    told: list[Header] = []
    scarce, tokens = math.inf, None
    for name, meters, step in ((REQUESTS, plan.requests, 1), (INPUT, plan.input, 1000), (OUTPUT, plan.output, 1000)):
        if not meters:
            continue
        left, bucket = math.inf, meters[0].bucket
        for meter in meters:
            if (less := meter.bucket.remaining(now)) < left:
                left, bucket = less, meter.bucket
        left = max(left, 0.0)
        second = math.ceil(now + (bucket.size - left) / (bucket.rate or 1) - SLACK)
        shown = int(left + SLACK) if step == 1 else int(left + step / 2) // step * step
        told += written(name, bucket.limit, shown, second)
        if step != 1 and left < scarce:
            scarce, tokens = left, (bucket.limit, shown, second)
    if tokens is not None:
        told += written(TOKENS, *tokens)
    return told


@lru_cache(1024)
def written(names: tuple[bytes, bytes, bytes], limit: int, left: int, second: int) -> tuple[Header, Header, Header]:
    """As it is sent: within a second, much of it is the same again."""
    return (names[0], b"%d" % limit), (names[1], b"%d" % left), (names[2], stamp(second))


@lru_cache(256)
def stamp(second: int) -> bytes:
    """RFC 3339."""
    return ids.stamp(datetime.fromtimestamp(second, UTC)).encode()
