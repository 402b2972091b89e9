"""`sijo serve`: finds out what is to answer, says so in one line, and runs the server."""

import argparse
import asyncio
import errno
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess
from yarl import URL

from sijo import __version__, app, log
from sijo.app.engines import SIMULATOR
from sijo.app.state import seal_keys
from sijo.backends.discover import Found, discover, look
from sijo.backends.llama import LlamaServer
from sijo.backends.upstream import Upstream
from sijo.cli.descriptors import room
from sijo.config import ConfigError, EngineSection, Settings, SimulatorSection, key_of, load
from sijo.store import Database, database
from sijo.store.keys import Keys

CHANGE = "another: sijo serve --model URL#MODEL | FILE.gguf | simulator"
SNIPPET = """\
  curl {url}/v1/messages -H 'x-api-key: {key}' -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' \\
    -d '{{"model": "{model}", "max_tokens": 200, "messages": [{{"role": "user", "content": "Hello!"}}]}}'

python - <<'END'    # pip install anthropic
from anthropic import Anthropic
client = Anthropic(base_url="{url}", api_key="{key}")
message = client.messages.create(model="{model}", max_tokens=200, messages=[{{"role": "user", "content": "Hello!"}}])
print(message.content[0].text)
END
"""
SHOWN = "claude-sonnet-4-6"
ENGINE_KEY = "SIJO_ENGINE_KEY"
"""The variable with the key of the engine that `--model` names."""
THREADS = {"cpuparams.n_threads": max(1, (os.cpu_count() or 2) - 1)}
"""One core is left to this server: llama.cpp's threads wait by spinning, and would starve it and themselves."""
BACKLOG = 2048
"""Connections that may wait to be taken."""
PARALLEL = 4
"""Requests that a llama.cpp of our own answers at once."""


def run(args: argparse.Namespace) -> int:
    """Runs until it is told to stop."""
    named = ("host", "port", "workers", "data_dir", "database", "strict")
    settings = load(args.config, {name: getattr(args, name) for name in named})
    settings = with_flags(settings, args)
    locked = bool(settings.server.keys) or asyncio.run(stored(database(settings.server.database, data_dir(settings))))
    guard(settings, locked=locked)
    settings, why = asyncio.run(choose(settings, args.model))
    seal_keys(data_dir(settings))
    log.setup(settings.log.level)
    signal.signal(signal.SIGTERM, stopped)
    with ExitStack() as stack:
        settings = started(settings, stack)
        whole = app.build(settings)  # also where workers will build it again: what is wrong is said here, once
        listener = bind(settings)
        stack.callback(listener.close)
        words = banner(settings, why, listener.getsockname()[1], locked=locked)
        print(words, file=sys.stderr, flush=True)
        listen(settings, whole, listener)
    return 0


def stopped(*_: object) -> None:
    """What SIGTERM does before the server runs, and once it has let its streams end: engines started here are ended."""
    raise SystemExit(0)


def with_flags(settings: Settings, args: argparse.Namespace) -> Settings:
    simulator = settings.simulator
    if args.scripts:
        simulator = msgspec.structs.replace(simulator, scripts=(*simulator.scripts, *args.scripts))
    return msgspec.structs.replace(
        settings,
        simulator=simulator,
        record=args.record or settings.record,
        replay=args.replay or settings.replay,
    )


def guard(settings: Settings, *, locked: bool) -> None:
    """Without a key, only this machine may call."""
    server = settings.server
    if locked or server.open or is_loopback(server.host):
        return
    raise ConfigError(
        f"will not listen on {server.host} without keys: sijo key create makes one, SIJO_KEYS or [server] keys name "
        "some, or [server] open = true if something else guards it"
    )


def data_dir(settings: Settings) -> Path:
    return Path(settings.server.data_dir).expanduser()


async def stored(kept: Database) -> bool:
    """Whether there are keys in the database, or were: one whose keys are all revoked lets nobody in."""
    await kept.open()
    try:
        return bool(await Keys(kept).all())
    finally:
        await kept.close()


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def choose(settings: Settings, model: str | None) -> tuple[Settings, str]:
    """The settings with engines that are known to the last detail, and the words for why these."""
    simulator = EngineSection(name=SIMULATOR, kind=SIMULATOR)
    if settings.replay is not None:
        recorded = EngineSection(name="replay", kind="replay", path=settings.replay)
        return alone(settings, recorded), f"recordings in {settings.replay} answer"
    if model is None and settings.engine:
        seen = [await detailed(section) for section in settings.engine]
        sections = [section for section, _ in seen]
        return with_engines(settings, *sections), f"{', '.join(title(*one) for one in seen)} from the configuration"
    if model is not None:
        section, there = (simulator, True) if model == SIMULATOR else await named(model)
        return alone(settings, section), f"{title(section, there)} answers, as asked"
    if settings.simulator != SimulatorSection():
        return with_engines(settings, simulator), "the simulator answers, as asked"
    async with reaching() as upstream:
        found = await discover(upstream)
    if not found:
        return with_engines(settings, simulator), "no engine found at its usual port, the simulator answers"
    section = told(EngineSection(name=found[0].engine.name), found[0])
    return with_engines(settings, section), f"found {title(section)}"


