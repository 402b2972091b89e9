"""Hundreds of schemas, each answered by random weights and by the simulator: every answer is valid."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from anthropic.types import Message

from tests.formats.asked import Json, Target, faults, format, user
from tests.formats.invented import schemas
from tests.replies import text

AT_ONCE = 4
TOKENS = 4000
PICKED = Path(__file__).with_name("picked.jsonl")


def suite() -> dict[str, Json]:
    """Name -> schema: those that were picked, then those that a seed has made."""
    rows = [json.loads(line) for line in PICKED.read_bytes().splitlines()]
    return {row["name"]: row["schema"] for row in rows} | {f"invented {n}": s for n, s in enumerate(schemas())}


SUITE = suite()


@pytest.fixture(scope="session")
def answers(target: Target) -> Mapping[str, tuple[str, str]]:
    """Name -> the text and why it stopped; every other one was streamed."""
    return asyncio.run(answered(target))


async def answered(target: Target) -> dict[str, tuple[str, str]]:
    free = asyncio.Semaphore(AT_ONCE)
    async with target.later() as client:

        async def one(at: int, schema: Json) -> tuple[str, str]:
            asked: Json = {
                "model": target.plain,
                "max_tokens": TOKENS,
                "messages": user("Tell of the weather in Paris."),
            }
            asked["output_config"] = format(schema)
            message: Message
            async with free:
                if at % 2:
                    async with client.messages.stream(**asked) as stream:
                        message = await stream.get_final_message()
                else:
                    message = await client.messages.create(**asked)
            assert [block.type for block in message.content] == ["text"]
            return text(message), str(message.stop_reason)

        found = await asyncio.gather(*(one(at, schema) for at, schema in enumerate(SUITE.values())))
    return dict(zip(SUITE, found, strict=True))


def test_there_are_enough() -> None:
    assert len(SUITE) >= 300


@pytest.mark.parametrize("name", SUITE)
def test_the_answer_is_valid(name: str, answers: Mapping[str, tuple[str, str]]) -> None:
    text, stopped = answers[name]
    assert stopped == "end_turn"
    assert faults(SUITE[name], text) == []


def test_required_properties_come_first(answers: Mapping[str, tuple[str, str]]) -> None:
    keys = list(json.loads(answers["required first"][0]))
    assert keys[:2] == ["z", "m"][: len(keys)] or keys[:2] == ["z", "m"]
    keys = list(json.loads(answers["optional between required"][0]))
    assert keys[:2] == ["b", "d"]
    assert keys[2:] == [key for key in ("a", "c", "e") if key in keys]
