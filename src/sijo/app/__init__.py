"""Composition root: the only module that knows all the others. From settings to an ASGI app."""

import gc
import os
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol

import msgspec
from starlette.exceptions import HTTPException
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from sijo import log
from sijo.app.engines import Pools, catalog_of, counters, summarizer
from sijo.app.state import cache_of, identity, limits_of, priced, screens, seal_keys, warn
from sijo.config import Settings
from sijo.engine.betas import betas
from sijo.engine.intake import Intake
from sijo.engine.servertool import Own, ServerTool
from sijo.engine.thinking import Seal
from sijo.http.access import Access
from sijo.http.admin import Admin
from sijo.http.auth import Keys, Scrapes
from sijo.http.front import Front
from sijo.http.messages import Count, Messages
from sijo.http.objects import Objects
from sijo.http.rates import Rates
from sijo.http.reports import Reports
from sijo.http.routes import exact, table
from sijo.store import database
from sijo.store.keys import Keys as StoredKeys
from sijo.store.ledger import Ledger
from sijo.store.spend import Spend as Spent
from sijo.store.workspaces import Workspaces
from sijo.store.writer import Writer
from sijo.tools.tool_search import ToolSearch

SETTINGS = "SIJO_SETTINGS"
DEFAULTS = Settings()


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
    pools, own = Pools(), Own(server_tools() if tools is None else tools)
    store, keys = database(server.database, folder), seal_keys(folder)
    catalog = catalog_of(settings, pools)
    observer = log.Observer.of(settings.log, settings.trace, folder, {served.model.id for served in catalog})
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
        enforced=server.bind_thinking,
    )
    ledger, costs = Ledger(store), priced(settings)
    access = Access(StoredKeys(store), Workspaces(store), *identity(keys[-1]))
    writer, callers = Writer(ledger, costs), Keys(access, server.keys, required=catalog.strict)
    spent = Spent(ledger, costs) if settings.spend != DEFAULTS.spend else None
    limits = limits_of(settings, catalog, access, store, spent)
    routes = table(
        Messages(intake, writer if server.ledger else None, ping_every=server.ping, limits=limits),
        Count(intake, limits=limits),
        Objects(catalog, observer, Scrapes(callers, server.metrics, server.metrics_key)),
        (Admin(access, server.organization), Rates(access, limits), Reports(ledger, costs, access.workspace)),
    )

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            await store.open()
            stack.push_async_callback(store.close)
            stack.push_async_callback(writer.close)
            await started(stack, access, spent, limits)
            warn(settings, access)
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
        keys=callers,
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


async def missing(scope: Scope, _receive: Receive, _send: Send) -> None:
    raise HTTPException(404)
