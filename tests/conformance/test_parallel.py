"""Many things at once: several calls in one answer, many answers at one time."""

import asyncio
import json
from typing import Any

import anthropic

from tests.conformance import checker
from tests.conformance.talk import Talk, answered, calls, returned, spread, text, user
from tests.conformance.targets import echoes, over

MANY = 40


@over("calls")
def test_several_calls_are_several_blocks(target: Talk) -> None:
    for message in target.both("calls"):
        assert message.stop_reason == "tool_use"
        assert len(calls(message)) >= 2
        assert len({call.id for call in calls(message)}) == len(calls(message))


@over("calls", "obedient")
def test_each_call_is_for_another_thing(target: Talk) -> None:
    for message in target.both("calls"):
        assert sorted(str(call.input) for call in calls(message)) == ["{'city': 'Oslo'}", "{'city': 'Rome'}"]


@over("calls")
def test_all_results_go_back_in_one_message(target: Talk) -> None:
    message = target.streamed("calls")
    messages = [
        *target.body("calls")["messages"],
        {"role": "assistant", "content": returned(message)},
        answered(message),
    ]
    for then in target.both("calls", messages=messages):
        assert then.content


@over("calls", "obedient")
def test_one_call_at_a_time_can_be_asked_for(target: Talk) -> None:
    for kind in ("auto", "any"):
        for message in target.both("calls", tool_choice={"type": kind, "disable_parallel_tool_use": True}):
            assert len(calls(message)) == 1


@over("calls", "seen")
def test_of_an_engine_that_calls_on_only_the_first_call_is_passed(target: Talk) -> None:
    for message in target.both("calls", tool_choice={"type": "auto", "disable_parallel_tool_use": True}):
        assert len(calls(message)) == 1
        assert message.stop_reason == "tool_use"


@over("text")
def test_many_streams_at_once_are_each_legal(target: Talk) -> None:
    async def ask(client: anthropic.AsyncAnthropic, at: int) -> str | None:
        body = spread(target.body(messages=[user(f"This is question {at}.")]))
        async with client.messages.stream(**body) as stream:
            found = [json.loads(event.model_dump_json()) async for event in stream]
            assert found
            return (await stream.get_final_message()).stop_reason

    async def crowd() -> list[str | None]:
        async with anthropic.AsyncAnthropic(base_url=target.url, api_key="any", max_retries=0) as client:
            return await asyncio.gather(*(ask(client, at) for at in range(MANY)))

    assert set(asyncio.run(crowd())) <= {"end_turn", "max_tokens"}


@echoes
def test_no_answer_is_mixed_up_with_another(target: Talk) -> None:
    async def ask(client: anthropic.AsyncAnthropic, at: int) -> tuple[str, str]:
        words = f"number {at} " * (at + 1)
        body = spread(target.body(messages=[user(words)]))
        if at % 2:
            return words, text(await client.messages.create(**body))
        async with client.messages.stream(**body) as stream:
            return words, "".join([piece async for piece in stream.text_stream])

    async def crowd() -> list[tuple[str, str]]:
        async with anthropic.AsyncAnthropic(base_url=target.url, api_key="any", max_retries=0) as client:
            return await asyncio.gather(*(ask(client, at) for at in range(MANY)))

    for words, answer in asyncio.run(crowd()):
        assert answer == f"{words}END{words}"


@over("text", "same")
def test_asked_at_once_the_same_question_has_the_same_answer(target: Talk) -> None:
    async def crowd() -> list[str]:
        async with anthropic.AsyncAnthropic(base_url=target.url, api_key="any", max_retries=0) as client:
            asked = (client.messages.create(**spread(target.body())) for _ in range(MANY))
            return [text(message) for message in await asyncio.gather(*asked)]

    assert set(asyncio.run(crowd())) == {text(target.whole())}


@over("text")
def test_counting_goes_on_beside_answers(target: Talk) -> None:
    async def crowd() -> list[int]:
        async with anthropic.AsyncAnthropic(base_url=target.url, api_key="any", max_retries=0) as client:
            asked: Any = {"model": target.target.models["text"], "messages": [user("Hello there.")]}
            counts = [client.messages.count_tokens(**asked) for _ in range(10)]
            answers = [client.messages.create(**spread(target.body())) for _ in range(10)]
            counted, _ = await asyncio.gather(asyncio.gather(*counts), asyncio.gather(*answers))
            return [count.input_tokens for count in counted]

    assert len(set(asyncio.run(crowd()))) == 1


@over("text")
def test_one_connection_takes_one_request_after_another(target: Talk) -> None:
    for at in range(10):
        reply = target.post(target.body(stream=bool(at % 2)))
        assert reply.status_code == 200
        if at % 2:
            checker.check(checker.events(reply.content))
