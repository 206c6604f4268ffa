"""The writer: together, in order, by several processes, and through a kill."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hatelens.errors import StorageError
from hatelens.storage import audit, chain, clock, identity, tables, texts
from hatelens.storage import database as databases
from hatelens.storage.audit import Event
from hatelens.storage.database import RefusedError
from hatelens.storage.ledger import Ledger
from hatelens.storage.suggestions import Suggestion
from hatelens.storage.texts import Kept

ROOT = Path(__file__).parents[2]


def count(database, table):
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def ids(database, community):
    table = tables.answers
    with database.read() as connection:
        wanted = select(table.c.id).where(table.c.community == community)
        return connection.execute(wanted).scalars().all()


def event(**facts):
    return Event(identity.new(), clock.now(), "model.load", "model-1", facts)


def test_entries_and_texts_are_on_record_when_their_future_is_done(database, ledger, answer):
    suggestion = Suggestion(identity.new(), 5, "", "c", "ab", {"TOXICITY": 0.5}, "a\x00token")
    entries = [answer(), suggestion, event(policy="p", texts=3)]
    ledger.write(entries, [Kept("ab", b"sealed", None)]).result(30)
    for table in (tables.answers, tables.suggestions, tables.events):
        assert count(database, table) == 1
    with database.read() as connection:
        assert texts.sealed(connection, "ab") == b"sealed"
        kinds = connection.execute(select(tables.entries.c.kind).order_by("seq")).scalars().all()
    assert kinds == ["answer", "suggestion", "model.load"]
    assert audit.verify(database).fault == ""


def test_many_threads_write_and_each_entry_is_there_once(database, ledger, answer):
    def write(name):
        for _ in range(20):
            ledger.write([answer(community=name), answer(community=name)]).result(30)

    threads = [threading.Thread(target=write, args=(f"c{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [len(set(ids(database, f"c{number}"))) for number in range(4)] == [40] * 4
    verdict = audit.verify(database)
    assert (verdict.entries, verdict.fault) == (160, "")


def test_those_who_wait_share_one_commit(database, answer, monkeypatch):
    commits = []
    begin = database.begin
    monkeypatch.setattr(database, "begin", lambda: commits.append(1) or begin())
    ledger = Ledger(database)
    with begin() as connection:
        chain.lock(connection)  # nobody else can write meanwhile
        waiting = [ledger.write([answer()]) for _ in range(50)]
    for done in waiting:
        done.result(30)
    ledger.close()
    assert len(commits) <= 2
    assert count(database, tables.answers) == 50


def test_one_that_the_database_refuses_fails_alone(database, ledger, answer):
    twice = answer()
    ledger.write([twice]).result(30)
    with database.begin() as connection:
        chain.lock(connection)
        pages = [ledger.write([one]) for one in (answer(), twice, answer())]
    assert pages[0].result(30) is None
    with pytest.raises(RefusedError, match="refuses a row"):
        pages[1].result(30)
    assert pages[2].result(30) is None
    assert count(database, tables.answers) == 3
    assert audit.verify(database).entries == 3


def test_all_of_a_page_is_on_record_or_nothing(database, ledger, answer):
    known = answer()
    ledger.write([known]).result(30)
    with pytest.raises(RefusedError):
        ledger.write([answer(), known], [Kept("ab", b"sealed", None)]).result(30)
    assert count(database, tables.answers) == 1
    assert count(database, tables.texts) == 0


def test_what_cannot_be_written_is_a_line_and_later_entries_are_written(
    database, ledger, answer, monkeypatch
):
    def broken():
        raise StorageError("The disk is full.")

    monkeypatch.setattr(database, "begin", broken)
    with pytest.raises(StorageError, match="The disk is full"):
        ledger.write([answer()]).result(30)
    monkeypatch.undo()
    ledger.write([answer()]).result(30)
    assert count(database, tables.answers) == 1


def test_even_a_failure_that_nobody_foresaw_reaches_who_waits(
    database, ledger, answer, monkeypatch
):
    monkeypatch.setattr(database, "begin", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ledger.write([answer()]).result(30)


def test_who_stops_waiting_does_not_take_the_entry_back(database, ledger, answer):
    done = ledger.write([answer()])
    assert not done.cancel()
    done.result(30)
    assert count(database, tables.answers) == 1


def test_closing_writes_what_was_handed_in_and_nothing_after(database, answer):
    ledger = Ledger(database)
    for _ in range(300):
        done = ledger.write([answer()])
    ledger.close()
    assert done.done()
    assert count(database, tables.answers) == 300
    with pytest.raises(StorageError, match="is stopping and records nothing more"):
        ledger.write([answer()])
    ledger.close()


def test_an_event_whose_kind_could_be_taken_for_another_table_is_refused(ledger):
    with pytest.raises(ValueError, match=r"noun\.verb"):
        ledger.write([Event(identity.new(), 0, "answer", "", {})])


def started(url, name, number):
    line = [sys.executable, "-m", "tests.storage.writer", url, name, str(number)]
    return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_two_processes_write_at_once_and_every_entry_is_there_once(database, database_url):
    writers = {name: started(database_url, name, 150) for name in ("one", "two")}
    for name, process in writers.items():
        acknowledged = process.communicate(timeout=100)[0].split()
        assert process.returncode == 0
        assert len(set(acknowledged)) == 150
        assert sorted(ids(database, name)) == sorted(acknowledged)
    verdict = audit.verify(database)
    assert (verdict.entries, verdict.fault) == (300, "")


def killed(url, name, after):
    """Kill a writer once it has said that so many answers are on record; return these."""
    process = started(url, name, 1_000_000)
    assert process.stdout is not None
    said = [process.stdout.readline().strip() for _ in range(after)]
    process.kill()
    rest = process.stdout.read()
    process.wait(30)
    whole = rest[: rest.rfind("\n") + 1].split()
    return [*said, *whole]


def check_after_kill(url, name, after):
    """Kill a writer; what it was told is there once, and the chain is whole."""
    acknowledged = killed(url, name, after)
    database = databases.opened(url)
    kept = ids(database, name)
    assert len(kept) == len(set(kept))
    assert set(acknowledged) <= set(kept)
    assert audit.verify(database).fault == ""
    database.close()


def test_what_was_acknowledged_outlives_a_kill(database_url):
    check_after_kill(database_url, "victim", 40)


@pytest.mark.slow
def test_ten_kills_beside_a_writer_that_goes_on(database_url):
    moments = random.Random(database_url[:6])
    with started(database_url, "other", 2000) as other:
        try:
            for number in range(10):
                check_after_kill(database_url, f"victim-{number}", moments.randint(1, 120))
            acknowledged = other.communicate(timeout=200)[0].split()
        finally:
            other.kill()
    database = databases.opened(database_url)
    assert sorted(ids(database, "other")) == sorted(acknowledged)
    assert audit.verify(database).fault == ""
    database.close()
