"""Whoever changes the record is found out."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import delete, insert, select, text, update

from hatelens.errors import ConfigError, StorageError
from hatelens.storage import audit, chain, clock, erasure, identity
from hatelens.storage.audit import Event
from hatelens.storage.suggestions import Suggestion
from hatelens.storage.tables import answers, entries, events, suggestions
from hatelens.storage.tables import chain as heads
from tests.storage.conftest import SPRING


@pytest.fixture
def written(database, ledger, answer, monkeypatch):
    """Ten entries: eight answers, a suggestion, an event; walked in parts of three."""
    monkeypatch.setattr(audit, "PART", 3)
    first = [answer(place=number) for number in range(8)]
    suggestion = Suggestion(identity.new(), SPRING, "", "", "ab" * 32, {"TOXICITY": 0.5}, "")
    event = Event(identity.new(), SPRING, "model.load", "model-1", {"policy": "policy-1"})
    ledger.write([*first, suggestion, event]).result(30)
    assert audit.verify(database).fault == ""
    return [one.id for one in (*first, suggestion, event)]


def tamper(database, *statements):
    with database.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def found(database, **options):
    verdict = audit.verify(database, **options)
    return verdict.seq, verdict.fault


def rechained(database):
    """Compute every hash anew, as somebody would who can write everywhere."""
    with database.begin() as connection:
        previous, number = chain.START, 0
        for row in connection.execute(select(entries).order_by(entries.c.seq)).all():
            number += 1
            line = chain.Line(row.time, row.kind, row.subject, row.digest)
            made = chain.linked(previous, number, line)
            connection.execute(
                update(entries)
                .where(entries.c.seq == row.seq)
                .values(seq=number, previous=previous, hash=made)
            )
            previous = made
        connection.execute(update(heads).values(seq=number, hash=previous))


def test_an_untouched_record_is_right_and_its_head_is_told(database, written):
    verdict = audit.verify(database)
    assert (verdict.entries, verdict.fault, verdict.seq) == (10, "", None)
    number, _, head = verdict.head.partition(":")
    assert (number, len(head)) == ("10", 64)


def test_an_empty_record_is_right(database):
    assert audit.verify(database) == audit.Verdict(0, head=f"0:{chain.START}")


@pytest.mark.parametrize(
    ("column", "value"),
    [("hateful", 0.9), ("decision", "flag"), ("text_hash", "cd" * 32), ("time", 1), ("place", 99)],
)
def test_a_changed_answer_is_named(database, written, column, value):
    tamper(database, update(answers).where(answers.c.id == written[4]).values({column: value}))
    line = f"Entry 5: row '{written[4]}' of the table answers was changed."
    assert found(database) == (5, line)
    assert audit.verify(database).entries == 4


def test_the_first_of_several_changes_is_named(database, written):
    tamper(database, update(answers).values(label="other"))
    assert found(database)[0] == 1


def test_a_changed_suggestion_and_a_changed_event_are_named(database, written):
    tamper(database, update(events).values(facts="[no JSON", kind="record.expire"))
    assert found(database) == (10, f"Entry 10: row '{written[9]}' of the table events was changed.")
    tamper(database, update(suggestions).values(token="other"))
    assert found(database)[0] == 9


def test_a_removed_answer_is_named(database, written):
    tamper(database, delete(answers).where(answers.c.id == written[2]))
    line = f"Entry 3: row '{written[2]}' of the table answers is missing."
    assert found(database) == (3, line)


@pytest.mark.parametrize("seq", [1, 4, 9])
def test_a_removed_entry_is_named(database, written, seq):
    tamper(
        database,
        delete(entries).where(entries.c.seq == seq),
        delete(answers).where(answers.c.id == written[seq - 1]),
    )
    assert found(database) == (
        seq, f"Entry {seq} is missing: entry {seq + 1} is there instead.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "column", ["time", "kind", "subject", "digest", "previous", "hash"]
)  # fmt: skip
def test_a_changed_entry_is_named(database, written, column):
    value = 7 if column == "time" else "00" * 32
    tamper(database, update(entries).where(entries.c.seq == 6).values({column: value}))
    assert found(database) == (6, "Entry 6 was changed: it does not have its hash.")


def test_a_swapped_pair_is_named(database, written):
    move = update(entries)
    tamper(
        database,
        move.where(entries.c.seq == 6).values(seq=99),
        move.where(entries.c.seq == 7).values(seq=6),
        move.where(entries.c.seq == 99).values(seq=7),
    )
    assert found(database) == (6, "Entry 6 was changed: it does not have its hash.")


def test_an_entry_that_was_made_up_whole_does_not_follow(database, written):
    line = chain.Line(SPRING, "answer", written[5], "00" * 32)
    made = chain.linked("11" * 32, 6, line)
    changed = {"digest": line.digest, "previous": "11" * 32, "hash": made}
    tamper(database, update(entries).where(entries.c.seq == 6).values(changed))
    assert found(database) == (6, "Entry 6 does not follow the one before it.")


def test_a_cut_tail_is_named(database, written):
    tamper(database, delete(entries).where(entries.c.seq > 7))
    line = "The end of the chain is cut off: entry 7 is the last one there, the head names entry 10"
    assert found(database) == (8, f"{line}.")


def test_a_tail_that_is_cut_with_its_head_leaves_rows_in_no_entry(database, written):
    tamper(database, delete(entries).where(entries.c.seq > 7))
    rechained(database)
    assert found(database) == (
        None, f"Row '{written[7]}' of the table answers is in no entry.",
    )  # fmt: skip


def test_a_changed_head_is_named(database, written):
    tamper(database, update(heads).values(hash="00" * 32))
    assert found(database) == (10, "The head of the chain was changed: it is not entry 10.")
    tamper(database, update(heads).values(seq=3))
    assert found(database)[0] == 10


def test_a_missing_head_is_named_and_nothing_more_is_recorded(database, ledger, written, answer):
    tamper(database, delete(heads))
    assert found(database) == (10, "The head of the chain is missing.")
    with pytest.raises(StorageError, match="has lost the head of its audit chain"):
        ledger.write([answer()]).result(30)


def test_a_row_that_nobody_recorded_is_named(database, written):
    with database.begin() as connection:
        row = connection.execute(select(answers).limit(1)).one()._asdict()
        connection.execute(insert(answers).values(row | {"id": "made-up"}))
    assert found(database) == (None, "Row 'made-up' of the table answers is in no entry.")


def test_an_entry_that_stands_twice_in_a_chain_made_anew_is_named(database, written):
    with database.begin() as connection:
        row = connection.execute(select(entries).where(entries.c.seq == 5)).one()._asdict()
        connection.execute(insert(entries).values(row | {"seq": 11}))
    rechained(database)
    assert found(database) == (None, "The chain names 9 rows of the table answers, not 8.")


def test_a_chain_that_was_made_anew_from_end_to_end_fails_against_a_head_written_down(
    database, written
):
    head = audit.verify(database).head
    assert found(database, expected=head) == (None, "")
    tamper(
        database,
        delete(entries).where(entries.c.seq == 5),
        delete(answers).where(answers.c.id == written[4]),
    )
    rechained(database)
    assert found(database) == (None, "")
    assert found(database, expected=head)[0] == 10
    assert "entry 10 was written down" in found(database, expected=head)[1]
    early = "3:" + "ab" * 32
    assert found(database, expected=early) == (3, "Entry 3 is not the one that was written down.")


@pytest.mark.parametrize("wrong", ["x", "3", "3:ab", "-1:" + "ab" * 32, "\ud800", "9" * 99999])
def test_what_is_no_head_is_one_line(database, wrong):
    with pytest.raises(ConfigError, match="is no head of a chain") as raised:
        audit.verify(database, expected=wrong)
    assert len(str(raised.value)) < 300


def test_erasing_texts_and_removing_old_answers_leave_the_chain_right(database, ledger, written):
    assert erasure.forget(database, SPRING + 1) == 9
    verdict = audit.verify(database)
    assert (verdict.entries, verdict.fault) == (11, "")


def test_what_is_missing_without_a_word_is_still_named(database, ledger, written, answer):
    erasure.forget(database, SPRING + 1)
    late = answer(time=SPRING + 1)
    ledger.write([late]).result(30)
    tamper(database, delete(answers).where(answers.c.id == late.id))
    assert found(database) == (12, f"Entry 12: row '{late.id}' of the table answers is missing.")


def test_an_event_that_somebody_made_up_to_hide_removed_rows_is_named(database, written):
    fake = {"id": "x", "time": 1, "kind": audit.EXPIRED, "subject": "", "facts": '{"before":9e18}'}
    tamper(database, insert(events).values(fake), delete(answers))
    assert found(database) == (None, "Row 'x' of the table events is in no entry.")


def test_a_missing_event_is_named_whatever_was_removed_by_age(database, written):
    erasure.forget(database, clock.now())
    tamper(database, delete(events).where(events.c.id == written[9]))
    assert found(database)[0] == 10


def test_a_record_in_use_can_be_walked(database, ledger, written, answer):
    stop = threading.Event()

    def write():
        while not stop.is_set():
            ledger.write([answer()]).result(30)

    thread = threading.Thread(target=write)
    thread.start()
    verdicts = [audit.verify(database) for _ in range(5)]
    stop.set()
    thread.join(30)
    assert [verdict.fault for verdict in verdicts] == [""] * 5


def test_a_value_of_another_type_is_a_changed_row_and_no_crash(tmp_path, database, written):
    if not database.url.startswith("sqlite"):
        pytest.skip("PostgreSQL holds its columns to their types")
    tamper(database, text("UPDATE answers SET scores = x'ff00', hateful = 'high' WHERE place = 3"))
    assert found(database)[0] == 4
