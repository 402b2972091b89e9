"""The samples of a guide to the Messages API, as people copy them; the client's `base_url` and key is all that differs.

They use nothing that came with a late version of the SDK, so the same functions run under the newest one and under the
last of the 0.x line. Each takes a client, says what it expects, and raises AssertionError if it gets something else.
"""

import inspect
from collections.abc import Callable

import anthropic

from tests.http.samples import errors, images, stream, talk, thinking, tools, versions

Sample = Callable[[anthropic.Anthropic], None]
OLD = int(anthropic.__version__.split(".")[0]) < 2


def collected() -> dict[str, Sample]:
    """`module.function` -> sample, for all that suit the SDK that is installed."""
    found: dict[str, Sample] = {}
    for module in (talk, stream, tools, images, thinking, errors, versions):
        for name, function in vars(module).items():
            own = inspect.isfunction(function) and function.__module__ == module.__name__
            if own and list(inspect.signature(function).parameters) == ["client"]:
                found[f"{module.__name__.rpartition('.')[2]}.{name}"] = function
    unsuited = "versions.new_" if OLD else "versions.old_"
    return {name: sample for name, sample in found.items() if not name.startswith(unsuited)}
