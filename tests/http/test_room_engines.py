"""Connections to engines take files, too: each engine keeps those of its busiest moment for a while."""

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.http.raw import HEADERS, connect, head, hello, receive
from tests.serving import serving

MODELS = ("claude-haiku-4-5", "claude-opus-4-5", "claude-sonnet-4-5", "claude-opus-4-6", "claude-sonnet-4-6")
SECTION = '[[engine]]\nname = "{model}"\nkind = "generic"\nurl = "http://127.0.0.1:{port}/v1"\nmodel = "m"\n'
SAID = b'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
FILES = 160


class Engine(ThreadingHTTPServer):
    """Answers when as many ask as `all` waits for, and keeps their connections open."""

    daemon_threads = True
    request_queue_size = FILES
    all: threading.Barrier


class Answers(BaseHTTPRequestHandler):
    server: Engine
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_error(404)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.all.wait()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(SAID)))
        self.end_headers()
        self.wfile.write(SAID)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def engines() -> Iterator[list[Engine]]:
    made = [Engine(("127.0.0.1", 0), Answers) for _ in MODELS]
    threads = [threading.Thread(target=one.serve_forever) for one in made]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        for one, thread in zip(made, threads, strict=True):
            one.shutdown()
            thread.join()
            one.server_close()


def test_many_engines_leave_files_for_everybody(tmp_path: Path) -> None:
    config = tmp_path / "sijo.toml"
    with engines() as made:
        sections = [SECTION.format(model=m, port=one.server_port) for m, one in zip(MODELS, made, strict=True)]
        routes = [f'"{model}*" = "{model}"\n' for model in MODELS]
        config.write_text("".join((*sections, "[models]\n", *routes)))
        with serving(tmp_path, "--config", str(config), files=FILES) as running:
            found = re.search(r"(\d+) connections may be open", "\n".join(running.lines()))
            assert found is not None
            most = int(found[1]) - 1  # one asked whether it was ready
            for model, one in zip(MODELS, made, strict=True):
                one.all = threading.Barrier(most, timeout=10)
                body = hello(model=model)
                with ExitStack() as stack:
                    links = [stack.enter_context(connect(running.url)) for _ in range(most)]
                    for link in links:
                        link.sendall(head("POST", "/v1/messages", {**HEADERS, "content-length": str(len(body))}) + body)
                    assert [receive(link).status for link in links] == [200] * most
