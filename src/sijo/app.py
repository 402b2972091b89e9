"""Composition root: the only module that knows all the others. From settings to an ASGI app."""

import gc
import hashlib
import os
import re
import secrets
import time
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec
from starlette.exceptions import HTTPException
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from sijo import log
from sijo.backends.anthropic import Anthropic
from sijo.backends.engines import engines as engine_rows
from sijo.backends.gate import Gate
from sijo.backends.openai_chat import OpenAIChat
from sijo.backends.record import Recorder
from sijo.backends.replay import Replayer
from sijo.backends.replicas import Replicas
from sijo.backends.simulator import Delay, Simulator
from sijo.backends.upstream import Upstream
from sijo.config import ConfigError, EngineSection, Settings, key_of
from sijo.engine.betas import betas
from sijo.engine.cache import Cache, Memory
from sijo.engine.calls import Written, conventions
from sijo.engine.catalog import Catalog, Engine
from sijo.engine.intake import Counter, Intake
from sijo.engine.models import models
from sijo.engine.prices import Prices, own_prices, prices
from sijo.engine.servertool import Own, ServerTool
from sijo.engine.thinking import Seal
from sijo.engine.turn import Backend
from sijo.http.access import Access
from sijo.http.admin import Admin
from sijo.http.auth import Keys
from sijo.http.front import Front
from sijo.http.limits import Bucket, Groups, Lease, Leases, Limits, Plans, Rule, Spend
from sijo.http.messages import Count, Messages
from sijo.http.objects import Objects
from sijo.http.rates import Rates
from sijo.http.reports import Reports
from sijo.http.routes import exact, table
from sijo.store import Database, Prefixes, database
from sijo.store.buckets import Buckets
from sijo.store.keys import Keys as StoredKeys
from sijo.store.ledger import Ledger
from sijo.store.spend import Spend as Spent
from sijo.store.workspaces import Workspaces
from sijo.store.writer import Writer
from sijo.tools.tool_search import ToolSearch

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SETTINGS = "SIJO_SETTINGS"
SIMULATOR = "simulator"
KEY_BYTES = 32
DEFAULTS = Settings()


class Pools:
    """The connections to engines: one pool for all that are given the same time to say something."""

    def __init__(self) -> None:
        self._pools: dict[float, Upstream] = {}

    def of(self, silence: float) -> Upstream:
        if silence not in self._pools:
            self._pools[silence] = Upstream(silence=silence)
        return self._pools[silence]

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.close()


def from_environ() -> ASGIApp:
    """The app of a worker: the settings travel in the environment, so that all workers have the same."""
    settings = msgspec.json.decode(os.environ[SETTINGS], type=Settings)
    log.setup(settings.log.level)
    whole = build(settings)
    settle()
    return whole


def settle() -> None:
    """What a server has loaded by now stays to its end: no collection of garbage need look at it again, which would
    hold up every stream for 10 ms.
    """
    gc.collect()
    gc.freeze()


def server_tools() -> list[ServerTool]:
    """The tools that run here."""
    return [ToolSearch()]


def build(settings: Settings, tools: Sequence[ServerTool] | None = None) -> ASGIApp:
    """The whole server, ready to be run; with `tools` it has these, in place of its own."""
    server, folder = settings.server, Path(settings.server.data_dir).expanduser()
    pools = Pools()
    store = database(server.database, folder)
    catalog = catalog_of(settings, pools)
    observer = log.Observer.of(settings.log, settings.trace, folder, {served.model.id for served in catalog})
    keys = seal_keys(folder)
    own = Own(server_tools() if tools is None else tools)
    intake = Intake(
        catalog,
        betas(),
        Seal(keys),
        counters(settings),
        summarizer(settings, catalog),
        screens(settings),
        awareness=server.awareness,
        tool_prompt=server.tool_prompt,
        cache=cache_of(settings, store, keys[-1]),
        own=own,
    )
    ledger, costs = Ledger(store), priced(settings)
    writer = Writer(ledger, costs)
    access = Access(StoredKeys(store), Workspaces(store), *identity(keys[-1]))
    spent = Spent(ledger, costs) if settings.spend != DEFAULTS.spend else None
    limits = limits_of(settings, catalog, access, store, spent)
    routes = table(
        Messages(intake, writer if server.ledger else None, ping_every=server.ping, limits=limits),
        Count(intake, limits=limits),
        Objects(catalog, observer),
        (Admin(access, server.organization), Rates(access, limits), Reports(ledger, costs, access.workspace)),
    )

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            await store.open()
            stack.push_async_callback(store.close)
            stack.push_async_callback(writer.close)
            await started(stack, access, spent, limits)
            stack.push_async_callback(pools.close)
            for one in catalog.engines.values():
                stack.push_async_callback(one.backend.close)
            for tool in own.tools:
                stack.push_async_callback(tool.close)
            await observer.start()
            stack.push_async_callback(observer.close)
            yield

    router = Router(routes, redirect_slashes=False, default=missing, lifespan=lifespan)
    return Front(
        router,
        exact=exact(routes),
        keys=Keys(access, server.keys, required=catalog.strict),
        betas=betas(),
        observer=observer,
        strict=catalog.strict,
        browsers=server.browsers,
        extra=[(b"anthropic-organization-id", access.organization.encode())],
    )


