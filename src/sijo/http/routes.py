"""The whole API as one table."""

from collections.abc import Mapping, Sequence

from starlette.routing import Route
from starlette.types import ASGIApp

from sijo.http.messages import Count, Messages
from sijo.http.objects import Objects
from sijo.http.reports import Reports


def table(messages: Messages, count: Count, objects: Objects, reports: Reports) -> list[Route]:
    """Paths, methods, and what answers. What is not here is a 404; `docs/gaps.md` lists it."""
    return [
        Route("/v1/messages", messages, methods=["POST"]),
        Route("/v1/messages/count_tokens", count, methods=["POST"]),
        Route("/v1/models", objects.models, methods=["GET"]),
        Route("/v1/models/{model_id:path}", objects.model, methods=["GET"]),
        Route("/v1/organizations/usage_report/messages", reports.usage, methods=["GET"]),
        Route("/v1/organizations/cost_report", reports.cost, methods=["GET"]),
        Route("/health", objects.health, methods=["GET"]),
        Route("/api/hello", objects.health, methods=["GET"]),
        Route("/metrics", objects.metrics, methods=["GET"]),
        Route("/", objects.health, methods=["GET"]),
    ]


def exact(routes: Sequence[Route]) -> Mapping[tuple[str, str], ASGIApp]:
    """What answers a method and a path that has no parameters: found at once, where a router looks at each in turn."""
    plain = [route for route in routes if "{" not in route.path]
    return {(method, route.path): route.app for route in plain for method in route.methods or ()}
