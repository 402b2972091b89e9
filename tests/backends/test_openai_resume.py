"""Going on after a thought, on engines that render to tokens: the prefix stays what the engine has in its cache."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sijo.backends.engines import engines
from sijo.backends.openai_chat import OpenAIChat
from sijo.backends.upstream import Upstream
from sijo.engine import deltas as d
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt, Thought
from sijo.engine.thinking.speak import speak
from sijo.wire import blocks as b
from sijo.wire.request import CountRequest, MessageParam

WORDS = ["<s>", "user:", "assistant:", "<think>", "</think>", "\n"]


class Tokens(ThreadingHTTPServer):
    """An engine in the manner of vLLM, whose tokens are words: it thinks without end, and renders to tokens."""

    daemon_threads = True

    def __init__(self, *, opens: bool, renders: bool = True, says: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.opens, self.renders, self.says = opens, renders, says
        self.words = list(WORDS)
        self.completed: list[Any] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def tokens(self, text: str) -> list[int]:
        found = []
        for word in text.replace("\n", " \n ").split(" "):
            if word:
                self.words += [word] if word not in self.words else []
                found.append(self.words.index(word))
        return found

    def rendered(self, body: dict[str, Any]) -> list[int]:
        text = " ".join(f"{message['role']}: {message['content']}" for message in body["messages"])
        thinks = body["chat_template_kwargs"]["enable_thinking"]
        start = "<think> \n" if thinks else "<think> \n </think> \n"
        return self.tokens(f"<s> {text} assistant: " + (start if self.opens else ""))


class Answers(BaseHTTPRequestHandler):
    server: Tokens

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/tokenize" and not self.server.renders:
            self.send_error(404)
        elif self.path == "/tokenize":
            tokens = self.server.rendered(body) if "messages" in body else self.server.tokens(body["prompt"])
            self.answer("application/json", json.dumps({"count": len(tokens), "tokens": tokens}).encode())
        elif self.path == "/v1/completions":
            self.server.completed.append(body["prompt"])
            usage = {"prompt_tokens": len(body["prompt"]), "completion_tokens": 1}
            chunks = [{"choices": [{"text": "done", "finish_reason": "stop"}]}, {"choices": [], "usage": usage}]
            self.answer("text/event-stream", stream(chunks))
        elif self.server.says:
            said = [{"choices": [{"delta": {"content": word}, "finish_reason": None}]} for word in self.server.says]
            self.answer("text/event-stream", stream([*said, {"choices": [{"delta": {}, "finish_reason": "stop"}]}]))
        elif "<notes>" in body["messages"][-1]["content"]:
            self.server.completed.append(body["messages"][-1]["content"])
            self.answer(
                "text/event-stream", stream([{"choices": [{"delta": {"content": "done"}, "finish_reason": "stop"}]}])
            )
        else:
            self.think()

    def think(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        chunk = {"choices": [{"delta": {"reasoning_content": "hm "}}]}
        try:
            while True:
                self.wfile.write(b"data: %s\n\n" % json.dumps(chunk).encode())
        except OSError:
            self.close_connection = True

    def answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


def stream(chunks: list[Any]) -> bytes:
    return b"".join(b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in chunks)


@pytest.fixture(params=[True, False], ids=["the template opens the tag", "the model opens the tag"])
def engine(request: pytest.FixtureRequest) -> Iterator[Tokens]:
    with Tokens(opens=request.param) as running:
        yield running
        running.shutdown()


@pytest.mark.parametrize("kind", ["vllm", "sglang"])
async def test_the_answer_goes_on_from_the_same_tokens(engine: Tokens, kind: str) -> None:
    thought, said = await spoken(engine, kind)
    assert 0 < len(thought) <= 1024
    assert said == ["done"]
    (prompt,) = engine.completed
    text = " ".join(engine.words[token] for token in prompt).replace(" \n ", "\n").rstrip()
    assert text == f"<s> user: why? assistant: <think>\n{' '.join(['hm'] * len(thought))}\n</think>"


async def test_behind_a_gateway_that_passes_the_chat_alone_the_thought_is_told_in_words() -> None:
    with Tokens(opens=True, renders=False) as engine:
        thought, said = await spoken(engine, "vllm")
        engine.shutdown()
    assert 0 < len(thought) <= 1024
    assert said == ["done"]
    assert f"<notes>\n{'hm ' * len(thought)}\n</notes>" in engine.completed[0]


@pytest.mark.parametrize("kind", ["vllm", "sglang"])
@pytest.mark.parametrize(
    ("opens", "thinks", "says", "thought"),
    [
        (True, True, "hm</think>\n\ndone", "hm"),
        (False, True, "<think>hm</think>\n\ndone", "hm"),
        (True, False, "done", ""),
        (False, False, "done", ""),
    ],
)
async def test_a_thought_is_found_where_no_parser_reads_it(
    kind: str, *, opens: bool, thinks: bool, says: str, thought: str
) -> None:
    """The template may have opened it: then its first tag is not in the answer."""
    with Tokens(opens=opens, says=says) as engine:
        told, said = await spoken(engine, kind, thinks=thinks)
        engine.shutdown()
    assert ("".join(told), "".join(said)) == (thought, "done")


async def spoken(engine: Tokens, kind: str, *, thinks: bool = True) -> tuple[list[str], list[str]]:
    """What is thought and what is said by a model whose thinking is cut off."""
    model = models().get("claude-opus-4-6")
    assert model is not None
    upstream = Upstream()
    chat = OpenAIChat("e", f"http://127.0.0.1:{engine.server_port}/v1", "m", engine=engines()[kind], upstream=upstream)
    request = CountRequest(model=model.id, messages=[MessageParam("user", "why?")])
    asked = Prompt(
        model=model, request=request, system=(), items=[Item("user", [b.Text("why?")])], max_tokens=4000,
        thought=Thought("enabled", 1024) if thinks else Thought(),
    )  # fmt: skip
    deltas = [delta async for delta in speak(chat, asked)]
    await upstream.close()
    thought = [delta.text for delta in deltas if isinstance(delta, d.Thinking)]
    return thought, [delta.text for delta in deltas if isinstance(delta, d.Text)]
