"""Thinking: sealed with what it was made for, shown as asked for, and kept or dropped when it comes back."""

from sijo.engine.thinking.bind import BETA, Bond, action
from sijo.engine.thinking.keep import Past, kept, restored, thinks
from sijo.engine.thinking.seal import Foreign, Origin, Seal, Sealed, Tampered
from sijo.engine.thinking.show import Hide, Screen, Show, Thoughts

__all__ = [
    "BETA", "Bond", "Foreign", "Hide", "Origin", "Past", "Screen", "Seal", "Sealed", "Show", "Tampered", "Thoughts",
    "action", "kept", "restored", "thinks",
]  # fmt: skip
