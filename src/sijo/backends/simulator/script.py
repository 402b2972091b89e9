"""Scripts: rules that say what to answer to which request. docs/simulator.md has them with examples.

A script is a TOML or YAML file, written by the operator. It is checked when it is loaded: what is not known, or cannot
be, is refused with the file and the place in it. How an answer is played is for `play`.
"""

import re
import threading
import tomllib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from sijo.backends.simulator.answer import Answer, Closed, Piece
from sijo.backends.simulator.scene import Scene
from sijo.errors import InvalidRequest

PATTERN = 1_000
"""Characters of a regular expression."""
SEARCHED = 20_000
"""Characters of a text in which a regular expression is looked for."""
SUFFIXES = (".toml", ".yaml", ".yml")
_PLACEHOLDER = re.compile(r"\{(last|model|turn|result)\}")
_WHERE = re.compile(r"^(?P<what>.*) - at `\$\.?(?P<where>.*)`$", re.DOTALL)


class ScriptError(ValueError):
    """A script that cannot be used. The message names the file and the place in it."""


class Words(Closed):
    """What a text must be: all that is given must hold, and upper and lower case are told apart."""

    exact: str | None = None
    contains: str | list[str] = []
    regex: str | None = None

    def __post_init__(self) -> None:
        if self.regex is not None:
            if len(self.regex) > PATTERN:
                raise ValueError(f"`regex` has {len(self.regex)} characters, and {PATTERN} are the most")
            try:
                _compiled(self.regex)
            except re.error as error:
                raise ValueError(f"`regex` is no regular expression: {error}") from error

    def fit(self, text: str) -> bool:
        """Whether a text is so."""
        parts = [self.contains] if isinstance(self.contains, str) else self.contains
        return (
            (self.exact is None or text.strip() == self.exact.strip())
            and all(part in text for part in parts)
            and (self.regex is None or _compiled(self.regex).search(text[:SEARCHED]) is not None)
        )


class Returned(Closed):
    """A tool's result: of which tool, saying what, failed or not."""

    name: str | None = None
    content: str | Words | None = None
    is_error: bool | None = None


class Match(Closed):
    """Which requests a rule is for: all that is given must hold. A plain string means that the text contains it."""

    model: str | None = None
    text: str | Words | None = None
    system: str | Words | None = None
    tools: bool | list[str] | None = None
    result: bool | Returned | None = None
    turn: Annotated[int, Meta(ge=1)] | None = None

    def fits(self, scene: Scene) -> bool:
        """Whether a request is one of those."""
        return (
            (self.text is None or _fits(self.text, scene.said))
            and (self.model is None or _model(self.model, scene))
            and (self.turn is None or self.turn == scene.turn)
            and (self.system is None or _fits(self.system, scene.system))
            and (self.tools is None or _tools(self.tools, scene))
            and (self.result is None or _result(self.result, scene))
        )


class Rule(Closed):
    """What to answer to the requests that match: of several answers each use takes the next, and the last one stays."""

    answers: Answer | str | list[Answer | str]
    match: Match = msgspec.field(default_factory=Match)
    times: Annotated[int, Meta(ge=1)] | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        listed = self.answers if isinstance(self.answers, list) else [self.answers]
        if not listed:
            raise ValueError("`answers` is empty")
        self.answers = [Answer(text=answer) if isinstance(answer, str) else answer for answer in listed]


class Script(Closed):
    """Rules, tried in order; `otherwise` says what happens where none matches."""

    rules: list[Rule]
    otherwise: Literal["talk", "error"] = "talk"


