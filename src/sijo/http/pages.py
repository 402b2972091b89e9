"""What every list shares: its query, its pages by id or by cursor, and a body that must be an object of one kind."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request

from sijo.engine.rules.body import parse, worded
from sijo.errors import InvalidRequest
from sijo.http import body
from sijo.wire.explain import Explainer, dotted, either

T = TypeVar("T")
DEFAULT_LIMIT, MAX_LIMIT = 20, 1000
EXPLAIN = Explainer()
TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def limit_of(text: str | None, usual: int = DEFAULT_LIMIT, most: int = MAX_LIMIT) -> int:
    """The `limit` of a query."""
    if text is None:
        return usual
    if not text.isascii() or not text.isdigit():
        raise InvalidRequest("limit: Input should be a valid integer, unable to parse string as an integer")
    limit = int(text.lstrip("0")[:8] or "0")
    if not 1 <= limit <= most:
        bound = "greater than or equal to 1" if limit < 1 else f"less than or equal to {most}"
        raise InvalidRequest(f"limit: Input should be {bound}")
    return limit


def truth(query: QueryParams, name: str) -> bool:
    """A yes or no of a query; no by default."""
    text = query.get(name)
    if text is not None and text.lower() not in TRUTHS:
        raise InvalidRequest(f"{name}: Input should be a valid boolean, unable to interpret input")
    return text is not None and TRUTHS[text.lower()]


def choice(query: QueryParams, name: str, values: tuple[str, ...]) -> str | None:
    """One of several words of a query, or None."""
    text = query.get(name)
    if text is not None and text not in values:
        raise InvalidRequest(f"{name}: Input should be {either(values)}")
    return text


def by_id(items: Sequence[T], id_of: Callable[[T], str], query: QueryParams) -> tuple[Sequence[T], dict[str, object]]:
    """The page after, or before, an id; and what a list says of its page."""
    names = [id_of(item) for item in items]
    limit, after, before = limit_of(query.get("limit")), query.get("after_id"), query.get("before_id")
    if before is not None:
        end = names.index(before) if before in names else 0
        start, more = max(0, end - limit), end > limit
    else:
        start = names.index(after) + 1 if after in names else (len(names) if after is not None else 0)
        end, more = start + limit, start + limit < len(names)
    shown = names[start:end]
    ends = {"first_id": shown[0] if shown else None, "last_id": shown[-1] if shown else None}
    return items[start:end], {"has_more": more, **ends}


def by_cursor(items: Sequence[T], query: QueryParams) -> tuple[Sequence[T], str | None]:
    """The page at a cursor, all of it where no `limit` is given; and the cursor of the next one."""
    page = query.get("page")
    start = 0
    if page is not None:
        digits = page.removeprefix("page_")
        if digits == page or not digits.isascii() or not digits.isdigit() or len(digits) > 8:
            raise InvalidRequest("page: Invalid page token")
        start = int(digits)
    end = start + limit_of(query.get("limit"), max(1, len(items)))
    return items[start:end], f"page_{end}" if end < len(items) else None


async def object_of(request: Request, kind: type[T]) -> T:
    """The body. Raises `InvalidRequest` with its first fault, in the API's words."""
    raw = await body.read(request.scope["call"], request.receive)
    found: Any = parse(raw)
    if not isinstance(found, dict):
        raise InvalidRequest("The request body must be a JSON object")
    fault = EXPLAIN.fault(found, kind)
    if fault is not None:
        path, words = fault
        raise InvalidRequest(f"{dotted(path)}: {words}")
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise InvalidRequest(worded(error)) from error
