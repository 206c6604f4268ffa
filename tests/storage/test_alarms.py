"""Alarms: on record with their event in the audit chain."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from hatelens.storage import alarms, audit, identity, tables
from hatelens.storage.alarms import Alarm
from tests.storage.conftest import SPRING


def an_alarm(**changed: Any) -> Alarm:
    fields: dict[str, Any] = {
        "id": identity.new(),
        "time": SPRING,
        "model": "model-1",
        "signal": "length",
        "method": "psi",
        "value": 0.31,
        "limit": 0.12,
        "window": 500,
        "explanation": "The lengths of texts are not those of the training.",
    }
    return Alarm(**(fields | changed))


def test_alarms_are_listed_newest_first(database):
    old, new = an_alarm(), an_alarm(time=SPRING + 1, signal="score", explanation="\ud800 \x00")
    with database.begin() as connection:
        alarms.add(connection, [old, new])
        alarms.add(connection, [])
    assert [one.id for one in alarms.latest(database)] == [new.id, old.id]
    assert alarms.latest(database, 1)[0].explanation == "\\ud800 \\x00"
    assert alarms.latest(database)[1] == old
    assert old.to_dict()["time"] == "2026-03-01T12:00:00Z"


def test_an_alarm_is_an_event_in_the_audit_chain(database):
    alarm = an_alarm()
    with database.begin() as connection:
        alarms.add(connection, [alarm])
    with database.read() as connection:
        row = connection.execute(select(tables.events)).one()
    assert (row.kind, row.subject, row.time) == ("drift.alarm", alarm.id, SPRING)
    facts = {"model": "model-1", "signal": "length", "method": "psi"}
    assert json.loads(row.facts) == facts | {"value": 0.31, "limit": 0.12, "window": 500}
    assert audit.verify(database).fault == ""


def test_an_alarm_without_a_number_is_refused_whole(database):
    with pytest.raises(ValueError, match="not finite"), database.begin() as connection:
        alarms.add(connection, [an_alarm(), an_alarm(value=float("inf"))])
    assert alarms.latest(database) == []
