"""The watch over a model's traffic: carried on by one process at a time."""

from __future__ import annotations

import threading

from hatelens.storage import alarms, audit, watches
from hatelens.storage.watches import Mark
from tests.storage.conftest import SPRING
from tests.storage.test_alarms import an_alarm

MODEL = "model-1"


def test_a_watch_begins_once_and_is_carried_on(database):
    begin = watches.begun(database, MODEL)
    assert begin == watches.begun(database, MODEL) == Mark(MODEL, 0, 0)
    assert watches.state(database, begin) == {}
    now = Mark(MODEL, SPRING, 40)
    assert watches.keep(database, begin, now, {"window": [1.5, None]})
    assert watches.mark(database, MODEL) == now
    assert (
        watches.state(database, now) == watches.latest(database, MODEL) == {"window": [1.5, None]}
    )
    assert watches.mark(database, "another") is None
    assert watches.latest(database, "another") == {}


def test_a_turn_that_another_process_has_overtaken_is_not_written(database):
    begin = watches.begun(database, MODEL)
    ahead = Mark(MODEL, SPRING, 40)
    assert watches.keep(database, begin, ahead, {"by": "the first"})
    late = Mark(MODEL, SPRING + 1, 40)
    assert not watches.keep(database, begin, late, {"by": "the second"}, [an_alarm()])
    assert watches.state(database, begin) is None
    assert watches.latest(database, MODEL) == {"by": "the first"}
    assert alarms.latest(database) == []


def test_of_many_that_try_at_once_one_writes(database):
    begin = watches.begun(database, MODEL)
    written = []

    def turn(number: int) -> None:
        now = Mark(MODEL, SPRING + number, 40)
        written.append(watches.keep(database, begin, now, {}, [an_alarm()]))

    threads = [threading.Thread(target=turn, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(written) == [False] * 5 + [True]
    assert len(alarms.latest(database)) == 1
    assert audit.verify(database).fault == ""


def test_what_is_given_up_can_be_carried_on_at_once(database):
    now = Mark(MODEL, SPRING, 40)
    watches.keep(database, watches.begun(database, MODEL), now, {"a": 1})
    watches.release(database, Mark(MODEL, SPRING - 1, 40))
    assert watches.mark(database, MODEL) == now
    watches.release(database, now)
    found = watches.begun(database, MODEL)
    assert found == Mark(MODEL, 0, 40)
    assert watches.state(database, found) == {"a": 1}
