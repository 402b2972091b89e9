"""Any engine that speaks `/v1/chat/completions`: vLLM, SGLang, llama.cpp, Ollama, LM Studio, OpenAI and the like.

It asks, always for a stream, and mends a request that the engine refuses for a reason that can be cured. How a prompt
is said is in `openai_request`, how an answer is read in `openai_stream`, what an engine can do in `engines`.
"""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from sijo.backends import openai_request as request
from sijo.backends.engines import Row, engines, find
from sijo.backends.foreign import NO_JSON, counted
from sijo.backends.lines import Broken, Lines, Whole
from sijo.backends.openai_errors import Fault, Overflow, too_long
from sijo.backends.openai_resume import Renderer, Unrendered
from sijo.backends.openai_stream import Reader
from sijo.backends.think import Tags
from sijo.backends.upstream import AGAIN, AWAY, LACKING, Refused, Reply, Upstream, address
from sijo.engine.context import stops_at_window
from sijo.engine.deltas import AnyDelta
from sijo.engine.prompt import Prompt
from sijo.engine.thinking.speak import unbegun
from sijo.errors import ApiError, Unreachable
from sijo.wire.base import Json

log = logging.getLogger("sijo.openai")

CURES = 3
"""How often one request is mended and sent again."""
UNSUPPORTED = {"unsupported_parameter", "unsupported_value"}
_encode = msgspec.json.encode


