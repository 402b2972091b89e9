"""Access lines: every request once, soon, whole, and nothing that anybody said."""

import asyncio
import io
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from sijo.log import AccessLog
from sijo.log.access import ATOMIC, BATCH
from tests.log.calls import DOCS, KEY, MODEL, SECRET, call, lines_of

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what it waits for sets no event
            await asyncio.sleep(0.01)


async def test_a_line_says_what_came_of_a_request() -> None:
    out = io.BytesIO()
    log = AccessLog(out)
    one = call(error="overloaded_error")
    log.write(one, 101.5)
    log.close()
    [line] = lines_of(out.getvalue())
    assert str(line.pop("time")).endswith("Z")
    assert line == {
        "logger": "sijo.access", "id": one.id, "method": "POST", "path": "/v1/messages", "status": 200, "stream": True,
        "duration_ms": 1500.0, "first_ms": 250.0, "model": MODEL, "backend": "vllm", "input_tokens": 10,
        "output_tokens": 3, "cache_read_tokens": 5, "cache_write_tokens": 7,
        "engine_cached_tokens": 12, "stop": "end_turn", "error": "overloaded_error",
    }  # fmt: skip
    assert all(f"`{name}`" in DOCS for name in (*line, "time"))


async def test_neither_keys_nor_the_text_of_an_error_get_into_a_line() -> None:
    out = io.BytesIO()
    log = AccessLog(out)
    log.write(call(status=400, error="invalid_request_error"), 101.0)
    log.close()
    assert b"invalid_request_error" in out.getvalue()
    assert KEY.encode() not in out.getvalue() and SECRET.encode() not in out.getvalue()


@pytest.mark.parametrize(
    "path", ["/a\nb\r{}", "/" + "x" * 100_000, "/\udc80\ud800", "/\x1b[2J\x00", "/\u2028é", "/\x9b2J\x85\u202eé"]
)
async def test_a_path_from_outside_makes_one_short_line(path: str) -> None:
    out = io.BytesIO()
    log = AccessLog(out)
    log.write(call(path, model=path), 101.0)
    log.close()
    [line] = lines_of(out.getvalue())
    assert str(line["path"])[:1] == "/" and len(out.getvalue()) < 2000
    assert out.getvalue().count(b"\n") == 1 and b"\x1b" not in out.getvalue()
    assert not set(out.getvalue().decode()) & set("\x7f\x85\x9b\u2028\u202e")


async def test_a_line_waits_a_moment_and_comes_by_itself() -> None:
    out = io.BytesIO()
    log = AccessLog(out)
    log.write(call(), 101.0)
    assert out.getvalue() == b""
    await until(out.getvalue)
    assert len(lines_of(out.getvalue())) == 1


async def test_many_lines_do_not_wait_and_none_is_lost_or_said_twice() -> None:
    out = io.BytesIO()
    log = AccessLog(out)
    for number in range(BATCH + 3):
        log.write(call(id=str(number)), 101.0)
    assert len(lines_of(out.getvalue())) == BATCH
    log.close()
    log.write(call(id="late"), 101.0)
    assert [line["id"] for line in lines_of(out.getvalue())] == [*map(str, range(BATCH + 3)), "late"]


async def test_lines_leave_whole_in_pieces_that_a_pipe_does_not_tear() -> None:
    class Pieces(io.BytesIO):
        taken: list[bytes] = []

        def write(self, piece: "ReadableBuffer", /) -> int:
            self.taken.append(bytes(piece))
            return len(self.taken[-1])

    log = AccessLog(Pieces())
    for _ in range(BATCH):
        log.write(call(), 101.0)
    assert 1 < len(Pieces.taken) < BATCH
    assert all(piece.endswith(b"\n") and len(piece) <= ATOMIC for piece in Pieces.taken)
    assert len(lines_of(b"".join(Pieces.taken))) == BATCH


async def test_a_log_that_nobody_reads_fails_no_request(caplog: pytest.LogCaptureFixture) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", buffering=0) as out:
        log = AccessLog(out)
        log.write(call(), 101.0)
        log.close()
    assert "access lines lost" in caplog.text
