"""An engine on loopback that says what was recorded: `python -m tests.conformance.engine` prints its port.

The model's name says which recording (`01_vllm_reasoning`), and so which engine it is. Other names:

    echo_ENGINE       says the last user's words again, after them END and then the words once more
    drip_ENGINE       never stops by itself
    refuse_CASE       answers with an error, a row of `refusals.toml`

Every body is first looked at by `picky`: what the real engine would not take is a 400. `GET /seen` tells the bodies
that came, each with whether its client left before the end.
"""

import asyncio
import itertools
import json
import re
import tomllib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.conformance.picky import complaint, rows

STREAMS = Path(__file__).parent.parent / "backends" / "streams"
REFUSALS = Path(__file__).parent / "refusals.toml"
KEPT = 2000
END = "END"
CUTS = (1, 7, 64, 4096)
"""Sizes of the pieces in which a stream is written, in turn: a character or a line may be cut anywhere."""
LATER = 0.02
"""Seconds between two pieces of an answer without end."""

Json = dict[str, Any]


class Engine:
    def __init__(self) -> None:
        self.rows = rows()
        self.refusals: Json = tomllib.loads(REFUSALS.read_text("utf-8"))
        self.streams = {path.stem: path.read_bytes() for path in sorted(STREAMS.glob("*.txt"))}
        self.seen: list[Json] = []

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/seen", self.told)
        app.router.add_post("/v1/chat/completions", self.chat)
        app.router.add_post("/beta/chat/completions", self.chat)
        return app

    async def models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": name, "object": "model"} for name in self.streams]})

    async def told(self, request: web.Request) -> web.Response:
        model = request.query.get("model")
        return web.json_response([one for one in self.seen if one["body"]["model"] == model])

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body: Json = json.loads(await request.read())
        seen = {"body": body, "left": False}
        self.seen = [*self.seen[-KEPT:], seen]
        model = body["model"]
        if refusal := self.refusals.get(model.removeprefix("refuse_")):
            headers = {"content-type": "application/json", **refusal.get("headers", {})}
            return web.Response(text=refusal["body"], status=refusal["status"], headers=headers)
        if (words := complaint(body, self.rows[model.split("_")[1]])) is not None:
            return web.json_response({"error": {"message": f"picky: {words}", "code": 400}}, status=400)
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        try:
            async for piece in self.pieces(model, body):
                await response.write(piece)
        except ConnectionError:
            seen["left"] = True
            raise
        if model == "30_generic_cut":
            assert request.transport
            request.transport.close()
        else:
            await response.write_eof()
        return response

    async def pieces(self, model: str, body: Json) -> AsyncIterator[bytes]:
        if model in self.streams:
            for piece in cut(self.streams[model]):
                yield piece
        elif model.startswith("drip_"):
            for number in itertools.count():
                yield event({"content": f"{number} "})
                await asyncio.sleep(LATER)
        else:
            for part in parts(f"{asked(body)}{END}{asked(body)}"):
                yield event({"content": part})
            yield event({}, finish="stop")
            usage = {"prompt_tokens": len(asked(body)) + 1, "completion_tokens": 2 * len(asked(body)) + 1}
            yield frame({"choices": [], "usage": usage})
            yield b"data: [DONE]\n\n"


def cut(stream: bytes) -> Iterable[bytes]:
    sizes, at = itertools.cycle(CUTS), 0
    while at < len(stream):
        size = next(sizes)
        yield stream[at : at + size]
        at += size


def parts(text: str) -> Iterable[str]:
    """The text in pieces of three characters."""
    return (text[at : at + 3] for at in range(0, len(text), 3))


def asked(body: Json) -> str:
    """The last words of the user, or of the tool that answered last."""
    content = body["messages"][-1]["content"]
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part["type"] == "text")


def event(delta: Json, finish: str | None = None) -> bytes:
    return frame({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def frame(chunk: Json) -> bytes:
    return f"data: {json.dumps({'object': 'chat.completion.chunk', **chunk})}\n\n".encode()


async def serve() -> None:
    runner = web.AppRunner(Engine().app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found = re.search(r"\d+", str(runner.addresses[0][1]))
    assert found
    print(found[0], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
