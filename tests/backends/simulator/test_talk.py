"""What the simulator says by itself, to what people say first."""

import re

import pytest

from sijo.backends.simulator import Simulator
from sijo.backends.simulator.tongue import detect, particles, phrases

from .build import answer, prompt, talk, text

LANGUAGES = {
    "안녕하세요": "시뮬레이터",
    "안녕!": "시뮬레이터",
    "Hello": "simulator",
    "Hi there": "simulator",
    "Good morning!": "simulator",
    "Bonjour": "simulateur",
    "Bonjour, comment ça va ?": "simulateur",
    "Hola, ¿cómo estás?": "simulador",
    "Guten Tag": "Simulator von Sijo",
    "こんにちは": "シミュレーター",
    "你好": "模拟器",
    "Say hello in Spanish": "simulador",
    "Please greet me in French!": "simulateur",
    "영어로 인사해줘": "simulator",
    "한국어로 인사해 줘": "시뮬레이터입니다",
    "Good night!": "Goodbye|See you",
    "잘 자": "가세요|만나요",
}


@pytest.mark.parametrize(("said", "expected"), LANGUAGES.items())
async def test_it_greets_in_the_users_language(said: str, expected: str) -> None:
    assert re.search(expected, await text(said))


async def test_it_plays_whom_a_korean_prompt_names() -> None:
    assert "미나" in await text("너는 누구야?", system="당신의 이름은 미나이고 쇼핑몰 상담원입니다.")


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("인공지능이 뭔지 설명해 주세요", "ko"),
        ("Python의 list를 설명해줘", "ko"),
        ("Explain how boats float", "en"),
        ("What does 안녕 mean in English, and when do people say it?", "en"),
        ("Warum ist der Himmel blau?", "de"),
        ("¿Por qué es azul el cielo?", "es"),
        ("Pourquoi le ciel est bleu ?", "fr"),
        ("空はなぜ青いのですか", "ja"),
        ("天空为什么是蓝色的", "zh"),
        ("12 34", None),
        ("", None),
    ],
)
def test_the_language_of_a_text_is_told_by_script_and_common_words(said: str, language: str | None) -> None:
    assert detect(said) == language


@pytest.mark.parametrize("said", ["Warum ist das so?", "¿Por qué es así la vida?", "Pourquoi est-ce que je suis ici ?"])
async def test_other_languages_get_their_own_phrases(said: str) -> None:
    language = detect(said) or ""
    assert phrases()[language]["general"][0] in await text(said)


@pytest.mark.parametrize(
    ("system", "said", "expected"),
    [
        ("Answer in French.", "Hello", "simulateur"),
        ("항상 영어로 답해", "안녕하세요", "simulator"),
        ("항상 한국어로만 답해 주세요.", "Hello", "시뮬레이터"),
        ("You always respond in German, whatever happens.", "Hello", "Simulator von Sijo"),
        ("You are helpful.", "안녕. 영어로 대답해 줘", "simulator"),
        ("Reply in French", "Hello, answer in Spanish", "simulador"),
    ],
)
async def test_the_language_that_was_asked_for_wins(system: str, said: str, expected: str) -> None:
    assert expected in await text(said, system=system)


async def test_a_text_without_words_is_answered_in_the_language_before_it() -> None:
    assert "입니다" in await text(talk("안녕하세요", "네", "27 * 453"))


@pytest.mark.parametrize(
    "said", ["Who are you?", "What model are you?", "너 누구야?", "자기소개 해줘", "What's your name?"]
)
async def test_it_says_plainly_what_it_is(said: str) -> None:
    assert re.search("simulator|시뮬레이터", await text(said))


async def test_it_plays_the_part_that_the_system_prompt_gives_it() -> None:
    said = await text("Who are you?", system="You are Aria, a cheerful guide.")
    assert "Aria" in said
    assert "simulator" in said


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Repeat exactly: Foo  bar\n  baz", "Foo  bar\n  baz"),
        ("Repeat after me: 안녕", "안녕"),
        ("Reply with exactly: OK", "OK"),
        ("Respond with only the word 'yes'", "yes"),
        ("Say hello", "hello"),
        ("say 'one two' and nothing else", "one two"),
        ("Answer with just 42", "42"),
        ("그대로 반복해 줘: 가나다  라", "가나다  라"),
        ('"안녕"이라고만 말해줘', "안녕"),
        ("ping", "pong"),
        ("Count from 1 to 5", "1, 2, 3, 4, 5"),
        ("Count to 3", "1, 2, 3"),
        ("count down from 3 to 1", "3, 2, 1"),
        ("2부터 4까지 세어 줘", "2, 3, 4"),
        ("Count from 5 to 5", "5"),
    ],
)
async def test_what_it_is_told_to_say_it_says_and_nothing_else(said: str, expected: str) -> None:
    assert await text(said) == expected


async def test_counting_ends_before_it_floods() -> None:
    assert (await text("Count from 1 to 999999", max_tokens=60_000)).endswith(" 2000")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("What is the capital of France?", "Paris"),
        ("대한민국의 수도는 어디야?", "서울"),
        ("Why is the sky blue?", "scatters"),
        ("Tell me a joke", "simulator"),
        ("What is latin for Ant? (A) Apoidea, (B) Rhopalocera, (C) Formicidae", "(C)"),
    ],
)
async def test_it_knows_what_people_ask_first(said: str, expected: str) -> None:
    assert expected in await text(said)


@pytest.mark.parametrize("said", ["Thanks a lot!", "고마워", "Goodbye", "danke"])
async def test_thanks_and_goodbyes_get_a_short_answer(said: str) -> None:
    assert len(await text(said)) < 20


