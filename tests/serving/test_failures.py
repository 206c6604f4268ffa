from __future__ import annotations

from hatelens.serving.failures import BY_ADDRESS, BY_NAME, WINDOW, Failures


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_ten_failures_of_a_name_from_an_address_are_the_most_in_a_quarter_of_an_hour() -> None:
    clock = Clock()
    failures = Failures(clock=clock)
    assert [failures.begin("anna", "a") for _ in range(BY_NAME)] == [0] * BY_NAME
    clock.now = 60.0
    assert failures.begin("anna", "a") == WINDOW - 60
    assert failures.begin("anna", "b") == 0
    assert failures.begin("bert", "a") == 0
    clock.now = WINDOW
    assert failures.begin("anna", "a") == 0


def test_an_address_that_tries_many_names_is_stopped_too() -> None:
    failures = Failures(clock=Clock())
    assert not any(failures.begin(f"name {n}", "a") for n in range(BY_ADDRESS))
    assert failures.begin("one more", "a") == WINDOW


def test_a_login_that_succeeds_counts_as_none() -> None:
    failures = Failures(clock=Clock())
    for _ in range(3 * BY_ADDRESS):
        assert failures.begin("anna", "a") == 0
        failures.succeeded("anna", "a")


def test_what_is_held_in_memory_is_bounded() -> None:
    failures = Failures(most=10)
    for number in range(1000):
        failures.begin("x" * 10_000, str(number))
    assert len(failures._times) == 10
    assert max(len(name) for who in failures._times for name in who) == 64
