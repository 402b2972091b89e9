"""A thousand tools of a hundred services, and two hundred questions, each with the tool that answers it.

`catalog.txt`: a line `@prefix_` begins a service, each line after it is `name|description|arguments`, an argument
being `name` or `name:description`. `questions.txt`: `tool|question`, as a person or a model would put it.
"""

from functools import cache
from pathlib import Path

from sijo.wire.tools import Custom

HERE = Path(__file__).parent


@cache
def tools() -> list[Custom]:
    """All of them, deferred."""
    found, service = [], ""
    for line in (HERE / "catalog.txt").read_text("utf-8").splitlines():
        if line.startswith("@"):
            service = line[1:]
            continue
        name, description, given = line.split("|")
        pairs = [argument.partition(":") for argument in given.split(",")]
        properties = {key: {"type": "string", **({"description": words} if words else {})} for key, _, words in pairs}
        schema = {"type": "object", "properties": properties, "required": [pairs[0][0]]}
        found.append(Custom(name=service + name, description=description, input_schema=schema, defer_loading=True))
    return found


@cache
def questions() -> list[tuple[str, str]]:
    """The right tool and the question."""
    lines = (HERE / "questions.txt").read_text("utf-8").splitlines()
    return [(tool, question) for tool, _, question in (line.partition("|") for line in lines)]
