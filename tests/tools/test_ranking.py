"""BM25 over a thousand tools: how often the right one comes first, and what the words of names and questions are."""

import threading

import pytest

from sijo.tools.index import Ranking, Shelf, arguments
from sijo.tools.words import analyzer, asked, spaced
from sijo.wire.tools import Custom
from tests.tools.catalog import questions, tools

FIRST, IN_FIVE = 0.9, 0.97


@pytest.fixture(scope="module")
def ranking() -> Ranking:
    return Ranking(tools())


def test_there_are_a_thousand_tools_and_two_hundred_questions() -> None:
    names = [tool.name for tool in tools()]
    assert len(set(names)) == len(names) > 1000
    assert len({question for _, question in questions()}) == len(questions()) == 200
    assert {tool for tool, _ in questions()} < set(names)


def test_the_right_tool_comes_first(ranking: Ranking) -> None:
    found = [(right, ranking.best(question, 5)) for right, question in questions()]
    first = [right for right, names in found if names[:1] == [right]]
    in_five = [right for right, names in found if right in names]
    assert len(first) / len(found) > FIRST, sorted({right for right, _ in found} - set(first))
    assert len(in_five) / len(found) > IN_FIVE


def test_a_limit_is_kept(ranking: Ranking) -> None:
    assert len(ranking.best("create", 7)) == 7
    assert len(ranking.best("create", 10_000)) > 100
    assert ranking.best("", 5) == ranking.best("???", 5) == ranking.best("xyzzy", 5) == []


def test_equals_keep_the_order_of_the_list() -> None:
    same = [Custom(name=f"send{n}", description="Send it.", input_schema={"type": "object"}) for n in range(30)]
    assert Ranking(same).best("send", 30) == [tool.name for tool in same]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("get_weather", ["get", "weather"]),
        ("sendEmail", ["send", "email"]),
        ("listS3Objects", ["list", "s3", "object"]),
        ("HTTPServer", ["http", "server"]),
        ("create-invoice", ["creat", "invoic"]),
        ("Deleting customers' files", ["delet", "custom", "file"]),
        ("Führt zur Straße", ["fuhrt", "zur", "strass"]),
        ("날씨를 조회", ["날씨", "씨를", "조회"]),
        ("이메일send보내기", ["이메", "메일", "send", "보내", "내기"]),
        ("天気を見る", ["天気", "気を", "を見", "見る"]),
    ],
)
def test_words_are_told_apart(text: str, words: list[str]) -> None:
    assert [word for word in analyzer().analyze(spaced(text)) if len(word) > 1] == words


def test_a_question_is_cut_down_to_what_tells() -> None:
    [weather] = asked("What is the weather?")
    assert weather["weather"] == 1.0 and 0 < weather["forecast"] < 1
    assert [max(word, key=word.__getitem__) for word in asked("the of to")] == ["the", "of", "to"]


def test_arguments_within_arguments_are_seen() -> None:
    inner = {"type": "object", "properties": {"street": {"type": "string", "description": "House too"}}}
    listed = {"type": "array", "items": {"properties": {"sku": {}}}}
    schema = {"type": "object", "properties": {"address": inner, "lines": listed, "odd": True}}
    assert list(arguments(schema)) == ["address", "street", "House too", "lines", "sku", "odd"]


# ---- what is kept of it ----


def test_the_longest_unused_goes_first() -> None:
    made: list[str] = []
    shelf: Shelf[str] = Shelf(10)

    def make(key: str) -> str:
        made.append(key)
        return key

    def get(key: str, weight: int = 4) -> str:
        return shelf.get(key.encode(), weight, lambda: make(key))

    assert [get(key) for key in "aabac"] == list("aabac")
    assert made == ["a", "b", "c"]
    get("a")
    get("b")
    assert made == ["a", "b", "c", "b"]
    get("d", 1000)
    assert get("d", 1000) == "d"
    assert made[-2:] == ["b", "d"]


def test_it_is_made_once_whoever_asks_at_the_same_time() -> None:
    shelf: Shelf[int] = Shelf(10)
    made, go, got = [], threading.Event(), []

    def make() -> int:
        made.append(1)
        assert go.wait(20)
        return 7

    threads = [threading.Thread(target=lambda: got.append(shelf.get(b"k", 1, make))) for _ in range(4)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert got == [7] * 4 and made == [1]


def test_what_could_not_be_made_is_made_again() -> None:
    shelf: Shelf[int] = Shelf(10)
    with pytest.raises(ZeroDivisionError):
        shelf.get(b"k", 1, lambda: 1 // 0)
    assert shelf.get(b"k", 1, lambda: 7) == 7
