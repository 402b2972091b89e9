"""Patterns: they find what Python's own would, and none of them can hold anybody up."""

import asyncio
import re
from pathlib import Path

import pytest

from sijo.errors import RateLimited
from sijo.tools.index import Lines, arguments
from sijo.tools.pattern import WAITING, BadPattern, Linear, Patterns
from sijo.wire.tools import Custom

BOMBS = (Path(__file__).parent / "bombs.txt").read_text("utf-8").splitlines()
TICKS = 20
"""How often others get their turn, at the least, while a pattern runs out of its time. They could a thousand times."""
EVERY = 100_000


def tool(name: str, description: str, **fields: str) -> Custom:
    properties = {key: {"type": "string", "description": words} for key, words in fields.items()}
    return Custom(name=name, description=description, input_schema={"type": "object", "properties": properties})


LATIN = [
    tool("send_email", "Send an email.", to="Address of the recipient", body="The message"),
    tool("sendSMS", "Text a phone", number="Where to"),
    tool("create_invoice", "Bill a customer\nin euros", amount="How much"),
    tool("list-files", "List the files of a folder", path="The folder, e.g. /tmp"),
    tool("x", ""),
    tool("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a" * 300 + "!", a="ab" * 100),
]
MIXED = [
    *LATIN,
    tool("mail_ko", "이메일을 보냅니다", to="받는 사람 1"),
    tool("straße", "Führt zur Straße.", ort="Groß"),
]
PATTERNS = [
    "send", "SEND", "^send", "sms$", "files?", r"\bfile", r"\bfiles\b", r"\w+_\w+", r"\d", r"\s", r"\S{20}",
    "(to|body)", "[^a-z]", "customer.in", "(?s)customer.in", r"customer\sin", "euros$", "^in", "(?m)^in", r"\Ain",
    r"\Abill", "folder.*tmp", "email.*recipient", "sms[^!]*phone", ".", "^$", "x|y|z", "a{40}", "(?!send)s", r"(s)\1",
    "nope", "(?<=create_)inv", "(?i:TEXT)", "straße", "ß", r"이메일", r"받는\s", r"^\w+$", r"\W", "[가-힣]+",
    r"보냅니다\Z", r"\D\d",
]  # fmt: skip


def plainly(pattern: str, tools: list[Custom]) -> set[str]:
    """What Python's own engine finds, text by text."""
    search = re.compile(pattern, re.IGNORECASE).search
    texts = {one.name: [one.name, one.description, *arguments(one.input_schema)] for one in tools}
    return {name for name, lines in texts.items() if any(map(search, lines))}


@pytest.mark.parametrize("tools", [LATIN, MIXED], ids=["latin", "mixed"])
@pytest.mark.parametrize("pattern", PATTERNS)
async def test_it_finds_what_python_finds(pattern: str, tools: list[Custom]) -> None:
    assert set(await Patterns().found(pattern, Lines(tools), EVERY)) == plainly(pattern, tools)


async def test_names_come_first_then_the_order_of_the_list() -> None:
    lines = Lines([tool("a", "mail"), tool("b", ""), tool("mail", ""), tool("c", "x", mail="y"), tool("mails", "mail")])
    assert await Patterns().found("mail", lines, EVERY) == ["mail", "mails", "a", "c"]
    assert await Patterns().found("mail", lines, 3) == ["mail", "mails", "a"]
    assert await Patterns().found("mail(?!q)", lines, 3) == ["mail", "mails", "a"]


def test_most_patterns_take_linear_time() -> None:
    linear = [pattern for pattern in BOMBS if Linear.of(pattern, Lines(LATIN)) is not None]
    assert len(linear) >= 20
    assert all(Linear.of(pattern, Lines(LATIN)) for pattern in ("get_.*weather", "(create|update).*invoice", "^send"))


def test_there_are_fifty_bombs_that_a_model_could_send() -> None:
    assert len(set(BOMBS)) == 50
    assert all(0 < len(pattern) <= 200 for pattern in BOMBS)


@pytest.mark.parametrize("pattern", BOMBS)
async def test_a_bomb_is_answered_and_nobody_waits_for_it(pattern: str) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.001)
            turns += 1

    lines = Lines([tool(f"t{at}_{'a' * 40}", "ab " * 50 + "!", **{"e" * 30: "xyz " * 30}) for at in range(300)])
    beside = asyncio.create_task(others())
    try:
        answer = await answered(pattern, lines)
    finally:
        beside.cancel()
    if answer == "late":
        assert turns >= TICKS
    else:
        assert answer in range(6) or "at position" in str(answer)


async def answered(pattern: str, lines: Lines) -> object:
    """How many tools a pattern finds, what is wrong with it, or that it is late."""
    try:
        return len(await Patterns().found(pattern, lines, 5))
    except BadPattern as error:
        return str(error)
    except TimeoutError:
        return "late"


async def test_too_many_at_once_are_told_to_come_again() -> None:
    patterns, lines = Patterns(), Lines(LATIN)
    asked = [patterns.found("(s)(?=end)", lines, 5) for _ in range(WAITING + 4)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(answer, RateLimited) for answer in answers) == 4
    assert sum(answer == ["send_email", "sendSMS"] for answer in answers) == WAITING
