"""Frameworks that ask through the official SDK, unchanged, over a strict simulator: Pydantic AI and Instructor."""

from typing import Any

import pytest

from tests.formats.asked import Target
from tests.formats.installed import HERE, instructor, pydantic_ai, run

PARIS = {"city": "Paris", "population": 2_000_000}


@pytest.fixture(scope="module")
def agents(simulator: Target) -> Any:
    return run([str(pydantic_ai()), "-"], HERE / "pydantic_ai" / "flows.py", simulator, HERE)


def test_pydantic_ai_reads_an_answer_and_its_stream(agents: Any) -> None:
    assert "12231" in agents["text"]
    assert "".join(agents["words"]) == agents["text"]
    assert agents["parts"] == ["thinking", "text"]


def test_pydantic_ai_loops_over_a_tool(agents: Any) -> None:
    assert agents["loop"]["requests"] == 2 and agents["loop"]["calls"] == 1
    assert "sunny in Paris" in agents["loop"]["text"]


def test_pydantic_ai_gets_its_structure(agents: Any) -> None:
    assert agents["tool"] == agents["native"] == agents["cities"][-1] == PARIS


def test_pydantic_ai_shows_an_image(agents: Any) -> None:
    assert "PNG, 1 × 1" in agents["image"]


def test_pydantic_ai_says_which_model_is_missing(agents: Any) -> None:
    assert agents["missing"]["status"] == 404
    error = {"type": "not_found_error", "message": "model: claude-nowhere-1"}
    assert agents["missing"]["body"]["error"] == error


def test_instructor_gets_its_structure_in_every_way(simulator: Target) -> None:
    found = run([str(instructor()), "-"], HERE / "instructor" / "flows.py", simulator, HERE)
    assert found == dict.fromkeys(["tool", "words", "several", "partial", "list"], PARIS)
