"""The Admin API, by the official SDK and in both versions of its field names."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import anthropic
import pytest

from tests.http.raw import HEADERS, ask, connect, head, hello, receive
from tests.replies import fault
from tests.serving import Running, beside, serving

CONFIG = """
[server]
organization = "Meadow"

[[limit]]
models = "claude-haiku-*"
requests = 500

[[limit]]
requests = 50
input = 30000
output = 8000
count = 100
"""
OLD = {"anthropic-version": "2023-06-01"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("admin")


@pytest.fixture(scope="module")
def secrets(folder: Path) -> dict[str, str]:
    return {
        "admin": beside(folder, "key", "create", "--admin"),
        "key": beside(folder, "key", "create", "--name", "first"),
    }


@pytest.fixture(scope="module")
def server(folder: Path, secrets: dict[str, str]) -> Iterator[Running]:
    assert secrets
    config = folder / "sijo.toml"
    config.write_text(CONFIG)
    with serving(folder, "--model", "simulator", "--config", str(config)) as running:
        yield running


@pytest.fixture
def admin(server: Running, secrets: dict[str, str]) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=server.url, api_key=secrets["admin"], max_retries=0) as client:
        yield client


def test_who_we_are(admin: anthropic.Anthropic) -> None:
    info = admin.organization.retrieve()
    assert (info.type, info.name) == ("organization", "Meadow")
    assert len(info.id) == 36


def test_a_workspace_lives(admin: anthropic.Anthropic) -> None:
    spaces = admin.organization.workspaces
    made = spaces.create(
        name="Research", display_color="#00ff00", tags={"team": "a", "gone": "b"},
        data_residency={"allowed_inference_geos": ["us"], "default_inference_geo": "us"},
    )  # fmt: skip
    assert made.id.startswith("wrkspc_") and made.archived_at is None and made.display_color == "#00ff00"
    assert made.tags == {"team": "a", "gone": "b"}
    assert made.data_residency.allowed_inference_geos == ["us"]
    assert made.data_residency.workspace_geo == "us"
    changed = spaces.update(made.id, name="Labs", tags={"gone": None, "new": "c"})
    assert (changed.name, changed.tags, changed.display_color) == ("Labs", {"team": "a", "new": "c"}, "#00ff00")
    assert spaces.update(made.id, data_residency={"allowed_inference_geos": "unrestricted"}).name == "Labs"
    assert spaces.retrieve(made.id).data_residency.allowed_inference_geos == "unrestricted"
    archived = spaces.archive(made.id)
    assert archived.archived_at is not None
    assert spaces.archive(made.id) == archived
    assert made.id not in [one.id for one in spaces.list()]
    assert made.id in [one.id for one in spaces.list(include_archived=True)]
    with pytest.raises(anthropic.BadRequestError, match="archived workspace"):
        spaces.update(made.id, name="Again")


def test_workspaces_come_in_pages(admin: anthropic.Anthropic) -> None:
    spaces = admin.organization.workspaces
    made = [spaces.create(name=f"w{at}").id for at in range(5)]
    listed = [one.id for one in spaces.list(limit=2)]  # the SDK asks for page after page
    assert listed[:5] == made[::-1]
    first = spaces.list(limit=2)
    assert (first.has_more, first.first_id, first.last_id) == (True, made[4], made[3])
    assert [one.id for one in spaces.list(limit=2, before_id=made[1]).data] == [made[3], made[2]]
    assert {one.id for one in spaces.list(ids=made[:2])} == set(made[:2])
    with_default = [one.name for one in spaces.list(include_default=True, ids=[])]
    assert with_default[-1] == "Default"
    for id in made:
        spaces.archive(id)


def test_the_default_workspace_stays_as_it_is(admin: anthropic.Anthropic) -> None:
    spaces = admin.organization.workspaces
    [default] = [one for one in spaces.list(include_default=True) if one.name == "Default"]
    assert spaces.retrieve(default.id).id == default.id
    acts: list[Callable[[], object]] = [
        lambda: spaces.archive(default.id),
        lambda: spaces.update(default.id, name="x"),
    ]
    for act in acts:
        with pytest.raises(anthropic.BadRequestError, match="default workspace cannot be changed"):
            act()


def test_keys_are_listed_changed_and_never_shown(
    admin: anthropic.Anthropic, folder: Path, secrets: dict[str, str]
) -> None:
    space = admin.organization.workspaces.create(name="robots")
    beside(folder, "key", "create", "--name", "robot", "--workspace", "robots", "--expires", "1d")
    keys = admin.organization.api_keys
    robot, first = list(keys.list())
    assert (robot.name, first.name) == ("robot", "first")  # newest first, and no admin keys
    assert robot.scope.type == "workspace" and robot.scope.workspace_id == space.id
    assert first.scope.type == "workspace" and first.scope.workspace_id.startswith("wrkspc_")
    assert robot.expires_at is not None and first.expires_at is None
    assert first.partial_key_hint is not None and first.partial_key_hint[-4:] == secrets["key"][-4:]
    assert (robot.created_by, robot.principal) == (None, None)
    assert [one.id for one in keys.list(workspace_id=space.id)] == [robot.id]
    assert list(keys.list(created_by_user_id="user_1")) == []
    changed = keys.update(robot.id, name="renamed", status="inactive")
    assert (changed.name, changed.status) == ("renamed", "inactive")
    assert keys.retrieve(robot.id) == changed
    assert [one.id for one in keys.list(status="inactive")] == [robot.id]
    assert keys.update(robot.id, status="active").status == "active"
    admin.organization.workspaces.archive(space.id)
    assert keys.retrieve(robot.id).status == "archived"
    with pytest.raises(anthropic.BadRequestError, match="cannot be used again"):
        keys.update(robot.id, status="active")


def test_a_key_that_is_switched_off_ends_at_once(admin: anthropic.Anthropic, server: Running, folder: Path) -> None:
    secret = beside(folder, "key", "create", "--name", "switch")
    id = next(one.id for one in admin.organization.api_keys.list() if one.name == "switch")
    admin.organization.api_keys.update(id, name="switch", status="inactive")
    headers = {"x-api-key": secret, "anthropic-version": "2023-06-01", "content-type": "application/json"}
    assert ask(server.url, body=hello(), headers=headers).status == 401
    admin.organization.api_keys.update(id, status="active")
    assert ask(server.url, body=hello(), headers=headers).status == 200


def test_the_older_version_has_other_names(admin: anthropic.Anthropic) -> None:
    old = admin.with_options(default_headers=OLD)
    raw = old.organization.api_keys.with_raw_response.list().http_response.json()
    [first] = [one for one in raw["data"] if one["name"] == "first"]
    assert first["workspace_id"] is None and not {"scope", "principal"} & set(first)
    [rate] = old.organization.rate_limits.with_raw_response.list(model="claude-opus-4-7").http_response.json()["data"]
    assert rate["group_type"] == "model_group" and "group" not in rate and "claude-opus-4-1-20250805" in rate["models"]


def test_the_rate_limits_of_the_organization(admin: anthropic.Anthropic) -> None:
    rates = list(admin.organization.rate_limits.list())
    by_name = {getattr(one.group, "display_name", one.group.type): one for one in rates}
    opus = by_name["Claude Opus 4.x"]
    assert {one.type: one.value for one in opus.limits} == {
        "requests_per_minute": 50, "input_tokens_per_minute_cache_aware": 30000, "output_tokens_per_minute": 8000,
    }  # fmt: skip
    assert opus.models is not None and {"claude-opus-4-7", "claude-opus-4-20250514"} <= set(opus.models)
    assert [(one.type, one.value) for one in by_name["Claude Haiku 4.5"].limits] == [("requests_per_minute", 500)]
    assert [(one.type, one.value) for one in by_name["token_count"].limits] == [("requests_per_minute", 100)]
    assert by_name["token_count"].models is None
    assert [one.id for one in admin.organization.rate_limits.list(limit=2)] == [one.id for one in rates]
    assert [one.id for one in admin.organization.rate_limits.list(model="claude-opus-4-1")] == [opus.id]
    assert [one.group.type for one in admin.organization.rate_limits.list(group_type="token_count")] == ["token_count"]
    assert list(admin.organization.rate_limits.list(group_type="batch")) == []
    with pytest.raises(anthropic.NotFoundError):
        admin.organization.rate_limits.list(model="claude-none")


def test_a_workspace_gets_limits_of_its_own(admin: anthropic.Anthropic, server: Running, folder: Path) -> None:
    space = admin.organization.workspaces.create(name="small")
    secret = beside(folder, "key", "create", "--workspace", "small")
    [opus] = list(admin.organization.rate_limits.list(model="claude-opus-4-7"))
    rates = admin.organization.workspaces.rate_limits
    assert list(rates.list(space.id)) == []
    made = rates.update(
        opus.id, workspace_id=space.id,
        limits=[{"type": "requests_per_minute", "value": 2}, {"type": "output_tokens_per_minute", "value": 99_000}],
    )  # fmt: skip
    assert (made.rate_limit_id, made.workspace_id) == (opus.id, space.id)
    told = {one.type: (one.value, one.org_limit, one.source.type) for one in made.limits}
    assert told["requests_per_minute"] == (2, 50, "workspace")
    assert told["output_tokens_per_minute"] == (99_000, 8000, "workspace")
    with anthropic.Anthropic(base_url=server.url, api_key=secret, max_retries=0) as client:

        def send() -> Any:
            return client.messages.with_raw_response.create(
                model="claude-opus-4-7", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
            )

        assert send().headers["anthropic-ratelimit-requests-limit"] == "2"
        assert send().headers["anthropic-ratelimit-requests-remaining"] == "0"
        with pytest.raises(anthropic.RateLimitError, match=rf"your workspace \({space.id}\) of 2 requests per minute"):
            send()
    inherited = {one.type: one.source.type for one in next(iter(rates.list(space.id, include_inherited=True))).limits}
    assert "organization" in inherited.values()
    rates.update(opus.id, workspace_id=space.id, limits=[{"type": "requests_per_minute", "value": None}])
    assert [one.type for one in next(iter(rates.list(space.id))).limits] == ["output_tokens_per_minute"]


REFUSED = [
    ("workspaces", {}, "name: Field required"),
    ("workspaces", {"name": ""}, "name: String should have at least 1 character"),
    ("workspaces", {"name": "x" * 41}, "name: String should have at most 40 characters"),
    ("workspaces", {"name": 7}, "name: Input should be a valid string"),
    ("workspaces", {"name": "x", "zzz": 1}, "zzz: Extra inputs are not permitted"),
    ("workspaces", {"name": "x", "display_color": "red"},
     "display_color: String should match pattern '^#[0-9a-fA-F]{6}$'"),
    ("workspaces", {"name": "x", "tags": {"anthropic_x": "y"}},
     "tags.anthropic_x: keys may not begin with `anthropic`"),
    ("workspaces", {"name": "x", "external_key_id": "k"},
     "external_key_id: external_key_id is not served by this server"),
    ("workspaces", {"name": "x", "data_residency": {"allowed_inference_geos": ["us"]}},
     "data_residency.default_inference_geo: must be one of allowed_inference_geos"),
    ("workspaces", {"name": "x", "data_residency": {"workspace_geo": "eu"}},
     "data_residency.workspace_geo: Input should be 'us'"),
    ("workspaces", {"name": "a\0b"}, "name: String should match pattern '^[^\\x00]*$'"),
    ("workspaces", {"name": "x", "tags": {"a": 1}}, "tags.a: Input should be a valid string"),
    ("workspaces", {"name": "x", "tags": [1]}, "tags: Input should be an object"),
    ("workspaces", {"name": None}, "name: Input should be a valid string"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "words"), REFUSED, ids=[words for _, _, words in REFUSED])
def test_what_is_wrong_is_named(admin: anthropic.Anthropic, path: str, body: dict[str, object], words: str) -> None:
    with pytest.raises(anthropic.BadRequestError) as refused:
        admin.post(f"/v1/organizations/{path}", body=body, cast_to=object)
    assert fault(refused.value)["message"] == words


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("workspaces?limit=0", "limit: Input should be greater than or equal to 1"),
        ("workspaces?limit=1001", "limit: Input should be less than or equal to 1000"),
        ("workspaces?include_archived=no way",
         "include_archived: Input should be a valid boolean, unable to interpret input"),
        ("api_keys?status=lost", "status: Input should be 'active', 'inactive', 'archived' or 'expired'"),
        ("rate_limits?page=2", "page: Invalid page token"),
    ],
)  # fmt: skip
def test_a_wrong_query_is_named(admin: anthropic.Anthropic, path: str, words: str) -> None:
    with pytest.raises(anthropic.BadRequestError) as refused:
        admin.get(f"/v1/organizations/{path}", cast_to=object)
    assert fault(refused.value)["message"] == words


@pytest.mark.parametrize(
    "path", ["workspaces/wrkspc_none", "api_keys/apikey_none", "workspaces/wrkspc_none/rate_limits"]
)
def test_what_is_not_there_is_not_found(admin: anthropic.Anthropic, path: str) -> None:
    with pytest.raises(anthropic.NotFoundError):
        admin.get(f"/v1/organizations/{path}", cast_to=object)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-1, "Input should be greater than or equal to 0"),
        (10**30, "Input should be less than or equal to 1000000000000"),
        (1.5, "Input should be a valid integer"),
        ("7", "Input should be a valid integer"),
    ],
)
def test_a_limit_that_is_none_is_refused(admin: anthropic.Anthropic, value: object, words: str) -> None:
    [opus] = list(admin.organization.rate_limits.list(model="claude-opus-4-7"))
    space = admin.organization.workspaces.create(name="refused")
    path = f"/v1/organizations/workspaces/{space.id}/rate_limits/{opus.id}"
    with pytest.raises(anthropic.BadRequestError) as refused:
        admin.post(path, body={"limits": [{"type": "requests_per_minute", "value": value}]}, cast_to=object)
    assert fault(refused.value)["message"] == f"limits.0.value: {words}"
    with pytest.raises(anthropic.BadRequestError, match=r"limits.0.type: tokens_per_day is not served"):
        admin.post(path, body={"limits": [{"type": "tokens_per_day", "value": 1}]}, cast_to=object)
    admin.organization.workspaces.archive(space.id)


@pytest.mark.parametrize(
    "path", ["api_keys/%00", "workspaces/%00", "workspaces/%00/rate_limits", "api_keys?after_id=%00"]
)
def test_odd_ids_are_nothing(server: Running, secrets: dict[str, str], path: str) -> None:
    headers = {"x-api-key": secrets["admin"], "anthropic-version": "2023-06-01"}
    assert ask(server.url, f"/v1/organizations/{path}", method="GET", headers=headers).status in (200, 404)


def test_an_admin_key_is_not_among_the_keys(admin: anthropic.Anthropic, folder: Path) -> None:
    id = next(line.split()[0] for line in beside(folder, "key", "list").splitlines() if "(admin)" in line)
    with pytest.raises(anthropic.NotFoundError):
        admin.organization.api_keys.retrieve(id)
    with pytest.raises(anthropic.NotFoundError):
        admin.organization.api_keys.update(id, status="archived")


def test_the_beta_resources_are_the_same(admin: anthropic.Anthropic) -> None:
    assert admin.beta.organization.retrieve().name == "Meadow"
    assert len(list(admin.beta.organization.rate_limits.list())) == len(list(admin.organization.rate_limits.list()))


def test_a_database_that_fails_is_said_and_ends_no_connection(tmp_path: Path) -> None:
    secret = beside(tmp_path, "key", "create", "--admin")
    with serving(tmp_path, "--model", "simulator") as running, connect(running.url) as link:
        with closing(sqlite3.connect(tmp_path / "data" / "sijo.db")) as database:
            database.execute("DROP TABLE overrides")
            database.execute("DROP TABLE keys")
        for path in ("workspaces?include_default=true", "api_keys"):
            link.sendall(head("GET", f"/v1/organizations/{path}", {**HEADERS, "x-api-key": secret}))
            reply = receive(link, "GET")
            assert (reply.status, reply.error["type"]) == (500, "api_error")
            assert "keys" not in reply.error["message"]
    told = [json.loads(line) for line in running.lines() if line.startswith("{")]
    assert [line for line in told if "no such table: keys" in line.get("message", "")]
    assert not [line for line in told if line.get("level") == "error"]
