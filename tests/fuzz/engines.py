"""A server over engines that may say anything, and what its clients must get: a whole answer, or an error of the API's.

Nothing here shares code with the server.
"""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conformance.checker import Event, Reader, counted, events
from tests.fuzz.answers import CHATS, RELAYS
from tests.fuzz.ground import Ground, descriptors, open_requests
from tests.fuzz.link import Wrong, read
from tests.fuzz.replies import ID, whole
from tests.fuzz.upstream import KEY, Talk, Upstream, upstream
from tests.http.raw import HEADERS, Reply, ask, head, hello
from tests.serving import serving

SILENCE = 0.5
"""Seconds after which an engine that says nothing is given up."""
PATIENCE = 12.0
"""Seconds for an answer: each try may wait, and there are a few."""
TYPES = {
    400: "invalid_request_error", 402: "billing_error", 403: "permission_error", 404: "not_found_error",
    409: "conflict_error", 413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 504: "timeout_error",
    529: "overloaded_error", 401: "authentication_error",
}  # fmt: skip
CRASH = "Internal server error"
"""What is said of a fault of the server's own."""
AFTER = re.compile(r"\d+(\.\d+)?")
CONFIG = """
[server]
ping = 0.1
strict = false

[[engine]]
name = "simulator"
kind = "simulator"
"""


class Loose(Reader):
    """For a relay, which passes on what is newer than the checker: only how events follow each other is looked at."""

    def content_block_start(self, event: Event) -> None:
        assert self.state == "begun" and self._open is None, "a block begins where none can"
        self.index += 1
        assert event["index"] == self.index, f"index should be {self.index}"
        assert isinstance(event["content_block"]["type"], str)
        self._open = event["content_block"]

    def content_block_delta(self, event: Event) -> None:
        assert self._open is not None and event["index"] == self.index, "no such block is open"
        assert isinstance(event["delta"]["type"], str)

    def content_block_stop(self, event: Event) -> None:
        assert self._open is not None and event["index"] == self.index, "no such block is open"
        self._open = None

    def message_delta(self, event: Event) -> None:
        assert self.state == "begun" and self._open is None, "the message ends within a block"
        self.state = "ended"
        counted(event["usage"])
        reason = event["delta"]["stop_reason"]
        assert isinstance(reason, str) and reason, f"stop_reason {reason!r}"


class Trusting(Reader):
    """For tools whose inputs pass as they come: those that are eager, and those that an engine is to hold to."""

    def message_delta(self, event: Event) -> None:
        self._inputs = []
        super().message_delta(event)


def judge(talk: Talk, reply: Reply) -> None:
    """Raises AssertionError for what no client should get, whatever an engine says."""
    assert ID.fullmatch(reply.headers.get("request-id", "")), f"no request-id: {reply.headers}"
    relays = talk.engine in RELAYS
    if reply.status != 200:
        refused(reply, relays)
        return
    kind = reply.headers["content-type"]
    if kind.startswith("text/event-stream"):
        trusts = any({"eager_input_streaming", "strict"} & set(tool) for tool in talk.fields.get("tools", ()))
        streamed(events(reply.body), Loose() if relays else Trusting() if trusts else Reader())
    elif not relays:
        whole(reply.json)
    elif reply.json.get("type") == "message":
        loosely(reply.json)
    else:
        whole(reply.json)


def refused(reply: Reply, relays: bool) -> None:
    assert 400 <= reply.status <= 599, f"status {reply.status}"
    error(reply.error)
    if not relays:
        assert reply.error["type"] == TYPES[reply.status], f"{reply.error['type']} with status {reply.status}"
    after = reply.headers.get("retry-after", "0")
    assert AFTER.fullmatch(after), f"retry-after: {after}"
    hidden(str(reply.headers))


def error(told: dict[str, Any]) -> None:
    assert isinstance(told["type"], str) and told["type"], "an error without a type"
    assert told["message"].strip(), "an error without a word"
    assert told["message"] != CRASH, f"status 500: {CRASH}"
    hidden(str(told))


def hidden(text: str) -> None:
    assert KEY not in text, f"the engine's key is told: {text[:300]}"
    assert "127.0.0.1" not in text or "http://" not in text or "@" not in text, f"an address is told: {text[:300]}"


def streamed(told: Sequence[Event], reader: Reader) -> None:
    last = told[-1]
    failed = last["type"] == "error"
    if failed:
        error(last["error"])
    for event in told:
        reader.read(event)
    assert reader.state == ("error" if failed else "stopped"), f"the stream ended as {reader.state}"


def loosely(value: dict[str, Any]) -> None:
    assert value["role"] == "assistant" and value["id"].startswith("msg_")
    assert isinstance(value["stop_reason"], str) and value["stop_reason"], f"stop_reason {value['stop_reason']!r}"
    assert all(isinstance(block["type"], str) for block in value["content"])
    counted(value["usage"])


@dataclass(frozen=True)
class Stage(Ground):
    """The server, and the engine that says what is made up."""

    upstream: Upstream

    async def play(self, every: Sequence[Talk]) -> None:
        """All talks at once. Raises `Wrong` for the first that was answered badly."""
        found = await asyncio.gather(*(self._one(talk) for talk in every), return_exceptions=True)
        for talk, wrong in zip(every, found, strict=True):
            if isinstance(wrong, Exception):
                raise Wrong(f"{wrong or type(wrong).__name__}\n  {talk}") from wrong
        await self._left(every)

    async def _one(self, talk: Talk) -> None:
        number = self.upstream.add(talk.answers)
        try:
            async with asyncio.timeout(PATIENCE):
                reply = await self._asked(talk, number)
        except TimeoutError:
            raise AssertionError(f"no end within {PATIENCE:g} s") from None
        finally:
            del self.upstream.talks[number]
        judge(talk, reply)

    async def _asked(self, talk: Talk, number: int) -> Reply:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ports[0], limit=1 << 20)
        try:
            body = talk.body(number)
            writer.write(head("POST", talk.path, {**HEADERS, "content-length": str(len(body))}) + body)
            return await read(reader, "POST")
        finally:
            writer.close()

    async def _left(self, every: Sequence[Talk]) -> None:
        """Nobody listens to an engine any more once all have their answers."""
        until = time.monotonic() + 5
        while self.upstream.busy:
            if time.monotonic() > until:
                raise Wrong(f"answers are still listened to: {self.upstream.busy}\n  {every}")
            await asyncio.sleep(0.01)


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """A server, and the engine behind it."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "engines.toml"
    with upstream() as engine:
        config.write_text(CONFIG + "".join(sections(engine.port)))
        with serving(folder, "--config", str(config)) as running:
            assert ask(running.url, body=hello()).status == 200
            open_requests(running)
            yield Stage({"engines": running}, {"engines": descriptors(running)}, engine)


def sections(port: int) -> Iterator[str]:
    """The settings of each engine, and the routes to them."""
    url = f"http://127.0.0.1:{port}/v1"
    for name in (*CHATS, *RELAYS):
        kind = {"textual": "generic", "relay": "anthropic", "unsigned": "anthropic"}.get(name, name)
        yield f'\n[[engine]]\nname = "{name}"\nkind = "{kind}"\nurl = "{url}"\nkey = "{KEY}"\ntimeout = {SILENCE}\n'
        yield {"textual": "abilities = { tools = false }\n", "unsigned": "signs = false\n"}.get(name, "")
    yield "\n[models]\n" + "".join(f'"{name}" = "{name}"\n' for name in (*CHATS, *RELAYS)) + '"*" = "simulator"\n'
