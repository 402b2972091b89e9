"""What was made of a text before, remembered: but of none that is long. Texts come from outside, and would stay."""

import threading
from collections.abc import Callable
from functools import lru_cache, wraps
from hashlib import sha256
from typing import Any, TypeVar, cast


class Texts:
    """What was made of the data that came last, `most` characters of it in all: found again by who has all the data."""

    def __init__(self, most: int) -> None:
        self._most, self._held = most, 0
        self._known: dict[bytes, str] = {}
        self._lock = threading.Lock()

    def known(self, data: str) -> str | None:
        """The text of some data, or None."""
        name = named(data)
        with self._lock:
            known = self._known.pop(name, None)
            if known is not None:
                self._known[name] = known  # the last used is the last to go
        return known

    def keep(self, data: str, text: str) -> None:
        """Remember what was made of it, and forget what is too old for that."""
        name = named(data)
        with self._lock:
            if name not in self._known:
                self._known[name] = text
                self._held += len(text)
            while self._held > self._most:
                self._held -= len(self._known.pop(next(iter(self._known))))


def named(data: str) -> bytes:
    return sha256(data.encode()).digest()


F = TypeVar("F", bound=Callable[..., Any])


def remembered(most: int, longest: int) -> Callable[[F], F]:
    """Remember what a function makes of `most` texts of at most `longest` bytes or items; make it anew of others."""

    def around(make: F) -> F:
        kept = lru_cache(most)(make)

        @wraps(make)
        def made(text: Any, *rest: Any) -> Any:
            return (kept if len(text) <= longest else make)(text, *rest)

        return cast(F, made)

    return around
