"""The small endpoints: the models that are served, health, metrics."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sijo import __version__
from sijo.engine.catalog import Catalog, Served
from sijo.engine.models import info
from sijo.errors import InvalidRequest
from sijo.http.auth import Scrapes
from sijo.http.pages import by_id
from sijo.log import Observer
from sijo.wire.explain import either

LIVING = ("active", "deprecated")
"""What is listed unless `lifecycle[]` says otherwise."""
LIFECYCLES = (*LIVING, "retired")


class Objects:
    """Everything that is listed and got."""

    def __init__(self, catalog: Catalog, observer: Observer, scrapes: Scrapes) -> None:
        self.catalog = catalog
        self.observer = observer
        self.scrapes = scrapes

    async def models(self, request: Request) -> Response:
        """`GET /v1/models`: newest first, in pages by id."""
        query = request.query_params
        wanted = query.getlist("lifecycle[]") + query.getlist("lifecycle")
        if not set(wanted).issubset(LIFECYCLES):
            raise InvalidRequest(f"lifecycle: Input should be {either(LIFECYCLES)}")
        served = [one for one in self.catalog if one.model.lifecycle in (wanted or LIVING)]
        page, told = by_id(served, lambda one: one.model.id, query)
        return reply({"data": [self._info(one, request) for one in page], **told})

    async def model(self, request: Request) -> Response:
        """`GET /v1/models/{id}`, by id or alias."""
        return reply(self._info(self.catalog.find(request.path_params["model_id"]), request))

    async def health(self, _: Request) -> Response:
        return reply({"status": "ok", "version": __version__})

    async def metrics(self, request: Request) -> Response:
        """`GET /metrics`, for whom it is meant."""
        self.scrapes.check(request.scope["call"])
        text, kind = self.observer.metrics.render()
        return Response(text, headers={"content-type": kind})

    def _info(self, served: Served, request: Request) -> dict[str, object]:
        context = served.context if served.context < served.model.context else None
        return info(served.model, context=context, betas=request.scope["call"].betas)


def reply(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
