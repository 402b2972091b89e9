"""The models that a client may name, and what the API promises for each.

Facts only, read from `data/models.toml`: whether a request fits them is for `engine/rules`, what the engine behind can
do stands in `data/engines.toml`.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Literal, Self, get_args

import msgspec

from sijo.wire.request import Effort

ThinkingType = Literal["adaptive", "enabled", "disabled", "between_tools"]
Row = dict[str, object]
MILLION_BETA = "context-1m-2025-08-07"
LONGEST_NAME = 128
_OWN = {"like", "name", "line", "created", "lifecycle", "deprecated_at", "retires_at", "aliases"}
_DATED = re.compile(r"-\d{8}$")
# us.anthropic.claude-haiku-4-5-20251001-v1:0, anthropic/claude-opus-5, claude-haiku-4-5@20251001, claude-opus-4-6[1m]
_CLOUD = re.compile(
    r"(?:(?:[a-z-]+\.)?anthropic[./])?(?P<id>claude-[a-z0-9-]+?)"
    r"(?:@(?P<date>\d{8}|default|latest))?(?:-v\d+(?::\d+)?)?(?i:\[1m\])?"
)


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the API promises for one model. The head of `data/models.toml` says what each field means."""

    id: str
    name: str
    line: Literal["haiku", "sonnet", "opus", "fable", "mythos"] | None = None
    created: str
    lifecycle: Literal["active", "deprecated", "retired"] = "active"
    deprecated_at: str | None = None
    retires_at: str | None = None
    aliases: tuple[str, ...] = ()

    context: int
    million_beta: bool
    max_output: int
    raised_output: int
    raised_by: str
    raised_in: Literal["all", "batches"]
    overflow: Literal["shrink", "error", "stop"]
    tokenizer: Literal["classic", "dense"]

    thinking: tuple[ThinkingType, ...]
    thinking_default: Literal["on", "off"]
    display: Literal["omitted", "summarized", "full"]
    effort: tuple[Effort, ...]
    effort_default: Effort | None = None
    effort_disabled: tuple[Effort, ...]
    message_effort: bool
    interleaved: Literal["never", "header", "auto", "both"]
    keeps_thinking: Literal["all", "last"]
    progress: bool
    binding: Literal["none", "model", "prefix", "strict"]
    reads: tuple[str, ...]
    blind: tuple[str, ...]
    unread: frozenset[str] = frozenset()

    prefill: bool
    sampling: Literal["free", "either", "fixed"]
    forced_tools: bool
    cache_minimum: int
    context_aware: bool
    system_messages: bool
    task_budget: bool
    tool_prompt: tuple[int, int]
    structured_outputs: bool
    tool_search: bool
    code_execution: bool
    web_search: bool
    citations: bool
    images: bool
    pdfs: bool
    programmatic: bool
    context_edits: bool
    compact: bool
    high_res: bool
    image_count: int
    pdf_pages: int
    geo: bool
    fast_mode: Literal["yes", "no", "ignored"]
    opens: tuple[str, ...]
    tools: tuple[str, ...]
    unsupported_tools: tuple[str, ...] = ()

    @property
    def thinks(self) -> bool:
        """It can think at all."""
        return "adaptive" in self.thinking or "enabled" in self.thinking

    def window(self, betas: Collection[str] = ()) -> int:
        """Tokens of input and output together, under these betas."""
        return max(self.context, 1_000_000) if self.million_beta and MILLION_BETA in betas else self.context

    def limit(self, betas: Collection[str] = (), *, batch: bool = False) -> int:
        """The largest `max_tokens`, under these betas, in a batch or not."""
        raised = self.raised_output and self.raised_by in betas and (batch or self.raised_in == "all")
        return self.raised_output if raised else self.max_output


