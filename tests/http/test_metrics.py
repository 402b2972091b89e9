"""Who may read the figures."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.http.raw import HEADERS, Reply, ask, hello
from tests.http.waiting import until
from tests.serving import Running, beside, serving

FROM_AFAR = {"x-forwarded-for": "203.0.113.7"}
OWN, STANDARD = "sk-of-the-figures", "sk-sijo-standard"


def figures(running: Running, **headers: str) -> Reply:
    return ask(running.url, "/metrics", method="GET", headers={k.replace("_", "-"): v for k, v in headers.items()})


def afar(running: Running, **headers: str) -> Reply:
    return figures(running, x_forwarded_for="203.0.113.7", **headers)


@contextmanager
def server(folder: Path, env: Mapping[str, str]) -> Iterator[Running]:
    with serving(folder, "--model", "simulator", env=env) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    env = {"SIJO_KEYS": STANDARD, "SIJO_METRICS_KEY": OWN}
    with server(tmp_path_factory.mktemp("guarded"), env) as running:
        yield running


def test_who_is_at_this_machine_needs_no_key(simulator: Running, guarded: Running) -> None:
    for running in (simulator, guarded):
        reply = figures(running)
        assert reply.status == 200 and b"sijo_requests_total" in reply.body


@pytest.mark.parametrize(
    "headers",
    [FROM_AFAR, {"x-real-ip": "203.0.113.7"}, {"forwarded": "for=203.0.113.7"}, {"host": "sijo.example"}],
    ids=lambda headers: next(iter(headers)),
)
def test_who_is_elsewhere_needs_one(simulator: Running, guarded: Running, headers: dict[str, str]) -> None:
    for running in (simulator, guarded):
        reply = ask(running.url, "/metrics", method="GET", headers=headers)
        assert (reply.status, reply.error) == (
            401,
            {"type": "authentication_error", "message": "x-api-key header is required"},
        )
        assert b"sijo_" not in reply.body
        assert ask(running.url, "/metrics", method="GET", headers={**headers, "x-api-key": "any"}).status == 401
        assert ask(running.url, "/health", method="GET", headers=headers).status == 200


def test_the_key_of_the_figures_opens_them_and_nothing_else(guarded: Running) -> None:
    assert afar(guarded, authorization=f"Bearer {OWN}").status == afar(guarded, x_api_key=OWN).status == 200
    assert ask(guarded.url, body=hello(), headers={**HEADERS, "x-api-key": OWN}).status == 401
    for path in ("/v1/models", "/v1/organizations/me"):
        assert ask(guarded.url, path, method="GET", headers={**HEADERS, "x-api-key": OWN}).status == 401


def test_an_admin_key_opens_them_and_a_standard_one_does_not(guarded: Running) -> None:
    admin = beside(guarded.log.parent, "key", "create", "--admin")
    until(lambda: True if afar(guarded, x_api_key=admin).status == 200 else None, "a new key works")
    reply = afar(guarded, authorization=f"Bearer {STANDARD}")
    assert (reply.status, reply.error["message"]) == (403, "This endpoint requires an Admin API key.")
    assert afar(guarded, authorization=f"Bearer {admin}", x_api_key=STANDARD).status == 200


def test_figures_for_all(tmp_path: Path) -> None:
    with server(tmp_path, {"SIJO_KEYS": STANDARD, "SIJO_METRICS": "open"}) as running:
        assert afar(running).status == afar(running, x_api_key="wrong").status == 200


def test_figures_for_none_without_a_key(tmp_path: Path) -> None:
    with server(tmp_path, {"SIJO_METRICS": "key", "SIJO_METRICS_KEY": OWN}) as running:
        assert figures(running).status == 401
        assert figures(running, authorization=f"Bearer {OWN}").status == 200


def test_the_key_of_the_figures_is_not_logged(guarded: Running) -> None:
    afar(guarded, authorization=f"Bearer {OWN}")
    ask(guarded.url, "/health", method="GET")
    assert OWN not in "\n".join(guarded.lines())
