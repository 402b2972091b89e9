"""Settings, frozen: from `sijo.toml`, from the environment (`SIJO_*`), from flags; the later ones win.

What a setting *does* is said where it is used; here is only what may be set. Unknown names are refused.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

PORT = 8484
HOST = "127.0.0.1"
SEVERAL = ("engine", "limit")
"""Tables that are lists of tables."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of `sijo.toml`."""


class Server(Section, frozen=True):
    """How the server answers."""

    host: str = HOST
    port: Annotated[int, Meta(ge=0, le=65535)] = PORT
    workers: Annotated[int, Meta(ge=1)] = 1
    data_dir: str = "~/.sijo"
    database: str | None = None
    """`postgresql://USER:PASSWORD@HOST/NAME`, which several replicas can share. Default: a file in the data folder."""
    ledger: bool = True
    """Keep a row for each turn, for `sijo cost` and the usage and cost reports."""
    organization: str = "Sijo"
    """Its name, for the Admin API."""
    keys: tuple[str, ...] = ()
    """Keys that clients must send, beside those of `sijo key`. Without any, the server binds to loopback only, and any
    key will do."""
    open: bool = False
    """Bind elsewhere than loopback without keys all the same."""
    strict: bool | None = None
    """Refuse exactly what the hosted API refuses. Default: in front of the simulator yes, of a real engine no."""
    bind_thinking: bool | None = None
    """Refuse thinking that was made for another conversation, on the models that check it. Default: where strict. Where
    it is not refused, who asks is told, and thinking is dropped if the request says so."""
    refuse_retired: bool = False
    awareness: bool = True
    """Tell the models that are aware of their context (Sonnet 4.5 and the like) its size and use."""
    tool_prompt: bool = False
    """Count the hosted API's hidden tool prompt too, where the count is ours (the simulator)."""
    cache: Literal["rules", "engine"] = "rules"
    """What clients are told of the prompt cache: what the API's rules come to, or what the engine says of its own."""
    grace: Annotated[float, Meta(ge=0, le=86_400)] = 30.0
    """Seconds for open streams to finish after SIGTERM."""
    ping: Annotated[float, Meta(gt=0)] = 10.0
    """Seconds of silence after which a stream gets a `ping`."""
    metrics: Literal["local", "key", "open"] = "local"
    """Who may read `/metrics`: all; who has an admin key or `metrics_key`; or these, and who is at this machine."""
    metrics_key: str | None = None
    """Opens `/metrics`, and nothing else."""
    connections: Annotated[int, Meta(ge=1)] = 8_000
    """Open at once, of each worker; fewer where the process may not open so many files."""
    browsers: bool = False
    """Let web pages of any origin call the API (CORS)."""


class EngineSection(Section, frozen=True):
    """An engine behind: by `url` (OpenAI-compatible; a Messages API with kind = "anthropic") or by `path` (GGUF)."""

    name: str = "default"
    kind: str | None = None
    """A row of `data/engines.toml`, or `anthropic`, `llama`, `simulator`; if not given, the engine is asked."""
    url: str | None = None
    path: str | None = None
    model: str | None = None
    key: str | None = None
    key_env: str | None = None
    context: Annotated[int, Meta(ge=1)] | None = None
    tokenizer: str | None = None
    """A Hugging Face `tokenizer.json` to count with."""
    extra: dict[str, Any] = {}
    """More settings of a llama.cpp of our own, by the names of its parameters."""
    timeout: Annotated[float, Meta(gt=0)] = 600.0
    """Seconds without a byte from the engine."""
    longest: Annotated[float, Meta(gt=0)] = 3600.0
    """Seconds for a whole answer of the engine, however steadily it comes."""
    signs: bool = True
    """For a relay: its thinking signatures are real, and pass as they are."""
    auth: Literal["x-api-key", "bearer", "both"] | None = None
    """For a relay: how its key is sent. Default: by its address."""
    thinks: bool = True
    """The model reasons by itself when asked to. False: it is led through a draft, a review and a revision."""
    abilities: dict[str, Any] = {}
    """Keys of the engine's row in `data/engines.toml` that are otherwise for this one."""
    strict: bool | None = None
    concurrency: Annotated[int, Meta(ge=1)] | None = None
    """Answers at once, of each worker. Without it there is no bound."""
    queue: Annotated[float, Meta(ge=0)] = 5.0
    """Seconds that a request waits for its turn, at most; then it is a 529."""


class LimitSection(Section, frozen=True):
    """Limits a minute: of the organization, or of a workspace or a key (an id or a name; `*` is each one)."""

    models: str = "*"
    workspace: str | None = None
    key: str | None = None
    requests: Annotated[int, Meta(ge=1)] | None = None
    input: Annotated[int, Meta(ge=1)] | None = None
    """Tokens; those that are read from a cache are free."""
    output: Annotated[int, Meta(ge=1)] | None = None
    count: Annotated[int, Meta(ge=1)] | None = None
    """Requests to count tokens."""
    burst: Annotated[float, Meta(gt=0, le=60)] = 60.0
    """Seconds' worth of requests that may come at once."""
    reserve: bool = False
    """Take `max_tokens` at the start, and give back what was not used."""


