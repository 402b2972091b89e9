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

    def of(self, data: str, make: Callable[[], str]) -> str:
        """The text of some data, made if it is not known any more. What `make` raises passes."""
        name = sha256(data.encode()).digest()
        with self._lock:
            known = self._known.pop(name, None)
            if known is not None:
                self._known[name] = known  # the last used is the last to go
        if known is None:
            known = make()
            self._keep(name, known)
        return known

    def _keep(self, name: bytes, text: str) -> None:
        with self._lock:
            if name not in self._known:
                self._known[name] = text
                self._held += len(text)
            while self._held > self._most:
                self._held -= len(self._known.pop(next(iter(self._known))))


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
