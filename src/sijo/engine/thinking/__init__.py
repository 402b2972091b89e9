"""Thinking: sealed in its signature, shown as asked for, and kept or dropped when it comes back."""

from sijo.engine.thinking.keep import dropped, kept, restored
from sijo.engine.thinking.seal import Foreign, Seal, Sealed, Tampered
from sijo.engine.thinking.show import Hide, Screen, Show, Thoughts

__all__ = ["Foreign", "Hide", "Screen", "Seal", "Sealed", "Show", "Tampered", "Thoughts", "dropped", "kept", "restored"]
