"""What every request passes: ids, keys, versions, betas, limits, and bodies that nobody should send."""

import json
import re
import socket
from collections.abc import Iterator

import pytest

from tests.http.raw import HEADERS, ask, connect, head, hello, receive
from tests.http.waiting import logged
from tests.serving import Running, serving

STREAMED = hello(stream=True)


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A lenient server that web pages may call."""
    env = {"SIJO_BROWSERS": "true"}
    with serving(tmp_path_factory.mktemp("lenient"), "--model", "simulator", "--lenient", env=env) as running:
        yield running


def without(*names: str, **others: str) -> dict[str, str]:
    kept = {name: value for name, value in HEADERS.items() if name not in names}
    return {**kept, **{name.replace("_", "-"): value for name, value in others.items()}}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/messages", hello(), 200),
        ("POST", "/v1/messages", STREAMED, 200),
        ("POST", "/v1/messages?beta=true", hello(), 200),
        ("POST", "/v1/messages/count_tokens", b"{}", 400),
        ("GET", "/v1/models", None, 200),
        ("GET", "/v1/models/nobody", None, 404),
        ("GET", "/health", None, 200),
        ("GET", "/v1/nowhere", None, 404),
        ("GET", "/v1/messages", None, 405),
        ("DELETE", "/v1/models", None, 405),
    ],
)
def test_every_reply_has_an_id_of_its_own(
    simulator: Running, method: str, path: str, body: bytes | None, status: int
) -> None:
    first, second = (ask(simulator.url, path, body, method=method) for _ in range(2))
    assert first.status == second.status == status
    assert re.fullmatch(r"req_01[0-9A-Za-z]{20,}", first.headers["request-id"])
    assert first.headers["request-id"] != second.headers["request-id"]
    if status >= 400:
        assert first.error["type"] == ("not_found_error" if status == 404 else "invalid_request_error")


def test_the_version_must_be_told(simulator: Running) -> None:
    reply = ask(simulator.url, body=hello(), headers=without("anthropic-version"))
    assert (reply.status, reply.error["message"]) == (400, "anthropic-version: header is required")
    assert reply.headers["x-should-retry"] == "false"
    wrong = ask(simulator.url, body=hello(), headers=without(anthropic_version="1999-01-01"))
    assert wrong.status == 400 and "1999-01-01" in wrong.error["message"]
    assert ask(simulator.url, body=hello(), headers=without(anthropic_version="2026-10-21")).status == 200


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("", "content-type: header is required"),
        ("text/plain", "content-type: must be application/json"),
        ("application/json-seq", "content-type: must be application/json"),
        ("application/json; charset=latin-1", "content-type: charset must be utf-8"),
    ],
)
def test_the_type_of_the_body_must_be_told(simulator: Running, path: str, kind: str, words: str) -> None:
    reply = ask(
        simulator.url, path, hello(), headers=without("content-type", **({"content_type": kind} if kind else {}))
    )
    assert (reply.status, reply.error["type"], reply.error["message"]) == (400, "invalid_request_error", words)
    code = {"error_code": "unsupported_charset"} if "charset" in words else None
    assert reply.error.get("details") == code


@pytest.mark.parametrize("kind", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"'])
def test_the_type_of_the_body_may_be_told_in_full(simulator: Running, kind: str) -> None:
    assert ask(simulator.url, body=hello(), headers=without(content_type=kind)).status == 200


def test_a_lenient_server_needs_no_headers(lenient: Running) -> None:
    assert ask(lenient.url, body=hello(), headers={}).status == 200
    assert ask(lenient.url, body=hello(), headers=without(anthropic_version="1999-01-01")).status == 200


def test_a_strict_server_wants_some_key(simulator: Running) -> None:
    reply = ask(simulator.url, body=hello(), headers=without("x-api-key"))
    assert (reply.status, reply.error) == (
        401,
        {"type": "authentication_error", "message": "x-api-key header is required"},
    )
    assert ask(simulator.url, body=hello(), headers=without("x-api-key", authorization="Bearer any")).status == 200


def test_either_key_will_do(locked: Running, key: str) -> None:
    def status(**keys: str) -> int:
        return ask(locked.url, body=hello(), headers=without("x-api-key", **keys)).status

    bearer = f"Bearer {key}"
    assert status(x_api_key=key) == status(authorization=bearer) == status(authorization=f"bearer  {key} ") == 200
    assert status(x_api_key=key, authorization="Bearer wrong") == 200
    assert status(x_api_key="wrong", authorization=bearer) == 200
    assert status(x_api_key="wrong") == status(authorization=f"Basic {key}") == status() == 401
    assert status(x_api_key=key[:-1]) == status(x_api_key=key + "x") == status(x_api_key="é") == 401


def test_keys_guard_all_but_health(locked: Running) -> None:
    for path in ("/health", "/api/hello", "/"):
        assert ask(locked.url, path, method="GET", headers={}).status == 200
    for path in ("/v1/models", "/v1/messages", "/v1/nowhere", "/v1", "/health/"):
        assert ask(locked.url, path, method="GET", headers={}).status == 401, path


def test_an_unknown_beta(simulator: Running, lenient: Running) -> None:
    headers = without(anthropic_beta="pdfs-2024-09-25, bogus-2020-01-01")
    reply = ask(simulator.url, body=hello(), headers=headers)
    assert reply.status == 400
    assert reply.error["message"].startswith("Unexpected value(s) `bogus-2020-01-01` for the `anthropic-beta` header.")
    assert ask(lenient.url, body=hello(), headers=headers).status == 200


def test_betas_in_several_headers(simulator: Running) -> None:
    lines = b"anthropic-beta: pdfs-2024-09-25\r\nanthropic-beta: bogus-1,bogus-2\r\n"
    body = hello()
    start = head("POST", "/v1/messages", {**HEADERS, "content-length": str(len(body))}).removesuffix(b"\r\n")
    with connect(simulator.url) as link:
        link.sendall(start + lines + b"\r\n" + body)
        reply = receive(link)
    assert "`bogus-1`, `bogus-2`" in reply.error["message"]


@pytest.mark.parametrize("path", ["/v1/nowhere", "/v1/messages/", "/v1//messages", "/V1/messages", "/v1/complete"])
def test_an_unknown_path(simulator: Running, path: str) -> None:
    reply = ask(simulator.url, path, hello())
    assert reply.status == 404
    assert reply.error == {"type": "not_found_error", "message": "The requested resource could not be found."}


@pytest.mark.parametrize(
    ("path", "mended"),
    [
        ("/messages", "This client adds no /v1 to its base URL: let that end with /v1."),
        ("/messages/count_tokens", "This client adds no /v1 to its base URL: let that end with /v1."),
        ("/v1/v1/messages", "This client adds /v1 to its base URL by itself: leave it out there."),
        (
            "/v1/chat/completions",
            "This is the Messages API, not OpenAI's: choose Anthropic as the client's provider.",
        ),
    ],
)
def test_a_path_of_a_wrong_base_url_is_refused_with_how_to_mend_it(simulator: Running, path: str, mended: str) -> None:
    reply = ask(simulator.url, path, hello())
    assert reply.status == 404
    assert reply.error == {
        "type": "not_found_error",
        "message": f"The requested resource could not be found. {mended}",
    }


def test_a_wrong_method(simulator: Running) -> None:
    wrong = [("GET", "/v1/messages"), ("PUT", "/v1/messages"), ("POST", "/v1/models"), ("PATCH", "/v1/models")]
    for method, path in wrong:
        reply = ask(simulator.url, path, b"{}", method=method)
        assert (reply.status, reply.error["type"]) == (405, "invalid_request_error"), method


def test_a_lifecycle_that_no_model_has(simulator: Running) -> None:
    reply = ask(simulator.url, "/v1/models?lifecycle[]=active&lifecycle[]=asleep", method="GET")
    assert reply.status == 400
    assert reply.error["message"] == "lifecycle: Input should be 'active', 'deprecated' or 'retired'"


def test_head(simulator: Running) -> None:
    statuses = {"/health": 200, "/": 200, "/v1/models": 200, "/v1/messages": 405, "/v1/nowhere": 404}
    for path, status in statuses.items():
        reply = ask(simulator.url, path, method="HEAD")
        assert (reply.status, reply.body) == (status, b""), path
        assert reply.headers["request-id"].startswith("req_")


def test_health(simulator: Running) -> None:
    reply = ask(simulator.url, "/health", method="GET", headers={})
    assert reply.status == 200 and reply.json["status"] == "ok" and reply.json["version"]


def test_a_body_over_the_limit_is_not_read(simulator: Running) -> None:
    with connect(simulator.url) as link:
        link.sendall(head("POST", "/v1/messages", {**HEADERS, "content-length": str(33 * 1024 * 1024)}) + b"{")
        reply = receive(link)
    assert (reply.status, reply.error) == (
        413,
        {"type": "request_too_large", "message": "Request exceeds the maximum allowed number of bytes."},
    )


@pytest.mark.parametrize(
    ("headers", "size", "status"),
    [(HEADERS, 33 * 1024 * 1024, 413), ({}, 256 * 1024, 401)],
    ids=["over the limit", "without a key"],
)
def test_a_body_that_nobody_reads_does_not_hold_up_the_connection(
    simulator: Running, headers: dict[str, str], size: int, status: int
) -> None:
    with connect(simulator.url) as link:
        link.sendall(head("POST", "/v1/messages", {**headers, "content-length": str(size)}) + b" " * size)
        assert receive(link).status == status
        body = hello()
        link.sendall(head("POST", "/v1/messages", {**HEADERS, "content-length": str(len(body))}) + body)
        assert receive(link).status == 200


def test_a_body_over_the_limit_that_does_not_tell(simulator: Running) -> None:
    reply = ask(simulator.url, body=(b" " * 1024 * 1024 for _ in range(33)))
    assert (reply.status, reply.error["type"]) == (413, "request_too_large")


def test_a_body_in_pieces(simulator: Running) -> None:
    body = hello()
    reply = ask(simulator.url, body=[body[at : at + 1] for at in range(len(body))])
    assert reply.status == 200
    assert reply.json["content"] == ask(simulator.url, body=body).json["content"]


def test_a_client_who_leaves_before_its_body_is_whole(simulator: Running) -> None:
    with connect(simulator.url) as link:
        link.sendall(head("POST", "/v1/messages", {**HEADERS, "content-length": "1000"}) + b'{"model": "cl')
    assert ask(simulator.url, body=hello()).status == 200


def nested(levels: int) -> bytes:
    tool = {"name": "deep", "input_schema": {"type": "object", "properties": "HERE"}}
    return hello(tools=[tool]).replace(b'"HERE"', b'{"a":' * levels + b"{}" + b"}" * levels)


BROKEN = {
    "empty": b"",
    "truncated": hello()[:-5],
    "no_json": b"hello",
    "null": b"null",
    "list": b"[]",
    "string": b'"x"',
    "not_utf8": hello().replace(b"Hello", b"\xff\xfe"),
    "utf16": hello().decode().encode("utf-16"),
    "levels": b"[" * 10_000 + b"]" * 10_000,
    "levels_inside": nested(10_000),
    "levels_cut": b'{"messages":' + b"[" * 100_000,
    "surrogate": hello().replace(b"Hello", rb"\ud800"),
    "surrogate_in_a_key": hello(x=1).replace(b'"x"', rb'"\udfff"'),
    "nan": hello(temperature=1).replace(b"1", b"NaN"),
    "infinity": hello(temperature=1).replace(b'"temperature": 1', b'"temperature": Infinity'),
    "huge_number": hello(temperature=0).replace(b'"temperature": 0', b'"temperature": 1e999'),
    "huge_integer": hello().replace(b"256", b"9" * 5000),
    "float_for_an_integer": hello().replace(b"256", b"256.5"),
    "twice_the_same_key": hello().replace(b'"max_tokens"', b'"max_tokens": 1, "max_tokens"'),
    "two_values": hello() + hello(),
    "comment": b"// hi\n" + hello(),
    "control_character": hello().replace(b"Hello", b"He\x00llo"),
}


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_body_is_the_clients_fault(simulator: Running, name: str, path: str) -> None:
    reply = ask(simulator.url, path, BROKEN[name])
    assert (reply.status, reply.error["type"]) == (400, "invalid_request_error")
    assert 0 < len(reply.error["message"]) < 1000


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),  # what a TLS client says first
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\n" + b"x: " + b"y" * 200_000,
    ],
)
def test_garbage_ends_its_own_connection_only(simulator: Running, garbage: bytes) -> None:
    with connect(simulator.url) as link:
        try:
            link.sendall(garbage)
            link.shutdown(socket.SHUT_WR)
            said = link.recv(65536)
        except ConnectionError:
            said = b""
    assert said == b"" or b" 4" in said.split(b"\r\n")[0]
    assert ask(simulator.url, "/health", method="GET").status == 200


def test_several_requests_on_one_connection(simulator: Running) -> None:
    body = hello()
    request = head("POST", "/v1/messages", {**HEADERS, "content-length": str(len(body))}) + body
    seen = set()
    with connect(simulator.url) as link:
        for _ in range(3):
            link.sendall(request)
            reply = receive(link)
            assert reply.status == 200
            seen.add(reply.headers["request-id"])
    assert len(seen) == 3


def test_web_pages_are_kept_out(simulator: Running) -> None:
    page = {**HEADERS, "origin": "https://evil.example"}
    reply = ask(simulator.url, body=hello(), headers=page)
    assert reply.status == 401
    assert reply.error["message"].startswith("CORS requests are not allowed for this Organization")
    asked = ask(simulator.url, method="OPTIONS", headers={**page, "access-control-request-method": "POST"})
    assert asked.status >= 400
    for got in (reply, asked):
        assert not [name for name in got.headers if name.startswith("access-control")]


def test_web_pages_are_let_in_where_asked_for(lenient: Running) -> None:
    page = {**HEADERS, "origin": "https://page.example"}
    asked = ask(lenient.url, method="OPTIONS", headers={**page, "access-control-request-method": "POST"})
    assert (asked.status, asked.body) == (204, b"")
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "POST" in asked.headers["access-control-allow-methods"]
    allowed = asked.headers["access-control-allow-headers"].split(", ")
    assert {"*", "authorization"} <= set(allowed)  # the wildcard means all but that one, by which newer SDKs send keys
    for body in (hello(), hello(stream=True), b"{}"):
        reply = ask(lenient.url, body=body, headers=page)
        assert reply.headers["access-control-allow-origin"] == "*"
        exposed = reply.headers["access-control-expose-headers"].split(", ")
        assert {"request-id", "retry-after", "x-should-retry"} <= set(exposed)  # SDKs obey them


def test_secrets_are_not_logged(locked: Running, key: str) -> None:
    secret = "nobody-may-read-this"
    ask(locked.url, f"/v1/models?key={secret}", method="GET", headers={**HEADERS, "x-api-key": key})
    ask(locked.url, body=hello(system=secret), headers={**HEADERS, "x-api-key": secret})
    ask(locked.url, body=hello(system=secret, stop_sequences=secret), headers={**HEADERS, "x-api-key": key})
    ask(locked.url, body=hello(metadata={"user_id": secret}), headers={**HEADERS, "authorization": f"Bearer {key}"})
    for _ in range(3):
        assert ask(locked.url, "/health", method="GET").status == 200
    text = "\n".join(locked.lines())
    assert secret not in text and key not in text


def test_the_access_log_names_the_request(simulator: Running) -> None:
    reply = ask(simulator.url, body=hello())
    line = logged(simulator, reply.headers["request-id"])
    assert (line["method"], line["path"], line["status"]) == ("POST", "/v1/messages", 200)
    assert line["model"] == "claude-haiku-4-5-20251001" and line["stop"] == "end_turn"
    usage = json.loads(reply.body)["usage"]
    assert (line["input_tokens"], line["output_tokens"]) == (usage["input_tokens"], usage["output_tokens"])
