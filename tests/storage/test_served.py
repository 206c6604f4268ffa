"""Which model is served."""

from __future__ import annotations

import pytest

from hatelens.errors import ConfigError
from hatelens.storage import audit, record, served
from hatelens.storage import database as databases
from hatelens.storage.served import Served, Uptake


def roles(database):
    return {role: (one.path, one.version) for role, one in served.listed(database).items()}


def note(database, event):
    with database.begin() as connection:
        record.note(connection, event)


def test_a_model_goes_from_the_shadow_to_the_front_and_back(database):
    assert served.listed(database) == {}
    served.shadow(database, "/models/a", "v-a", "ann")
    assert roles(database) == {"shadow": ("/models/a", "v-a")}
    promoted = served.promote(database, "ben")
    assert (promoted.role, promoted.path, promoted.by) == ("active", "/models/a", "ben")
    # Nothing was promoted before: what serve was started with has no folder here.
    assert roles(database) == {"active": ("/models/a", "v-a"), "previous": ("", "")}
    served.shadow(database, "/models/b", "v-b", "ann")
    served.promote(database, "ben")
    b, a = ("/models/b", "v-b"), ("/models/a", "v-a")
    assert roles(database) == {"active": b, "previous": a}
    served.rollback(database, "cid")
    assert roles(database) == {"active": a, "previous": b}
    served.rollback(database, "cid")  # and forward again
    assert roles(database) == {"active": b, "previous": a}
    assert audit.verify(database).fault == ""


def test_a_second_shadow_takes_the_place_of_the_first_and_can_be_ended(database):
    served.shadow(database, "/models/a", "v-a", "ann")
    served.shadow(database, "/models/b", "v-b", "ann")
    assert roles(database) == {"shadow": ("/models/b", "v-b")}
    served.unshadow(database, "ann")
    assert roles(database) == {}


@pytest.mark.parametrize(
    ("act", "line"),
    [
        (served.promote, "No model runs in the shadow; name one"),
        (served.unshadow, "No model runs in the shadow; name one"),
        (served.rollback, "No model was promoted, so there is none to go back to"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(database, act, line):
    with pytest.raises(ConfigError, match=line):
        act(database, "ann")
    assert served.listed(database) == {}
    assert audit.verify(database).entries == 0


def test_every_change_is_in_the_chain_with_who_made_it(database):
    served.shadow(database, "/models/a", "v-a", "ann")
    served.promote(database, "ben")
    served.rollback(database, "cid")
    with database.read() as connection:
        found = connection.exec_driver_sql(
            "SELECT kind, subject, facts FROM events ORDER BY time, id"
        ).all()
    assert [tuple(row) for row in found] == [
        ("model.shadow", "v-a", '{"by":"ann","path":"/models/a"}'),
        ("model.promote", "v-a", '{"before":"","by":"ben","path":"/models/a"}'),
        ("model.rollback", "", '{"before":"v-a","by":"cid","path":""}'),
    ]


def test_the_service_says_how_loading_went_and_only_the_last_word_counts(database):
    named = served.shadow(database, "/models/a", "v-a", "ann")
    assert served.uptake(database, named) == Uptake(0)
    note(database, served.failed(named, "There is no folder."))
    assert served.uptake(database, named) == Uptake(0, "There is no folder.")
    again = served.shadow(database, "/models/a", "v-a", "ann")
    assert served.uptake(database, again) == Uptake(0)
    note(database, served.loaded(again, "policy-1"))
    note(database, served.loaded(again, "policy-1"))
    assert served.uptake(database, again) == Uptake(2)
    active = served.promote(database, "ann")
    assert served.uptake(database, active) == Uptake(0)


def test_a_path_that_no_database_takes_is_escaped(tmp_path):
    database = databases.opened(f"sqlite:///{tmp_path / 'record.db'}")
    named = served.shadow(database, "/models/\udc80", "v", "a\x00b")
    assert served.listed(database) == {"shadow": named}
    assert named == Served("shadow", r"/models/\udc80", "v", named.time, r"a\x00b")
    database.close()
