"""Turns that are over, for tests of what is kept of them."""

from datetime import UTC, datetime
from typing import Any

from sijo.engine.entry import Entry
from sijo.wire import events as e

NOON = datetime(2026, 11, 28, 12, 0, 30, tzinfo=UTC).timestamp()
COUNTER = iter(range(10**9))


def usage(
    input: int = 0, output: int = 0, *, read: int = 0, write_5m: int = 0, write_1h: int = 0, **fields: Any
) -> e.Usage:
    """What a client was told."""
    return e.Usage(
        input_tokens=input,
        cache_creation_input_tokens=write_5m + write_1h,
        cache_read_input_tokens=read,
        cache_creation=e.CacheCreation(write_5m, write_1h),
        output_tokens=output,
        **{"service_tier": "standard", "inference_geo": "global", **fields},
    )


def entry(used: e.Usage | None = None, *, model: str = "claude-opus-4-8", at: float = NOON, **fields: Any) -> Entry:
    """A turn of the default workspace, at noon, that used 1,000 tokens and wrote 100."""
    number = next(COUNTER)
    known: dict[str, Any] = {
        "request": f"req_{number}",
        "message": f"msg_{number}",
        "workspace": None,
        "key": None,
        "engine": "simulator",
        "stop": "end_turn",
        "status": 200,
        "error": None,
        "duration": 1.5,
        "first": 0.25,
    }
    return Entry(at=at, model=model, usage=used or usage(1000, 100), **{**known, **fields})