async def named(model: str) -> tuple[EngineSection, bool]:
    """The engine that `--model` means, and whether it was seen."""
    key = os.environ.get(ENGINE_KEY)
    if model.endswith(".gguf"):
        return EngineSection(name="llama", kind="llama", path=model), True
    scheme, plus, rest = model.partition("+http")
    if plus:
        url, _, own = f"http{rest}".partition("#")
        return await detailed(EngineSection(name=scheme, kind=scheme, url=url, model=own or None, key=key))
    if model.startswith(("http://", "https://")):
        url, _, own = model.partition("#")
        return await detailed(EngineSection(name="engine", url=url, model=own or None, key=key))
    async with reaching() as upstream:
        for found in await discover(upstream):
            if model in found.models:
                return told(EngineSection(name=found.engine.name, model=model), found), True
    raise ConfigError(f"--model {shown(model)}: no such file, URL, or model of an engine that runs here; or: simulator")


async def detailed(section: EngineSection) -> tuple[EngineSection, bool]:
    """The section with what the engine itself tells, its kind, its model, its window, and whether it was seen. One that
    starts with this server, or cannot be asked, counts as seen."""
    if section.path or section.kind in (SIMULATOR, "anthropic") or section.url is None:
        return section, True
    async with reaching() as upstream:
        try:
            found = await look(upstream, section.url, key=key_of(section))
        except ValueError as error:
            raise ConfigError(f"engine {section.name}: {error}") from error
    return (told(section, found), True) if found is not None else (section, False)


@asynccontextmanager
async def reaching() -> AsyncGenerator[Upstream]:
    """Connections for the questions that are asked before the server runs."""
    upstream = Upstream(tries=1)
    try:
        yield upstream
    finally:
        await upstream.close()


def told(section: EngineSection, found: Found) -> EngineSection:
    """The section with what was found; what it says itself stays."""
    model = section.model or next(iter(found.models), None)
    own = URL(section.url or "")  # what was found has neither the user nor the password that it was asked with
    return msgspec.structs.replace(
        section,
        url=str(URL(found.url).with_user(own.user).with_password(own.password)) if own.user else found.url,
        kind=section.kind or found.engine.name,
        model=model,
        context=section.context or found.models.get(model or ""),
    )


def with_engines(settings: Settings, *sections: EngineSection) -> Settings:
    return msgspec.structs.replace(settings, engine=sections)


def alone(settings: Settings, section: EngineSection) -> Settings:
    """The settings with one engine for all models: it stands in for those that the routes name."""
    return msgspec.structs.replace(settings, engine=(section,), models={})


def title(section: EngineSection, there: bool = True) -> str:
    if section.kind == SIMULATOR:
        return "the simulator"
    where = section.path or shown(section.url or "")
    seen = "" if there else " (no engine seen there yet)"
    named = f"{section.kind or 'engine'} {section.model or ''} at {where}{seen}".replace("  ", " ")
    return "".join(char if char.isprintable() else "?" for char in named)  # the engine says what its models are called


def shown(url: str) -> str:
    """An address without the user and the password in it."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


def started(settings: Settings, stack: ExitStack) -> Settings:
    """The settings with each `llama` engine running, and its address in place of its path."""
    sections = []
    for section in settings.engine:
        if section.path is not None and section.kind != "replay":
            path = Path(section.path)
            llama = stack.enter_context(
                LlamaServer(
                    path,
                    context=section.context,
                    parallel=PARALLEL,
                    alias=path.stem,
                    extra={**THREADS, **section.extra},
                )
            )
            address = {"kind": "llamacpp", "url": llama.url, "key": llama.key, "path": None}
            known = msgspec.structs.replace(section, **address, model=section.model or path.stem)
            sections.append(asyncio.run(detailed(known))[0])
        else:
            sections.append(section)
    return with_engines(settings, *sections)


def bind(settings: Settings) -> socket.socket:
    host, port = settings.server.host, settings.server.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)  # before the address is told: who reads it may connect at once
    except OSError as error:
        listener.close()
        other = "; try --port 0" if error.errno in (errno.EADDRINUSE, errno.EACCES) else ""
        raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror}{other}") from error
    listener.set_inheritable(True)
    return listener


def banner(settings: Settings, why: str, port: int, *, locked: bool) -> str:
    host = settings.server.host
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    key = "YOUR_KEY" if locked else "any"
    return f"Sijo {__version__} on {url} - {why}; {CHANGE}\n\n{SNIPPET.format(url=url, key=key, model=SHOWN)}"


def listen(settings: Settings, whole: ASGIApp, listener: socket.socket) -> None:
    """The server, in this process or in several."""
    server = settings.server
    if server.workers > 1:
        os.environ[app.SETTINGS] = msgspec.json.encode(settings).decode()
    config = uvicorn.Config(
        whole if server.workers == 1 else "sijo.app:from_environ",
        factory=server.workers > 1,
        http="sijo.http.protocol:Protocol",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        workers=server.workers,
        timeout_graceful_shutdown=int(server.grace),
        limit_concurrency=room(server.connections, len(settings.engine)),  # our protocol bounds connections by it
        backlog=BACKLOG,
    )
    if server.workers > 1:
        Multiprocess(config, sockets=[listener]).run()
    else:
        app.settle()
        uvicorn.Server(config).run(sockets=[listener])
