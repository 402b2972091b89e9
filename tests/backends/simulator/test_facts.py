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
    ("Hi, I'm Ann and I'm a software engineer from Oslo.", "What do I do?", "as a software engineer."),
    ("Hi, I'm Ann and I'm a software engineer from Oslo.", "Where am I from?", "Oslo"),
    ("I am from Brazil.", "Where do I come from?", "Brazil"),
    ("My phone number is 555-1234 and my email is bob@x.org.", "What's my email?", "bob@x.org."),
    ("I have a dog named Rex and a cat called Tom", "What's my dog's name?", "Rex"),
    ("I have a dog named Rex and a cat called Tom", "What is the name of my cat?", "Tom"),
    ("My sister's name is Jane and she is 12", "What is my sister's name?", "is Jane."),
    ("I'm allergic to peanuts", "What am I allergic to?", "peanuts"),
    ("I hate early mornings", "What do I hate?", "early mornings"),
    ("안녕, 나는 철수고 서울에 사는 개발자야", "내 이름이 뭐야?", "철수"),
    ("안녕, 나는 철수고 서울에 사는 개발자야", "내가 어디 살지?", "서울"),
    ("안녕, 나는 철수고 서울에 사는 개발자야", "내 직업은 뭐야?", "개발자"),
    ("내 이름은 민수야. 나이는 30살이고 취미는 등산이야.", "내 취미가 뭐라고 했지?", "등산"),
    ("내 이름은 민수야. 나이는 30살이고 취미는 등산이야.", "나 몇 살이야?", "30살이라고"),
    ("나는 오이를 싫어해", "내가 뭘 싫어하지?", "오이"),
    ("나는 피자를 좋아해", "내가 좋아하는 음식이 뭐야?", "피자"),
    ("私の名前は太郎です。東京に住んでいます。", "私の名前は何ですか？", "太郎"),
    ("私の名前は太郎です。東京に住んでいます。", "私はどこに住んでいますか？", "東京"),
    ("我叫小明，我住在北京。", "我叫什么名字？", "小明"),
    ("我叫小明，我住在北京。", "我住在哪里？", "北京"),
    ("Me llamo Ana y vivo en Madrid. Tengo 30 años.", "¿Cómo me llamo?", "Ana"),
    ("Me llamo Ana y vivo en Madrid. Tengo 30 años.", "¿Cuántos años tengo?", "30"),
    ("Ich heiße Anna und wohne in Berlin.", "Wo wohne ich?", "Berlin"),
    ("Mein Name ist Anna.", "Wie heiße ich?", "Anna"),
    ("Je m'appelle Luc et j'habite à Lyon.", "Comment je m'appelle ?", "Luc"),
    ("Je m'appelle Luc et j'habite à Lyon.", "Où est-ce que j'habite ?", "Lyon"),
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


@pytest.mark.parametrize(
    ("told", "corrected", "asked", "expected"),
    [
        ("My favorite color is blue.", "No wait, it's red.", "What's my favorite color?", "red"),
        ("My name is Tom", "Sorry, I meant Tim", "What is my name?", "Tim"),
        ("I live in Berlin", "Actually I moved to Munich", "Where do I live?", "Munich"),
        ("내가 좋아하는 색은 파란색이야", "아니, 초록색이야", "내가 좋아하는 색이 뭐야?", "초록색"),
        ("내 이름은 철수야", "사실 내 이름은 철수가 아니라 민수야", "내 이름이 뭐지?", "이름은 민수"),
        ("Hello", "My name is not Alice, it's Alicia", "What is my name?", "Alicia"),
        ("I like tea.", "I don't like tea.", "What don't I like?", "tea"),
    ],
)
async def test_a_correction_holds(told: str, corrected: str, asked: str, expected: str) -> None:
    assert expected in await text(talk(told, "ok", corrected, "ok", asked))


async def test_a_correction_is_of_what_was_asked_for_last() -> None:
    said = talk(
        "My name is Ann and my dog is Rex.", "ok", "What is my name?", "Ann", "No, it's Anna.", "ok", "What's my name?"
    )
    assert "Anna" in await text(said)


@pytest.mark.parametrize(
    ("told", "asked", "expected"),
    [
        ("I like tea. I don't like coffee.", "Do I like tea?", "Yes"),
        ("I like tea. I don't like coffee.", "Do I like coffee?", "No"),
        ("I like tea. I don't like coffee.", "Do I like milk?", "told me"),
        ("나는 커피를 좋아하지 않아", "내가 커피를 좋아해?", "아니요"),
        ("나는 커피를 좋아해", "내가 커피를 좋아해?", "네"),
    ],
)
async def test_what_is_liked_and_what_is_not_are_told_apart(told: str, asked: str, expected: str) -> None:
    assert expected in await text(talk(told, "ok", asked))


@pytest.mark.parametrize(
    ("told", "asked", "parts"),
    [
        ("I'm Bob, I live in Paris and I like chess.", "What do you know about me?", ("Bob", "Paris", "chess")),
        ("내 이름은 철수야. 취미는 등산이야.", "나에 대해 아는 걸 말해줘", ("철수", "등산")),
    ],
)
async def test_all_that_was_told_can_be_asked_for(told: str, asked: str, parts: tuple[str, ...]) -> None:
    said = await text(talk(told, "ok", asked))
    assert all(part in said for part in parts)
    nothing = await text(asked)
    assert all(part not in nothing for part in parts)


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
