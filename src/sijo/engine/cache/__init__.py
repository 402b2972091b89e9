"""Prompt caching by the rules of the API: what a request reads from the cache, writes to it, and pays in full.

The rules need no engine. `layout` makes positions of a prompt, each with a digest of all that stands before it.
`charge` says what they come to, by what an `Index` has. An `Account` does both for a turn, and changes the usage that
its engine tells. Whether the engine reuses as much is its own affair: what it reports (`Reuse`) stands beside that in
the metrics.
"""

from sijo.engine.cache.account import Account, Cache
from sijo.engine.cache.diagnose import UNAVAILABLE
from sijo.engine.cache.family import family
from sijo.engine.cache.index import Entry, Index, Memory
from sijo.engine.cache.reuse import Reuse

__all__ = ["UNAVAILABLE", "Account", "Cache", "Entry", "Index", "Memory", "Reuse", "family"]