class Models:
    """The catalogue, newest first. `Models.load()` is the one that ships."""

    def __init__(self, rows: Iterable[Model], generic: Model) -> None:
        rows = list(rows)
        everything = {kind for row in (*rows, generic) for kind in row.tools}
        bound = {row.id for row in rows if row.binding != "none"}
        self._known(rows)
        whole = [
            msgspec.structs.replace(
                row,
                unsupported_tools=tuple(sorted(everything - set(row.tools))),
                unread=(bound - {row.id} - set(row.reads)) | set(row.blind),
            )
            for row in rows
        ]
        self._rows = sorted(whole, key=lambda row: row.created, reverse=True)
        self._generic = generic
        self._names: dict[str, Model] = {}
        for row in self._rows:
            for name in {row.id, _DATED.sub("", row.id), *row.aliases}:
                if name in self._names:
                    raise ValueError(f"two models answer to {name}: {self._names[name].id} and {row.id}")
                self._names[name] = row

    @classmethod
    def load(cls) -> Self:
        """The catalogue in `data/models.toml`. A mistake in that file is a ValueError (msgspec's too)."""
        return cls(*read((resources.files("sijo") / "data/models.toml").read_text("utf-8")))

    @staticmethod
    def _known(rows: Sequence[Model]) -> None:
        """Whom a row reads, or does not, is a row itself. Raises ValueError."""
        ids = {row.id for row in rows}
        for row in rows:
            if unknown := {*row.reads, *row.blind} - ids:
                raise ValueError(f"{row.id} reads, or is blind to, what is no model: {', '.join(sorted(unknown))}")

    def __iter__(self) -> Iterator[Model]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, name: str) -> Model | None:
        """The model that a client means by `name`, retired ones too: an id, an alias, or a cloud's spelling of them."""
        return self._names.get(name) or self._loosely(name)

    def _loosely(self, name: str) -> Model | None:
        found = _CLOUD.fullmatch(name) if len(name) <= LONGEST_NAME else None
        if found is None:
            return None
        known, date = found["id"].removesuffix("-latest"), found["date"]
        return self._names.get(f"{known}-{date}" if date and date.isdigit() else known)

    def generic(self, id: str, context: int, max_output: int) -> Model:
        """A row for an engine's own model, which takes every thinking type, level, prefill and sampling there is."""
        return msgspec.structs.replace(self._generic, id=id, name=id, context=context, max_output=max_output)


@cache
def models() -> Models:
    """The catalogue that ships, read once."""
    return Models.load()


def read(text: str) -> tuple[list[Model], Model]:
    """The rows of a catalogue written as TOML, in its order, and its generic row."""
    tables = tomllib.loads(text)
    defaults, rows = tables["defaults"], dict[str, Row]()
    for id, row in tables["models"].items():
        if (like := row.get("like")) is not None and like not in rows:
            raise ValueError(f"{id} is like {like}, which does not stand above it")
        rows[id] = _filled(id, row, rows[like] if like is not None else defaults, defaults)
    generic = _filled("generic", tables["generic"], defaults, defaults)
    return [msgspec.convert(row, Model) for row in rows.values()], msgspec.convert(generic, Model)


def _filled(id: str, row: Row, base: Row, defaults: Row) -> Row:
    if unknown := row.keys() - defaults.keys() - _OWN - {"effort_default"}:
        raise ValueError(f"{id} has keys that [defaults] lacks: {', '.join(sorted(unknown))}")
    copied = {key: value for key, value in base.items() if key not in _OWN}
    own = {key: value for key, value in row.items() if key != "like"}
    return {**copied, **own, "id": id}


def info(model: Model, *, context: int | None = None, betas: Collection[str] = ()) -> dict[str, object]:
    """The object of the Models API. `context`: what the engine behind really holds, where that is not what is promised.

    A compaction beta adds `capabilities.compaction`.
    """
    capabilities = _capabilities(model)
    if any(value.startswith("compact-") for value in betas):
        capabilities["compaction"] = _yes(model.compact) | {"summarize": _yes(model.compact)}
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.name,
        "created_at": _instant(model.created),
        "max_input_tokens": model.context if context is None else context,
        "max_tokens": model.max_output,
        "capabilities": capabilities,
        "lifecycle": model.lifecycle,
        "line": model.line,
        "deprecated_at": _instant(model.deprecated_at),
        "retires_at": _instant(model.retires_at),
    }


def _capabilities(model: Model) -> dict[str, object]:
    return {
        "batch": _yes(True),
        "citations": _yes(model.citations),
        # As the API has it: code that may call tools. The tool itself is under server_tools.
        "code_execution": _yes(model.programmatic),
        "image_input": _yes(model.images),
        "pdf_input": _yes(model.pdfs),
        "structured_outputs": _yes(model.structured_outputs),
        "context_management": _yes(model.context_edits or model.compact)
        | {
            "clear_tool_uses_20250919": _yes(model.context_edits),
            "clear_thinking_20251015": _yes(model.context_edits and model.thinks),
            "compact_20260112": _yes(model.compact),
        },
        "effort": _yes(bool(model.effort)) | {level: _yes(level in model.effort) for level in get_args(Effort)},
        "thinking": _yes(model.thinks)
        | {"types": {kind: _yes(kind in model.thinking) for kind in get_args(ThinkingType)}},
        "server_tools": _yes(model.web_search or model.code_execution)
        | {"web_search": _yes(model.web_search), "code_execution": _yes(model.code_execution)},
    }


def _yes(supported: bool) -> dict[str, object]:
    return {"supported": supported}


def _instant(day: str | None) -> str | None:
    return None if day is None else f"{day}T00:00:00Z"
