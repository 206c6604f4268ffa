"""What is measured of the traffic: written, read on in order, forgotten."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from hatelens.storage import observations, watches
from hatelens.storage.observations import Observed
from tests.storage.conftest import SPRING

MODEL = "model-1"


def observed(score: float = 0.5, **changed: Any) -> Observed:
    fields: dict[str, Any] = {"time": SPRING, "model": MODEL, "length": 12, "language": "en"}
    fields["sketch"] = b"\x00\x09"
    return Observed(score=score, **(fields | changed))


def test_what_was_measured_is_read_in_the_order_in_which_it_was_written(database):
    observations.add(database, [observed(0.1), observed(0.2)])
    observations.add(database, [observed(0.9, model="another")])
    observations.add(database, [observed(0.3, language="", sketch=bytes(range(32)))])
    found = observations.after(database, MODEL, 0, 10)
    assert [one.score for one in found] == [0.1, 0.2, 0.3]
    assert found[2].sketch == bytes(range(32))
    assert observations.after(database, MODEL, found[1].id, 10) == found[2:]
    assert observations.after(database, MODEL, 0, 1) == found[:1]
    assert observations.scores(database, MODEL, 2) == [0.3, 0.2]


def test_old_rows_are_forgotten_and_their_numbers_never_come_again(database):
    observations.add(database, [observed(0.1), observed(0.2, time=SPRING + 10)])
    last = observations.after(database, MODEL, 0, 10)[-1].id
    assert observations.forget(database, SPRING + 1) == 1
    assert observations.forget(database, SPRING + 11) == 1
    observations.add(database, [observed(0.3)])
    assert [one.score for one in observations.after(database, MODEL, last, 10)] == [0.3]


def test_nothing_to_write_is_nothing(database):
    observations.add(database, [])
    assert observations.after(database, MODEL, 0, 10) == []


def test_a_score_that_is_no_number_is_refused(database):
    with pytest.raises(ValueError, match="not finite"):
        observations.add(database, [observed(float("nan"))])


def test_who_reads_on_misses_nothing_that_others_write_at_the_same_time(database):
    watches.begun(database, MODEL)
    writers = [
        threading.Thread(
            target=lambda: [observations.add(database, [observed()] * 3) for _ in range(20)]
        )
        for _ in range(3)
    ]
    for writer in writers:
        writer.start()
    seen, count = 0, 0
    going = True
    while going or count < 180:
        going = any(writer.is_alive() for writer in writers)
        found = observations.after(database, MODEL, seen, 50)
        count += len(found)
        seen = found[-1].id if found else seen
        if not going and not found:
            break
    for writer in writers:
        writer.join(30)
    assert count == 180
