"""An answer is as long as was asked for, and never longer than allowed."""

import pytest

from sijo.backends.simulator.prose import Length, asked_length
from sijo.engine.prompt import Thought

from .build import answer, prompt, text


@pytest.mark.parametrize(
    ("said", "length"),
    [
        ("Explain tides in 3 sentences", Length("sentence", 3)),
        ("Explain tides in three short sentences", Length("sentence", 3)),
        ("Explain tides in one sentence", Length("sentence", 1)),
        ("조수를 한 문장으로 설명해줘", Length("sentence", 1)),
        ("조수를 세 문장으로 설명해줘", Length("sentence", 3)),
        ("Write a 100 word text on tides", Length("word", 100)),
        ("Write exactly 100 words on tides", Length("word", 100)),
        ("Answer with one word", Length("word", 1)),
        ("Give me a list of 5 tides", Length("item", 5)),
        ("Name 4 tides", Length("item", 4)),
        ("조수의 특징 5가지", Length("item", 5)),
        ("세 가지 예를 들어줘", Length("item", 3)),
        ("two paragraphs about tides", Length("paragraph", 2)),
        ("조수에 대해 두 문단", Length("paragraph", 2)),
        ("500자로 써줘", Length("character", 500)),
        ("Explain tides briefly", Length("sentence", 1)),
        ("자세히 설명해줘", Length("sentence", 6)),
        ("Write a long essay about tides", Length("paragraph", 6)),
        ("Tell me a very long bedtime story", Length("paragraph", 6)),
        ("조수에 대한 긴 이야기를 써줘", Length("paragraph", 6)),
        ("Summarize this long article", None),
        ("긴 글을 요약해줘", None),
        ("Write a long essay in 20 words", Length("word", 20)),
        ("999999 words", Length("word", 20_000)),
        ("Is there a way to row?", None),
        ("What is the word for tide?", None),
        ("한자로 써줘", None),
        ("3개월 동안", None),
        ("사과 3개를 서울로 보내줘", None),
        ("저녁 메뉴 3개만 추천해줘", Length("item", 3)),
        ("장점 3개", Length("item", 3)),
        ("사과 3개가 있는데 2개를 먹으면 몇 개 남아?", None),
        ("Explain tides", None),
    ],
)
def test_the_length_is_read_from_the_request(said: str, length: Length | None) -> None:
    assert asked_length(said) == length


@pytest.mark.parametrize("count", [1, 2, 3, 7, 20])
async def test_so_many_sentences_come(count: int) -> None:
    assert (await text(f"Tell me about tides in {count} sentences".replace("in 1 sentences", "in one sentence"))).count(
        "."
    ) == count


@pytest.mark.parametrize("count", [2, 20, 100, 1000])
async def test_so_many_words_come(count: int) -> None:
    assert len((await text(f"Write {count} words about tides", max_tokens=8000)).split()) == count


async def test_so_many_items_come_and_name_the_topic() -> None:
    lines = (await text("Give me a list of 5 facts about tides")).splitlines()
    assert [line[:2] for line in lines] == ["1.", "2.", "3.", "4.", "5."]
    assert all("tides" in line for line in lines)


async def test_so_many_paragraphs_lines_and_characters_come() -> None:
    assert len((await text("Write 3 paragraphs about tides")).split("\n\n")) == 3
    assert len((await text("Write 4 lines about tides")).splitlines()) == 4
    assert len(await text("조수에 대해 300자로 써줘")) == 300


async def test_the_system_prompt_may_set_the_length() -> None:
    assert (await text("Tell me about tides", system="Always answer in one sentence.")).count(".") == 1


async def test_more_effort_makes_a_longer_answer() -> None:
    said = [
        await text(prompt("Tell me about tides", thought=Thought(effort=effort)))
        for effort in ("low", "medium", "high", "max")
    ]
    assert [len(one) for one in said] == sorted(len(one) for one in said)
    assert len(set(said)) == 4


@pytest.mark.parametrize("limit", [1, 5, 17])
async def test_no_more_than_max_tokens_are_said(limit: int) -> None:
    message = await answer(prompt("Write 100 words about tides", max_tokens=limit))
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == limit


async def test_an_answer_that_fits_exactly_ends_by_itself() -> None:
    whole = await answer(prompt("Tell me about tides"))
    same = await answer(prompt("Tell me about tides", max_tokens=whole.usage.output_tokens))
    assert same.stop_reason == "end_turn"
    assert same.content == whole.content


async def test_max_tokens_0_says_nothing() -> None:
    message = await answer(prompt("Tell me about tides", max_tokens=0))
    assert (message.content, message.stop_reason, message.usage.output_tokens) == ([], "max_tokens", 0)


async def test_a_call_can_be_cut_short_too() -> None:
    tool = {
        "name": "echo",
        "description": "echo",
        "input_schema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    }
    message = await answer(prompt("echo the tides", tools=[tool], max_tokens=4))
    assert message.stop_reason == "max_tokens"
    assert message.content[0].__struct_config__.tag == "tool_use"


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("등대 3가지를 나열해줘", "1. 등대의 한 가지 점"),
        ("등대 세 가지 말해줘", "1. 등대의 한 가지 점"),
        ("Explain quantum computing in one sentence", "On “quantum computing” I"),
        ("Explain tides in about 100 words.", "You asked about “tides”"),
        ("Write a 100-word essay on history", "You asked about “history”"),
        ("Write a long 50 word story of tides", "You asked about “tides”"),
        ("500자로 에세이를 써줘", "“에세이”에 대해"),
        ("Write a very long story of 200 words", "You asked about “story”"),
    ],
)
async def test_the_length_is_no_part_of_what_is_asked_about(said: str, first: str) -> None:
    assert (await text(said)).startswith(first)
