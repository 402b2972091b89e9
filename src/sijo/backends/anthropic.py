"""Any server that speaks `POST /v1/messages`: hosted Claude, another Sijo, or an engine with such an endpoint.

The request goes on as it came, with the upstream's key and model; the answer, always streamed, comes back with all that
it says. How it is read is in `anthropic_stream`, what its errors mean in `anthropic_errors`.
"""

from collections.abc import AsyncGenerator
from itertools import chain
from typing import Literal

import msgspec
from yarl import URL

from sijo.backends.anthropic_errors import refused
from sijo.backends.anthropic_stream import ALIEN, Reader
from sijo.backends.foreign import NO_JSON, counted
from sijo.backends.lines import Broken, Lines
from sijo.backends.upstream import AWAY, LACKING, Refused, Reply, Upstream, address
from sijo.engine.abilities import Abilities
from sijo.engine.deltas import AnyDelta
from sijo.engine.prompt import Prompt
from sijo.errors import ApiError, Unreachable
from sijo.wire.request import CountRequest, MessageParam

Auth = Literal["x-api-key", "bearer", "both"]
HOSTED = ".anthropic.com"
OAUTH = "sk-ant-oat"
_encode = msgspec.json.encode


class Anthropic:
    """One upstream. `url` is its base, with or without `/v1`; `model` replaces what the client named, None leaves it.

    `key` is sent as `auth` says; None chooses: `x-api-key` to hosted Claude (`bearer` for a token of OAuth), `both` to
    others, some of which know only the one or the other. `signs` tells that the upstream signs its thinking, as hosted
    Claude and Sijo do; signatures then pass unchanged both ways. Otherwise thinking is signed here.

    `upstream` is shared with others and closed by who made it. Raises ValueError for what is no address.
    """

    def __init__(
        self,
        name: str,
        url: str,
        model: str | None = None,
        *,
        key: str | None = None,
        auth: Auth | None = None,
        signs: bool = True,
        upstream: Upstream,
    ) -> None:
        self.name = name
        self.model = model
        self.abilities = Abilities(everything=True, signs=signs)
        self._upstream = upstream
        self._key = key
        base, headers = address(url)
        self._url, self._count_url = endpoint(base), endpoint(base, "/count_tokens")
        self._headers = headers if key is None else {**headers, **credentials(key, auth or usual(base, key))}

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[AnyDelta]:
        """What the upstream answers. Raises its errors as it told them. Closing this closes the connection."""
        request = asked(prompt, as_is=self.abilities.signs)
        streams = bool(getattr(request, "max_tokens", 1))  # the API does not stream what only fills a cache
        changes = {"stream": streams, "model": self.model or request.model}
        body = _encode(msgspec.structs.replace(request, **changes))
        reader, lines, said = Reader(signed=self.abilities.signs, key=self._key), Lines(), False
        try:
            async with await self._post(self._url, body, prompt) as reply:
                if not reply.streams:
                    for delta in reader.whole(await reply.whole()):
                        yield delta
                    return
                while not reader.done and (data := await reply.read()):
                    for delta in chain.from_iterable(map(reader.feed, lines.feed(data))):
                        said = True
                        yield delta
                for delta in chain.from_iterable(map(reader.feed, lines.end())):
                    said = True
                    yield delta
                for delta in reader.end():
                    yield delta
                await reply.finish()
        except Refused as refusal:
            raise self._meant(refusal) from None
        except Broken as error:
            if said:
                raise
            raise Unreachable(AWAY) from error

    async def count(self, prompt: Prompt, /) -> int | None:
        """What the upstream counts, or None if it has no endpoint for that."""
        request = asked(prompt, as_is=self.abilities.signs)
        fields = {name: getattr(request, name) for name in CountRequest.__struct_fields__}
        body = _encode(CountRequest(**{**fields, "model": self.model or request.model}))
        try:
            async with await self._post(self._count_url, body, prompt) as reply:
                count = msgspec.json.decode(await reply.whole())["input_tokens"]
        except Refused as refusal:
            error = self._meant(refusal)
            if refusal.status in LACKING and not error.message.startswith("model"):
                return None
            raise error from None
        except (*NO_JSON, KeyError, TypeError):
            raise ApiError(ALIEN) from None
        return counted(count)

    async def close(self) -> None:
        """Nothing is held here."""

    async def _post(self, url: URL, body: bytes, prompt: Prompt) -> Reply:
        headers = {**self._headers, "anthropic-version": prompt.version}
        if prompt.betas:
            headers["anthropic-beta"] = ",".join(prompt.betas)
        return await self._upstream.post(url, body, headers)

    def _meant(self, refusal: Refused) -> ApiError:
        again = {"true": True, "false": False}.get(refusal.headers.get("x-should-retry", ""))
        return refused(refusal.status, refusal.body, retry_after=refusal.retry_after, should_retry=again, key=self._key)


def asked(prompt: Prompt, *, as_is: bool) -> CountRequest:
    """The request to send: as it came, with what its turn has said since as a last message.

    Where thinking is signed here it is also restored here, and the messages are the prompt's.
    """
    request, items = prompt.request, prompt.items
    if not as_is:
        messages = [MessageParam(item.role, list(item.content)) for item in items]
        return msgspec.structs.replace(request, messages=messages, system=list(prompt.system))
    ends = [item.role for item in items[-2:]]
    answering = request.messages[-1].role != "assistant"  # otherwise the client began the answer itself
    if ends == ["assistant", "assistant"] or (answering and ends[-1:] == ["assistant"]):
        said = MessageParam("assistant", list(items[-1].content))
        return msgspec.structs.replace(request, messages=[*request.messages, said])
    return request


def endpoint(base: URL, more: str = "") -> URL:
    """The address of the Messages API below a base, which may name a part of it already."""
    path = base.path.rstrip("/")
    for ending in ("/messages", "/v1"):
        path = path.removesuffix(ending)
    return base.with_path(f"{path}/v1/messages{more}", keep_query=True)


def usual(base: URL, key: str) -> Auth:
    """How a key is sent where nobody said it."""
    if key.startswith(OAUTH):
        return "bearer"
    return "x-api-key" if f".{base.host}".endswith(HOSTED) else "both"


def credentials(key: str, auth: Auth) -> dict[str, str]:
    """The headers that say who asks."""
    plain, bearer = {"x-api-key": key}, {"Authorization": f"Bearer {key}"}
    return {"x-api-key": plain, "bearer": bearer, "both": plain | bearer}[auth]