async def test_it_tells_what_was_said_before() -> None:
    assert "purple elephants" in await text(talk("I like purple elephants", "ok", "What did I just say?"))
    assert "purple" in await text(talk("purple", "ok", "green", "ok", "What was my first question?"))


async def test_anything_else_is_named_and_answered() -> None:
    assert "quantum gardening" in await text("Tell me something about quantum gardening")


async def test_the_same_request_gets_the_same_answer_and_another_seed_may_give_another() -> None:
    asked = prompt("Tell me something about quantum gardening")
    answers = {await text(asked, Simulator(seed=seed)) for seed in (0, 0, 0)}
    others = {await text(asked, Simulator(seed=seed)) for seed in range(8)}
    assert len(answers) == 1
    assert len(others) > 1


async def test_a_coding_clients_reminders_are_not_what_the_user_says() -> None:
    blocks = [
        {"type": "text", "text": "<system-reminder>\nUse tabs.\n</system-reminder>"},
        {"type": "text", "text": "ping"},
    ]
    assert await text(talk(blocks)) == "pong"


async def test_an_empty_conversation_has_an_answer() -> None:
    assert (await answer(prompt(" "))).stop_reason == "end_turn"


def test_every_language_has_every_phrase_that_english_has() -> None:
    english = phrases()["en"].keys()
    said = {key for key in english if not key.startswith("t_")}
    neutral = {"sum", "about", "undefined", "huge", "first", "before", "nothing_before", "no_content", "no_reason"}
    lacking = {language: said - neutral - keys.keys() for language, keys in phrases().items()}
    assert {language: keys for language, keys in lacking.items() if keys} == {}
    assert english == phrases()["ko"].keys()


@pytest.mark.parametrize(
    ("open_form", "closed"),
    [
        ("이름은(는)", "이름은"),
        ("나이은(는)", "나이는"),
        ("철수(이)라고", "철수라고"),
        ("영숙(이)라고", "영숙이라고"),
        ("서울(으)로", "서울로"),
        ("부산(으)로", "부산으로"),
        ("get_weather(으)로", "get_weather로"),
        ("send_email(으)로", "send_email로"),
        ("item 7(으)로", "item 7로"),
        ("send_email을(를)", "send_email을"),
        ("개발자(으)로", "개발자로"),
        ("10을(를)", "10을"),
        ("92을(를)", "92를"),
    ],
)
def test_korean_particles_take_the_form_of_the_word_before_them(open_form: str, closed: str) -> None:
    assert particles(open_form) == closed


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("What is 12 * 12? And what is the capital of France?", ("144", "Paris")),
        ("What is 8 times 7, and what is the capital of Japan?", ("56", "Tokyo")),
        ("My name is Zoe. What's my name and what is 5*5?", ("Zoe", "25")),
        ("27 * 453은? 그리고 프랑스의 수도는?", ("12231", "파리")),
        ("내 이름은 철수야. 내 이름이 뭐라고? 그리고 2+3은?", ("철수", "5")),
        ("What is your name and what is 2+2?", ("simulator", "4")),
    ],
)
async def test_two_questions_get_two_answers(said: str, parts: tuple[str, str]) -> None:
    answered = await text(said)
    assert all(part in answered for part in parts)
    assert "You asked" not in answered


@pytest.mark.parametrize("said", ["ok", "test", "👋", "🎉🎉", "?", "...", "네", "ㅋㅋㅋ", "테스트", "はい", "sí"])
async def test_what_asks_nothing_gets_a_short_answer_that_asks_back(said: str) -> None:
    answered = await text(said)
    assert answered.endswith(("?", "？"))
    assert len(answered) < 80


@pytest.mark.parametrize(
    "said", ["What time is it?", "What day is today?", "오늘 날씨 어때?", "지금 몇 시야?", "¿Qué tiempo hace hoy?"]
)
async def test_it_says_that_it_does_not_see_the_world(said: str) -> None:
    assert re.search("clock|시계|reloj", await text(said))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("List 3 fruits", "1. apple\n2. banana\n3. cherry"),
        ("Name 2 planets", "1. Mercury\n2. Venus"),
        ("색깔 두 가지만 말해줘", "1. 빨강\n2. 파랑"),
    ],
)
async def test_it_has_some_lists(said: str, expected: str) -> None:
    assert await text(said) == expected


@pytest.mark.parametrize(
    ("said", "expected"), [("And the second one?", "banana"), ("두 번째는?", "banana"), ("the last one", "cherry")]
)
async def test_an_entry_of_a_list_can_be_asked_for(said: str, expected: str) -> None:
    listed = "1. apple\n2. banana\n3. cherry"
    assert await text(talk("List 3 fruits", listed, said)) == expected


@pytest.mark.parametrize("said", ["the first one", "Tell me about the last one"])
async def test_of_what_is_no_list_no_entry_is_taken(said: str) -> None:
    assert await text(talk("Hello", "Hello! How can I help?", said))


@pytest.mark.parametrize(
    ("said", "fence"),
    [
        ("Write a JavaScript function that reverses a string", "```javascript\n// "),
        ("Write a SQL query that selects all users", "```sql\n-- "),
        ("Create an HTML login form", "```html\n<!-- "),
        ("자바로 로그인 코드 작성해줘", "```java\n// "),
    ],
)
async def test_code_is_declined_in_a_block_of_its_language(said: str, fence: str) -> None:
    assert fence in await text(said)


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        ("Dame una lista de 3 libros", 3),
        ("Donne-moi une liste de 4 livres", 4),
        ("Nenne 3 Bücher", 3),
        ("本を3つ挙げてください", 3),
        ("列出3种书", 3),
    ],
)
async def test_lists_are_as_long_as_asked_for_in_every_language(said: str, lines: int) -> None:
    assert len((await text(said)).splitlines()) == lines
