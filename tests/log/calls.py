"""Requests that are over, and readers of what was said of them."""

from pathlib import Path

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from sijo.http.call import Call

ROOT = Path(__file__).parent.parent.parent
DOCS = (ROOT / "docs/observability.md").read_text("utf-8")
MODEL = "claude-opus-4-7"
KEY, SECRET = "sk-ant-very-secret", "the moon is made of cheese"


def call(path: str = "/v1/messages", /, **said: object) -> Call:
    """A request that went well, unless said otherwise, and that carries what nobody may see."""
    raw = [(b"x-api-key", KEY.encode()), (b"x-secret", SECRET.encode())]
    made = Call({"method": "POST", "path": path, "headers": raw})
    made.began = 100.0
    made.status, made.model, made.backend, made.stream, made.first = 200, MODEL, "vllm", True, 100.25
    made.input_tokens, made.output_tokens, made.cache_read, made.stop = 10, 3, 5, "end_turn"
    made.cache_written, made.reused = 7, 12
    for name, value in said.items():
        setattr(made, name, value)
    return made


def lines_of(text: bytes) -> list[dict[str, object]]:
    return [msgspec.json.decode(line) for line in text.splitlines()]


def samples(text: bytes) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels, these in the order of their names."""
    found = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            found[(sample.name, *(value for _, value in sorted(sample.labels.items())))] = sample.value
    return found
