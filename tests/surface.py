"""What the installed SDK can ask for, and what of that is served: both read from the code that does it."""

import ast
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Required, Union, cast, get_args, get_origin, get_type_hints

import anthropic
import msgspec
import typing_extensions
from anthropic.types import message_count_tokens_params as count
from anthropic.types import message_create_params as create
from anthropic.types.beta import beta_context_management_config_param as edits_param
from anthropic.types.beta import message_count_tokens_params as beta_count
from anthropic.types.beta import message_create_params as beta_create
from starlette.routing import Route
from typing_extensions import is_typeddict

from sijo.app import server_tools
from sijo.engine.rules import unserved
from sijo.http.admin import Admin
from sijo.http.objects import Objects
from sijo.http.rates import Rates
from sijo.http.reports import Reports
from sijo.http.routes import table
from sijo.wire.blocks import Block
from sijo.wire.request import CountRequest, MessageRequest
from sijo.wire.tools import AnyTool

METHODS = {
    "_get": "GET", "_get_api_list": "GET", "_post": "POST", "_put": "PUT", "_patch": "PATCH", "_delete": "DELETE",
}  # fmt: skip
BY_URL = {"batch.results_url": "/v1/messages/batches/{message_batch_id}/results"}
"""Addresses that the SDK reads from an object, and the path that stands there."""
CREATE = (create.MessageCreateParamsNonStreaming, create.MessageCreateParamsStreaming,
          beta_create.MessageCreateParamsNonStreaming, beta_create.MessageCreateParamsStreaming)  # fmt: skip
COUNT = (count.MessageCountTokensParams, beta_count.MessageCountTokensParams)
HEADERS = {"betas", "user_profile_id", "workspace_id"}
"""Parameters that the SDK sends as headers."""
OWN = {kind for tool in server_tools() for kind in tool.types}
"""Entries of `tools` that run here."""
SAMPLING = {"temperature", "top_p", "top_k"}
"""What the SDK has no parameter for any more, and the older version of the API still has."""


class Endpoint(NamedTuple):
    """A path with `{}` for what is filled in, and the path as the SDK writes it."""

    method: str
    path: str
    shown: str


class Inner(NamedTuple):
    """A fault of a type: it, or one of its fields, is not known at a place."""

    place: str
    what: str


def endpoint(method: str, path: str) -> Endpoint:
    parts = ["{}" if part.startswith("{") else part for part in path.partition("?")[0].split("/")]
    return Endpoint(method, "/".join(parts), path)


def sdk_endpoints() -> set[Endpoint]:
    """All that the methods of `anthropic.resources` call."""
    root = Path(anthropic.__file__).parent / "resources"
    return {found for file in root.rglob("*.py") for found in _calls(ast.parse(file.read_text()))}


def _calls(tree: ast.AST) -> Iterator[Endpoint]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            path = node.args[0].args[0] if isinstance(node.args[0], ast.Call) else node.args[0]
            known = path.value if isinstance(path, ast.Constant) else BY_URL[ast.unparse(path)]
            yield endpoint(METHODS[node.func.attr], str(known))


def served_endpoints() -> set[tuple[str, str]]:
    """Methods and paths of the table of routes."""
    stub = cast(Any, object())
    routes = [
        route
        for route in table(
            stub,
            stub,
            Objects(stub, stub, stub),
            (Admin(stub, stub), Rates(stub, stub), Reports(stub, stub, "wrkspc_x")),
        )
        if isinstance(route, Route)
    ]
    return {(method, endpoint(method, route.path).path) for route in routes for method in route.methods or ()}


def sdk_fields() -> set[str]:
    """Top-level fields of a body that the SDK sends to create a message or to count its tokens."""
    return {name for kind in (*CREATE, *COUNT) for name in get_type_hints(kind)} - HEADERS | SAMPLING


def served_fields() -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(MessageRequest)} - set(unserved.FIELDS)


def count_gaps() -> set[str]:
    """Fields that count_tokens lacks though the SDK sends them."""
    known = {field.encode_name for field in msgspec.structs.fields(CountRequest)}
    return {name for kind in COUNT for name in get_type_hints(kind)} - HEADERS - known


def sdk_tools() -> set[str]:
    return {tag for kind in (*CREATE, *COUNT) for tag in tags(item(get_type_hints(kind)["tools"]))}


def served_tools() -> set[str]:
    return {tag_of(kind) for kind in get_args(AnyTool) if not unserved_tool(kind)}


