"""An engine whose answer has no end, and what becomes of the client who waits for it."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import anthropic
import pytest

from tests.cli.engine import Answers, Engine
from tests.http.raw import MODEL
from tests.serving import Running, serving

SETTINGS = """
[[engine]]
kind = "generic"
url = "{url}"
model = "m"
longest = 0.5
"""
PIECE = b'data: {"choices": [{"index": 0, "delta": {"content": "and "}}]}\n\n'


class Endless(Answers):
    """Says the same word for as long as somebody listens."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        with suppress(ConnectionError):
            while True:
                self.wfile.write(PIECE)
                time.sleep(0.02)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("longest")
    engine = Engine()
    engine.RequestHandlerClass = Endless
    thread = threading.Thread(target=engine.serve_forever)
    thread.start()
    config = folder / "sijo.toml"
    config.write_text(SETTINGS.format(url=engine.url))
    try:
        with serving(folder, "--config", str(config)) as running:
            yield running
    finally:
        engine.shutdown()
        engine.server_close()
        thread.join()


@pytest.fixture
def client(running: Running) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=running.url, api_key="any", max_retries=0) as client:
        yield client


def test_who_waits_for_the_whole_gets_a_timeout(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        client.messages.create(
            model=MODEL, max_tokens=1_000_000, messages=[{"role": "user", "content": "On?"}], timeout=60
        )
    assert (caught.value.status_code, caught.value.type) == (504, "timeout_error")


def test_a_stream_ends_with_a_timeout(client: anthropic.Anthropic) -> None:
    said: list[str] = []
    asked = [{"role": "user", "content": "On?"}]
    with (
        client.messages.stream(model=MODEL, max_tokens=1_000_000, messages=asked) as stream,  # type: ignore[arg-type]
        pytest.raises(anthropic.APIStatusError) as caught,
    ):
        said.extend(stream.text_stream)
    assert caught.value.type == "timeout_error"
    assert "".join(said).startswith("and and ")
