"""`POST /v1/messages` and `/v1/messages/count_tokens`."""

import asyncio
import re
import time

from starlette.types import Receive, Scope, Send

from sijo.engine.entry import Ledger, entry
from sijo.engine.faults import Cut, Garbage
from sijo.engine.intake import LARGE, Intake, Terms
from sijo.engine.rules import parse
from sijo.engine.turn import Turn, collect, run
from sijo.errors import ApiError
from sijo.http import body
from sijo.http.call import Call
from sijo.http.drive import drive
from sijo.http.limits import Limits
from sijo.http.sse import EventStream, encode
from sijo.http.watch import Watch

JSON = (b"content-type", b"application/json")
BEFORE_EDITS = b'{"input_tokens":%d,"context_management":{"original_input_tokens":%d}}'
ESCAPED = re.compile(rb"\\u00[2-7]")
"""A letter or a mark that need not be escaped."""


class Messages:
    """Answers with one turn, streamed or whole. An ASGI app, so that nothing stands between it and the socket."""

    def __init__(
        self, intake: Intake, ledger: Ledger | None = None, *, ping_every: float, limits: Limits | None = None
    ) -> None:
        self.intake = intake
        self.ledger = ledger
        self.ping_every = ping_every
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope["call"]
        if self.intake.catalog.strict:
            body.typed(call)
        raw = await body.read(call, receive)
        weighs = heavy(raw)
        found = await asyncio.to_thread(parse, raw) if weighs else parse(raw)
        place = await self.limits.enter(call, found) if self.limits is not None else None
        read, terms = self.intake.turn, Terms(call.version, call.betas, call.caller)
        turn, call.stream, served = (
            await asyncio.to_thread(read, raw, terms, found) if weighs else read(raw, terms, found)
        )
        call.model, call.backend = served.model.id, served.backend.name
        if place is not None:
            await place.admit(turn)
        failed: ApiError | None = None
        try:
            await (self._stream if call.stream else self._whole)(call, turn, receive, send)
        except ApiError as error:
            failed = error
            raise
        except asyncio.CancelledError:
            call.error = "server_stopped"  # its grace is over
            raise
        finally:
            note(call, turn)
            if place is not None:
                place.leave(turn.message)
            if self.ledger is not None and (used := entry(turn, call, failed)) is not None:
                self.ledger.add(used)

    async def _stream(self, call: Call, turn: Turn, receive: Receive, send: Send) -> None:
        def begun() -> None:
            call.first = time.perf_counter()

        stream = EventStream(run(turn), ping_every=self.ping_every, begun=begun)
        await stream(receive, send)
        if stream.error is not None:
            call.error = stream.error.type
        elif stream.left:
            call.status = call.status or 499
            call.error = "client_left"

    async def _whole(self, call: Call, turn: Turn, receive: Receive, send: Send) -> None:
        watch = Watch(receive)
        try:
            message = await drive(collect(turn), watch.start)
        except asyncio.CancelledError:
            if not watch.left:
                raise
            call.status, call.error = 499, "client_left"
            return
        except (Cut, Garbage) as fault:
            await broken(fault, send)
            return
        finally:
            watch.stop()
        call.first = time.perf_counter()
        await answer(send, encode(message))


class Count:
    """Counts the tokens of a prompt."""

    def __init__(self, intake: Intake, *, limits: Limits | None = None) -> None:
        self.intake = intake
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope["call"]
        if self.limits is not None:
            await self.limits.count(call)
        if self.intake.catalog.strict:
            body.typed(call)
        raw = await body.read(call, receive)
        read, terms = self.intake.counted, Terms(call.version, call.betas, call.caller)
        prompt, served = await asyncio.to_thread(read, raw, terms) if heavy(raw) else read(raw, terms)
        count = await self.intake.count(prompt, served)
        call.model, call.backend, call.input_tokens = served.model.id, served.backend.name, count
        if prompt.request.context_management is None or served.backend.abilities.signs:
            await answer(send, b'{"input_tokens":%d}' % count)
        else:  # the edits that are served change nothing
            await answer(send, BEFORE_EDITS % (count, count))


def heavy(raw: bytes) -> bool:
    """Whether to read a body may take long, and is for a thread, lest everybody else wait for it: it is large, or may
    hold a PDF, however that is spelt, whose text is taken out of it.

    Fixed strings are looked for first: one pattern for all of it would take five times as long. (`in` takes bytes for a
    number at first, and an error for an answer: `find` does not.)
    """
    if len(raw) > LARGE or raw.find(b"application/pdf") >= 0:
        return True
    if raw.find(b"\\") < 0:
        return False
    return rb"application\/pdf" in raw or (rb"\u00" in raw and bool(ESCAPED.search(raw)))


def note(call: Call, turn: Turn) -> None:
    """What the turn came to, for the access line and the figures."""
    usage = turn.message.usage
    call.mended = turn.tally
    call.input_tokens, call.output_tokens = usage.input_tokens, usage.output_tokens
    call.cache_read, call.cache_written = usage.cache_read_input_tokens, usage.cache_creation_input_tokens
    call.reused = None if turn.reuse is None else turn.reuse.tokens
    call.stop = turn.message.stop_reason


async def answer(send: Send, reply: bytes) -> None:
    headers = [JSON, (b"content-length", str(len(reply)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": reply})


async def broken(fault: Cut | Garbage, send: Send) -> None:
    """A scripted fault of the connection, on a reply that is not streamed: half a reply, or one that is no JSON."""
    payload = fault.payload if isinstance(fault, Garbage) else b'{"type":"message","id":"msg_'
    headers = [JSON] if isinstance(fault, Garbage) else [JSON, (b"content-length", b"4096")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": payload, "more_body": isinstance(fault, Cut)})
