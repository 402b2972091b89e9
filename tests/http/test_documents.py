"""PDFs on their way to an engine that reads none: their text is taken out before it is asked."""

import base64
import json
from collections.abc import Iterator

import pytest

from tests.http.raw import ask, hello
from tests.serving import Running, serving


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """In front of an engine that is not there."""
    with serving(tmp_path_factory.mktemp("away"), "--model", "http://127.0.0.1:9/v1#m") as running:
        yield running


def document(data: bytes) -> dict[str, object]:
    source = {"type": "base64", "media_type": "application/pdf", "data": base64.b64encode(data).decode()}
    return {"type": "document", "source": source}


def test_the_one_that_is_wrong_is_named(away: Running) -> None:
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [document(b"%PDF-1.4\nno more")]}
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    messages = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result, document(b"%PDF-1.4\nnor here")]},
    ]
    tools = [{"name": "look", "input_schema": {"type": "object"}}]
    whole = json.loads(hello(messages=messages, tools=tools))
    counted = {name: value for name, value in whole.items() if name != "max_tokens"}
    for path, body in (("/v1/messages", whole), ("/v1/messages/count_tokens", counted)):
        reply = ask(away.url, path, json.dumps(body).encode())
        assert (reply.status, reply.error["message"]) == (
            400,
            "messages.2.content.0.tool_result.content.0.pdf.source.base64.data: The PDF specified was not valid.",
        )
