"""An answer that is held to a schema is asked for in parts: each part is recorded, and played for itself."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sijo.backends.record import Recorder
from sijo.backends.replay import Replayer
from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.formats import holding
from sijo.wire.request import AnyTool, JsonFormat
from tests.backends.test_replay import WEATHER, Scripted, body, prompt

ABLE = Abilities(holds=True, holds_calls=False)
SCHEMA = {"type": "object", "additionalProperties": False}
FORMAT = {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}
WORDS: list[d.AnyDelta] = [d.Text("I would rather not."), d.Stop("end_turn")]


async def told(backend: Any, **fields: Any) -> list[d.AnyDelta]:
    asked = replace(prompt(body("hello", tools=[WEATHER], **FORMAT)), **fields)
    return [delta async for delta in holding(backend, asked).generate(asked)]


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"format": JsonFormat(SCHEMA)}, [d.Text("{}"), d.Stop("end_turn")]),
        ({"choice": AnyTool()}, [d.Text('{"name":"weather","input":{"city":"Rome"}}'), d.Stop("end_turn")]),
    ],
)
async def test_both_parts_are_played(tmp_path: Path, fields: dict[str, Any], answer: list[d.AnyDelta]) -> None:
    first = await told(Recorder(Scripted(WORDS, answer, able=ABLE), tmp_path), **fields)
    again = await told(Replayer(tmp_path), **fields)
    assert [type(delta) for delta in again] == [type(delta) for delta in first]
    assert not any(isinstance(delta, d.Text) and "rather" in delta.text for delta in again)