def offline(settings: Settings = DEFAULTS) -> Intake:
    """What stands before the engine, with nothing kept and nothing served: for benchmarks and experiments."""
    seal, own = Seal([secrets.token_bytes(32)]), Own(server_tools())
    return Intake(catalog_of(settings, Pools()), betas(), seal, counters(settings), own=own)


def catalog_of(settings: Settings, pools: Pools) -> Catalog:
    """The engines of the settings and the routes to them; without any, the simulator."""
    sections = settings.engine or (EngineSection(name=SIMULATOR, kind=SIMULATOR),)
    engines = {section.name: engine(section, settings, pools) for section in sections}
    groups: dict[str, Engine] = {}
    routes = [(pattern, named(pattern, names, engines, groups)) for pattern, names in settings.models.items()]
    routes = routes or [("*", sections[0].name)]
    return Catalog(models(), {**groups, **engines}, routes, refuse_retired=settings.server.refuse_retired)


def named(pattern: str, names: str | Sequence[str], engines: Mapping[str, Engine], groups: dict[str, Engine]) -> str:
    """The engine that a route leads to; one made of several is put among the `groups`."""
    several = (names,) if isinstance(names, str) else names
    for name in several:
        if name not in engines:
            raise ConfigError(f"models.{pattern}: no engine is named {name}")
    if not several or len(set(several)) < len(several):
        raise ConfigError(f"models.{pattern}: must name one engine, or several different ones")
    whole = "+".join(several)
    if len(several) > 1 and whole not in groups:
        try:
            groups[whole] = group({name: engines[name] for name in several})
        except ValueError as error:
            raise ConfigError(f"models.{pattern}: {error}") from error
    return whole


def group(members: Mapping[str, Engine]) -> Engine:
    """Replicas as one engine: with the ids that all of them know, and the smallest window of each."""
    own, several = {}, list(members.values())
    for id in several[0].own:
        if all(id in member.own for member in several):
            own[id] = min((window for member in several if (window := member.own[id])), default=None)
    backend = Replicas({name: member.backend for name, member in members.items()})
    return Engine(backend, own, any(member.strict for member in several))


def engine(section: EngineSection, settings: Settings, pools: Pools) -> Engine:
    """One engine of the settings, with its backend, wrapped by record or replay where asked."""
    try:
        backend, own, strict = backend_of(section, settings, pools)
        if settings.record is not None:
            folder = Path(settings.record)
            backend = Recorder(backend, folder / section.name if len(settings.engine) > 1 else folder)
        if section.concurrency is not None:
            backend = Gate(backend, section.concurrency, section.queue)
    except (ValueError, OSError) as error:
        raise ConfigError(f"engine {section.name}: {error}") from error
    chosen = next((s for s in (section.strict, settings.server.strict) if s is not None), strict)
    return Engine(backend, own, chosen)


