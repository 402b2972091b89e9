"""A program of its own: looks for a pattern that needs backtracking, and may run out of time or memory while at it.

It reads a JSON object (`pattern`, `texts` of each tool, `limit`, `seconds`) and writes one: `found`, the numbers of the
tools, or `error`. Where it is too slow, or takes too much, it ends without a word.
"""

import json
import sys
import time
from contextlib import suppress

BYTES = 512 << 20
"""Memory that it may take, all in all."""


def bounded() -> None:
    """Take no more than that, nor ever more than some seconds."""
    with suppress(ImportError):  # there is no such thing on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (2, 2))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def search(pattern: str, texts: list[list[str]], limit: int, seconds: float) -> dict[str, object]:
    """What to say of it. Raises TimeoutError."""
    import regex  # type: ignore[import-untyped]

    until = time.monotonic() + seconds
    try:
        compiled = regex.compile(pattern, regex.IGNORECASE)
    except (regex.error, ValueError, OverflowError) as error:
        return {"error": str(error)}
    fits = [
        any(compiled.search(text, timeout=max(1e-3, until - time.monotonic())) for text in [each[0]]) for each in texts
    ]
    found = [at for at, named in enumerate(fits) if named]
    for at, each in enumerate(texts):
        if len(found) >= limit:
            break
        if not fits[at] and any(
            compiled.search(text, timeout=max(1e-3, until - time.monotonic())) for text in each[1:]
        ):
            found.append(at)
    return {"found": found[:limit]}


def main() -> None:
    asked = json.load(sys.stdin)
    bounded()
    with suppress(TimeoutError, MemoryError, RecursionError):
        sys.stdout.write(json.dumps(search(**asked)))


if __name__ == "__main__":
    main()
