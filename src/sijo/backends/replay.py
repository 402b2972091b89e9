"""Answers from recordings, offline: the same request gets the same answer, word for word.

Which requests are the same is said in `question`, how a recording is written in `record`. A request that no recording
answers is refused, with the nearest recording and where it differs.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sijo.backends.question import WORD, Question, body_of, closest, difference, likeness, patterns
from sijo.backends.record import COUNT, ERROR, LEFT, Recording, delta, error, read
from sijo.engine.abilities import Abilities
from sijo.engine.deltas import AnyDelta
from sijo.engine.prompt import Prompt
from sijo.errors import ApiError, InvalidRequest

log = logging.getLogger("sijo.replay")
BREATH = 64  # deltas after which others get their turn
SEARCHED = 5000  # recordings that are looked through for the nearest, the last ones first


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of a recording: enough to find it, and to find the one that is nearest."""

    path: Path
    ids: tuple[str, ...]
    parts: Mapping[str, str]
    tail: str


class Replayer:
    """A backend that answers from the recordings in `folder`, and is as able as the one that was recorded.

    `pace` is the share of the recorded pauses that is kept: 1 plays them as they were, 0.5 twice as fast, None and 0
    as fast as possible. `ignore` are regular expressions, or the names `dates` and `uuids`: what they match in a text
    is left out before texts are compared.

    Requests that are the same get their recordings in the order in which they were made, and then the last one again.
    An answer that its client left is played only where there is no whole one. Raises OSError, or ValueError for a
    folder without recordings, a file that is none, or recordings of engines that cannot be played as one.
    """

    def __init__(
        self, folder: str | Path, pace: float | None = None, *, ignore: Iterable[str] = (), name: str = "replay"
    ) -> None:
        self.name = name
        self.folder = Path(folder).expanduser()
        self.pace = pace or 0.0
        self.ignore = patterns(ignore)
        self._answers: dict[str, list[Entry]] = {}
        self._counts: dict[str, int] = {}
        self._entries: list[Entry] = []
        self._played: dict[str, int] = {}
        self.abilities = self._load()

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[AnyDelta]:
        """The recorded answer. Raises the recorded error, or `InvalidRequest` where nothing was recorded."""
        here = Question.of(body_of(prompt), self.ignore)
        entry = self._next(here)
        recording, names = self._reread(entry.path), renamed(entry.ids, here.ids)
        began = asyncio.get_running_loop().time()
        for at, (seconds, name, said) in enumerate(recording.answer, 1):
            await self._pause(began + seconds * self.pace, breathe=at % BREATH == 0)
            if name == LEFT:
                raise ApiError("The recording ends here: its client left.", should_retry=False)
            if name == ERROR:
                raise error(said)
            yield delta(name, swapped(said, names) if names else said)

    async def count(self, prompt: Prompt, /) -> int | None:
        """The tokens that were counted, or None where they were not."""
        return self._counts.get(Question.of(body_of(prompt), self.ignore).key)

    async def close(self) -> None:
        """Nothing to let go of."""

    def _load(self) -> Abilities:
        """Find the recordings, and the abilities that they have in common."""
        left: dict[str, list[Entry]] = {}
        able: dict[Abilities, Path] = {}
        for path in sorted(self.folder.iterdir()):
            if path.suffix != ".json" or path.name.startswith("."):
                continue
            recording = checked(path)
            asks = Question.of(recording.question, self.ignore)
            able[recording.abilities] = path
            if recording.counts is not None:
                self._counts[asks.key] = recording.counts
                continue
            entry = Entry(path, asks.ids, asks.parts, asks.tail)
            (left if recording.left else self._answers).setdefault(asks.key, []).append(entry)
            self._entries.append(entry)
        self._answers = left | self._answers
        if not able:
            raise ValueError(f"{self.folder} holds no recordings")
        if len(able) > 1:
            names = " and ".join(path.name for path in list(able.values())[:2])
            raise ValueError(f"{names} are of engines of different abilities: keep their recordings in two folders")
        return next(iter(able))

    def _next(self, here: Question) -> Entry:
        answers = self._answers.get(here.key)
        if answers is None:
            raise self._miss(here)
        played = self._played.get(here.key, 0)
        self._played[here.key] = played + 1
        return answers[min(played, len(answers) - 1)]

    def _miss(self, here: Question) -> ApiError:
        nearest = near(here, self._entries[-SEARCHED:])
        if nearest is None:
            told = f"No recording in {self.folder.name} answers this request: they only count tokens."
        else:
            differs = difference(Question.of(self._reread(nearest).question, self.ignore), here)
            told = f"No recording answers this request. The nearest is {nearest.name}, and differs: {differs}"
        log.warning("%s", told)
        return InvalidRequest(told, should_retry=False)

    def _reread(self, path: Path) -> Recording:
        try:
            return read(path)
        except (OSError, ValueError) as fault:
            raise ApiError(f"The recording {path.name} can no longer be read.", should_retry=False) from fault

    async def _pause(self, until: float, *, breathe: bool) -> None:
        pause = until - asyncio.get_running_loop().time() if self.pace else 0.0
        if pause > 0 or breathe:
            await asyncio.sleep(max(0.0, pause))


def checked(path: Path) -> Recording:
    """A recording of which every line can be played. Raises ValueError for another."""
    recording = read(path)
    try:
        for line in recording.answer:
            if line[1] == ERROR:
                error(line[2])
            elif line[1] not in (LEFT, COUNT):
                delta(line[1], line[2])
    except (KeyError, TypeError, ValueError) as fault:
        raise ValueError(f"{path} is no recording: {line!r:.200} is no line of an answer") from fault
    return recording


def near(here: Question, entries: Sequence[Entry]) -> Path | None:
    """The recording that has most in common with a question; the later one where two are as near."""
    if not entries:
        return None
    likes = [likeness(entry.parts, here.parts) for entry in entries]
    most = max(likes)
    best = [entry for entry, like in zip(entries, likes, strict=True) if like == most]
    return best[closest(here, [entry.tail for entry in best])].path


def renamed(recorded: Sequence[str], here: Sequence[str]) -> dict[str, str]:
    """Recorded ids -> the client's own, where it calls them otherwise. Two questions that match have as many."""
    return {old: new for old, new in zip(recorded, here, strict=True) if old != new}


def swapped(value: Any, names: Mapping[str, str]) -> Any:
    """A value in which ids go by other names: where a text is an id, or holds a word that looks like one."""
    if isinstance(value, str):
        return names.get(value) or WORD.sub(lambda found: names.get(found[0], found[0]), value)
    if isinstance(value, dict):
        return {key: swapped(item, names) for key, item in value.items()}
    return [swapped(item, names) for item in value] if isinstance(value, list) else value
