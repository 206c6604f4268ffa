"""Times on record, as people write and read them."""

from __future__ import annotations

import time

import pytest

from hatelens.errors import ConfigError
from hatelens.storage import clock


def test_now_is_in_microseconds():
    assert abs(clock.now() / clock.SECOND - time.time()) < 5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01", 0),
        ("1970-01-02", 86400),
        ("1970-01-01T00:01", 60),
        ("1970-01-01T00:01Z", 60),
        ("1970-01-01T01:00+01:00", 0),
        ("1969-12-31", -86400),
    ],
)
def test_a_date_or_a_time_is_read_in_utc(text, seconds):
    assert clock.moment(text) == seconds * clock.SECOND


def test_the_end_of_a_date_is_the_end_of_its_day_and_of_a_time_itself():
    assert clock.moment("1970-01-01", end=True) == clock.DAY
    assert clock.moment("1970-01-01T00:01", end=True) == 60 * clock.SECOND


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-02-30", "9999-12-31", "1\x00", "\ud800", "9" * 9999]
)
def test_what_is_no_date_is_one_line(text):
    with pytest.raises(ConfigError, match="is no date; write it as 2026-01-31") as raised:
        clock.moment(text, end=True)
    assert len(str(raised.value)) < 150


def test_a_time_is_written_to_the_second():
    assert clock.written(clock.moment("2026-01-31T12:30:15.999999")) == "2026-01-31T12:30:15Z"
