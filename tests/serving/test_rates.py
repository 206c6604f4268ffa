from __future__ import annotations

import pytest

from hatelens.serving.rates import Allowance, Rates


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_minutes_requests_pass_at_once_and_the_next_waits(clock: Clock) -> None:
    rates = Rates(clock=clock)
    assert [rates.take("a", 3).left for _ in range(3)] == [2, 1, 0]
    refused = rates.take("a", 3)
    assert refused == Allowance(granted=False, limit=3, left=0, wait=20.0, full=60.0)
    assert refused.seconds == 20


def test_the_bucket_fills_evenly_and_never_beyond_the_limit(clock: Clock) -> None:
    rates = Rates(clock=clock)
    for _ in range(3):
        rates.take("a", 3)
    clock.now += 19.9
    assert not rates.take("a", 3).granted
    clock.now += 0.2
    assert rates.take("a", 3).granted
    clock.now += 3600
    assert rates.take("a", 3).left == 2


def test_who_keeps_asking_is_not_put_off_for_longer(clock: Clock) -> None:
    rates = Rates(clock=clock)
    granted = 0
    for _ in range(600):
        granted += rates.take("a", 60).granted
        clock.now += 0.1
    assert 118 <= granted <= 121  # a full bucket and a minute's filling


def test_one_caller_takes_nothing_from_another(clock: Clock) -> None:
    rates = Rates(clock=clock)
    assert rates.take("a", 1).granted
    assert not rates.take("a", 1).granted
    assert rates.take("b", 1).granted


def test_a_lower_limit_holds_at_once(clock: Clock) -> None:
    rates = Rates(clock=clock)
    rates.take("a", 100)
    assert rates.take("a", 2).left == 1


def test_memory_is_bounded_and_who_asked_last_is_kept(clock: Clock) -> None:
    rates = Rates(most=100, clock=clock)
    for number in range(10_000):
        rates.take(f"address {number}", 1)
        clock.now += 0.001
    assert len(rates) == 100
    assert not rates.take("address 9999", 1).granted


def test_buckets_that_are_full_again_are_dropped(clock: Clock) -> None:
    rates = Rates(clock=clock)
    for number in range(10):
        rates.take(f"address {number}", 5)
    clock.now += 61
    for _ in range(6):
        rates.take("another", 50)
    assert len(rates) == 1


def test_the_headers_say_the_limit_what_is_left_and_when_all_is_back(clock: Clock) -> None:
    rates = Rates(clock=clock)
    assert rates.take("a", 2).headers() == {
        "RateLimit-Policy": '"requests";q=2;w=60',
        "RateLimit": '"requests";r=1;t=30',
    }
    rates.take("a", 2)
    clock.now += 0.5
    refused = rates.take("a", 2)
    assert refused.headers()["RateLimit"] == '"requests";r=0;t=60'
    assert refused.seconds == 30
