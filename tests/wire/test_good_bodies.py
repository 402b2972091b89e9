"""Requests that must pass: what the documents show, and what clients really send. Then what a lenient server makes of
what it does not know."""

import json
import logging

import pytest

from sijo.engine import rules
from sijo.engine.models import models
from sijo.errors import InvalidRequest
from sijo.wire.request import Adaptive, MessageRequest
from sijo.wire.tools import Bash, Custom
from tests.wire.bad_bodies import BASE, Row, rows
from tests.wire.test_bad_bodies import sent


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "lenient"])
@pytest.mark.parametrize("row", rows("good_bodies"), ids=str)
def test_nobody_refuses_it(row: Row, strict: bool) -> None:
    assert sent(row, strict=strict) is None


def body(**fields: object) -> bytes:
    return json.dumps({**BASE, **fields}).encode()


def taken(**fields: object) -> MessageRequest:
    """What a lenient server reads of a request that carries a beta."""
    return rules.read(rules.parse(body(**fields)), MessageRequest, lenient=True, betas=True)


def test_a_lenient_server_leaves_out_what_a_newer_client_brings(caplog: pytest.LogCaptureFixture) -> None:
    blocks = [{"type": "text", "text": str(n), "mood": n} for n in range(5)]
    with caplog.at_level(logging.WARNING, "sijo.wire"):
        request = taken(
            verve=1,
            thinking={"type": "adaptive", "display": "sung", "depth": 3},
            output_config={"effort": "ultra"},
            messages=[{"role": "user", "content": blocks, "sent_at": "now"}],
            tools=[{"name": "f", "input_schema": {"type": "object"}, "colour": "red"}],
        )
    assert isinstance(request.messages[0].content, list)
    assert len(request.messages[0].content) == 5
    assert request.thinking == Adaptive()
    assert request.output_config
    assert request.output_config.effort is None
    assert rules.tools(request.tools) == [Custom(name="f", input_schema={"type": "object"})]
    told = [record.getMessage() for record in caplog.records]
    assert sum("messages.*.content.*.mood" in words for words in told) == 1
    assert any("tools.*.colour" in words for words in told)


def test_without_a_beta_what_is_unknown_is_a_mistake() -> None:
    with pytest.raises(InvalidRequest, match=r"^verve: Extra inputs are not permitted$"):
        rules.read(rules.parse(body(verve=1)), MessageRequest, lenient=True, betas=False)


def test_what_is_wrong_is_refused_though_more_is_unknown() -> None:
    with pytest.raises(InvalidRequest, match=r"^messages\.0\.content: Field required$"):
        taken(verve=1, messages=[{"role": "user", "mood": 1}])


def test_a_closed_field_is_told_by_the_model() -> None:
    def closed(model: str) -> frozenset[str]:
        return frozenset() if model == "open" else frozenset({"speed"})

    assert rules.read(rules.parse(body(model="open", speed="fast")), MessageRequest, closed=closed).speed == "fast"
    with pytest.raises(InvalidRequest, match=r"^speed: Extra inputs are not permitted$"):
        rules.read(rules.parse(body(model="shut", speed="fast")), MessageRequest, closed=closed)


def test_tools_are_decoded_by_their_type() -> None:
    request = rules.read(
        rules.parse(
            body(tools=[{"name": "f", "input_schema": {"type": "object"}}, {"type": "bash_20250124", "name": "bash"}])
        ),
        MessageRequest,
    )
    assert rules.tools(request.tools) == [
        Custom(name="f", input_schema={"type": "object"}),
        Bash(name="bash"),
    ]


def test_a_thousand_pictures_are_too_many_and_twenty_one_large_ones_too() -> None:
    data = "iVBORw0KGgoAAAANSUhEUgAACAAAAAABCAYAAAAfFcSJ"  # 2048x1
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}

    def refused(count: int) -> str:
        request = rules.read(
            rules.parse(body(messages=[{"role": "user", "content": [picture] * count}])), MessageRequest
        )
        model = models().get("claude-sonnet-4-5")
        assert model is not None
        with pytest.raises(InvalidRequest) as error:
            rules.check(request, [], rules.Facts(model=model))
        return error.value.message

    assert refused(101) == "messages: too many images: 101 > 100 maximum"
    assert refused(21) == (
        "messages.0.content.0.image.source.base64.data: At least one of the image dimensions exceed max allowed size "
        "for many-image requests: 2000 pixels"
    )


def test_a_picture_of_more_than_ten_megabytes_is_refused() -> None:
    data = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAf" + "A" * (14 * 1024 * 1024)
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    row = Row(set=json.dumps({"messages": [{"role": "user", "content": [picture]}]}))
    size = len(data) * 3 // 4
    assert sent(row, strict=True) == (
        f"messages.0.content.0.image.source.base64: image exceeds 10 MB maximum: {size} bytes > 10485760 bytes"
    )


def test_a_hundred_thousand_messages_and_no_more() -> None:
    message = {"role": "user", "content": "x"}
    assert sent(Row(set=json.dumps({"messages": [message] * 100_000})), strict=True) is None
    assert sent(Row(set=json.dumps({"messages": [message] * 100_001})), strict=True) == (
        "messages: too many messages: 100001 > 100000 maximum"
    )


def test_a_conversation_of_system_messages_alone_is_none() -> None:
    row = Row(model="claude-opus-5", set=json.dumps({"messages": [{"role": "system", "content": "be kind"}]}))
    assert sent(row, strict=False) == "messages: at least one message is required"
