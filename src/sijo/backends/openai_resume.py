"""Going on after a thought that was cut off: the rendered prompt, the thought, its end, and then the answer.

Engines with raw completions continue any text. Rendered by the engine's own template and followed by what it has just
said, the text is one whose prefix the engine still has in its cache, so the second part costs next to nothing. Some
render to a text, others to the numbers of its tokens.
"""

import asyncio
from typing import Any

import msgspec
from yarl import URL

from sijo.backends import openai_request as request
from sijo.backends.engines import Row, find
from sijo.backends.foreign import NO_JSON
from sijo.backends.think import CLOSE, OPEN
from sijo.backends.upstream import Headers, Upstream
from sijo.engine.prompt import Prompt
from sijo.errors import ApiError
from sijo.wire.base import Json

RENDERED = ("model", "messages", "tools", "chat_template_kwargs")
"""The fields of a body that an engine's template is given."""
TOLD = ("model", "chat_template_kwargs")
"""Those of them that say how it thinks."""
ANY = [{"role": "user", "content": "Hi"}]
SAMPLING = ("temperature", "top_p", "top_k", "stop", "stream", "stream_options", "response_format")
LET_GO = 0.1
"""Seconds in which an engine notices that the first part was closed. Whoever asks sooner is given another slot, with
nothing of the prefix in its cache."""
NEAR = 4
"""Tokens at the end of a rendered prompt among which the tag is, if the template has opened it."""


class Unrendered(ApiError):
    """What came back is no rendered prompt."""

    def __init__(self) -> None:
        super().__init__("The engine did not render its template.")


class Renderer:
    """The engine's template and tokenizer, at the place that its row names."""

    def __init__(self, row: Row, model: str, origin: URL, headers: Headers, upstream: Upstream) -> None:
        self.row, self.model, self.upstream, self.headers = row, model, upstream, headers
        self._url = origin.with_path(row.render.path)

    async def body(self, prompt: Prompt) -> Json:
        """The body of a raw completion that goes on after `prompt.begun`, the thought closed."""
        await asyncio.sleep(LET_GO)
        chat = request.body(prompt, self.row, self.model)
        rendered = await self._ask({key: chat[key] for key in RENDERED if key in chat})
        thought = f"{prompt.begun or ''}\n{CLOSE}\n\n"
        if isinstance(rendered, str):
            whole: Any = (rendered if rendered.rstrip().endswith(OPEN) else f"{rendered}{OPEN}\n") + thought
        elif isinstance(rendered, list):
            opened = await self._near(OPEN, rendered)
            whole = [*rendered, *await self._tokens(thought if opened else f"{OPEN}\n{thought}")]
        else:
            raise Unrendered
        raw = {key: chat[key] for key in (*SAMPLING, self.row.grammar, self.row.cache_salt) if key in chat}
        return {"model": self.model, "prompt": whole, "max_tokens": prompt.max_tokens, **raw}

    async def opened(self, prompt: Prompt) -> bool:
        """Whether the template opens a thought at the end of a prompt that thinks as this one, and leaves it open. It
        is asked of another text: what a caller says may end as an open thought does."""
        chat = request.body(prompt, self.row, self.model)
        rendered = await self._ask({key: chat[key] for key in TOLD if key in chat} | {"messages": ANY})
        if isinstance(rendered, str):
            return rendered.rstrip().endswith(OPEN)
        if not isinstance(rendered, list):
            raise Unrendered
        return await self._near(OPEN, rendered) and not await self._near(CLOSE, rendered)

    async def _near(self, tag: str, rendered: list[Any]) -> bool:
        """Whether a tag is at the end of a rendered prompt."""
        found = await self._tokens(tag)
        return bool(found) and found[-1] in rendered[-NEAR:]

    async def _tokens(self, text: str) -> list[int]:
        found = await self._ask({"model": self.model, "prompt": text, "add_special_tokens": False})
        if not isinstance(found, list):
            raise Unrendered
        return found

    async def _ask(self, body: Json) -> object:
        async with await self.upstream.post(self._url, msgspec.json.encode(body), self.headers) as reply:
            whole = await reply.whole()
        try:
            return find(msgspec.json.decode(whole), self.row.render.at)
        except NO_JSON:
            raise Unrendered from None
