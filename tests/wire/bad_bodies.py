"""Requests as rows: `bad_bodies.toml` has those that are refused, with the words, `good_bodies.toml` the others."""

import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec

BASE: dict[str, Any] = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "hi"}],
}
COUNTED = ("model", "messages", "tools", "tool_choice", "system", "thinking", "output_config")


class Row(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A request over `BASE`, and the message of its refusal.

    `set` is a JSON object whose fields replace those of the base, `drop` names fields to leave out, `body` is the whole
    body instead. `rule` names the strict-only rule that refuses it: a lenient server takes it. `lenient` is what such a
    server says where it refuses in other words.
    """

    says: str = ""
    set: str = "{}"
    drop: tuple[str, ...] = ()
    body: str | None = None
    model: str = "claude-sonnet-4-5"
    version: str = "2023-06-01"
    betas: tuple[str, ...] = ()
    rule: str | None = None
    lenient: str | None = None
    count: bool = False
    about: str = ""

    @property
    def sent(self) -> bytes:
        """The body as it is posted."""
        if self.body is not None:
            return self.body.encode()
        fields = {**BASE, "model": self.model, **json.loads(self.set)}
        if self.count:
            fields = {key: value for key, value in fields.items() if key in COUNTED}
        return json.dumps({key: value for key, value in fields.items() if key not in self.drop}).encode()

    @property
    def headers(self) -> dict[str, str]:
        """The headers that matter here."""
        betas = {"anthropic-beta": ",".join(self.betas)} if self.betas else {}
        return {"anthropic-version": self.version, "content-type": "application/json", **betas}

    @property
    def path(self) -> str:
        """Where it is posted."""
        return "/v1/messages/count_tokens" if self.count else "/v1/messages"

    def __str__(self) -> str:
        return self.about or self.says[:60]


def rows(name: str = "bad_bodies") -> list[Row]:
    """All rows of a table beside this file, in order."""
    text = (Path(__file__).parent / f"{name}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["row"], list[Row])