def sdk_blocks() -> set[str]:
    """Types of blocks that a message may hold."""
    found = set()
    for kind in (*CREATE, *COUNT):
        for message in members(item(get_type_hints(kind)["messages"])):
            content = [one for one in members(get_type_hints(message)["content"]) if one is not str]
            found |= {tag for one in content for tag in tags(item(one))}
    return found


def served_blocks() -> set[str]:
    return {tag_of(kind) for kind in get_args(Block) if kind not in unserved.BLOCKS}


def sdk_edits() -> set[str]:
    """Types of `context_management.edits`."""
    return tags(item(get_type_hints(edits_param.BetaContextManagementConfigParam)["edits"]))


def served_edits() -> set[str]:
    return sdk_edits() - unserved.EDITS


def inner_gaps() -> set[Inner]:
    """What is missing inside the fields, tools and blocks that are served."""
    seen: set[tuple[object, object]] = set()
    found = {gap for kind in CREATE for gap in compare("", kind, MessageRequest, seen)}
    for kind in CREATE:
        tool = item(get_type_hints(kind)["tools"])
        found |= set(compare("tools[]", tool, AnyTool, seen))
    whole = unserved_names()
    return {gap for gap in found if gap.place and not whole & {gap.what, *gap.place.replace("[]", "").split(".")}}


def unserved_tool(kind: type) -> bool:
    return issubclass(kind, unserved.TOOLS) and kind not in OWN


def unserved_names() -> set[str]:
    """What is listed as missing as a whole: what it holds is not listed again."""
    kinds = [kind for kind in get_args(AnyTool) if unserved_tool(kind)]
    return {tag_of(kind) for kind in (*kinds, *unserved.BLOCKS)} | set(unserved.FIELDS) | HEADERS


def compare(place: str, theirs: Any, ours: Any, seen: set[tuple[object, object]]) -> Iterator[Inner]:
    """Walks the SDK's type and ours side by side; where ours is open, all is taken."""
    own = members(ours)
    if any(one in (Any, msgspec.Raw) or get_origin(one) is dict for one in own):
        return
    structs = [one for one in own if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    lists = [item(one) for one in own if get_origin(one) is list]
    values = {value for one in own if get_origin(one) is Literal for value in get_args(one)}
    for one in members(theirs):
        if is_typeddict(one):
            yield from _object(place, one, structs, seen)
        elif get_origin(one) is Literal and values:
            yield from (Inner(place, f'"{value}"') for value in get_args(one) if value not in values)
        elif lists and get_origin(one) not in (None, Literal):
            for kind in lists:
                yield from compare(f"{place}[]", item(one), kind, seen)


def _object(place: str, theirs: Any, structs: list[Any], seen: set[tuple[object, object]]) -> Iterator[Inner]:
    tag = next(iter(tags(theirs)), None)
    fitting = [one for one in structs if one.__struct_config__.tag in (tag, None)]
    if not fitting:
        yield Inner(place, tag or theirs.__name__)
    for one in fitting:
        if (theirs, one) in seen:
            continue
        seen.add((theirs, one))
        hints = get_type_hints(one, include_extras=True)
        known = {field.encode_name: hints[field.name] for field in msgspec.structs.fields(one)}
        here = ".".join(filter(None, (place, tag if one.__struct_config__.tag else None)))
        for name, kind in get_type_hints(theirs).items():
            if name in known:
                yield from compare(f"{here}.{name}".lstrip("."), kind, known[name], seen)
            elif name != "type":
                yield Inner(here, name)


def members(kind: Any) -> list[Any]:
    """The kinds that a union stands for, or the one that it is."""
    origin = get_origin(kind)
    if origin in (Required, typing_extensions.Required, Annotated):
        return members(get_args(kind)[0])
    if origin in (Union, types.UnionType):
        return [one for part in get_args(kind) for one in members(part)]
    return [kind]


def item(kind: Any) -> Any:
    """What a list, or an iterable, holds."""
    return get_args(members(kind)[0])[0]


def tags(kind: Any) -> set[str]:
    """The values of `type` that the TypedDicts of a union have. A tool without any is a custom one."""
    found = set()
    for one in members(kind):
        if is_typeddict(one) and (hint := get_type_hints(one).get("type")) is not None:
            found |= {tag for part in members(hint) for tag in get_args(part) if isinstance(tag, str)}
    return found


def tag_of(kind: Any) -> str:
    return str(kind.__struct_config__.tag)
