"""The engines of the settings: which backend each is, what stands around it, and which model names lead to it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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
from sijo.engine.calls import Written, conventions
from sijo.engine.catalog import Catalog, Engine
from sijo.engine.intake import Counter
from sijo.engine.models import models
from sijo.engine.turn import Backend

if TYPE_CHECKING:
    from tokenizers import Tokenizer


SIMULATOR = "simulator"


class Pools:
    """The connections to engines: one pool for all that are given the same times to answer in."""

    def __init__(self) -> None:
        self._pools: dict[tuple[float, float], Upstream] = {}

    def of(self, section: EngineSection) -> Upstream:
        times = section.timeout, section.longest
        if times not in self._pools:
            self._pools[times] = Upstream(silence=section.timeout, longest=section.longest)
        return self._pools[times]

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.close()


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
    except OSError as error:
        raise ConfigError(f"engine {section.name}: {error.filename}: {error.strerror}") from error
    except ValueError as error:
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
        upstream=pools.of(section),
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
        upstream=pools.of(section),
    )
    return Written(backend, None if row.tools else convention)


def counters(settings: Settings) -> dict[str, Counter]:
    """Tokenizers, for the engines whose settings name a file."""
    named = [section for section in settings.engine if section.tokenizer]
    if not named:
        return {}
    try:
        from tokenizers import Tokenizer  # an extra
    except ModuleNotFoundError as error:
        raise ConfigError(f"engine {named[0].name}: tokenizer needs: pip install 'sijo[tokenizers]'") from error
    made = {}
    for section in named:
        path = str(section.tokenizer)
        try:
            made[section.name] = counter(Tokenizer.from_buffer(Path(path).read_bytes()))
        except OSError as error:
            raise ConfigError(f"engine {section.name}: {path}: {error.strerror}") from error
        except ValueError as error:
            raise ConfigError(f"engine {section.name}: {path}: {error}") from error
    groups = [names for names in settings.models.values() if not isinstance(names, str)]
    return made | {"+".join(names): made[names[0]] for names in groups if names and names[0] in made}


def counter(tokenizer: "Tokenizer") -> Counter:
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def summarizer(settings: Settings, catalog: Catalog) -> Backend | None:
    if settings.summarizer is None:
        return None
    if settings.summarizer not in catalog.engines:
        raise ConfigError(f"summarizer: no engine is named {settings.summarizer}")
    return catalog.engines[settings.summarizer].backend
