"""What the settings say of keys, caching, limits, spending and screens, as the parts that hold to it."""

import hashlib
import logging
import os
import re
import secrets
import time
import uuid
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from sijo.config import ConfigError, Settings
from sijo.engine.cache import Cache, Memory
from sijo.engine.catalog import Catalog
from sijo.engine.prices import Prices, own_prices, prices
from sijo.http.access import DEFAULT, Access
from sijo.http.limits import Bucket, Groups, Lease, Leases, Limits, Plans, Rule, Spend
from sijo.http.limits.plans import EACH
from sijo.store import Database, Prefixes
from sijo.store.buckets import Buckets
from sijo.store.spend import Spend as Spent

KEY_BYTES = 32
logger = logging.getLogger("sijo.limits")


def priced(settings: Settings) -> Prices:
    """What tokens cost, here."""
    try:
        return prices().with_own(own_prices(settings.prices)) if settings.prices else prices()
    except ValueError as error:
        raise ConfigError(str(error)) from error


def limits_of(
    settings: Settings, catalog: Catalog, access: Access, store: Database, spent: Spent | None
) -> Limits | None:
    """The limits of the settings, shared through the database where others use it; or None where there are none."""
    if not settings.limit and spent is None:
        return None
    leases = Leases(Buckets(store), time.time) if store.shared or settings.server.workers > 1 else None
    rules = [Rule(**msgspec.structs.asdict(section)) for section in settings.limit]
    plans = Plans(rules, Groups.load(), access, bucket=Lease if leases else Bucket, clock=time.time)
    spend = spending(settings, access, spent) if spent is not None else None
    return Limits(plans, catalog, leases=leases, spend=spend)


def spending(settings: Settings, access: Access, spent: Spent) -> Spend:
    """What may be spent in a month."""
    if not settings.server.ledger:
        raise ConfigError("spend: what was spent is told by the ledger, which is switched off")
    section = settings.spend
    return Spend(
        spent, tier=section.tier, own=section.limit, workspaces=section.workspaces, names=access.called, clock=time.time
    )


def warn(settings: Settings, access: Access) -> None:
    """Say which workspaces and keys of the settings are not there: a slip of the pen would be a limit that nobody ever
    meets."""
    known = {EACH, DEFAULT, access.workspace, *access.names, *access.names.values()}
    named = [("limits", "workspace", one.workspace) for one in settings.limit]
    named += [("limits", "key", one.key) for one in settings.limit]
    named += [("spend", "workspace", name) for name in settings.spend.workspaces]
    for where, what, name in named:
        if name is not None and name not in known:
            logger.warning("%s: no %s is named %s (yet)", where, what, name)


def cache_of(settings: Settings, store: Database, secret: bytes) -> Cache:
    """Caching by the rules: in the memory of a server that is alone, else in the database that all share."""
    if settings.server.cache == "engine":
        return Cache(None, secret)
    alone = settings.server.workers == 1 and not store.shared
    return Cache(Memory() if alone else Prefixes(store), secret)


def screens(settings: Settings) -> list[re.Pattern[str]]:
    try:
        return [re.compile(pattern) for pattern in settings.screen]
    except re.error as error:
        raise ConfigError(f"screen: {error.pattern!r} is no pattern: {error}") from error


def seal_keys(folder: Path) -> list[bytes]:
    """The keys that sign thinking, newest first: from the data folder, where the first start makes one.

    Raises ConfigError for a folder that cannot be used, or a file in it that holds no keys.
    """
    path = folder / "thinking.key"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():  # it appears whole: another server may start in the same moment
            with NamedTemporaryFile("w", dir=folder, prefix="thinking.") as file:
                file.write(secrets.token_hex(KEY_BYTES) + "\n")
                file.flush()
                appear(Path(file.name), path)
        keys = [bytes.fromhex(line) for line in path.read_text("ascii").split()]
    except OSError as error:
        raise ConfigError(f"{error.filename or folder}: {error.strerror}") from error
    except ValueError:
        keys = []
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise ConfigError(f"{path}: must hold keys of {2 * KEY_BYTES} hexadecimal digits, one on each line")
    return keys


def appear(made: Path, path: Path) -> None:
    """Give a file its name, unless there is one of that name already."""
    try:
        os.link(made, path)
    except FileExistsError:
        return
    except OSError:  # some file systems know no links
        with suppress(FileExistsError), open(path, "xb", opener=private) as file:
            file.write(made.read_bytes())


def private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def identity(key: bytes) -> tuple[str, str]:
    """The ids of the organization and of its default workspace: one of each for a data folder, by its first key."""
    name = uuid.uuid5(uuid.NAMESPACE_OID, hashlib.sha256(b"sijo organization" + key).hexdigest())
    return str(name), f"wrkspc_01{name.hex[:24]}"