class Book:
    """Scripts put together, in order, and how often each of their rules was used: since the start, by all clients."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        self.rules = [rule for script in scripts for rule in script.rules]
        self.strict = any(script.otherwise == "error" for script in scripts)
        self._used = [0] * len(self.rules)
        self._answers = [
            [(answer, _open(answer)) for answer in cast(list[Answer], rule.answers)] for rule in self.rules
        ]
        self._lock = threading.Lock()

    def answer(self, scene: Scene) -> Answer | None:
        """The answer of the first rule that fits, or None. Raises `InvalidRequest` where there must be one."""
        for at, rule in enumerate(self.rules):
            if (rule.times is None or self._used[at] < rule.times) and rule.match.fits(scene):
                use = self._use(at, rule)
                if use is not None:
                    answers = self._answers[at]
                    answer, open = answers[min(use, len(answers) - 1)]
                    return filled(answer, scene) if open else answer
        if self.strict:
            raise InvalidRequest(f"no rule of the script matches this request (turn {scene.turn}: {scene.said[:80]!r})")
        return None

    def fixed(self) -> Iterable[Answer]:
        """The answers without placeholders, as `answer` gives them."""
        return (answer for answers in self._answers for answer, open in answers if not open)

    def _use(self, at: int, rule: Rule) -> int | None:
        """How often the rule was used before, or None if that is as often as it may be."""
        with self._lock:
            use = self._used[at]
            if rule.times is not None and use >= rule.times:
                return None
            self._used[at] += 1
            return use


def load(path: Path) -> list[Script]:
    """The script in a file, or those in a folder by the order of their names. Raises `ScriptError`."""
    if not path.is_dir():
        return [read(path)]
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file())
    if not files:
        raise ScriptError(f"{path}: no {', '.join(SUFFIXES)} file in this folder")
    return [read(file) for file in files]


def read(path: Path) -> Script:
    """The script in a file. Raises `ScriptError`."""
    try:
        text = path.read_text("utf-8")
        return msgspec.convert(_parsed(path, text), Script)
    except OSError as error:
        raise ScriptError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ScriptError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        raise ScriptError(f"{path}: no TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ScriptError(f"{path}: {_explained(str(error))}") from error


def _parsed(path: Path, text: str) -> Any:
    if path.suffix == ".toml":
        return tomllib.loads(text)
    if path.suffix not in SUFFIXES:
        raise ScriptError(f"{path}: a script is a {', '.join(SUFFIXES)} file")
    import yaml  # rare, and slow to import

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ScriptError(f"{path}: no YAML: {' '.join(str(error).split())}") from error


def _explained(error: str) -> str:
    """The place first: `rules[0].match.text: ...`."""
    found = _WHERE.match(error)
    return f"{found['where']}: {found['what']}" if found and found["where"] else error.removesuffix(" - at `$`")


def filled(answer: Answer, scene: Scene) -> Answer:
    """The answer with its placeholders filled in."""
    values = {
        "last": scene.words,
        "model": scene.prompt.request.model,
        "turn": str(scene.turn),
        "result": scene.results[-1].content if scene.results else "",
    }
    blocks = [_filled(piece, values) for piece in answer.blocks]
    return msgspec.structs.replace(answer, text=None, blocks=blocks)


def _open(answer: Answer) -> bool:
    """Whether there are placeholders in it: looked for once, not at each use."""
    texts = [text for piece in answer.blocks for text in _strings([piece.text, piece.thinking, piece.input])]
    return any(map(_PLACEHOLDER.search, texts))


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def _filled(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: values[match[1]], value)
    if isinstance(value, dict):
        return {key: _filled(part, values) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, values) for part in value]
    if isinstance(value, Piece):
        parts = {name: _filled(getattr(value, name), values) for name in ("text", "thinking", "input")}
        return msgspec.structs.replace(value, **parts)
    return value


@lru_cache(256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _fits(wanted: str | Words, text: str) -> bool:
    return wanted in text if isinstance(wanted, str) else wanted.fit(text)


def _model(pattern: str, scene: Scene) -> bool:
    names = (scene.prompt.request.model, scene.prompt.model.id)
    return any(fnmatchcase(name, pattern) for name in names)


def _tools(wanted: bool | list[str], scene: Scene) -> bool:
    offered = {getattr(tool, "name", "") for tool in scene.prompt.tools}
    return bool(offered) is wanted if isinstance(wanted, bool) else offered.issuperset(wanted)


def _result(wanted: bool | Returned, scene: Scene) -> bool:
    if isinstance(wanted, bool):
        return bool(scene.brought) is wanted
    return any(
        (wanted.name is None or wanted.name == result.name)
        and (wanted.is_error is None or wanted.is_error is result.failed)
        and (wanted.content is None or _fits(wanted.content, result.content))
        for result in scene.brought
    )
