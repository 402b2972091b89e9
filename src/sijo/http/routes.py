"""The whole API as one table."""

from collections.abc import Mapping, Sequence

from starlette.routing import Route
from starlette.types import ASGIApp

from sijo.http.admin import Admin
from sijo.http.messages import Count, Messages
from sijo.http.objects import Objects
from sijo.http.rates import Rates
from sijo.http.reports import Reports

Organization = tuple[Admin, Rates, Reports]
"""What answers the Admin API."""


def table(messages: Messages, count: Count, objects: Objects, organization: Organization) -> list[Route]:
    """Paths, methods, and what answers. What is not here is a 404; `docs/gaps.md` lists it."""
    return [
        Route("/v1/messages", messages, methods=["POST"]),
        Route("/v1/messages/count_tokens", count, methods=["POST"]),
        Route("/v1/models", objects.models, methods=["GET"]),
        Route("/v1/models/{model_id:path}", objects.model, methods=["GET"]),
        *administration(organization),
        Route("/health", objects.health, methods=["GET"]),
        Route("/api/hello", objects.health, methods=["GET"]),
        Route("/metrics", objects.metrics, methods=["GET"]),
        Route("/", objects.health, methods=["GET"]),
    ]


def administration(organization: Organization) -> list[Route]:
    """The Admin API."""
    admin, rates, reports = organization
    root = "/v1/organizations"
    space, key = f"{root}/workspaces/{{workspace_id}}", f"{root}/api_keys/{{api_key_id}}"
    return [
        Route(f"{root}/me", admin.me, methods=["GET"]),
        Route(f"{root}/workspaces", admin.workspaces, methods=["GET"]),
        Route(f"{root}/workspaces", admin.new_workspace, methods=["POST"]),
        Route(space, admin.workspace, methods=["GET"]),
        Route(space, admin.change_workspace, methods=["POST"]),
        Route(f"{space}/archive", admin.archive, methods=["POST"]),
        Route(f"{space}/rate_limits", rates.workspace, methods=["GET"]),
        Route(f"{space}/rate_limits/{{rate_limit_id}}", rates.change, methods=["POST"]),
        Route(f"{root}/api_keys", admin.keys, methods=["GET"]),
        Route(key, admin.key, methods=["GET"]),
        Route(key, admin.change_key, methods=["POST"]),
        Route(f"{root}/rate_limits", rates.organization, methods=["GET"]),
        Route(f"{root}/usage_report/messages", reports.usage, methods=["GET"]),
        Route(f"{root}/cost_report", reports.cost, methods=["GET"]),
    ]


def exact(routes: Sequence[Route]) -> Mapping[tuple[str, str], ASGIApp]:
    """What answers a method and a path that has no parameters: found at once, where a router looks at each in turn."""
    plain = [route for route in routes if "{" not in route.path]
    return {(method, route.path): route.app for route in plain for method in route.methods or ()}
