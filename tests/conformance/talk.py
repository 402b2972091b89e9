"""A conversation with one target through the official SDK. Every stream is read by the checker, too."""

import json
import re
import tomllib
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import anthropic
import httpx2
from anthropic.types import Message, ToolUseBlock

from tests.conformance import checker
from tests.conformance.engine import STREAMS
from tests.conformance.tap import Tap
from tests.conformance.targets import SCENES, Target

Json = dict[str, Any]

WEATHER: Json = {
    "name": "weather",
    "description": "The weather in a city",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": ["Oslo", "Rome", "Paris"]}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
ANYWHERE: Json = {
    "name": "weather",
    "description": "The weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
THINK: Json = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 1400}
FIRST: Mapping[str, Json] = {
    "thinking": THINK,
    "long": {"max_tokens": 20_000},
    "call": {"tools": [WEATHER]},
    "calls": {"tools": [ANYWHERE]},
    "cut": {"tools": [WEATHER]},
}
"""What the question of a scene holds beyond its words, for every target."""
EXPECTED: Mapping[str, Json] = tomllib.loads((STREAMS / "expected.toml").read_text("utf-8"))
TYPED = frozenset(
    {"model", "max_tokens", "messages", "system", "tools", "tool_choice", "thinking", "stop_sequences", "metadata",
     "service_tier", "output_config", "cache_control"}
)  # fmt: skip
"""Fields that the SDK has an argument for; the others go beside it."""


class Talk:
    """Asks one target. `url` is its server's, `behind` that of the engine behind it where that can be asked."""

    def __init__(self, target: Target, url: str, behind: str | None = None) -> None:
        self.target = target
        self.url = url
        self.behind = behind
        self.tap = Tap()
        self.http = httpx2.Client(transport=self.tap, timeout=60, base_url=url)
        self.client = anthropic.Anthropic(base_url=url, api_key="any", max_retries=0, http_client=self.http)
        self.events: list[checker.Event] = []

    def close(self) -> None:
        self.http.close()

    def can(self, what: str) -> bool:
        return self.target.can(what)

    def body(self, scene: str = "text", **changes: Any) -> Json:
        """The request that opens a scene, with other fields in place of its own; None leaves a field out."""
        model = self.target.models[scene]
        body: Json = {"model": model, "max_tokens": 300, "messages": [{"role": "user", "content": SCENES[scene]}]}
        body |= FIRST.get(scene, {})
        if (tools := EXPECTED.get(model, {}).get("tools")) and "tools" in body:
            body["tools"] = [named(name) for name in dict.fromkeys(tool["name"] for tool in tools)]
        body |= self.target.extra.get(scene, {})
        return {name: value for name, value in (body | changes).items() if value is not None}

    def whole(self, scene: str = "text", **changes: Any) -> Message:
        """The answer in one piece."""
        return self.client.messages.create(**spread(self.body(scene, **changes)))

    def streamed(self, scene: str = "text", **changes: Any) -> Message:
        """The answer as it streams; `events` are those that came."""
        with self.client.messages.stream(**spread(self.body(scene, **changes))) as stream:
            message = stream.get_final_message()
        self.events = checker.events(self.tap.replies[-1].body)
        checker.check(self.events)
        return Message.model_validate(message.model_dump())

    def both(self, scene: str = "text", **changes: Any) -> Iterator[Message]:
        """The answer in one piece, then as it streams."""
        yield self.whole(scene, **changes)
        yield self.streamed(scene, **changes)

    def refused(self, scene: str = "text", **changes: Any) -> anthropic.APIStatusError:
        """The error that the request is refused with: the same one, whether it asks for a stream or not."""
        errors = []
        for stream in (False, True):
            try:
                answer = self.client.messages.create(**spread(self.body(scene, **changes)), stream=stream)
            except anthropic.APIStatusError as error:
                envelope(error)
                errors.append(error)
            else:
                raise AssertionError(f"it was not refused: {answer}")
        assert errors[0].status_code == errors[1].status_code
        assert said(errors[0]) == said(errors[1])
        return errors[0]

    def count(self, scene: str = "text", **changes: Any) -> int:
        """What count_tokens tells for the same request."""
        body = self.body(scene, **changes)
        kept = {name: body[name] for name in ("model", "messages", "system", "tools", "tool_choice", "thinking")
                if name in body}  # fmt: skip
        return self.client.messages.count_tokens(**kept).input_tokens

    def post(self, body: Any, path: str = "/v1/messages", **headers: str) -> httpx2.Response:
        """The reply to bytes, or to anything as JSON, without the SDK in between."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"x-api-key": "any", "anthropic-version": "2023-06-01", "content-type": "application/json"}
        return self.http.post(
            path, content=content, headers=sent | {k.replace("_", "-"): v for k, v in headers.items()}
        )

    def seen(self, scene: str = "text") -> list[Json]:
        """What the engine behind was sent for the model of a scene: `body`, and whether it `left` too early."""
        with urllib.request.urlopen(f"{self.behind}/seen?model={self.target.models[scene]}", timeout=10) as reply:
            found: list[Json] = json.load(reply)
        return found

    def sent(self, scene: str = "text") -> Json:
        """The last body that the engine behind was sent."""
        body: Json = self.seen(scene)[-1]["body"]
        return body


def named(name: str) -> Json:
    """A tool of which nothing matters but its name."""
    return {"name": name, "description": name, "input_schema": {"type": "object"}}


def spread(body: Json) -> Json:
    """The arguments for the SDK."""
    typed = {name: value for name, value in body.items() if name in TYPED}
    return typed | {"extra_body": {name: value for name, value in body.items() if name not in TYPED}}


def said(error: anthropic.APIStatusError) -> str:
    """An error's message."""
    assert isinstance(error.body, dict)
    return str(error.body["error"]["message"])


def envelope(error: anthropic.APIStatusError) -> None:
    """Raises AssertionError unless the error came in the API's envelope."""
    body = error.body
    assert isinstance(body, dict) and body["type"] == "error"
    assert body["error"]["type"] and body["error"]["message"]
    assert body["request_id"] == error.response.headers["request-id"]
    assert re.fullmatch(r"req_\w{20,}", body["request_id"])


def text(message: Message) -> str:
    """All that it says."""
    return "".join(block.text for block in message.content if block.type == "text")


def calls(message: Message) -> list[ToolUseBlock]:
    return [block for block in message.content if block.type == "tool_use"]


def counts(message: Message) -> tuple[int, int, int, int]:
    """Tokens: new input, input that went into the cache, input from the cache, output."""
    usage = message.usage
    return (
        usage.input_tokens,
        usage.cache_creation_input_tokens or 0,
        usage.cache_read_input_tokens or 0,
        usage.output_tokens,
    )


def kinds(message: Message) -> list[str]:
    return [block.type for block in message.content]


def returned(message: Message) -> list[Json]:
    """The answer's content as a client sends it back."""
    return [block.model_dump(exclude_none=True) for block in message.content]


def answered(message: Message, results: Mapping[str, Any] | None = None) -> Json:
    """The user's message that answers all calls: `results` by name, or `ok`."""
    blocks = [
        {"type": "tool_result", "tool_use_id": call.id, "content": (results or {}).get(call.name, "ok")}
        for call in calls(message)
    ]
    return {"role": "user", "content": blocks}


def user(*content: Any) -> Json:
    return {"role": "user", "content": content[0] if len(content) == 1 and isinstance(content[0], str) else [*content]}


def assistant(*content: Any) -> Json:
    return user(*content) | {"role": "assistant"}


def words(content: str) -> Json:
    return {"type": "text", "text": content}


def use(id: str, name: str = "weather", **input: Any) -> Json:
    return {"type": "tool_use", "id": id, "name": name, "input": input}


def result(id: str, content: str | Sequence[Json] | None = "ok", **fields: Any) -> Json:
    block: Json = {"type": "tool_result", "tool_use_id": id, **fields}
    return block if content is None else block | {"content": content}
