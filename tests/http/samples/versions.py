"""Samples: what one line of the SDK has and the other has not.

Types are checked with the new one: what it no longer takes is passed over its objection.
"""

import anthropic
from anthropic.types.message_create_params import MessageCreateParamsBase

from tests import replies
from tests.http.samples.refusals import refused
from tests.http.samples.talk import MODEL

ASK: MessageCreateParamsBase = {
    "model": MODEL,
    "max_tokens": 256,
    "messages": [{"role": "user", "content": "Hello, Claude"}],
}


def old_temperature(client: anthropic.Anthropic) -> None:
    plain = client.messages.create(**ASK)
    warm = client.messages.create(temperature=0.5, **ASK)  # type: ignore[call-overload]
    assert warm.stop_reason == plain.stop_reason
    with refused(anthropic.BadRequestError, 400, "temperature: range: 0..1"):
        client.messages.create(temperature=1.5, **ASK)  # type: ignore[call-overload]


def old_top_p_and_top_k(client: anthropic.Anthropic) -> None:
    message = client.messages.create(top_p=0.9, top_k=40, **ASK)  # type: ignore[call-overload]
    assert replies.text(message)
    with client.messages.stream(top_p=0.9, **ASK) as stream:  # type: ignore[call-arg]
        assert stream.get_final_text()


def old_temperature_beside_top_p(client: anthropic.Anthropic) -> None:
    with refused(anthropic.BadRequestError, 400, "cannot both be specified for this model"):
        client.messages.create(temperature=0.5, top_p=0.9, **ASK)  # type: ignore[call-overload]


def new_no_sampling(client: anthropic.Anthropic) -> None:
    for name, value in (("temperature", 1.0), ("top_p", 0.9), ("top_k", 40)):
        with refused(anthropic.BadRequestError, 400, name):
            client.messages.create(extra_body={name: value}, **ASK)


def new_sampling_under_the_old_version(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        extra_body={"temperature": 0.5}, extra_headers={"anthropic-version": "2023-06-01"}, **ASK
    )
    assert message.stop_reason == "end_turn"


def new_lifecycle(client: anthropic.Anthropic) -> None:
    model = client.models.retrieve(MODEL)
    assert model.lifecycle == "active" and model.capabilities is not None
    assert {one.lifecycle for one in client.models.list(lifecycle=["deprecated"])} == {"deprecated"}
