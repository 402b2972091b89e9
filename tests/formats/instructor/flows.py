"""Instructor: structure by a tool, by several calls, by words, piece by piece, in a list. Prints one JSON object."""

import json
import os
from collections.abc import Iterable
from typing import Any

import anthropic
import instructor
from pydantic import BaseModel


class City(BaseModel):
    """A city."""

    city: str
    population: int


ASK: dict[str, Any] = {
    "model": os.environ["PLAIN"],
    "max_tokens": 500,
    "messages": [{"role": "user", "content": "Paris has 2000000 people."}],
}
plain = anthropic.Anthropic(base_url=os.environ["TARGET"], api_key="any", max_retries=0)
client = instructor.from_anthropic(plain)
words = instructor.from_anthropic(plain, mode=instructor.Mode.ANTHROPIC_JSON)
several = instructor.from_anthropic(plain, mode=instructor.Mode.ANTHROPIC_PARALLEL_TOOLS)
*_, partial = client.messages.create_partial(response_model=City, **ASK)
found = {
    "tool": client.messages.create(response_model=City, **ASK),
    "words": words.messages.create(response_model=City, **ASK),
    "several": next(iter(several.messages.create(response_model=Iterable[City], **ASK))),
    "partial": partial,
    "list": next(iter(client.messages.create_iterable(response_model=City, **ASK))),
}
print(json.dumps({how: city.model_dump() for how, city in found.items()}))
