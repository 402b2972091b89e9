"""The Admin API: the organization, its workspaces and its keys. Limits are in `rates`, usage and cost elsewhere.

Only admin keys come so far (`auth`). Keys are made and shown by `sijo key`, never over HTTP.
"""

import hashlib
from collections.abc import Mapping

from msgspec import UNSET
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from sijo import ids
from sijo.errors import InvalidRequest, NotFound
from sijo.http.access import Access
from sijo.http.objects import reply
from sijo.http.pages import by_id, choice, object_of, truth
from sijo.store.keys import StoredKey
from sijo.store.workspaces import MOST, Facts, Workspace
from sijo.wire import admin as w

Json = dict[str, object]
STATUSES = ("active", "inactive", "archived", "expired")
MISSING = "The requested resource could not be found."
OLD = "2023-06-01"
ASKED = 100
"""Ids that a list may be asked for at once."""


class Admin:
    """What is changed here counts at once here, and elsewhere within a second. `name` is the organization's."""

    def __init__(self, access: Access, name: str) -> None:
        self.access, self.name = access, name
        self._began = ids.now().timestamp()

    async def me(self, _: Request) -> Response:
        """`GET /v1/organizations/me`."""
        return reply({"id": self.access.organization, "type": "organization", "name": self.name})

    async def workspaces(self, request: Request) -> Response:
        """`GET /v1/organizations/workspaces`: newest first, in pages by id."""
        query = request.query_params
        wanted = query.getlist("ids[]") + query.getlist("ids")
        if len(wanted) > ASKED:
            raise InvalidRequest(f"ids: List should have at most {ASKED} items after validation, not {len(wanted)}")
        archived = truth(query, "include_archived")
        found = [one for one in await self.access.spaces.all() if archived or one.archived_at is None]
        if truth(query, "include_default"):
            found.insert(0, await self._default())
        chosen = [one for one in reversed(found) if not wanted or one.id in wanted]
        page, told = by_id(chosen, lambda one: one.id, query)
        return reply({"data": [shown(one) for one in page], **told})

    async def workspace(self, request: Request) -> Response:
        """`GET /v1/organizations/workspaces/{id}`."""
        return reply(shown(await self._workspace(request)))

    async def new_workspace(self, request: Request) -> Response:
        """`POST /v1/organizations/workspaces`."""
        asked = await object_of(request, w.NewWorkspace)
        unserved({"external_key_id": asked.external_key_id, "user_profile_id": asked.user_profile_id})
        facts = residing(Facts(), asked.data_residency)
        facts = replace(facts, tags=tagged({}, asked.tags or {}))
        if asked.display_color is not None:
            facts = replace(facts, display_color=asked.display_color)
        made = await self.access.spaces.create(asked.name, facts)
        if made is None:
            raise InvalidRequest(f"An organization may have at most {MOST} active workspaces.")
        await self.access.refresh()
        return reply(shown(made))

    async def change_workspace(self, request: Request) -> Response:
        """`POST /v1/organizations/workspaces/{id}`."""
        asked = await object_of(request, w.ChangedWorkspace)
        workspace = self._own(await self._workspace(request))
        if workspace.archived_at is not None:
            raise InvalidRequest("An archived workspace cannot be changed.")
        unserved({"external_key_id": asked.external_key_id, "user_profile_id": asked.user_profile_id})
        if asked.data_residency is not None and asked.data_residency.workspace_geo is not None:
            raise InvalidRequest("data_residency.workspace_geo: Extra inputs are not permitted")
        facts = residing(workspace.facts, asked.data_residency)
        facts = replace(facts, tags=tagged(facts.tags, asked.tags or {}))
        if asked.display_color is not UNSET:
            facts = replace(facts, display_color=asked.display_color)
        changed = replace(workspace, name=workspace.name if asked.name is UNSET else asked.name, facts=facts)
        await self.access.spaces.change(changed)
        await self.access.refresh()
        return reply(shown(changed))

    async def archive(self, request: Request) -> Response:
        """`POST /v1/organizations/workspaces/{id}/archive`: for good, and its keys with it."""
        workspace = self._own(await self._workspace(request))
        await self.access.spaces.archive(workspace.id)
        await self.access.refresh()
        return reply(shown(await self._workspace(request)))

    async def keys(self, request: Request) -> Response:
        """`GET /v1/organizations/api_keys`: newest first, in pages by id; admin keys are not among them."""
        query, now = request.query_params, ids.now().timestamp()
        status, workspace = choice(query, "status", STATUSES), query.get("workspace_id")
        found = [
            key
            for key in reversed(await self.access.rows.all())
            if not key.admin
            and status in (None, key.state(now))
            and workspace in (None, key.workspace or self.access.workspace)
            and query.get("created_by_user_id") is None  # who made a key is not recorded
        ]
        page, told = by_id(found, lambda one: one.id, query)
        return reply({"data": [self._key(key, request) for key in page], **told})

    async def key(self, request: Request) -> Response:
        """`GET /v1/organizations/api_keys/{id}`."""
        return reply(self._key(await self._found(request), request))

    async def change_key(self, request: Request) -> Response:
        """`POST /v1/organizations/api_keys/{id}`: a new name, or a new status; archived is for good."""
        asked = await object_of(request, w.ChangedKey)
        key = await self._found(request)
        if key.status == "archived" and asked.status not in (None, "archived"):
            raise InvalidRequest("status: an archived API key cannot be used again")
        await self.access.rows.change(key.id, name=asked.name, status=asked.status)
        await self.access.refresh()
        return reply(self._key(await self._found(request), request))

    async def _found(self, request: Request) -> StoredKey:
        key = await self.access.rows.get(request.path_params["api_key_id"])
        if key is None or key.admin:
            raise NotFound(MISSING)
        return key

    async def _workspace(self, request: Request) -> Workspace:
        id = request.path_params["workspace_id"]
        found = await self._default() if id == self.access.workspace else await self.access.spaces.get(id)
        if found is None:
            raise NotFound(MISSING)
        return found

    async def _default(self) -> Workspace:
        keys = await self.access.rows.all()
        return Workspace(self.access.workspace, "Default", keys[0].created_at if keys else self._began)

    def _own(self, workspace: Workspace) -> Workspace:
        """It, unless it is the one that is always there."""
        if workspace.id == self.access.workspace:
            raise InvalidRequest("The default workspace cannot be changed or archived.")
        return workspace

    def _key(self, key: StoredKey, request: Request) -> Json:
        told: Json = {
            "id": key.id,
            "type": "api_key",
            "name": key.name,
            "status": key.state(ids.now().timestamp()),
            "partial_key_hint": key.hint,
            "created_at": instant(key.created_at),
            "created_by": None,
            "expires_at": None if key.expires_at is None else instant(key.expires_at),
        }
        if request.scope["call"].version == OLD:
            return told | {"workspace_id": key.workspace}
        scope = {"type": "workspace", "workspace_id": key.workspace or self.access.workspace}
        return told | {"principal": None, "scope": scope}


