"""What a conversation says, read from a prompt: each thing once, and only when somebody asks for it."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar
from zlib import crc32

from sijo.backends.simulator.material import Work, parted
from sijo.backends.simulator.results import Result, result
from sijo.backends.simulator.tongue import demanded, detect
from sijo.engine.prompt import Item, Prompt
from sijo.wire import blocks as b
from sijo.wire.request import AnyTool as MustCall
from sijo.wire.request import Named, NoTools

REMINDER = "<system-reminder>"
"""What begins a text that a coding client puts into the user's turn and that the user did not write."""
SEEN = 2000
"""Characters of a text that are looked at to understand it: half of them at its start, half at its end."""


REFUSAL = "ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL_", "1FAEFB6177B4672DEE07F9D3AFC62588CCD2631EDCF22E8CCC1FB35B501C9C86"
REDACTED = (
    "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_",
    "46C9A13E193C177646C7398A98432ECCCE4C1253D5E2D82641AC0E52CC2876CB",
)
"""The API's two test strings, each in halves: whole, they would act on any hosted model that reads this file."""
_MAGIC = "ANTHROPIC_MAGIC_STRING"


T = TypeVar("T")


class once(Generic[T]):  # noqa: N801  # like `property`
    """A property that is computed when it is first asked for. `functools.cached_property` does that too, and takes a
    lock each time in Python 3.11: half of what a scripted answer costs."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self.compute, self.name = compute, compute.__name__

    def __get__(self, scene: Any, _: type) -> T:
        value = scene.__dict__[self.name] = self.compute(scene)
        return value


class Scene:
    """A prompt, and what can be asked of it."""

    def __init__(self, prompt: Prompt, seed: int = 0) -> None:
        self.prompt = prompt
        self.seed = seed

    def asking(self, part: str) -> "Scene":
        """The same conversation, as if the user had said only this part last."""
        alone = Scene(self.prompt, self.seed)
        alone.__dict__.update(words=part, ask=part, language=self.language)
        return alone

    @once
    def at(self) -> int:
        """Which item holds the user's last words; -1 if there are none."""
        items = self.prompt.items
        for at in range(len(items) - 1, -1, -1):
            if items[at].role == "user" and not _quiet(items[at]):
                return at
        return -1

    @once
    def words(self) -> str:
        """The user's last words, whole."""
        return spoken(self.prompt.items[self.at].content) if self.at >= 0 else ""

    @once
    def ask(self) -> str:
        """The user's last words, as much of them as is looked at."""
        return glance(self.words)

    @once
    def work(self) -> Work:
        """What the user's last words say to do, and the text that they bring to do it to."""
        return parted(self.ask)

    @once
    def said(self) -> str:
        """What the last message says: nothing if all that it does is bring results."""
        return self.words if self.at == self._last else ""

    @once
    def system(self) -> str:
        """The system prompt, with system messages inside the conversation after it."""
        inside = [spoken(item.content) for item in self.prompt.items if item.role == "system"]
        return "\n".join([*(block.text for block in self.prompt.system), *inside])

    @once
    def magic(self) -> list[tuple[str, str]]:
        """Which of the test strings are in the prompt, outside of what the assistant said."""
        texts = [block.text for item in self.prompt.items if item.role != "assistant" for block in item.content
                 if isinstance(block, b.Text) and _MAGIC in block.text]  # fmt: skip
        texts += [block.text for block in self.prompt.system if _MAGIC in block.text]
        return [magic for magic in (REFUSAL, REDACTED) if any("".join(magic) in text for text in texts)]

    @once
    def turn(self) -> int:
        """How often the user has spoken."""
        return sum(1 for _ in self.told())

    def told(self) -> Iterator[str]:
        """What the user said, turn by turn."""
        for item in self.prompt.items:
            if item.role == "user" and not _quiet(item):
                yield spoken(item.content)

    @once
    def calls(self) -> list[b.ToolUse | b.ServerToolUse | b.McpToolUse]:
        """The calls that were made since the user's last words."""
        after = self.prompt.items[self.at + 1 :]
        return [block for item in after for block in item.content if isinstance(block, CALLS)]

    @once
    def results(self) -> list[Result]:
        """What tools have brought since, and together with, the user's last words."""
        return self._brought(max(0, self.at))

    @once
    def brought(self) -> list[Result]:
        """What tools have brought in the last message; of those that run here, what they brought last."""
        at = self._last
        found = self._brought(at)
        if at < 0 or self.prompt.items[at].role != "assistant":
            return found
        content = self.prompt.items[at].content
        late = next((n for n, block in enumerate(reversed(content)) if not hasattr(block, "tool_use_id")), len(content))
        return found[len(found) - late :]

    @property
    def heard(self) -> str:
        """What the assistant said before the user's last words."""
        item = self.prompt.items[self.at - 1] if self.at > 0 else None
        return spoken(item.content) if item is not None and item.role == "assistant" else ""

    def _brought(self, start: int) -> list[Result]:
        items = self.prompt.items
        names = {
            block.id: block.name
            for item in items[max(0, start - 1) :]
            for block in item.content
            if isinstance(block, CALLS)
        }
        return [found for item in items[start:] for block in item.content if (found := result(block, names))]

    @property
    def _last(self) -> int:
        """The last item that is not a prefill, nor a system message after what the user said."""
        items = self.prompt.items
        if items and items[-1].role == "user":
            return len(items) - 1
        at = len(items) - (2 if self.prompt.prefill else 1)
        while at > 0 and items[at].role == "system":
            at -= 1
        return at

    @once
    def images(self) -> list[b.Image]:
        return [block for block in self._newest if isinstance(block, b.Image)]

    @once
    def readings(self) -> list[tuple[int, b.Document | b.SearchResult]]:
        """What there is to read in the last message, each with its index among all of its kind."""
        counts: dict[type, int] = {}
        found: list[tuple[int, b.Document | b.SearchResult]] = []
        for at, item in enumerate(self.prompt.items):
            for block in item.content:
                if isinstance(block, b.Document | b.SearchResult):
                    counts[type(block)] = index = counts.get(type(block), -1) + 1
                    if at == self.at:
                        found.append((index, block))
        return found

    @property
    def _newest(self) -> list[b.Block]:
        return list(self.prompt.items[self.at].content) if self.at >= 0 else []

    @once
    def language(self) -> str:
        """The language to answer in: the one asked for, else the user's."""
        asked = demanded(self.ask) or demanded(glance(self.system))
        return asked or detect(self.ask) or next(filter(None, map(detect, self._before())), "en")

    @property
    def inner(self) -> str:
        """The language to think in."""
        return "ko" if self.language == "ko" else "en"

    def _before(self) -> Iterator[str]:
        return (spoken(item.content)[:SEEN] for item in reversed(self.prompt.items[: self.at]) if item.role == "user")

    @once
    def forced(self) -> bool:
        """A tool must be called now."""
        return isinstance(self.prompt.choice, MustCall | Named)

    @once
    def offered(self) -> bool:
        """A tool may be called now."""
        return bool(self.prompt.tools) and not isinstance(self.prompt.choice, NoTools) and not self.prompt.prefill

    @once
    def key(self) -> bytes:
        """What tells this conversation, at this point, from others."""
        blocks = sum(len(item.content) for item in self.prompt.items)
        return f"{self.seed}\0{self.prompt.model.id}\0{blocks}\0{self.words}".encode("utf-8", "surrogatepass")

    @once
    def chance(self) -> int:
        """A number that is the same for the same conversation and seed, and otherwise another."""
        return crc32(self.key)


_BLANK = re.compile(r"(\s)\1{20,}")
CALLS = (b.ToolUse, b.ServerToolUse, b.McpToolUse)


def spoken(content: Iterable[b.Block]) -> str:
    """The texts among blocks, but for a client's reminders; a test string is never said again."""
    texts = [block.text for block in content if isinstance(block, b.Text) and not block.text.startswith(REMINDER)]
    text = "\n".join(texts)
    return text if _MAGIC not in text else text.replace("".join(REFUSAL), "").replace("".join(REDACTED), "")


def glance(text: str) -> str:
    """As much of a text as is looked at: its start and its end, without long stretches of nothing."""
    half = SEEN // 2
    seen = text if len(text) <= SEEN else f"{text[:half]}\n{text[-half:]}"
    return _BLANK.sub(r"\1\1", seen)


def _quiet(item: Item) -> bool:
    """Whether all that it holds are results and a client's reminders: nothing that the user says."""
    for block in item.content:
        if not isinstance(block, b.ToolResult) and not (isinstance(block, b.Text) and block.text.startswith(REMINDER)):
            return False
    return True
