"""What a bucket holds, by the second."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sijo.http.limits import Bucket

NOW = 1000.0


def test_it_is_full_at_first_and_fills_by_the_second() -> None:
    bucket = Bucket("b", 60, NOW)
    assert bucket.remaining(NOW) == 60
    bucket.take(60)
    assert [bucket.remaining(NOW + second) for second in (0, 1, 30, 60, 90)] == [0, 1, 30, 60, 60]


@pytest.mark.parametrize(("limit", "burst", "size"), [(60, 60, 60), (60, 1, 1), (600, 1, 10), (6, 1, 1), (50, 30, 25)])
def test_a_burst_is_so_many_seconds_worth_and_one_at_least(limit: int, burst: float, size: float) -> None:
    assert Bucket("b", limit, NOW, burst).remaining(NOW) == size


def test_what_is_lacking_tells_how_long_to_wait() -> None:
    bucket = Bucket("b", 60, NOW)
    assert bucket.wait(60, NOW) == 0
    bucket.take(60)
    assert bucket.wait(1, NOW) == pytest.approx(1)
    assert bucket.wait(30, NOW) == pytest.approx(30)
    assert bucket.wait(1, NOW + 1) == 0


def test_more_than_it_ever_holds_is_never_there() -> None:
    bucket = Bucket("b", 60, NOW)
    assert bucket.wait(61, NOW) > 0
    bucket.take(30)
    assert bucket.wait(1000, NOW) == pytest.approx(30)  # then it is full, and cannot have more


def test_what_was_spent_already_is_paid_for_by_waiting() -> None:
    bucket = Bucket("b", 60, NOW)
    bucket.take(90)
    assert bucket.remaining(NOW) == -30
    assert bucket.wait(1, NOW) == pytest.approx(31)


def test_what_is_given_back_does_not_overflow() -> None:
    bucket = Bucket("b", 60, NOW)
    bucket.take(-10)
    assert bucket.remaining(NOW) == 60


def test_a_clock_that_was_set_back_gives_nothing_and_takes_nothing() -> None:
    bucket = Bucket("b", 60, NOW)
    bucket.take(60)
    assert bucket.remaining(NOW - 500) == 0
    assert bucket.remaining(NOW - 490) == 10


def test_another_limit_counts_at_once() -> None:
    bucket = Bucket("b", 60, NOW)
    bucket.resize(6)
    assert bucket.remaining(NOW + 1) == 6


@given(st.integers(1, 10_000), st.lists(st.tuples(st.floats(0, 30), st.integers(1, 50)), max_size=60))
def test_it_gives_no_more_than_it_held_and_was_filled_with(limit: int, asked: list[tuple[float, int]]) -> None:
    bucket, now, given = Bucket("b", limit, NOW), NOW, 0
    for seconds, amount in asked:
        now += seconds
        if not bucket.wait(amount, now):
            bucket.take(amount)
            given += amount
    assert given <= limit + (now - NOW) * limit / 60 + 0.001
