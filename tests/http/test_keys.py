"""Keys at the door of a real server: which one opens it, for what, and how soon a change counts."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import anthropic
import pytest
from anthropic.types import MessageParam

from tests.http.raw import HEADERS, Reply, ask, hello
from tests.serving import Running, beside, serving

OWN = "sk-of-the-settings"
SECOND = 1.0
PATIENCE = 20.0


def send(url: str, key: str, path: str = "/v1/messages", **headers: str) -> Reply:
    named = {**HEADERS, "x-api-key": key, **{name.replace("_", "-"): value for name, value in headers.items()}}
    if path == "/v1/messages":
        return ask(url, path, hello(), headers=named)
    return ask(url, path, method="GET", headers=named)


def soon(true: Callable[[], bool]) -> float:
    """Seconds until something holds."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() < began + PATIENCE
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Running]:
    with serving(folder, "--model", "simulator", env={"SIJO_KEYS": OWN}) as running:
        yield running


@pytest.fixture(scope="module")
def key(folder: Path, server: Running) -> str:
    made = beside(folder, "key", "create", "--name", "one")
    soon(lambda: send(server.url, made).status == 200)
    return made


@pytest.fixture(scope="module")
def admin(folder: Path, server: Running) -> str:
    made = beside(folder, "key", "create", "--admin")
    soon(lambda: send(server.url, made, "/v1/organizations/me").status == 200)
    return made


def test_a_key_of_the_settings_opens_as_ever(server: Running) -> None:
    assert send(server.url, OWN).status == 200


def test_a_key_that_is_made_while_the_server_runs_opens_it(server: Running, key: str) -> None:
    with anthropic.Anthropic(base_url=server.url, api_key=key, max_retries=0) as client:
        message: list[MessageParam] = [{"role": "user", "content": "hi"}]
        assert client.messages.create(model="claude-opus-5", max_tokens=9, messages=message).content


@pytest.mark.parametrize("wrong", ["any", "sk-ant-api03-sijo-x", "sk-ant-admin01-x", "키"])
def test_any_other_does_not(server: Running, wrong: str) -> None:
    reply = send(server.url, wrong.encode().decode("latin-1"))
    assert (reply.status, reply.error["type"], reply.error["message"]) == (
        401, "authentication_error", "invalid x-api-key",
    )  # fmt: skip
    assert "anthropic-workspace-id" not in reply.headers


def test_a_revoked_key_ends_within_a_second(folder: Path, server: Running) -> None:
    made = beside(folder, "key", "create", "--name", "short")
    soon(lambda: send(server.url, made).status == 200)
    beside(folder, "key", "revoke", "short")
    began = time.monotonic()
    soon(lambda: send(server.url, made).status == 401)
    assert time.monotonic() - began < PATIENCE
    time.sleep(SECOND)
    assert send(server.url, made).status == 401


def test_the_workspace_is_told_and_another_one_is_refused(folder: Path, server: Running, key: str) -> None:
    id = beside(folder, "workspace", "create", "research")
    made = beside(folder, "key", "create", "--workspace", "research")
    soon(lambda: send(server.url, made).status == 200)
    default = send(server.url, key).headers["anthropic-workspace-id"]
    assert send(server.url, made).headers["anthropic-workspace-id"] == id != default
    assert send(server.url, OWN).headers["anthropic-workspace-id"] == default
    assert send(server.url, made, anthropic_workspace_id=id).status == 200
    assert send(server.url, key, anthropic_workspace_id=default).status == 200
    wrong = send(server.url, made, anthropic_workspace_id=default)
    assert (wrong.status, wrong.error["type"]) == (400, "invalid_request_error")
    assert wrong.error["message"].startswith("anthropic-workspace-id: ")
    beside(folder, "workspace", "archive", "research")
    soon(lambda: send(server.url, made).status == 401)


def test_standard_keys_and_admin_keys_open_different_doors(server: Running, key: str, admin: str) -> None:
    for standard in (key, OWN):
        reply = send(server.url, standard, "/v1/organizations/me")
        assert (reply.status, reply.error["type"]) == (403, "permission_error")
        assert reply.error["message"] == "This endpoint requires an Admin API key."
    for path in ("/v1/messages", "/v1/models"):
        reply = send(server.url, admin, path)
        assert (reply.status, reply.error["type"]) == (403, "permission_error")
    assert send(server.url, "wrong", "/v1/organizations/me").status == 401
    reply = send(server.url, admin, "/v1/organizations/me")
    assert reply.status == 200 and "anthropic-workspace-id" not in reply.headers
    assert reply.headers["anthropic-organization-id"] == reply.json["id"]


def test_either_of_two_headers_will_do(server: Running, key: str) -> None:
    assert send(server.url, "wrong", authorization=f"Bearer {key}").status == 200
    assert send(server.url, key, authorization="Bearer wrong").status == 200


def test_who_revokes_the_last_key_does_not_open_the_server(tmp_path: Path) -> None:
    with serving(tmp_path, "--model", "simulator") as running:
        assert send(running.url, "any").status == 200
        made = beside(tmp_path, "key", "create", "--name", "only")
        soon(lambda: send(running.url, "any").status == 401)
        assert send(running.url, made).status == 200
        beside(tmp_path, "key", "revoke", "only")
        soon(lambda: send(running.url, made).status == 401)
        assert send(running.url, "any").status == 401
        assert "YOUR_KEY" not in running.banner
    with serving(tmp_path, "--model", "simulator") as again:
        assert send(again.url, "any").status == 401
        assert "YOUR_KEY" in again.banner


def test_workers_know_a_key_each(tmp_path: Path) -> None:
    with serving(tmp_path, "--model", "simulator", "--workers", "2") as running:
        made = beside(tmp_path, "key", "create", "--name", "only")
        soon(lambda: all(send(running.url, "any").status == 401 for _ in range(12)))
        assert {send(running.url, made).status for _ in range(12)} == {200}
        beside(tmp_path, "key", "revoke", "only")
        time.sleep(SECOND)
        assert {send(running.url, made).status for _ in range(12)} == {401}
