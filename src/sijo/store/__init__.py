"""What outlives a request: keys, counters, the ledger. Plain SQL, the same on SQLite and on PostgreSQL.

A `Database` runs statements and knows nothing of what they mean. Each part of the state has a class of its own, whose
methods are all the queries there are on it. What the state is for is decided elsewhere.
"""

from sijo.store.database import Busy, Database, Row, StoreError
from sijo.store.opening import absent, database
from sijo.store.prefixes import Prefixes

__all__ = ["Busy", "Database", "Prefixes", "Row", "StoreError", "absent", "database"]
