"""What belongs to a prefix beside its words: the settings, each at the level of the prompt from which on it counts.

Tools stand first, then the system prompt, then the messages. A setting of a level is read before the first word of that
level, so that another value loses the level and all that follows, and nothing before it.
"""

from typing import Any

import msgspec

from sijo.engine.directives import asked_effort
from sijo.engine.lower import task_budget
from sijo.engine.prompt import Prompt
from sijo.wire import blocks as b
from sijo.wire.request import Auto, Container, NoTools

_encode = msgspec.json.encode
SEEN = frozenset({b.Image, b.Document, b.SearchResult})


class Sights:
    """What the messages hold that counts as a setting."""

    __slots__ = ("citations", "images")

    def __init__(self) -> None:
        self.images = self.citations = False

    def see(self, block: Any) -> None:
        """One of `SEEN`."""
        if type(block) is b.Image:
            self.images = True
            return
        if block.citations is not None and block.citations.enabled:
            self.citations = True
        source = block.source
        if type(source) is b.ContentSource and not isinstance(source.content, str):
            self.images = self.images or any(type(part) is b.Image for part in source.content)


def of_system(prompt: Prompt, sights: Sights) -> bytes:
    """From the system prompt on: speed, citations, the form of the answer, skills."""
    request = prompt.request
    container = request.container
    values: list[object] = []
    if request.speed == "fast":
        values.append("fast")
    if sights.citations:
        values.append("citations")
    if prompt.format is not None:
        values.append(prompt.format.schema)
    if isinstance(container, Container) and container.skills:
        values.append(container.skills)
    return _encode(values) if values else b""


def of_messages(prompt: Prompt, sights: Sights) -> bytes:
    """From the messages on: the choice of tools, whether there are images, thinking, effort, a task's budget.

    What is asked for by name and is the default all the same is the same as not asked for.
    """
    choice, thought = prompt.choice, prompt.thought
    effort = asked_effort(prompt.request) if prompt.model.effort else None
    values: list[object] = []
    if choice is not None and choice != Auto() and not (isinstance(choice, NoTools) and not prompt.tools):
        values.append(choice)
    if sights.images:
        values.append("images")
    if thought.mode != "off":
        values.append((thought.mode, thought.budget, thought.display))
    if effort not in (None, prompt.model.effort_default):
        values.append(("effort", effort))
    if (budget := task_budget(prompt.request)) != (None, None):
        values.append(("task", budget))
    return _encode(values) if values else b""