def backend_of(
    section: EngineSection, settings: Settings, pools: Pools
) -> tuple[Backend, Mapping[str, int | None], bool]:
    """The backend, the ids that it knows itself, and whether it is fronted strictly unless told otherwise."""
    own = {section.model: section.context} if section.model else {}
    match section.kind:
        case "simulator":
            sim = settings.simulator
            pace = Delay(first=sim.first, rate=sim.rate) if sim.first or sim.rate else None
            return Simulator([Path(path) for path in sim.scripts], seed=sim.seed, pace=pace), {SIMULATOR: None}, True
        case "replay":
            if section.path is None:
                raise ValueError("it has no path to recordings")
            return Replayer(Path(section.path), settings.replay_pace, ignore=settings.replay_ignore), {}, False
        case "anthropic":
            return relay(section, pools), own, False
        case _:
            return chat(section, pools), own, False


def relay(section: EngineSection, pools: Pools) -> Anthropic:
    """A Messages API behind this one."""
    return Anthropic(
        section.name,
        section.url or "https://api.anthropic.com",
        section.model,
        key=key_of(section),
        auth=section.auth,
        signs=section.signs,
        upstream=pools.of(section.timeout),
    )


def chat(section: EngineSection, pools: Pools) -> Written:
    """An OpenAI-compatible engine, with tools also where it takes none."""
    if section.url is None:
        raise ValueError("it has neither a url nor a path")
    rows, kind = engine_rows().rows, section.kind or "generic"
    if kind not in rows:
        raise ValueError(f"no such kind: {kind}; known are {', '.join(rows)}, anthropic, llama, simulator")
    row = rows[kind].changed(section.abilities)
    convention = conventions()[row.convention]
    backend = OpenAIChat(
        section.name,
        section.url,
        section.model or "default",
        engine=row,
        key=key_of(section),
        context=section.context,
        thinks=section.thinks,
        upstream=pools.of(section.timeout),
    )
    return Written(backend, None if row.tools else convention)


def counters(settings: Settings) -> dict[str, Counter]:
    """Tokenizers, for the engines whose settings name a file."""
    named = [section for section in settings.engine if section.tokenizer]
    if not named:
        return {}
    from tokenizers import Tokenizer  # an extra

    made = {section.name: counter(Tokenizer.from_file(str(section.tokenizer))) for section in named}
    groups = [names for names in settings.models.values() if not isinstance(names, str)]
    return made | {"+".join(names): made[names[0]] for names in groups if names and names[0] in made}


def counter(tokenizer: "Tokenizer") -> Counter:
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def priced(settings: Settings) -> Prices:
    """What tokens cost, here."""
    try:
        return prices().with_own(own_prices(settings.prices)) if settings.prices else prices()
    except ValueError as error:
        raise ConfigError(str(error)) from error


class Watcher(Protocol):
    """What runs by the clock."""

    async def start(self) -> None: ...

    async def close(self) -> None: ...


async def started(stack: AsyncExitStack, *watchers: Watcher | None) -> None:
    """Start them, and have them closed again."""
    for watcher in watchers:
        if watcher is not None:
            await watcher.start()
            stack.push_async_callback(watcher.close)


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
        spent, tier=section.tier, own=section.limit, workspaces=section.workspaces, names=access.name, clock=time.time
    )


def summarizer(settings: Settings, catalog: Catalog) -> Backend | None:
    if settings.summarizer is None:
        return None
    if settings.summarizer not in catalog.engines:
        raise ConfigError(f"summarizer: no engine is named {settings.summarizer}")
    return catalog.engines[settings.summarizer].backend


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
        with suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(KEY_BYTES) + "\n")
        keys = [bytes.fromhex(line) for line in path.read_text("ascii").split()]
    except OSError as error:
        raise ConfigError(f"{error.filename or folder}: {error.strerror}") from error
    except ValueError:
        keys = []
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise ConfigError(f"{path}: must hold keys of {2 * KEY_BYTES} hexadecimal digits, one on each line")
    return keys


def identity(key: bytes) -> tuple[str, str]:
    """The ids of the organization and of its default workspace: one of each for a data folder, by its first key."""
    name = uuid.uuid5(uuid.NAMESPACE_OID, hashlib.sha256(b"sijo organization" + key).hexdigest())
    return str(name), f"wrkspc_01{name.hex[:24]}"


async def missing(scope: Scope, _receive: Receive, _send: Send) -> None:
    raise HTTPException(404)
