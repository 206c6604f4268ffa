"""Jobs: one worker at a time, and none is forgotten."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from hatelens.storage import identity, jobs
from hatelens.storage.jobs import Job

ODD = "a\x00b\ud800\n"


def a_job(**changed: Any) -> Job:
    fields: dict[str, Any] = {
        "id": identity.new(), "time": 1, "key": "k", "community": "", "name": "posts.csv",
        "form": "csv", "column": "text", "until": 100,
    }  # fmt: skip
    return Job(**(fields | changed))


@pytest.fixture
def job(database):
    made = a_job()
    assert jobs.add(database, made, 5)
    return made


def there(database, job_id) -> Job:
    found = jobs.find(database, job_id)
    assert found is not None
    return found


def taken(database, worker="w1", now=10, lease=20) -> Job:
    found = jobs.claim(database, worker, now, lease)
    assert found is not None
    return found


def claimed(database, worker="w1", now=10, lease=20):
    return jobs.claim(database, worker, now, lease)


def test_a_job_is_found_as_it_was_queued(database, job):
    assert jobs.find(database, job.id) == job
    assert jobs.find(database, "other") is None
    assert jobs.find(database, ODD) is None


def test_names_that_no_database_stores_are_escaped(database):
    odd = a_job(name=ODD, column=ODD, community=ODD, key=ODD)
    assert jobs.add(database, odd, 5)
    found = there(database, odd.id)
    assert {found.name, found.column, found.community, found.key} == {r"a\x00b\ud800\n"}


def test_no_more_than_so_many_wait(database):
    assert [jobs.add(database, a_job(), 2) for _ in range(3)] == [True, True, False]
    first = taken(database)
    assert not jobs.add(database, a_job(), 2)
    assert jobs.cancel(database, first.id)
    assert jobs.add(database, a_job(), 2)


def test_the_oldest_is_taken_first_and_by_one_worker_only(database):
    late, early = a_job(time=2), a_job(time=1)
    for one in (late, early):
        jobs.add(database, one, 5)
    found = taken(database, "w1")
    assert found == replace(early, state="running", worker="w1", lease=20)
    assert jobs.find(database, early.id) == found
    assert taken(database, "w2").id == late.id
    assert claimed(database, "w3") is None


def test_many_workers_at_once_take_each_job_once(database):
    wanted = {a_job() for _ in range(4)}
    for one in wanted:
        jobs.add(database, one, 9)
    got = []

    def work(name):
        while found := claimed(database, name):
            got.append(found.id)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(got) == sorted(one.id for one in wanted)


def test_a_worker_that_is_not_heard_of_loses_its_job(database, job):
    claimed(database, "w1", now=10, lease=20)
    assert jobs.progress(database, job.id, "w1", done=7, total=9, lease=30)
    assert claimed(database, "w2", now=30, lease=40) is None
    found = taken(database, "w2", now=31, lease=40)
    assert (found.worker, found.done, found.total) == ("w2", 7, 9)
    assert not jobs.progress(database, job.id, "w1", done=8, total=9, lease=50)
    assert not jobs.finish(database, job.id, "w1", done=9, until=200)
    assert not jobs.fail(database, job.id, "w1", error="late", until=200)
    assert not jobs.release(database, job.id, "w1")
    assert jobs.find(database, job.id) == found


def test_a_job_that_is_given_back_is_taken_up_at_once(database, job):
    claimed(database, "w1")
    jobs.progress(database, job.id, "w1", done=3, total=9, lease=30)
    assert jobs.release(database, job.id, "w1")
    assert there(database, job.id).state == "waiting"
    assert taken(database, "w2").done == 3


def test_a_job_that_is_done_is_not_taken_again(database, job):
    claimed(database, "w1")
    assert jobs.finish(database, job.id, "w1", done=9, until=200)
    found = there(database, job.id)
    assert (found.state, found.done, found.total, found.until) == ("done", 9, 9, 200)
    assert claimed(database, "w2", now=1000) is None
    assert not jobs.cancel(database, job.id)


def test_a_job_that_fails_says_why_in_one_line(database, job):
    claimed(database, "w1")
    assert jobs.fail(database, job.id, "w1", error=f"Row 3 is {ODD}.", until=200)
    found = there(database, job.id)
    assert (found.state, found.error) == ("failed", r"Row 3 is a\x00b\ud800\n.")
    assert claimed(database, "w2", now=1000) is None


@pytest.mark.parametrize("running", [False, True])
def test_a_cancelled_job_is_nobodys(database, job, running):
    if running:
        claimed(database, "w1")
    assert jobs.cancel(database, job.id)
    assert there(database, job.id).state == "cancelled"
    assert not jobs.progress(database, job.id, "w1", done=1, total=2, lease=30)
    assert claimed(database, "w2") is None
    assert not jobs.cancel(database, job.id)


def test_jobs_that_are_over_go_when_their_time_comes_and_others_stay(database, job):
    assert jobs.expired(database, 1000) == []
    jobs.cancel(database, job.id)
    assert jobs.expired(database, 99) == []
    assert [one.id for one in jobs.expired(database, 100)] == [job.id]
    jobs.remove(database, job.id)
    assert jobs.find(database, job.id) is None
    assert jobs.expired(database, 1000) == []
    jobs.remove(database, job.id)
