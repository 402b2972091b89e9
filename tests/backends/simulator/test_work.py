"""What a request brings to be worked on: summaries out of its own sentences, choices, counts, and questions to it."""

from typing import Any

import msgspec
import pytest

from sijo.backends.simulator.choices import allowed
from sijo.backends.simulator.material import parted, sentences
from sijo.backends.simulator.mood import Mood, mood

from .build import answer, prompt, talk, text

WHALES = "Whales are mammals. They breathe air. They live in the sea. Some eat krill."


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (f"Summarize in one sentence: {WHALES}", "Whales are mammals."),
        (f"Summarise the following in 2 sentences: {WHALES}", "Whales are mammals. They breathe air."),
        (f"Summarize in two bullet points: {WHALES}", "- Whales are mammals.\n- They breathe air."),
        (f"Summarize this in 5 words: {WHALES}", "Whales are mammals. They breathe"),
        (f"TL;DR please:\n\n{WHALES}", "Whales are mammals. They breathe air."),
        (f"Summarize the text.\n\n<text>{WHALES}</text>", "Whales are mammals. They breathe air."),
        ("두 문장으로 요약해줘: 고래는 포유류다. 바다에 산다. 숨을 쉰다.", "고래는 포유류다. 바다에 산다."),
        ("次の文章を要約してください：今日は雨でした。家にいました。", "今日は雨でした。"),
        ("总结：今天下雨了。我在家。", "今天下雨了。"),
        ("Resume en una frase: Hoy llovió. Me quedé en casa.", "Hoy llovió."),
        ("Résume en une phrase : Il a plu. Je suis resté.", "Il a plu."),
        ("Fasse in einem Satz zusammen: Es regnete. Ich blieb.", "Es regnete."),
    ],
)
async def test_a_summary_is_made_of_the_texts_own_sentences(said: str, expected: str) -> None:
    assert await text(said) == expected


async def test_what_was_said_before_can_be_summarized() -> None:
    assert await text(talk("Tell me of whales", WHALES, "Summarize that in one sentence")) == "Whales are mammals."


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Is the sky blue? Answer yes or no", "Yes"),
        ("True or false: water is wet", "True"),
        ("네/아니오로만 대답해: 지구는 둥글어?", "네"),
        ("Responde sí o no: ¿el cielo es azul?", "Sí"),
        ("「はい」か「いいえ」で答えてください：空は青いですか？", "はい"),
        ("Answer with positive, negative or neutral: the battery is awful", "negative"),
        ("Is this positive or negative: I do not like it at all", "negative"),
        ("Classify the sentiment as positive, negative or neutral: it is a chair", "neutral"),
        ("긍정/부정으로 분류해줘: 재미있지 않았다", "부정"),
        ("긍정인지 부정인지 답해줘: 배송이 느리고 불친절했어요", "부정"),
        ("Classify this ticket as bug, feature or question: a question on prices", "question"),
        ("스팸/정상 중 하나로 답해줘: 스팸 같아", "스팸"),
    ],
)
async def test_one_of_the_answers_that_are_allowed_is_given_and_nothing_else(said: str, expected: str) -> None:
    assert await text(said) == expected


@pytest.mark.parametrize(
    ("system", "said", "expected"),
    [
        ("Answer with yes or no only.", "Is the sky blue?", "Yes"),
        ("Classify the message as positive or negative. Reply with only the label.", "I love this!", "positive"),
        ("Classify the message as positive or negative. Reply with only the label.", "Terrible.", "negative"),
    ],
)
async def test_the_system_prompt_may_name_the_choices(system: str, said: str, expected: str) -> None:
    assert await text(said, system=system) == expected


@pytest.mark.parametrize(
    "said",
    [
        "Would you rather have tea or coffee?",
        "Is it good or bad?",
        "Write of a dragon in 3 sentences, or fewer",
        "What is better, a car or a bike?",
        "Repeat exactly: yes or no",
    ],
)
async def test_an_or_alone_is_no_choice(said: str) -> None:
    assert len((await text(said)).split()) > 2


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Reverse the word 'simulator'", "rotalumis"),
        ("Spell 'stone' backwards", "enots"),
        ("Write 'quiet' in uppercase", "QUIET"),
        ("'Hello World'를 소문자로 바꿔줘", "hello world"),
        ("'가나다'를 거꾸로 써줘", "다나가"),
        ("How many e's are in elephant?", "2"),
        ("How many times does the letter a appear in banana?", "3"),
        ("Count the words in: the quick brown fox", "4"),
        ("How many letters are in the word 'tide'?", "4"),
        ("Sort these numbers: 10, 9, 2.5, -1", "-1, 2.5, 9, 10"),
        ("Sort in descending order: 1, 3, 2", "3, 2, 1"),
        ("Arrange in alphabetical order: kiwi, fig and lemon", "fig, kiwi, lemon"),
        ("Extract the email address: write to info@x.org or call", "info@x.org"),
        ("Extract all dates from this text: 2025-01-02 and March 4, 2025.", "2025-01-02, 2025-03-04"),
        ("Extract the names from: John met Mary in Paris", "John, Mary"),
        ("전화번호를 찾아줘: 02-555-1234로 전화하세요", "02-555-1234"),
        ("Extract the email address: there is none", "There is none in the text."),
    ],
)
async def test_what_can_be_read_off_a_text_is_exact(said: str, expected: str) -> None:
    assert await text(said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Translate 'good night' to French", "good night"),
        ("'밥 먹었어?'를 영어로 번역해줘", "밥 먹었어?"),
        ("Traduce 'gato' al inglés", "gato"),
        ("Übersetze 'Hund' ins Englische", "Hund"),
        ("Traduis 'chat' en anglais", "chat"),
    ],
)
async def test_a_translation_is_plainly_declined_in_the_users_language(said: str, expected: str) -> None:
    answered = await text(said)
    assert expected in answered
    assert any(word in answered for word in ("language model", "언어 모델", "modelo", "Sprachmodell", "modèle"))


