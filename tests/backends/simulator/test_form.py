"""The form that a system prompt or the request sets is the answer's, whatever is said."""

import msgspec
import pytest

from sijo.backends.simulator.form import asked_form

from .build import answer, prompt, talk, text

FRANCE = "What is the capital of France?"


@pytest.mark.parametrize(
    ("system", "said", "expected"),
    [
        ("Only answer with one word.", FRANCE, "Paris"),
        ("한 단어로만 답해.", "프랑스의 수도는?", "파리"),
        ("You must answer in uppercase.", FRANCE, "THE CAPITAL OF FRANCE IS PARIS."),
        ("Respond in lowercase.", FRANCE, "the capital of france is paris."),
        ("Start every answer with 'Ahoy!'", FRANCE, "Ahoy! The capital of France is Paris."),
        ('Every reply must begin with "Sir,"', FRANCE, "Sir, The capital of France is Paris."),
        ("End every reply with 'Over and out.'", FRANCE, "The capital of France is Paris. Over and out."),
        ("모든 문장을 '냥'으로 끝내.", "프랑스의 수도는?", "프랑스의 수도는 파리입니다. 냥"),
        ("Wrap your answer in <reply> tags.", FRANCE, "<reply>Paris</reply>"),
        ("", f"{FRANCE} Answer inside <result></result> tags.", "<result>Paris</result>"),
        ("", f"Answer in one word: {FRANCE}", "Paris"),
        ("", f"Please answer in all caps: {FRANCE}", "THE CAPITAL OF FRANCE IS PARIS."),
    ],
)
async def test_the_form_that_is_set_is_kept(system: str, said: str, expected: str) -> None:
    assert await text(said, system=system) == expected


@pytest.mark.parametrize("system", ["", "Only answer with one word.", "Use bullet points.", "한 단어로만 답해."])
@pytest.mark.parametrize(
    "said", ["Summarize: ?", "한 문장으로 요약해줘: ?", "Answer with one word: ?", "Reverse: !", "Sort: ,"]
)
async def test_where_there_is_nothing_to_work_on_something_is_said(said: str, system: str) -> None:
    assert (await text(said, system=system)).strip()


@pytest.mark.parametrize(
    ("system", "end"),
    [("Always end with a question.", "?"), ("항상 질문으로 끝내.", "?"), ("Close with a question.", "?")],
)
async def test_an_answer_ends_with_a_question_where_it_must(system: str, end: str) -> None:
    assert (await text("Explain tides", system=system)).endswith(end)


async def test_bullets_are_one_for_each_sentence() -> None:
    lines = (await text("Explain tides", system="Use bullet points.")).splitlines()
    assert len(lines) > 1
    assert all(line.startswith("- ") for line in lines)


@pytest.mark.parametrize(
    "system", ["Respond only in JSON.", "Always reply in valid JSON.", "JSON으로만 답해.", "Output JSON only."]
)
async def test_a_system_prompt_may_ask_for_json(system: str) -> None:
    assert "Paris" in msgspec.json.decode(await text(FRANCE, system=system))["answer"]


async def test_a_system_prompt_may_name_the_keys() -> None:
    said = msgspec.json.decode(await text(FRANCE, system="Answer only in JSON with keys city and answer."))
    assert list(said) == ["city", "answer"]


@pytest.mark.parametrize(
    "said",
    [
        "Write a story with a happy end",
        "What does <div> do?",
        "Is there a word for it?",
        "How do I start a car?",
        "You are helpful. Answer briefly.",
        "",
    ],
)
def test_a_text_that_sets_no_form_sets_none(said: str) -> None:
    assert asked_form(said) == ()


async def test_stop_sequences_end_what_was_formed() -> None:
    asked = prompt(talk(f"{FRANCE} Answer in <a> tags.", "<a>"), stop_sequences=["</a>"])
    message = await answer(asked)
    assert message.stop_sequence == "</a>"
