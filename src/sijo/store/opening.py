"""Which database is meant: a file in the data folder, or the address of a PostgreSQL."""

from pathlib import Path

from sijo.store.database import Database, StoreError
from sijo.store.sqlite import Sqlite

POSTGRES = ("postgresql://", "postgres://")
FILE = "sijo.db"


def database(address: str | None, folder: Path) -> Database:
    """Not opened yet. Without an address it is a file in `folder`; `sqlite:PATH` names another.

    Raises `StoreError` for an address that is neither, or where `sijo[postgres]` is not installed.
    """
    if address is None:
        return Sqlite(folder / FILE)
    if address.startswith("sqlite:"):
        return Sqlite(Path(address.removeprefix("sqlite:").removeprefix("//")).expanduser())
    if not address.startswith(POSTGRES):
        raise StoreError("database: must be postgresql://USER:PASSWORD@HOST/NAME or sqlite:PATH")
    try:
        from sijo.store.postgres import Postgres  # an extra, and slow to import
    except ModuleNotFoundError as error:
        raise StoreError("database: PostgreSQL needs `pip install 'sijo[postgres]'`") from error
    return Postgres(address)


def absent(opened: Database) -> bool:
    """Whether there is no such database, and to open it would make one."""
    return isinstance(opened, Sqlite) and not opened.path.exists()
