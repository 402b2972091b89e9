"""Pages of the web may not call a server that is only for its own machine; programs may."""

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.http.raw import HEADERS, hello
from tests.serving import Running, serving


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("lenient"), "--model", "simulator", "--lenient") as running:
        yield running


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://evil.example", 401), ("http://127.0.0.1:8484", 401), ("null", 401), ("NULL", 401), ("app://desk", 200)],
)
def test_who_may_call_a_lenient_server(lenient: Running, origin: str, status: int) -> None:
    request = urllib.request.Request(lenient.url + "/v1/messages", hello(), {**HEADERS, "origin": origin})
    try:
        with urllib.request.urlopen(request) as reply:
            found = reply.status
    except urllib.error.HTTPError as error:
        with error:
            found = error.code
    assert found == status