class SpendSection(Section, frozen=True):
    """Dollars a month."""

    tier: Annotated[float, Meta(ge=0)] | None = None
    """Of the whole organization, as a 429: what its owner allows."""
    limit: Annotated[float, Meta(ge=0)] | None = None
    """Of the whole organization, as a 400: what it allows itself."""
    workspaces: dict[str, Annotated[float, Meta(ge=0)]] = {}


class SimulatorSection(Section, frozen=True):
    scripts: tuple[str, ...] = ()
    seed: int = 0
    first: float = 0.0
    """Seconds to the first token."""
    rate: float = 0.0
    """Tokens a second; 0 is as fast as possible."""


class Log(Section, frozen=True):
    level: str = "info"
    """Of the program's own log: debug, info, warning, error or critical."""
    access: bool = True
    """Write a line for each request."""


class Trace(Section, frozen=True):
    """OpenTelemetry, with the extra `sijo[otel]`. On when given an endpoint, here or by OTEL_EXPORTER_OTLP_ENDPOINT."""

    endpoint: str | None = None


class Settings(Section, frozen=True):
    server: Server = Server()
    engine: tuple[EngineSection, ...] = ()
    models: dict[str, str | tuple[str, ...]] = {}
    """Pattern of what clients ask for -> name of the engine that answers, first fit wins. Default: all to the first.
    Several names are replicas: each conversation keeps to one of them while it can."""
    limit: tuple[LimitSection, ...] = ()
    spend: SpendSection = SpendSection()
    simulator: SimulatorSection = SimulatorSection()
    record: str | None = None
    """A folder to which every answer is written."""
    replay: str | None = None
    """A folder with recordings, which then answer instead of all engines."""
    replay_pace: float | None = None
    """The share of the recorded pauses that is kept; none by default."""
    replay_ignore: tuple[str, ...] = ()
    """Patterns, or `dates` and `uuids`, of what may differ from a recording."""
    summarizer: str | None = None
    """The name of the engine that sums up thinking for `display: summarized`; without one an extract is shown."""
    screen: tuple[str, ...] = ()
    """Patterns of thinking that is not shown: it leaves as `redacted_thinking`."""
    prices: dict[str, Any] = {}
    """What models cost, by their names: a table as in `data/prices.toml`, or a list of them with `since`."""
    log: Log = Log()
    trace: Trace = Trace()


class ConfigError(Exception):
    """A setting is wrong; the message says which, and where."""


def load(path: str | None, flags: Mapping[str, Any] = {}, environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from a file (None: none), then `SIJO_HOST` and its like, then flags, all of the `[server]` section."""
    table: dict[str, Any] = {}
    if path is not None:
        try:
            table = tomllib.loads(Path(path).read_text("utf-8"))
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: {error}") from error
    server = table.setdefault("server", {})
    if not isinstance(server, dict):
        raise ConfigError(f"{path}: [server] must be a table")
    for name in SEVERAL:
        if isinstance(table.get(name), dict):
            raise ConfigError(f"{path}: [{name}] must be written [[{name}]]: there may be several")
    said: dict[str, str] = {}
    for field in Server.__struct_fields__:
        if (value := environ.get(variable := f"SIJO_{field.upper()}")) is not None:
            server[field] = [key.strip() for key in value.split(",") if key.strip()] if field == "keys" else value
            said[f"$.server.{field}"] = variable
        if flags.get(field) is not None:
            server[field] = flags[field]
            said[f"$.server.{field}"] = f"--{field.replace('_', '-')}"
    try:
        settings = msgspec.convert(table, Settings, strict=False)
    except msgspec.ValidationError as error:
        place = str(error).rpartition(" - at ")[2].strip("`")
        raise ConfigError(f"{said.get(place) or path or 'settings'}: {error}") from error
    check(settings.engine)
    own = settings.server.metrics_key
    for name, keys in ("keys", settings.server.keys), ("metrics_key", () if own is None else (own,)):
        if any(not key.isascii() or key != key.strip() or not key for key in keys):
            where = f"{path or 'settings'}: server.{name}"
            raise ConfigError(f"{where}: a key is ASCII, not empty, and without space around it")
    return settings


def check(engines: tuple[EngineSection, ...]) -> None:
    """Each engine must be told from the others, and where it is must be said once."""
    names = [engine.name for engine in engines]
    for engine in engines:
        if names.count(engine.name) > 1:
            raise ConfigError(f"engine {engine.name}: two are named so; give each a name of its own")
        if engine.url is not None and engine.path is not None:
            raise ConfigError(f"engine {engine.name}: it has both a url and a path")


def key_of(engine: EngineSection, environ: Mapping[str, str] = os.environ) -> str | None:
    """The engine's own key, from the settings or from the variable that they name."""
    if engine.key is not None:
        return engine.key
    if engine.key_env is None:
        return None
    key = environ.get(engine.key_env)
    if not key:
        raise ConfigError(f"engine {engine.name}: the variable {engine.key_env} is not set")
    return key
