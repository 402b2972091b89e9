"""A small server under an `Observer`, for tests that need real processes: `FOLDER WORKERS GRACE`.

Its first line on stdout is its port. `POST /v1/messages` answers with the worker's process id, `/slow` never answers.
"""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.supervisors import Multiprocess

from sijo import config, log
from sijo.http.call import Call

MODEL = "claude-opus-4-7"
FOLDER = "OBSERVED_FOLDER"


async def messages(request: Request) -> Response:
    call = request.scope["call"]
    call.model, call.backend, call.stream, call.stop = MODEL, "simulator", True, "end_turn"
    call.input_tokens, call.output_tokens, call.cache_read = 10, 2, 5
    call.first = time.perf_counter()
    return PlainTextResponse(str(os.getpid()))


async def slow(_: Request) -> Response:
    await asyncio.Event().wait()
    raise AssertionError


def app() -> ASGIApp:
    """As the server does it: an observer around the routes, started and closed with them."""
    log.setup("info")
    observer = log.Observer.of(config.Log(), config.Trace(), Path(os.environ[FOLDER]), {MODEL})

    async def metrics(_: Request) -> Response:
        text, kind = observer.metrics.render()
        return Response(text, headers={"content-type": kind})

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncGenerator[None]:
        await observer.start()
        yield
        await observer.close()

    routes = [Route("/v1/messages", messages, methods=["POST"]), Route("/slow", slow), Route("/metrics", metrics)]
    router = Router(routes, lifespan=lifespan)

    async def observed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await router(scope, receive, send)
            return
        scope["call"] = call = Call(scope)
        observer.begin()
        try:
            await router(scope, receive, send)
            call.status = 200
        finally:
            observer.end(call, call.header(b"traceparent"))

    return observed


def main(folder: str, workers: str, grace: str) -> None:
    os.environ[FOLDER] = folder
    log.setup("info")
    listener = socket.create_server(("127.0.0.1", 0))
    listener.set_inheritable(True)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    settings = uvicorn.Config(
        "tests.log.observed:app",
        factory=True,
        log_config=None,
        access_log=False,
        workers=int(workers),
        timeout_graceful_shutdown=int(grace),
    )
    if settings.workers > 1:
        Multiprocess(settings, sockets=[listener]).run()
    else:
        uvicorn.Server(settings).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