def shown(workspace: Workspace) -> Json:
    """The object of the API."""
    facts = workspace.facts
    residency = {
        "workspace_geo": "us",
        "default_inference_geo": facts.default_geo,
        "allowed_inference_geos": "unrestricted" if facts.allowed_geos is None else facts.allowed_geos,
    }
    return {
        "id": workspace.id,
        "type": "workspace",
        "name": workspace.name,
        "display_color": facts.display_color,
        "created_at": instant(workspace.created_at),
        "archived_at": None if workspace.archived_at is None else instant(workspace.archived_at),
        "compartment_id": f"cmpt_01{hashlib.sha256(workspace.id.encode()).hexdigest()[:24]}",
        "data_residency": residency,
        "external_key_id": None,
        "tags": facts.tags,
        "user_profile_id": None,
    }


def residing(facts: Facts, asked: w.Residency | None) -> Facts:
    """The facts with what was asked for; what is None stays."""
    if asked is None:
        return facts
    geos = asked.allowed_inference_geos
    allowed = facts.allowed_geos if geos is None else None if geos == "unrestricted" else [str(geo) for geo in geos]
    default = asked.default_inference_geo or facts.default_geo
    if allowed is not None and default not in allowed:
        raise InvalidRequest("data_residency.default_inference_geo: must be one of allowed_inference_geos")
    return replace(facts, allowed_geos=allowed, default_geo=default)


def tagged(tags: Mapping[str, str], asked: Mapping[str, str | None]) -> dict[str, str]:
    """The tags with those that were asked for; None takes one away."""
    for name in asked:
        if name.startswith("anthropic"):
            raise InvalidRequest(f"tags.{name}: keys may not begin with `anthropic`")
    return {name: value for name, value in {**tags, **asked}.items() if value is not None}


def unserved(fields: Mapping[str, object]) -> None:
    for name, value in fields.items():
        if value not in (None, UNSET):
            raise InvalidRequest(f"{name}: {name} is not served by this server")


def instant(seconds: float) -> str:
    """RFC 3339."""
    return ids.stamp(ids.moment(seconds))
