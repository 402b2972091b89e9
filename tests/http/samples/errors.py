"""Samples: what goes wrong, and how a client learns of it."""

import anthropic
from anthropic.types import MessageParam

from tests.http.samples.refusals import refused
from tests.http.samples.talk import MODEL

HELLO: list[MessageParam] = [{"role": "user", "content": "Hello"}]


def wrong_key(client: anthropic.Anthropic) -> None:
    with (
        anthropic.Anthropic(base_url=client.base_url, api_key="sk-wrong", max_retries=0) as other,
        refused(anthropic.AuthenticationError, 401, "invalid x-api-key"),
    ):
        other.messages.create(model=MODEL, max_tokens=16, messages=HELLO)


def no_such_model(client: anthropic.Anthropic) -> None:
    with refused(anthropic.NotFoundError, 404, "model: claude-nonexistent"):
        client.messages.create(model="claude-nonexistent", max_tokens=16, messages=HELLO)
    with refused(anthropic.NotFoundError, 404, "model: claude-nonexistent"):
        client.messages.count_tokens(model="claude-nonexistent", messages=HELLO)
    with refused(anthropic.NotFoundError, 404, "model: claude-nonexistent"):
        client.models.retrieve("claude-nonexistent")


def bad_request(client: anthropic.Anthropic) -> None:
    with refused(anthropic.BadRequestError, 400, "max_tokens: must be greater than or equal to 0"):
        client.messages.create(model=MODEL, max_tokens=-1, messages=HELLO)


def bad_request_of_a_stream(client: anthropic.Anthropic) -> None:
    with (
        refused(anthropic.BadRequestError, 400, "messages: at least one message is required"),
        client.messages.stream(model=MODEL, max_tokens=16, messages=[]) as stream,
    ):
        stream.until_done()


def unknown_field(client: anthropic.Anthropic) -> None:
    with refused(anthropic.BadRequestError, 400, "colour: Extra inputs are not permitted"):
        client.messages.create(model=MODEL, max_tokens=16, messages=HELLO, extra_body={"colour": "red"})


def unknown_beta(client: anthropic.Anthropic) -> None:
    with refused(anthropic.BadRequestError, 400, "Unexpected value(s) `no-such-beta-2020-01-01`"):
        client.beta.messages.create(
            model=MODEL,
            max_tokens=16,
            messages=[{"role": "user", "content": "Hello"}],
            betas=["no-such-beta-2020-01-01"],
        )
