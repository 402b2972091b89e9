"""Writes what a backend answers into files that a person can read and `replay` can play.

One file is one prompt and its answer. It holds the content of both, and no key: what authorises is masked. Which
prompts count as the same, and what is played, is left to `question` and `replay`.
"""

import asyncio
import json
import logging
import os
import secrets
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import msgspec

from sijo import ids
from sijo.backends.question import SECRET, body_of, encode
from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.prompt import Prompt
from sijo.engine.turn import Backend
from sijo.errors import BY_TYPE, ApiError
from sijo.wire.base import Json
from sijo.wire.blocks import Block
from sijo.wire.events import BlockDeltas, StopDetails
from sijo.wire.opaque import known
from sijo.wire.sources import Citation

log = logging.getLogger("sijo.record")
FORMAT = 1
MASK = "***"
COUNT, ERROR, LEFT = "count", "error", "left"
"""Lines of an answer that are no deltas: the tokens that were counted, the error that ended it, the client who left."""

Line = tuple[float, str, Json]
"""Seconds since the prompt was given, what was said, and its fields."""
DELTAS: Mapping[str, type] = {kind.__name__: kind for kind in get_args(d.AnyDelta)}
PARTS: Mapping[tuple[type, str], Any] = {
    (d.Whole, "block"): Block,
    (d.Open, "block"): Block,
    (d.Piece, "delta"): BlockDeltas,
    (d.Cited, "citation"): Citation,
    (d.Stop, "details"): StopDetails,
}
"""Fields that hold structs of the wire."""


class Recording(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A file. What a backend is able to do decides how a prompt is lowered for it, and which filters its words pass."""

    sijo: int = FORMAT
    at: str
    backend: str
    abilities: Abilities = Abilities()
    version: str = ""
    betas: list[str] = []
    question: Json
    answer: list[Line] = []

    @property
    def left(self) -> bool:
        """The answer was closed before its end."""
        return bool(self.answer) and self.answer[-1][1] == LEFT

    @property
    def counts(self) -> int | None:
        """The tokens, if this answers how many there are."""
        return self.answer[0][2]["tokens"] if self.answer and self.answer[0][1] == COUNT else None


class Recorder:
    """A backend that passes on what another says, and writes it down: a file in `folder` for each prompt.

    Raises OSError when the folder cannot be made. A file that cannot be written costs the recording, never the answer.
    """

    def __init__(self, backend: Backend, folder: str | Path) -> None:
        self.backend = backend
        self.name, self.abilities = backend.name, backend.abilities
        self.folder = Path(folder).expanduser()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        """What the backend says. The file is written when it has ended, failed, or was closed."""
        at, began, lines = ids.now(), time.perf_counter(), list[bytes]()
        try:
            async with aclosing(self.backend.generate(prompt)) as deltas:
                async for delta in deltas:
                    # Encoded before it is handed on: what it holds may be changed by who gets it.
                    lines.append(encode((passed(began), type(delta).__name__, fields(delta))))
                    yield delta
        except ApiError as error:
            self._write(at, prompt, [*lines, encode((passed(began), ERROR, failure(error)))])
            raise
        except (GeneratorExit, asyncio.CancelledError):
            self._write(at, prompt, [*lines, encode((passed(began), LEFT, {}))])
            raise
        self._write(at, prompt, lines)

    async def count(self, prompt: Prompt, /) -> int | None:
        """What the backend counts."""
        at, began = ids.now(), time.perf_counter()
        tokens = await self.backend.count(prompt)
        if tokens is not None:
            self._write(at, prompt, [encode((passed(began), COUNT, {"tokens": tokens}))])
        return tokens

    async def close(self) -> None:
        await self.backend.close()

    def _write(self, at: datetime, prompt: Prompt, lines: list[bytes]) -> None:
        try:
            whole = self._whole(at, prompt, lines)
            write(self.folder, f"{at:%Y%m%dT%H%M%S.%f}-{secrets.token_hex(2)}.json", whole)
        except OSError as error:
            log.error("a recording was not written to %s: %s", self.folder, error.strerror)
        except RecursionError:
            log.error("a recording was not written to %s: its request is nested too deeply", self.folder)

    def _whole(self, at: datetime, prompt: Prompt, lines: list[bytes]) -> str:
        head = {
            "sijo": FORMAT,
            "at": ids.stamp(at),
            "backend": self.name,
            "abilities": fields(self.abilities),
            "version": prompt.version,
            "betas": list(prompt.betas),
            "question": masked(body_of(prompt)),
        }
        text = json.dumps(head, ensure_ascii=False, indent=1)
        answer = ",\n  ".join(line.decode() for line in lines)
        return f'{text[:-2]},\n "answer": [\n  {answer}\n ]\n}}\n'


def write(folder: Path, name: str, text: str) -> None:
    """A file that is there with all that it holds, or not at all, and that only its owner may read."""
    partial = folder / f".{name}.part"
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        partial.replace(folder / name)
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path) -> Recording:
    """A recording from its file. Raises OSError, or ValueError for a file that is none."""
    try:
        recording = msgspec.json.decode(path.read_bytes(), type=Recording)
    except msgspec.MsgspecError as error:
        raise ValueError(f"{path} is no recording: {error}") from error
    if recording.sijo != FORMAT:
        raise ValueError(f"{path} was written in format {recording.sijo}, this is {FORMAT}")
    return recording


def passed(began: float) -> float:
    return round(time.perf_counter() - began, 4)


def masked(value: Any) -> Any:
    """The value without what authorises: tokens of MCP servers and of fallback credits."""
    if isinstance(value, dict):
        return {key: MASK if key in SECRET else masked(item) for key, item in value.items()}
    return [masked(item) for item in value] if isinstance(value, list) else value


def fields(struct: msgspec.Struct) -> Json:
    """The fields of a struct that are not as they are by default."""
    names, defaults = struct.__struct_fields__, struct.__struct_defaults__
    usual = dict(zip(reversed(names), reversed(defaults), strict=False))
    values = ((name, getattr(struct, name)) for name in names)
    return {name: value for name, value in values if name not in usual or usual[name] != value}


def delta(name: str, said: Json) -> d.AnyDelta:
    """A delta from its fields. Raises KeyError, TypeError or ValueError for what is none."""
    kind = DELTAS[name]
    values = {
        field: known(value, PARTS[kind, field]) if (kind, field) in PARTS else value for field, value in said.items()
    }
    made: d.AnyDelta = kind(**values)
    return made


def failure(error: ApiError) -> Json:
    """An error as it is written down."""
    told = {"retry_after": error.retry_after, "should_retry": error.should_retry, "details": error.details}
    told = {name: value for name, value in told.items() if value is not None}
    return {"type": error.type, "status": error.status, "message": error.message, **told}


def error(said: Json) -> ApiError:
    """The error that was written down."""
    made = BY_TYPE.get(said["type"], ApiError)(said["message"])
    made.type, made.status = said["type"], said["status"]
    made.retry_after, made.should_retry, made.details = (
        said.get(name) for name in ("retry_after", "should_retry", "details")
    )
    return made