class OpenAIChat:
    """One model of one engine.

    `url` is the base, as in `http://127.0.0.1:8000/v1`; `model` is the engine's own name of it; `context` is the window
    in tokens that it really has, where that is known. `thinks` tells that the model reasons by itself when asked to.

    `upstream` is shared with others and closed by who made it. Raises ValueError for what is no address or no key.
    """

    def __init__(
        self,
        name: str,
        url: str,
        model: str,
        *,
        engine: Row,
        key: str | None = None,
        context: int | None = None,
        thinks: bool = True,
        upstream: Upstream,
    ) -> None:
        self.name = name
        self.model = model
        self.engine = engine
        self.abilities = msgspec.structs.replace(engine.abilities, thinking=thinks)
        self.context = context
        self._upstream = upstream
        self._base, self._headers = address(url, key)
        self._key = key
        self._chat = self._base.joinpath("chat", "completions").with_query(self._base.query)
        self._refused: set[str] = set()
        self._opens: dict[bool, bool] = {}
        """Whether the template opens a thought: where one is wanted, and where none is."""
        self._parsed = False
        """The engine has told a thought apart from the text: somebody reads the tags there."""

    async def generate(
        self, prompt: Prompt, /, *, cured: Json | None = None, left: int = CURES
    ) -> AsyncGenerator[AnyDelta]:
        """Continue the prompt. Closing this closes the connection, which is how an engine is stopped.

        `cured` is a body that the engine has refused after it had begun to answer, and that was mended since.
        """
        prompt, body = (prompt, cured) if cured is not None else await self._said(prompt)
        said = again = False
        try:
            tags = await self._tags(prompt)
            async with await self._ask(prompt, body) as reply:
                reader = self._reader(prompt, reply, tags)
                while not reader.done and (data := await reply.read()):
                    for delta in reader.feed(data):
                        said = True
                        yield delta
                fault = None if said else reader.fault
                again = fault is not None and left > 0 and await self._mended(body, fault, prompt)
                for delta in () if again else reader.end():
                    yield delta
                await reply.finish()
                self._parsed = self._parsed or tags.parsed
        except Broken as error:
            if said:
                raise
            raise Unreachable(AWAY) from error
        if again:
            async with aclosing(self.generate(prompt, cured=body, left=left - 1)) as deltas:
                async for delta in deltas:
                    yield delta

    async def _said(self, prompt: Prompt) -> tuple[Prompt, Json]:
        """The prompt as this engine can go on with it, and the body that says so."""
        body = None if prompt.begun is None else await self._continued(prompt)
        if body is None:
            prompt = unbegun(prompt)
            body = request.body(prompt, self.engine, self.model)
        self._leave_out(body)
        return prompt, body

    async def count(self, prompt: Prompt, /) -> int | None:
        """The prompt's tokens by the engine's tokenizer, or None where it has no endpoint for that."""
        place = self.engine.tokenize
        if not place.path:
            return None
        url = self._base.origin().with_path(place.path)
        body = _encode(request.counted(prompt, self.engine, self.model))
        try:
            async with await self._upstream.post(url, body, self._headers) as reply:
                answer = msgspec.json.decode(await reply.whole())
        except Refused as refused:
            fault = self._fault(refused)
            if fault.overflow is not None and fault.overflow.used is not None:
                return fault.overflow.used
            if fault.status in LACKING:
                return None
            raise fault.error(context=self.context) from None
        except NO_JSON:  # a page for whatever is not known there, with status 200
            return None
        return counted(find(answer, place.at))

    async def close(self) -> None:
        """Nothing is held here."""

    async def _continued(self, prompt: Prompt) -> Json | None:
        """A body that goes on after what was begun, or None where the engine's template cannot be asked for: what
        stands before it passes the chat alone."""
        if not self.abilities.resumes:
            return None
        renderer = Renderer(self.engine, self.model, self._base.origin(), self._headers, self._upstream)
        try:
            return await renderer.body(prompt)
        except Refused as refused:
            fault = self._fault(refused)
            if fault.status not in LACKING:
                raise fault.error(context=self.context) from None
        log.info("%s renders no prompts here: it is told what it thought, and does not go on after it", self.name)
        self.abilities = msgspec.structs.replace(self.abilities, resumes=False)
        return None

    async def _ask(self, prompt: Prompt, body: Json) -> Reply:
        """The answer, once it begins. Raises an ApiError that means what the engine meant."""
        url = self._chat if prompt.begun is None else self._base.joinpath("completions").with_query(self._base.query)
        if prompt.prefill is not None and self.engine.prefill_path:
            url = self._base.origin().with_path(self.engine.prefill_path)
        for left in reversed(range(CURES + 1)):
            try:
                return await self._upstream.post(url, _encode(body), self._headers)
            except Refused as refused:
                fault = self._fault(refused)
                if not left or not await self._mended(body, fault, prompt):
                    raise fault.error(max_tokens=prompt.max_tokens, context=self.context) from None
        raise AssertionError("the last try either answers or raises")

    def _fault(self, refused: Refused) -> Fault:
        return Fault.read(refused.status, refused.body, retry_after=refused.retry_after, key=self._key)

    async def _mended(self, body: Json, fault: Fault, prompt: Prompt) -> bool:
        """Change a body that was refused, if there is a cure: without a field, or with fewer tokens for the answer."""
        if fault.status != 400:
            return False
        if (overflow := fault.overflow) is not None:
            return await self._shortened(body, overflow, prompt)
        for words, cure in self.engine.refusals.items():
            if words not in fault.message:
                continue
            if isinstance(cure, dict):
                return self._changed(body, cure, prompt)
            if any(field in body for field in cure):
                return self._without(body, *cure)
        bound = ("model", "messages", "stream", self.engine.max_tokens)
        if fault.code in UNSUPPORTED and fault.param in body and fault.param not in bound:
            return self._without(body, fault.param, learn=fault.code == "unsupported_parameter")
        return False

    def _without(self, body: Json, *fields: str, learn: bool = True) -> bool:
        """Leave fields out, and from later requests too, unless it was only the value that was refused."""
        log.info("%s takes no %s here: left out", self.name, ", ".join(fields))
        for field in fields:
            body.pop(field, None)
        if learn:
            self._refused.update(fields)
        return True

    def _leave_out(self, body: Json) -> None:
        """What was refused before."""
        for field in self._refused:
            body.pop(field, None)

    def _changed(self, body: Json, cure: Json, prompt: Prompt) -> bool:
        """Say it as another row of the table would, from now on. The row may be that one by now, for another request
        that was refused meanwhile: what counts is whether this one says anything else than before."""
        before, self.engine = dict(body), self.engine.changed(cure)
        log.info("%s is not what its kind is: %s", self.name, cure)
        body.update(request.body(prompt, self.engine, self.model))
        self._leave_out(body)
        return body != before

    async def _shortened(self, body: Json, overflow: Overflow, prompt: Prompt) -> bool:
        """Ask for what still fits, if the prompt does, as the API does for most models: they stop at the window's end.

        Some engines stop to count when it is too much, and say only what the prompt has at least: then it is counted.
        """
        limit, used = overflow.limit or self.context, overflow.used
        if limit is None or (used is not None and used >= limit):
            return False
        if used is None or not overflow.exact:
            used = await self.count(prompt)
        if used is None:
            return False
        self.context = self.context or limit
        if used >= limit or not stops_at_window(prompt):
            raise too_long(used, limit, prompt.max_tokens)
        fits, asked = limit - used, body.get(self.engine.max_tokens, 0)
        body[self.engine.max_tokens] = fits
        return bool(fits < asked)

    async def _tags(self, prompt: Prompt) -> Tags:
        """How a thought may stand in the text."""
        row, mode, thinks = self.engine, self.engine.think_tags, request.thinks(prompt)
        if mode == "asked" and not self._parsed and prompt.begun is None:
            if thinks not in self._opens:
                await self._look(prompt, thinks)
            mode = "opened" if self._opens.get(thinks) else "maybe"
        elif mode == "asked" or (mode == "opened" and (prompt.begun is not None or (row.thinking_off and not thinks))):
            mode = "maybe"
        return Tags(mode, whole=prompt.prefill is not None)

    async def _look(self, prompt: Prompt, thinks: bool) -> None:
        """Find out whether the template opens a thought. Who cannot tell is not asked again; who is away is."""
        renderer = Renderer(self.engine, self.model, self._base.origin(), self._headers, self._upstream)
        try:
            self._opens[thinks] = await renderer.opened(prompt)
        except Unrendered:
            self._opens[thinks] = False
        except Refused as refused:
            if refused.status not in AGAIN:
                self._opens[thinks] = False
        except ApiError as error:
            log.debug("%s did not render its template: %s", self.name, error)

    def _reader(self, prompt: Prompt, reply: Reply, tags: Tags) -> Reader:
        row = self.engine
        return Reader(
            engines().answer,
            tags=tags,
            lines=Lines() if reply.streams else Whole(),
            stops=request.stops(prompt, row),
            single=request.single(prompt),
            offered=bool(prompt.tools),
            max_tokens=prompt.max_tokens,
            context=None if prompt.model.overflow == "shrink" else self.context,
            secret=self._key,
        )
