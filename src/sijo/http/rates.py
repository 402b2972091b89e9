"""The rate limits in the Admin API: those of the organization, from the settings; those of a workspace, set here."""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sijo.errors import InvalidRequest, NotFound
from sijo.http.access import Access
from sijo.http.admin import MISSING, OLD, Json
from sijo.http.limits import Group, Limits
from sijo.http.limits.groups import COUNTING
from sijo.http.limits.plans import KINDS, REQUESTS
from sijo.http.objects import reply
from sijo.http.pages import by_cursor, choice, object_of, truth
from sijo.wire import admin as w

GROUP_TYPES = ("batch", "files", "model_group", "skills", "token_count", "web_search")


class Entry(msgspec.Struct, frozen=True):
    """Models that share limits, and these limits by the API's names of them."""

    id: str
    group: Group
    models: list[str] | None
    limits: dict[str, int]


class Rates:
    """Without limits in the settings there are none to list, and none to set for a workspace."""

    def __init__(self, access: Access, limits: Limits | None) -> None:
        self.access, self.limits = access, limits

    async def organization(self, request: Request) -> Response:
        """`GET /v1/organizations/rate_limits`."""
        query = request.query_params
        kind, model = choice(query, "group_type", GROUP_TYPES), query.get("model")
        found = [entry for entry in self._entries() if kind in (None, entry.group.type)]
        if model is not None:
            known = self.limits.catalog.find(model).model.id if self.limits is not None else model
            found = [entry for entry in found if known in (entry.models or ())]
            if not found:
                raise NotFound(f"model: {model}")
        page, following = by_cursor(found, query)
        return reply({"data": [self._whole(entry, request) for entry in page], "next_page": following})

    async def workspace(self, request: Request) -> Response:
        """`GET /v1/organizations/workspaces/{id}/rate_limits`: its own, and on demand what it inherits."""
        query, id = request.query_params, await self._id(request)
        kind, inherited = choice(query, "group_type", GROUP_TYPES), truth(query, "include_inherited")
        found = [
            shown
            for entry in self._entries()
            if kind in (None, entry.group.type) and (shown := self._of(id, entry, request, inherited))["limits"]
        ]
        page, following = by_cursor(found, query)
        return reply({"data": page, "next_page": following})

    async def change(self, request: Request) -> Response:
        """`POST /v1/organizations/workspaces/{id}/rate_limits/{id}`: set limits, or clear them."""
        asked = await object_of(request, w.ChangedLimits)
        id = await self._id(request)
        entry = next((one for one in self._entries() if one.id == request.path_params["rate_limit_id"]), None)
        if entry is None:
            raise NotFound(MISSING)
        if id == self.access.workspace:
            raise InvalidRequest("Limits cannot be set for the default workspace.")
        known = {REQUESTS} if entry.group.type == COUNTING else set(KINDS)
        for at, limit in enumerate(asked.limits):
            if limit.type not in known:
                raise InvalidRequest(f"limits.{at}.type: {limit.type} is not served by this server")
        values = {str(limit.type): limit.value for limit in asked.limits}
        await self.access.spaces.override(id, entry.group.slug, values)
        await self.access.refresh()
        return reply(self._of(id, entry, request, inherited=False))

    async def _id(self, request: Request) -> str:
        id: str = request.path_params["workspace_id"]
        if id != self.access.workspace and await self.access.spaces.get(id) is None:
            raise NotFound(MISSING)
        return id

    def _entries(self) -> Sequence[Entry]:
        """What is limited for the organization as a whole."""
        if self.limits is None:
            return ()
        plans, found = self.limits.plans, list[Entry]()
        for group, models in plans.groups.sorted(self.limits.catalog).items():
            alike: dict[tuple[tuple[str, int], ...], list[str]] = {}
            for id, names in models.items():
                alike.setdefault(tuple(plans.limits(id, group).items()), []).extend(names)
            kept = [(dict(limits), names) for limits, names in alike.items() if limits]
            found += (self._entry(group, at, names, limits) for at, (limits, names) in enumerate(kept))
        counting = plans.limits(None, plans.groups.counting)
        return [*found, *([self._entry(plans.groups.counting, 0, None, counting)] if counting else [])]

    def _entry(self, group: Group, at: int, models: list[str] | None, limits: Mapping[str, int]) -> Entry:
        own = f"{self.access.organization} {group.slug} {at or ''}"
        return Entry(f"rl_01{hashlib.sha256(own.encode()).hexdigest()[:24]}", group, models, dict(limits))

    def _whole(self, entry: Entry, request: Request) -> Json:
        limits = [{"type": kind, "value": value} for kind, value in entry.limits.items()]
        head: Json = {} if old(request) else {"id": entry.id}
        return {**head, "type": "rate_limit", **grouped(entry, request), "limits": limits}

    def _of(self, workspace: str, entry: Entry, request: Request, inherited: bool) -> Json:
        assert self.limits is not None
        model = entry.models[0] if entry.models else None
        own = self.limits.plans.own(None if workspace == self.access.workspace else workspace, model, entry.group)
        values = {kind: (value, "workspace") for kind, value in own.items()}
        if inherited:
            values = {kind: (value, "organization") for kind, value in entry.limits.items()} | values
        limits = [
            {"type": kind, "value": value, "org_limit": entry.limits.get(kind)}
            | ({} if old(request) else {"source": {"type": source}})
            for kind, (value, source) in values.items()
        ]
        head: Json = {} if old(request) else {"rate_limit_id": entry.id, "workspace_id": workspace}
        return {**head, "type": "workspace_rate_limit", **grouped(entry, request), "limits": limits}


def old(request: Request) -> bool:
    """The names of fields are those of the older version."""
    return bool(request.scope["call"].version == OLD)


def grouped(entry: Entry, request: Request) -> Json:
    """For whom the limits are."""
    group = entry.group
    if old(request):
        return {"group_type": group.type, "models": entry.models}
    named = {"display_name": group.name} if group.type == "model_group" else {}
    return {"group": {"id": group.id, "type": group.type, **named}, "models": entry.models}
