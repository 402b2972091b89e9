"""The small endpoints: the models that are served, health, metrics."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sijo import __version__
from sijo.engine.catalog import Catalog, Served
from sijo.engine.models import info
from sijo.errors import InvalidRequest
from sijo.log import Observer
from sijo.wire.explain import either

DEFAULT_LIMIT, MAX_LIMIT = 20, 1000
LIVING = ("active", "deprecated")
"""What is listed unless `lifecycle[]` says otherwise."""
LIFECYCLES = (*LIVING, "retired")


class Objects:
    """Everything that is listed and got."""

    def __init__(self, catalog: Catalog, observer: Observer) -> None:
        self.catalog = catalog
        self.observer = observer

    async def models(self, request: Request) -> Response:
        """`GET /v1/models`: newest first, in pages by id."""
        query = request.query_params
        wanted = query.getlist("lifecycle[]") + query.getlist("lifecycle")
        if not set(wanted).issubset(LIFECYCLES):
            raise InvalidRequest(f"lifecycle: Input should be {either(LIFECYCLES)}")
        served = [one for one in self.catalog if one.model.lifecycle in (wanted or LIVING)]
        page, more = paged(served, query.get("after_id"), query.get("before_id"), limit_of(query.get("limit")))
        data = [self._info(one, request) for one in page]
        ends = {"first_id": page[0].model.id if page else None, "last_id": page[-1].model.id if page else None}
        return reply({"data": data, "has_more": more, **ends})

    async def model(self, request: Request) -> Response:
        """`GET /v1/models/{id}`, by id or alias."""
        return reply(self._info(self.catalog.find(request.path_params["model_id"]), request))

    async def health(self, _: Request) -> Response:
        return reply({"status": "ok", "version": __version__})

    async def metrics(self, _: Request) -> Response:
        text, kind = self.observer.metrics.render()
        return Response(text, headers={"content-type": kind})

    def _info(self, served: Served, request: Request) -> dict[str, object]:
        context = served.context if served.context < served.model.context else None
        return info(served.model, context=context, betas=request.scope["call"].betas)


def reply(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def limit_of(text: str | None, usual: int = DEFAULT_LIMIT, most: int = MAX_LIMIT) -> int:
    if text is None:
        return usual
    if not text.isascii() or not text.isdigit():
        raise InvalidRequest("limit: Input should be a valid integer, unable to parse string as an integer")
    limit = int(text.lstrip("0")[:8] or "0")
    if not 1 <= limit <= most:
        bound = "greater than or equal to 1" if limit < 1 else f"less than or equal to {most}"
        raise InvalidRequest(f"limit: Input should be {bound}")
    return limit


def paged(served: Sequence[Served], after: str | None, before: str | None, limit: int) -> tuple[Sequence[Served], bool]:
    """The page after, or before, an id; and whether there is more in that direction."""
    names = [one.model.id for one in served]
    if before is not None:
        end = names.index(before) if before in names else 0
        return served[max(0, end - limit) : end], end > limit
    start = names.index(after) + 1 if after in names else (len(names) if after is not None else 0)
    return served[start : start + limit], start + limit < len(served)
