"""Sums are worked out exactly, and nothing but sums is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sijo.backends.simulator import problems
from sijo.backends.simulator.arithmetic import LONGEST, find, work_out

from .build import prompt, talk, text

SUMS = {
    "27 * 453": "12231",
    "What is 27*453?": "12231",
    "27 곱하기 453은 얼마야?": "12231",
    "27 times 453": "12231",
    "What's 15 x 4?": "60",
    "What is 12.5% of 80?": "10",
    "80의 12.5%는?": "10",
    "Calculate 15 percent of 200": "30",
    "(3+4)*2": "14",
    "what is 2 to the power of 10": "1024",
    "2^10": "1024",
    "2의 10제곱": "1024",
    "7 squared": "49",
    "What is the square of 12?": "144",
    "the sum of 3 and 4": "7",
    "5의 제곱은?": "25",
    "square root of 144": "12",
    "What is two plus two?": "4",
    "3에 4를 더하면?": "7",
    "10을 4로 나누면?": "2.5",
    "100 minus 58": "42",
    "0.1 + 0.2": "0.3",
    "1,234,567 + 1": "1234568",
    "-3 + 5": "2",
    "10 % 3": "1",
    "what is 7 / 8": "0.875",
    "25/5": "5",
    "multiply 6 by 7": "42",
    "Multiply 6 and 7": "42",
    "Add 3 and 4": "7",
    "add 5 to 10": "15",
    "Subtract 3 from 10": "7",
    "divide 10 by 4": "2.5",
    "What is the sum of 1, 2 and 3?": "6",
    "What is the average of 10, 20 and 33?": "21",
    "1, 2, 3의 합은?": "6",
    "10, 20, 30의 평균은?": "20",
    "sqrt(16)": "4",
    "루트 16은?": "4",
    "17 mod 5": "2",
    "7!": "5040",
    "What is 5 factorial?": "120",
    "5 팩토리얼은?": "120",
    "6에 7을 곱해줘": "42",
    "6에 7을 더해줘": "13",
    "10을 4로 나눠줘": "2.5",
    "2**200": str(2**200),
    "(-1) ** -99999999999": "-1",
}


@pytest.mark.parametrize(("asked", "value"), SUMS.items())
async def test_a_sum_is_worked_out(asked: str, value: str) -> None:
    assert f"= {value}" in await text(prompt(asked))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("What is 1/0?", "division by zero"),
        ("5 나누기 0은?", "0으로 나눌 수"),
        ("9**9**9", "too large"),
        ("10/3 =", "≈ 3.333333333"),
        ("2**0.5", "≈ 1.414213562"),
    ],
)
async def test_what_has_no_exact_value_is_said_to_have_none(asked: str, said: str) -> None:
    assert said in await text(prompt(asked))


@pytest.mark.parametrize(
    "text",
    [
        "the meeting is 2026-11-21",
        "what is on 2026-11-21?",
        "call 010-1234-5678",
        "we are open 24/7",
        "3-5 sentences please",
        "I have 3 cats and 4 dogs",
        "write 2 + sentences",
        "(((((1+1)))",
        "hello",
        "",
        "version 3.11",
        "what is 5?",
        "1 +",
    ],
)
def test_other_figures_are_no_sum(text: str) -> None:
    assert find(text) is None


def test_a_long_multiplication_is_shown_step_by_step() -> None:
    found = find("27 * 453")
    assert found is not None
    assert found.steps == (
        "27 × 400 = 10800",
        "27 × 50 = 1350",
        "27 × 3 = 81",
        "10800 + 1350 + 81 = 12231",
        "27 × 453 = 12231",
    )


@given(a=st.integers(0, 10**9), b=st.integers(1, 10**6), op=st.sampled_from("+-*"))
def test_whole_numbers_come_out_as_python_has_them(a: int, b: int, op: str) -> None:
    found = work_out(f"{a} {op} {b}")
    assert found is not None
    assert found.value == str({"+": a + b, "-": a - b, "*": a * b}[op])


@given(st.text("0123456789.+-*/%() ^", max_size=LONGEST))
def test_nothing_that_looks_like_a_sum_breaks_it(text: str) -> None:
    found = find(text)
    assert found is None or found.value is not None or found.problem


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "(1).__class__", "1 if 1 else 2", "'a' * 9", "[1] * 9", "1j * 2", "True + 1", "lambda: 1"],
)
def test_nothing_but_numbers_and_operators_is_worked_out(text: str) -> None:
    assert work_out(text) is None


@pytest.mark.parametrize(
    ("first", "then", "value"),
    [
        ("What is 5 + 3?", "Now multiply that by 2", "16"),
        ("What is 5 + 3?", "Add 10 to the result.", "18"),
        ("What is 5 + 3?", "Add 10", "18"),
        ("What is 5 + 3?", "Subtract 1 from it", "7"),
        ("What is 5 + 3?", "and divided by 4?", "2"),
        ("What is 5 - 8?", "Times 2?", "-6"),
        ("12 더하기 30은?", "거기에 2를 곱하면?", "84"),
        ("12 더하기 30은?", "그 결과에서 2를 빼면?", "40"),
        ("12 더하기 30은?", "그걸 2로 나눠줘", "21"),
    ],
)
async def test_a_sum_goes_on_from_the_one_before(first: str, then: str, value: str) -> None:
    said = await text(talk(first, await text(first), then))
    assert said.rstrip("입니다.").endswith(f"= {value}")


@pytest.mark.parametrize("then", ["Add 10 tests", "Add a tool", "Multiply 3 matrices", "나눠줘", "2로 시작하는 단어"])
async def test_what_is_no_sum_does_not_go_on(then: str) -> None:
    assert " = " not in await text(talk("What is 5 + 3?", "5 + 3 = 8", then))


async def test_without_a_sum_before_there_is_nothing_to_go_on_from() -> None:
    assert " = " not in await text(talk("Hello", "Hello, I am 30.", "Now multiply that by 2"))


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("¿Cuánto es 2 más 3?", "5"),
        ("¿Cuánto es 12 por 12?", "144"),
        ("Was ist 12 mal 12?", "144"),
        ("Combien font 7 fois 8 ?", "56"),
        ("2足す3は？", "5"),
        ("3加5等于多少？", "8"),
        ("100을 7로 나눈 나머지는?", "2"),
        ("What is the remainder when 17 is divided by 5?", "2"),
    ],
)
def test_a_sum_may_be_said_in_other_languages(said: str, value: str) -> None:
    found = find(said)
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize(
    ("said", "expression"),
    [
        ("I have 3 apples and eat one. How many are left?", "3 - 1"),
        ("Tom has 5 apples and buys 7 more. How many apples does he have?", "5 + 7"),
        ("There are 12 birds on a tree, 5 fly away and 2 come back. How many are there?", "12 - 5 + 2"),
        ("I had 20 dollars and spent 8. How much is left?", "20 - 8"),
        ("A baker makes 6 trays of 12 rolls each. How many rolls?", "6 * 12"),
        ("12 cookies are shared equally among 4 kids. How many does each get?", "12 / 4"),
        ("사과 3개가 있는데 1개를 먹으면 몇 개 남아?", "3 - 1"),
        ("철수는 사탕 10개가 있고 영희에게 4개를 줬다. 몇 개 남았을까?", "10 - 4"),
        ("사과 5개가 있다. 엄마가 3개를 더 줬다. 모두 몇 개야?", "5 + 3"),
        ("사탕 12개를 4명이 똑같이 나누면 몇 개씩?", "12 / 4"),
        ("Tengo 3 manzanas y como una. ¿Cuántas quedan?", "3 - 1"),
    ],
)
def test_a_plain_word_problem_is_a_sum(said: str, expression: str) -> None:
    found = problems.find(said)
    assert found is not None
    assert found.expression == expression


@pytest.mark.parametrize(
    "said",
    [
        "How many users signed up?",
        "Book a table for 4 people at 7. How many fit?",
        "How many apples are in 2 boxes and 3 bags?",
        "I have 3 apples and eat one.",
        "How much wood would a woodchuck chuck?",
    ],
)
def test_what_no_verb_tells_is_no_problem(said: str) -> None:
    assert problems.find(said) is None
