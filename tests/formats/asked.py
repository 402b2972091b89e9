"""Who is asked, with the official SDK, and what is valid."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import anthropic
import jsonschema
import jsonschema_rs
from anthropic.types import MessageParam, OutputConfigParam

Json = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """A server, and whom of its models to ask: for words, for thoughts before them, for calls of tools."""

    url: str
    plain: str
    think: str
    call: str

    @cached_property
    def client(self) -> anthropic.Anthropic:
        return anthropic.Anthropic(base_url=self.url, api_key="any", max_retries=0, timeout=60)

    def later(self) -> anthropic.AsyncAnthropic:
        """A client for one event loop."""
        return anthropic.AsyncAnthropic(base_url=self.url, api_key="any", max_retries=0, timeout=60)


def faults(schema: Json, text: str) -> list[str]:
    """Why a text is no valid document, by two validators that check formats too."""
    value = json.loads(text)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    found = [
        error.message for error in jsonschema.Draft202012Validator(schema, format_checker=checker).iter_errors(value)
    ]
    strict = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    return found + [error.message for error in strict.iter_errors(value)]


def format(schema: Json) -> OutputConfigParam:
    return {"format": {"type": "json_schema", "schema": schema}}


def user(words: str) -> list[MessageParam]:
    return [{"role": "user", "content": words}]
