"""What was made of a text before, remembered: but of none that is long. Texts come from outside, and would stay."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

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
