from __future__ import annotations

import json

from hatelens.serving.history import ROOM, STEP, History


def test_points_come_no_more_often_than_the_step() -> None:
    history = History()
    assert history.is_due(5)
    history.add(5, {"psi.length": 0.1})
    assert not history.is_due(5 + STEP - 1)
    assert history.is_due(5 + STEP)


def test_a_long_course_is_held_in_bounded_room_and_reaches_from_begin_to_end() -> None:
    history, now = History(), 0
    for now in range(0, 20_000 * STEP, STEP):
        if history.is_due(now):
            history.add(now, {"psi.length": now / STEP})
    times = [when for when, _ in history.points]
    assert len(times) <= ROOM
    assert times[0] == 0
    assert now - times[-1] < 20_000 * STEP / 100
    assert times == sorted(times)
    assert all(figures["psi.length"] == when / STEP for when, figures in history.points)


def test_old_points_are_forgotten_and_an_empty_course_begins_anew() -> None:
    history = History([(1, {}), (2, {}), (3, {})], step=8 * STEP)
    history.forget(3)
    assert history.points == [(3, {})]
    assert not history.is_due(3 + STEP)
    history.forget(4)
    history.add(9, {})
    assert history.is_due(9 + STEP)


def test_a_course_is_the_same_when_it_was_written_down() -> None:
    history = History([(1, {"precision": 0.5})], step=2 * STEP)
    again = History.from_dict(json.loads(json.dumps(history.to_dict())))
    assert again.points == history.points
    assert again.to_dict() == history.to_dict()
    assert History.from_dict({}).points == []
