"""The report."""

from __future__ import annotations

import json

import pytest

from hatelens.storage import clock, report
from hatelens.storage.report import Count
from tests.storage.conftest import SPRING

DECISIONS = ["flag", "clear", "clear", "unsure"]


@pytest.fixture
def written(database, ledger, answer):
    """A request of four texts for a community, and two others of later days without one."""
    many = [
        answer(
            request="r1", place=place, decision=decision, community="my-forum", latency=40.0,
            label="unkind" if decision == "flag" else "kind",
        )
        for place, decision in enumerate(DECISIONS)
    ]  # fmt: skip
    later = [
        answer(time=SPRING + days * clock.DAY, route="/predict", latency=float(days),
               model="model-2", policy="policy-2")
        for days in (1, 2)
    ]  # fmt: skip
    ledger.write([*many, *later]).result(30)


def test_texts_are_counted_by_everything_that_is_on_record(database, written):
    made = report.made(database)
    forum = Count(texts=4, flag=1, clear=2, unsure=1)
    rest = Count(texts=2, clear=2)
    assert (made.requests, made.total) == (3, Count(6, 1, 4, 1))
    assert made.labels == {"kind": Count(5, 0, 4, 1), "unkind": Count(1, 1)}
    assert made.communities == {"my-forum": forum, "": rest}
    assert made.models == {"model-1": forum, "model-2": rest}
    assert made.policies == {"policy-1": forum, "policy-2": rest}
    assert made.routes == {"/infer": forum, "/predict": rest}
    assert list(made.days.items()) == [
        ("2026-03-01", forum),
        ("2026-03-02", Count(1, 0, 1)),
        ("2026-03-03", Count(1, 0, 1)),
    ]
    assert made.unsure == 1 / 6


def test_names_come_with_the_most_texts_first(database, written):
    assert list(report.made(database).labels) == ["kind", "unkind"]
    assert list(report.made(database).communities) == ["my-forum", ""]


def test_the_latency_is_that_of_requests_by_nearest_rank(database, ledger, answer):
    ledger.write([answer(latency=float(number)) for number in range(1, 201)]).result(30)
    ledger.write([answer(latency=1e9, place=1)]).result(30)
    assert report.made(database).latency == {"p50": 100.0, "p95": 190.0, "p99": 198.0}


def test_an_empty_record_has_a_report(database):
    made = report.made(database)
    assert (made.requests, made.total, made.unsure, made.latency) == (0, Count(), 0.0, {})
    assert made.labels == made.days == {}
    assert made.to_dict()["total"]["texts"] == 0
    assert next(row for row in made.rows() if row[0] == "all")[2:] == (
        "0", "0", "0", "0", "0", "", "", "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "texts"),
    [
        ({"since": SPRING + 1}, 2),
        ({"since": SPRING}, 6),
        ({"until": SPRING}, 0),
        ({"until": SPRING + 1}, 4),
        ({"since": SPRING + 1, "until": SPRING + clock.DAY + 1}, 1),
        ({"community": "my-forum"}, 4),
        ({"community": ""}, 2),
        ({"community": "my-forum", "since": SPRING + 1}, 0),
        ({"community": "'; DROP TABLE answers; --"}, 0),
        ({"since": -(2**62), "until": 2**62}, 6),
    ],
)
def test_a_time_and_a_community_can_be_chosen(database, written, asked, texts):
    made = report.made(database, **asked)
    assert made.total.texts == texts
    assert sum(count.texts for count in made.routes.values()) == texts
    assert bool(made.latency) == bool(made.requests) == bool(texts)


def test_a_community_with_an_impossible_name_is_found_again(database, ledger, answer):
    ledger.write([answer(community="a\x00b\ud800")]).result(30)
    made = report.made(database, community="a\x00b\ud800")
    assert made.total.texts == 1
    assert list(made.communities) == [r"a\x00b\ud800"]


def test_names_without_end_are_summed_up(database, ledger, answer, monkeypatch):
    monkeypatch.setattr(report, "NAMES", 3)
    several = [answer(community=f"c{number}") for number in (0, 0, 1, 1, 2, 3, 4, 5)]
    ledger.write([*several, answer(community="c9", decision="flag")]).result(30)
    made = report.made(database)
    assert made.communities == {
        "c0": Count(2, 0, 2),
        "c1": Count(2, 0, 2),
        "c2": Count(1, 0, 1),
        report.OTHERS: Count(4, 1, 3),
    }


def test_the_json_is_plain_and_says_what_was_asked(database, written):
    made = report.made(database, SPRING, SPRING + 1, "my-forum").to_dict()
    assert json.loads(json.dumps(made)) == made
    assert (made["since"], made["community"]) == ("2026-03-01T12:00:00Z", "my-forum")
    assert made["total"] == {"texts": 4, "flag": 1, "clear": 2, "unsure": 1}
    assert made["unsure"] == 0.25
    assert made["latency"] == {"p50": 40.0, "p95": 40.0, "p99": 40.0}
    assert made["days"] == {"2026-03-01": {"texts": 4, "flag": 1, "clear": 2, "unsure": 1}}


def test_the_rows_are_all_of_one_length_and_no_cell_becomes_a_formula(database, ledger, answer):
    names = ["=1+1", "+1", "-1", "@SUM(1)", "plain"]
    ledger.write([answer(community=name, label=name) for name in names]).result(30)
    heading, *rows = report.made(database).rows()
    assert heading[:6] == ("by", "name", "texts", "flag", "clear", "unsure")
    assert {len(row) for row in rows} == {len(heading)}
    assert rows[0] == ("all", "", "5", "0", "5", "0", "5", "8.250", "8.250", "8.250")
    told = {row[1] for row in rows if row[0] == "communities"}
    assert told == {"'=1+1", "'+1", "'-1", "'@SUM(1)", "plain"}