TOWER = "The tower is 330 metres tall. It was built in 1889 by Gustave Eiffel. It stands in Paris."


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How tall is the tower?", "The tower is 330 metres tall."),
        ("Who built it?", "It was built in 1889 by Gustave Eiffel."),
        ("Where does it stand?", "It stands in Paris."),
    ],
)
async def test_a_question_to_a_text_gets_the_sentence_on_it(question: str, expected: str) -> None:
    asked = f"Answer from the context.\n\n<context>\n{TOWER}\n</context>\n\nQuestion: {question}"
    assert await text(asked) == expected
    source = {"type": "text", "media_type": "text/plain", "data": TOWER}
    document: dict[str, Any] = {"type": "document", "source": source, "citations": {"enabled": True}}
    message = await answer(prompt(talk([document, {"type": "text", "text": question}])))
    [cited] = msgspec.to_builtins(message.content[0])["citations"]
    assert cited["cited_text"] == expected
    assert TOWER[cited["start_char_index"] : cited["end_char_index"]] == expected


@pytest.mark.parametrize(
    ("system", "said", "expected"),
    [
        ("Today is 2026-03-01. Be kind.", "What day is it today?", "Today is 2026-03-01."),
        (
            "You are a clerk. The refund policy is 30 days.",
            "What is the refund policy?",
            "The refund policy is 30 days.",
        ),
    ],
)
async def test_the_system_prompt_is_read_too(system: str, said: str, expected: str) -> None:
    assert await text(said, system=system) == expected


async def test_an_order_to_the_assistant_is_no_answer() -> None:
    system = "You answer questions about the weather. Never speak of tides."
    assert "Never" not in await text("What are tides?", system=system)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("not bad at all", "positive"),
        ("I don't love it", "negative"),
        ("It is a table.", "neutral"),
        ("좋지 않아요", "negative"),
        ("最高です", "positive"),
        ("good, but slow and expensive", "negative"),
    ],
)
def test_a_mood_is_told_by_words_and_what_is_denied_counts_for_the_other_side(said: str, name: str) -> None:
    assert mood(said).name == name


def test_a_point_inside_a_number_ends_no_sentence() -> None:
    assert sentences("It is v1.2 of 3.5. See a.txt now! 끝.") == ["It is v1.2 of 3.5.", "See a.txt now!", "끝."]


HOSTILE = [
    part * (2_000 // len(part))
    for part in ("a ", "A/", "or ", "a, ", "<a>", "answer a or ", "\n\n", ":a", "'a ", "1. ", "가 ", "나는 ", "\t ")
]


@pytest.mark.parametrize("said", HOSTILE)
def test_hostile_text_is_taken_apart_and_nothing_is_lost(said: str) -> None:
    assert "".join("".join(sentences(said)).split()) == "".join(said.split())
    assert parted(said) == (said.strip(), "")
    assert set(allowed(said)) <= {"a", "answer"}
    assert mood(said) == Mood(0, 0)


@pytest.mark.parametrize("letter", ["か", "或", "或者", "aか", "가或", "いか或"])
@pytest.mark.parametrize("frame", ["{}", "Is this {}1", "{} 1중 하나", "Answer with {}."])
def test_letters_that_may_separate_are_read_in_one_way(letter: str, frame: str) -> None:
    labels = allowed(frame.format(letter * (390 // len(letter))))
    assert all(label.strip("かい或者a가") in ("", "Answer") for label in labels)


@pytest.mark.parametrize(
    ("said", "labels"),
    [
        ("はいかいいえで答えて", ("はい", "いいえ")),
        ("用是或否回答", ("是", "否")),
        ("用积极或者消极回答", ("积极", "消极")),
    ],
)
def test_choices_may_be_separated_by_a_letter(said: str, labels: tuple[str, ...]) -> None:
    assert allowed(said) == labels
