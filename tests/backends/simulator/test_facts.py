"""What was told in a conversation is known later in it."""

import pytest

from sijo.backends.simulator.told import stated

from .build import talk, text

RECALLED = [
    ("My name is Alice", "What is my name?", "Alice"),
    ("my name is alice and I am a baker", "What's my name?", "alice"),
    ("My name is Alice", "What did I say my name was?", "Alice"),
    ("Call me Ishmael.", "Do you remember my name?", "Ishmael"),
    ("Hi, I'm Bob.", "who am I?", "Bob"),
    ("Hi, I'm Bob.", "Do you know who I am?", "Bob"),
    ("내 이름은 철수야", "내 이름이 뭐라고 했지?", "철수"),
    ("제 이름은 김영희입니다.", "제 이름이 뭐죠?", "김영희"),
    ("저는 민수라고 합니다", "내가 누구야?", "민수"),
    ("제 이름은 이민수이고 직업은 개발자예요", "제 이름이 뭐죠?", "이민수입니다"),
    ("제 이름은 이민수이고 직업은 개발자예요", "제 직업이 뭐라고 했죠?", "개발자"),
    ("내 이름은 민지고, 부산에 살아", "내 이름이 뭐야?", "민지"),
    ("나는 서울에 살고 25살이야.", "내 나이는?", "25"),
    ("제 이름은 홍길동이고, 서울에 살아요. 취미는 독서예요.", "제 취미가 뭐라고요?", "독서"),
    ("I live in Paris and I work as a nurse.", "Where do I live?", "Paris."),
    ("My birthday is March 5.", "When is my birthday?", "March 5"),
    ("내 생일은 3월 5일이야", "내 생일이 언제지?", "3월 5일"),
    ("Remember the number 42.", "What number did I tell you to remember?", "42"),
    ("Please remember the word ocean", "What was the word?", "ocean"),
    ("숫자 42를 기억해줘", "내가 기억하라고 한 숫자가 뭐야?", "42"),
    ("I'm Ann and I'm a nurse.", "What is my name?", "Ann"),
    ("나의 이름은 지수야.", "나의 이름은?", "지수"),
    ("My favourite colour is blue.", "What is my favourite colour?", "blue"),
    ("My favourite colour is blue.", "What's my favorite color?", "blue"),
    ("My favorite food is kimchi and my dog is called Rex", "What is my favorite food?", "kimchi"),
    ("내가 가장 좋아하는 색은 파란색이야", "내가 좋아하는 색이 뭐야?", "파란색"),
    ("내 취미는 등산이야", "내 취미가 뭐야?", "등산"),
    ("I am 30 years old", "How old am I?", "30"),
    ("나는 서른두 살이야", "내가 몇 살이지?", "서른두"),
    ("I live in Busan, near the sea", "Where do I live?", "Busan"),
    ("나는 부산에 살아", "내가 어디에 살지?", "부산"),
    ("I work as a baker", "What do I do for a living?", "baker"),
    ("I love mountain hiking", "What do I like?", "mountain hiking"),
    ("나는 김치찌개를 좋아해", "내가 뭘 좋아하지?", "김치찌개"),
    ("Remember that the password is swordfish", "What is the password?", "swordfish"),
    ("Remember: my locker code is 4711.", "What is my locker code?", "4711"),
    ("기억해: 비밀번호는 1234야", "비밀번호가 뭐였지?", "1234"),
]


@pytest.mark.parametrize(("told", "asked", "expected"), RECALLED)
async def test_a_fact_is_recalled_when_it_is_asked_for(told: str, asked: str, expected: str) -> None:
    assert expected in await text(talk(told, "Noted.", "Let us talk about boats.", "Gladly.", asked))


@pytest.mark.parametrize(("told", "asked", "expected"), [RECALLED[0], RECALLED[6], RECALLED[21]])
async def test_it_is_not_made_up_when_it_was_never_told(told: str, asked: str, expected: str) -> None:
    said = await text(talk("Let us talk about boats.", "Gladly.", asked))
    assert expected not in said


@pytest.mark.parametrize(
    "said", ["Classify the sentiment: 'I love this product!'", "다음 문장의 감정을 분류해: 나는 이 제품을 사랑해"]
)
async def test_a_text_to_work_on_tells_nothing_of_the_user(said: str) -> None:
    assert await text(said) not in ("Noted: I will remember that.", "네, 기억해 두겠습니다.")
    assert "simulator" in await text(said) or "시뮬레이터" in await text(said)


async def test_what_was_told_last_holds() -> None:
    said = talk("My name is Alice", "ok", "No, my name is Carol", "ok", "What is my name?")
    assert "Carol" in await text(said)


async def test_a_fact_may_stand_in_the_question_itself() -> None:
    assert "Dora" in await text("My name is Dora. What is my name?")


async def test_the_system_prompt_may_tell_a_fact() -> None:
    assert "Bob" in await text("What is my name?", system="Be kind. The user's name is Bob.")


async def test_a_fact_told_in_korean_is_recalled_in_english() -> None:
    assert "철수" in await text(talk("내 이름은 철수야", "네", "What is my name?"))


@pytest.mark.parametrize(
    ("said", "expected"), [("My name is Alice", "Alice"), ("내 이름은 철수야", "철수"), ("My cat is grey", "remember")]
)
async def test_what_is_told_is_acknowledged(said: str, expected: str) -> None:
    assert expected in await text(said)


async def test_a_request_is_not_taken_for_a_fact() -> None:
    assert "cats" in await text("My name is Bob. Write me something about cats")


@pytest.mark.parametrize(
    "said",
    [
        "What is my name?",
        "내 이름이 뭐야?",
        "Who is my boss?",
        "나는 어디에 살아?",
        "Where is my mind",
        "I see my point",
    ],
)
def test_a_question_states_nothing(said: str) -> None:
    assert list(stated(said)) == []
