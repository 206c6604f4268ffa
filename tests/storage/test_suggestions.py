"""Suggested scores on record."""

from __future__ import annotations

import json
import math

import pytest
from sqlalchemy import select

from hatelens.storage import audit, suggestions
from hatelens.storage.suggestions import Suggestion
from hatelens.storage.tables import suggestions as table

ODD = "a\x00b\ud800"


def test_a_suggestion_is_on_record_whatever_its_sender_has_put_into_it(database, ledger):
    ledger.write([Suggestion("s1", 5, ODD, ODD, "ab", {ODD: 1}, ODD)]).result(30)
    with database.read() as connection:
        row = connection.execute(select(table)).one()
    assert (row.id, row.time, row.text_hash) == ("s1", 5, "ab")
    assert row.key == row.community == row.token == r"a\x00b\ud800"
    assert json.loads(row.attributes) == {ODD: 1.0}
    assert audit.verify(database).fault == ""


def test_a_score_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        suggestions.row(Suggestion("s1", 5, "", "", "ab", {"TOXICITY": math.nan}, ""))
