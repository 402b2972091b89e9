"""Tokens: what is told adds up, and is the same wherever it is told."""

import pytest

from tests.conformance.checker import counted
from tests.conformance.talk import EXPECTED, WEATHER, Talk, counts, user
from tests.conformance.targets import TARGETS, over

RECORDED = {name: row for name, row in EXPECTED.items() if "error" not in row}
ANY_RECORDED = next(one for one in TARGETS if one.server == "recorded")


@over("text")
def test_something_went_in_and_something_came_out(target: Talk) -> None:
    for message in target.both():
        assert counts(message)[0] + counts(message)[2] >= 1
        assert counts(message)[3] >= 1


@over("text")
def test_the_end_of_a_stream_tells_totals(target: Talk) -> None:
    message = target.streamed()
    ending = counted(target.events[-2]["usage"])
    usage = message.usage
    assert ending["input_tokens"] == usage.input_tokens
    assert ending["output_tokens"] == usage.output_tokens
    assert ending["cache_read_input_tokens"] == usage.cache_read_input_tokens
    assert ending["cache_creation_input_tokens"] == usage.cache_creation_input_tokens


@over("text", "early")
def test_the_start_of_a_stream_tells_the_input(target: Talk) -> None:
    target.streamed()
    start, end = target.events[0]["message"]["usage"], target.events[-2]["usage"]
    told = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    assert sum(start[name] for name in told) == sum(end[name] for name in told)


@over("text")
def test_the_cache_is_told_in_parts_that_add_up(target: Talk) -> None:
    usage = target.whole().usage
    assert usage.cache_creation
    parts = usage.cache_creation.ephemeral_5m_input_tokens + usage.cache_creation.ephemeral_1h_input_tokens
    assert parts == usage.cache_creation_input_tokens


@over("text", "exact")
@pytest.mark.parametrize("system", [None, "Be brief."])
def test_the_input_is_what_count_tokens_tells(target: Talk, system: str | None) -> None:
    for message in target.both(system=system):
        assert sum(counts(message)[:3]) == target.count(system=system)


@over("text", "counted")
def test_more_to_read_is_more_input(target: Talk) -> None:
    short = sum(counts(target.whole())[:3])
    for changes in ({"messages": [user("hello " * 50)]}, {"system": "hello " * 50}, {"tools": [WEATHER]}):
        assert sum(counts(target.whole(**changes))[:3]) > short


@over("thinking")
def test_thinking_is_a_part_of_the_output(target: Talk) -> None:
    for message in target.both("thinking"):
        details = message.usage.output_tokens_details
        if details is not None:
            assert 0 <= details.thinking_tokens <= message.usage.output_tokens


@over("thinking", "obedient")
def test_thinking_is_counted(target: Talk) -> None:
    for message in target.both("thinking"):
        details = message.usage.output_tokens_details
        assert details is not None
        assert 0 < details.thinking_tokens < message.usage.output_tokens


@over("call", "counted")
def test_a_call_is_output_too(target: Talk) -> None:
    for message in target.both("call"):
        assert message.usage.output_tokens > 1


@pytest.mark.parametrize("target", [ANY_RECORDED], ids=["recorded"], indirect=True)
@pytest.mark.parametrize("name", RECORDED)
def test_what_an_engine_tells_is_told_in_the_apis_way(target: Talk, name: str) -> None:
    row = RECORDED[name]
    for message in target.both(model=name, stop_sequences=row.get("stops")):
        if "output_tokens" in row:
            told = (row["input_tokens"], row.get("cache_write", 0), row.get("cache_read", 0), row["output_tokens"])
            assert counts(message) == told
        else:  # it tells nothing: then it is estimated
            assert counts(message)[0] > 0 and counts(message)[3] > 0
