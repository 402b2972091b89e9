"""The catalogue of engines, and the two small languages that it is written in: places and patches."""

import msgspec
import pytest

from sijo.backends.engines import engines, find, merge, read
from sijo.wire.base import Json


def test_a_row_can_be_changed_for_one_model() -> None:
    row = engines()["vllm"].changed({"images": "none", "replay": ""})
    assert (row.images, row.replay, row.abilities.images, row.title) == ("none", "", False, "vLLM")
    for wrong in ({"imges": "none"}, {"images": "some"}):
        with pytest.raises(msgspec.ValidationError):
            engines()["vllm"].changed(wrong)


def test_a_row_with_a_key_that_does_not_exist_is_refused() -> None:
    default = "[answer]\nfinish={}\noverflow=[]\n[engine.default]\ntitle='x'\n"
    with pytest.raises(msgspec.ValidationError, match="typo"):
        read(f"{default}[engine.x]\ntypo=1\n")


def test_hosted_services_are_known_by_their_names() -> None:
    assert engines().hosted("api.openai.com") is engines()["openai"]
    assert engines().hosted("openai.example.com") is None


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ("a.b", 1), ("list[1].n", 2), ("list[id].n", 2), ("list[7].n", None), ("list[name].n", None), ("a.b.c", None),
        ("a[0]", None), ("", None),
    ],
)  # fmt: skip
def test_a_place_is_found_or_is_not_there(at: str, value: object) -> None:
    whole = {"a": {"b": 1}, "list": [{"id": "x", "n": 1}, {"id": "y", "n": 2}]}
    assert find(whole, at, "y") == (whole if not at else value)


def test_a_patch_goes_into_inner_tables() -> None:
    made: Json = {"a": {"b": 1}, "c": 1}
    merge(made, {"a": {"d": "$word"}, "c": {"e": 2}, "f": "$other"}, {"$word": 3})
    assert made == {"a": {"b": 1, "d": 3}, "c": {"e": 2}, "f": "$other"}
