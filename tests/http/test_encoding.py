"""Bodies that come compressed: served as if they were not, by every endpoint, and never for more than a body may be."""

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable

import anthropic
import httpx2
import pytest
from anthropic.types.shared import RequestBodyEncodingInvalidError, RequestBodyTooLargeAfterDecodingError

from sijo.errors import RequestTooLarge
from sijo.http.encoding import GZIP, unpack
from tests.http.raw import HEADERS, MODEL, ask, hello
from tests.serving import Running

MB = 1024 * 1024
PATHS = ["/v1/messages", "/v1/messages/count_tokens"]
LONG = hello(system="".join(chr(0x4E00 + at * 7919 % 20000) for at in range(100_000)))
"""What does not pack well."""


def raw_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(body) + stream.flush()


FORMS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("GZip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
]


def packed(coding: str) -> dict[str, str]:
    return {**HEADERS, "content-encoding": coding}


def counted(body: bytes) -> bytes:
    return json.dumps({name: value for name, value in json.loads(body).items() if name != "max_tokens"}).encode()


@pytest.mark.parametrize(("coding", "pack"), FORMS)
@pytest.mark.parametrize("body", [hello(), LONG], ids=["short", "long"])
def test_a_packed_body_says_what_it_would_unpacked(
    simulator: Running, coding: str, pack: Callable[[bytes], bytes], body: bytes
) -> None:
    plain, reply = ask(simulator.url, body=body), ask(simulator.url, body=pack(body), headers=packed(coding))
    assert plain.status == reply.status == 200
    assert (reply.json["content"], reply.json["usage"]) == (plain.json["content"], plain.json["usage"])
    count = ask(simulator.url, PATHS[1], pack(counted(body)), headers=packed(coding))
    assert count.json == ask(simulator.url, PATHS[1], counted(body)).json
    assert count.json["input_tokens"] > 0


def test_a_packed_body_in_pieces(simulator: Running) -> None:
    whole = gzip.compress(hello())
    reply = ask(simulator.url, body=[whole[at : at + 1] for at in range(len(whole))], headers=packed("gzip"))
    assert reply.status == 200


def test_a_packed_body_of_the_admin_api(simulator: Running) -> None:
    body = gzip.compress(b'{"name": "packed"}')
    reply = ask(simulator.url, "/v1/organizations/workspaces", body, headers=packed("gzip"))
    assert (reply.status, reply.json["name"]) == (200, "packed")


class Packing(httpx2.BaseTransport):
    """Packs what a client sends."""

    def __init__(self, pack: Callable[[bytes], bytes]) -> None:
        self.pack, self.inner = pack, httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        body = self.pack(request.read())
        headers = httpx2.Headers({**request.headers, "content-encoding": "gzip", "content-length": str(len(body))})
        return self.inner.handle_request(httpx2.Request(request.method, request.url, headers=headers, content=body))

    def close(self) -> None:
        self.inner.close()


def sdk(url: str, pack: Callable[[bytes], bytes]) -> anthropic.Anthropic:
    http = httpx2.Client(transport=Packing(pack))
    return anthropic.Anthropic(base_url=url, api_key="any", max_retries=0, http_client=http)


def test_the_sdk_over_a_client_that_packs(simulator: Running) -> None:
    with (
        sdk(simulator.url, gzip.compress) as client,
        client.messages.stream(
            model=MODEL, max_tokens=64, messages=[{"role": "user", "content": "Hello, Claude"}]
        ) as stream,
    ):
        assert stream.get_final_text()


def test_the_sdk_knows_what_was_wrong(simulator: Running) -> None:
    bomb = gzip.compress(bytes(33 * MB))
    wrong: list[tuple[Callable[[bytes], bytes], type[anthropic.APIStatusError], str]] = [
        (lambda body: body, RequestBodyEncodingInvalidError, "request_body_encoding_invalid"),
        (lambda _: bomb, RequestBodyTooLargeAfterDecodingError, "request_body_too_large_after_decoding"),
    ]
    for pack, kind, code in wrong:
        with sdk(simulator.url, pack) as client, pytest.raises(kind) as caught:
            client.messages.create(model=MODEL, max_tokens=64, messages=[{"role": "user", "content": "Hello"}])
        assert isinstance(caught.value.body, dict)
        assert caught.value.body["error"]["details"] == {"error_code": code}


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, deflate", "aws-chunked", "\xff" * 100])
@pytest.mark.parametrize("path", PATHS)
def test_an_encoding_that_is_not_served(simulator: Running, path: str, coding: str) -> None:
    reply = ask(simulator.url, path, hello(), headers=packed(coding))
    assert (reply.status, reply.error["type"]) == (400, "invalid_request_error")
    assert reply.error["details"] == {"error_code": "request_body_encoding_unsupported"}
    assert len(reply.error["message"]) < 300


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_a_body_that_is_said_to_be_as_it_is(simulator: Running, coding: str) -> None:
    assert ask(simulator.url, body=hello(), headers=packed(coding)).status == 200


GOOD = gzip.compress(LONG)
BROKEN = {
    "empty": ("gzip", b""),
    "empty_deflate": ("deflate", b""),
    "plain": ("gzip", hello()),
    "plain_deflate": ("deflate", hello()),
    "other": ("gzip", zlib.compress(hello())),
    "cut": ("gzip", GOOD[:-1]),
    "cut_early": ("gzip", GOOD[:1000]),
    "cut_deflate": ("deflate", zlib.compress(hello())[:-1]),
    "changed": ("gzip", GOOD[:-8] + b"\0\0\0\0" + GOOD[-4:]),
    "spoiled": ("gzip", GOOD[:5000] + bytes(200) + GOOD[5200:]),
    "more_behind": ("gzip", GOOD + b"x"),
    "much_behind": ("gzip", GOOD + bytes(MB)),
    "two_members": ("gzip", gzip.compress(hello()) * 2),
    "needs_a_dictionary": ("deflate", b"\x78\xbb" + bytes(40)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_what_it_is_said_to_be(simulator: Running, name: str) -> None:
    coding, body = BROKEN[name]
    reply = ask(simulator.url, body=body, headers=packed(coding))
    assert (reply.status, reply.error["type"]) == (400, "invalid_request_error")
    assert reply.error["details"] == {"error_code": "request_body_encoding_invalid"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("coding", "pack"), FORMS[-3:])
def test_a_bomb(simulator: Running, path: str, coding: str, pack: Callable[[bytes], bytes]) -> None:
    reply = ask(simulator.url, path, pack(b" " * (64 * MB)), headers=packed(coding))
    assert (reply.status, reply.error) == (
        413,
        {
            "type": "request_too_large",
            "message": "Request exceeds the maximum allowed number of bytes.",
            "details": {"error_code": "request_body_too_large_after_decoding"},
        },
    )


def test_a_packed_body_may_be_as_long_as_a_plain_one(simulator: Running) -> None:
    body = hello()
    full = body + b" " * (32 * MB - len(body))
    assert ask(simulator.url, body=gzip.compress(full, 1), headers=packed("gzip")).status == 200
    assert ask(simulator.url, body=gzip.compress(full + b" ", 1), headers=packed("gzip")).status == 413


def test_a_bomb_takes_no_more_room_than_a_body_may() -> None:
    bomb, limit = gzip.compress(bytes(64 * MB)), 8 * MB
    tracemalloc.start()
    try:
        with pytest.raises(RequestTooLarge):
            unpack(bomb, GZIP, limit)
        assert tracemalloc.get_traced_memory()[1] < limit * 5 // 4
    finally:
        tracemalloc.stop()
