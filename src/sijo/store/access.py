"""The tables of who may call, and how much: keys, workspaces and their limits, and what says that these changed."""

TABLES = (
    "CREATE TABLE marks (name TEXT PRIMARY KEY, number BIGINT NOT NULL)",
    "CREATE TABLE workspaces (id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at DOUBLE PRECISION NOT NULL,"
    " archived_at DOUBLE PRECISION, facts TEXT NOT NULL)",
    "CREATE TABLE keys (id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, hint TEXT NOT NULL, name TEXT NOT NULL,"
    " workspace TEXT REFERENCES workspaces (id), admin INTEGER NOT NULL, status TEXT NOT NULL,"
    " created_at DOUBLE PRECISION NOT NULL, expires_at DOUBLE PRECISION)",
    "CREATE TABLE overrides (workspace TEXT NOT NULL REFERENCES workspaces (id), rate_group TEXT NOT NULL,"
    " kind TEXT NOT NULL, value BIGINT NOT NULL, PRIMARY KEY (workspace, rate_group, kind))",
    "CREATE TABLE buckets (name TEXT PRIMARY KEY, level DOUBLE PRECISION NOT NULL, at DOUBLE PRECISION NOT NULL)",
)
