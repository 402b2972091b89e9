"""How an engine is held to a schema: the fields for it in the body of a chat completion. Pure, like `openai_request`.

A schema of the answer goes as a grammar where the row has a field for one, else as a schema in the words that the
engine's converter takes. What neither can hold is for who reads the answer to check.
"""

import msgspec

from sijo.backends.engines import Row
from sijo.backends.grammar import bearable, lightened
from sijo.engine import schemas
from sijo.engine.prompt import Prompt
from sijo.errors import InvalidRequest
from sijo.wire.base import Json
from sijo.wire.tools import Custom

COMPLEX = "Schema is too complex for compilation."
_encode = msgspec.json.encode


def told(prompt: Prompt, row: Row) -> str:
    """The schema in words, for a model that would not see it otherwise: it writes better what it knows is wanted."""
    if prompt.format is None or row.shows_schema:
        return ""
    answer = "Your final answer must be" if prompt.tools or prompt.worded else "Answer with"
    schema = _encode(prompt.format.schema).decode()
    return f"{answer} one JSON value that matches this JSON schema, and nothing else:\n{schema}"


def hold(out: Json, prompt: Prompt, row: Row) -> None:
    """Put the schema of the answer into a body."""
    if prompt.format is None or not prompt.held or row.schema == "none":
        return
    schema = prompt.format.schema
    if not bearable(schema):
        raise InvalidRequest(COMPLEX)
    if row.grammar and schemas.held(schema):
        out[row.grammar] = schemas.grammar(schema)
    elif row.schema == "json_schema":
        mended = schemas.mended(schema, row.patterns)
        strict = row.optional or schemas.complete(mended)
        wanted = {"name": "answer", "schema": mended, "strict": strict}
        out["response_format"] = {"type": "json_schema", "json_schema": wanted}
    elif row.schema == "json_object":
        out["response_format"] = {"type": "json_object"}


def parameters(tool: Custom, row: Row, strict: bool) -> Json:
    """The schema of a tool's input. Raises InvalidRequest where a strict one cannot be kept to."""
    schema = tool.input_schema
    if not bearable(schema):
        if tool.strict:
            raise InvalidRequest(COMPLEX)
        schema = lightened(schema)
    if tool.strict or strict or row.patterns == "json":  # llama.cpp makes a grammar of every tool, strict or not
        schema = schemas.mended(schema, row.patterns)
    return schema


def strict(tool: Custom, row: Row, forced: bool) -> bool:
    """Whether the engine is told that a tool is strict: because it is, or because a call that is `forced` would else be
    held to no schema, where there is one that the engine surely takes."""
    if tool.strict:
        return row.strict and (row.optional or schemas.complete(tool.input_schema))
    return (
        forced and row.strict_forced and bearable(tool.input_schema) and schemas.kept(tool.input_schema, row.patterns)
    )
