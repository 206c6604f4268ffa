"""Ids."""

from __future__ import annotations

import time

from hatelens.storage import identity


def test_an_id_has_26_characters_that_nobody_misreads():
    found = identity.new()
    assert len(found) == identity.LENGTH == 26
    assert set(found) <= set("0123456789abcdefghjkmnpqrstvwxyz")


def test_no_two_ids_are_the_same():
    assert len({identity.new() for _ in range(5000)}) == 5000


def test_later_ids_come_later_in_order():
    ids = []
    for _ in range(5):
        ids.append(identity.new())
        time.sleep(0.002)
    assert ids == sorted(ids)


def test_an_id_begins_with_its_time_in_milliseconds():
    before = time.time_ns() // 1_000_000
    head = identity.new()[:10]
    number = 0
    for digit in head:
        number = number * 32 + identity.DIGITS.index(digit)
    # 26 digits are 130 bits for a number of 128: the first ten digits are the 48 bits of time.
    assert before <= number <= time.time_ns() // 1_000_000
