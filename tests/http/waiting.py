"""Waits for what must come true, and fails if it does not: no test here measures how long it takes."""

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from tests.serving import Running

T = TypeVar("T")
PATIENCE = 15.0


def until(found: Callable[[], T | None], what: str) -> T:
    """The first answer of `found` that is something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if (value := found()) is not None:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {PATIENCE:g} s")


def logged(running: Running, request_id: str) -> dict[str, Any]:
    """The access line of a request."""

    def look() -> dict[str, Any] | None:
        lines = (json.loads(line) for line in running.lines() if line.startswith("{") and request_id in line)
        return next((line for line in lines if line.get("id") == request_id), None)

    return until(look, f"the access line of {request_id}")
