"""Verdicts: what reviewers say of the texts that the service has answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, case, func, insert, select, update

from hatelens.errors import ConfigError
from hatelens.labels import POOLED
from hatelens.storage import canonical, chain, clock, identity, record, reviews, settling
from hatelens.storage.answers import Answer, read
from hatelens.storage.audit import Event
from hatelens.storage.database import Database
from hatelens.storage.review_states import (
    DONE,
    LEASED,
    OPEN,
    OVERTURNED,
    UNCLEAR,
    UPHELD,
    WAITING,
)
from hatelens.storage.tables import answers, appeals, verdicts
from hatelens.storage.tables import reviews as queue

OTHER, HATEFUL = POOLED.names
SIDES: Mapping[bool | None, str] = {True: HATEFUL, False: OTHER, None: ""}
LONGEST_NOTE = 2000
UNDO = 30 * 60 * clock.SECOND
"""How long a verdict can be taken back."""
AGAIN = 5 * 60 * clock.SECOND
"""For how long the item of an undone verdict is its reviewer's, if he does not claim it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reviewer has said of one text.

    Attributes:
        id: of this verdict.
        time: when it was given, microseconds since 1970 in UTC.
        answer: id of the answer that it is about.
        text_hash: keyed hash of the text, in hex.
        reviewer: id of the user.
        label: one of the model's labels, or ``unclear``.
        side: ``hateful``, ``not hateful``, or empty where the verdict takes neither.
        note: the reviewer's own words; empty without any.
        seconds: that the reviewer had the item.
        appeal: id of the appeal that it settled; empty without one.
        undone: when it was taken back, microseconds since 1970 in UTC; None while it stands.
    """

    id: str
    time: int
    answer: str
    text_hash: str
    reviewer: str
    label: str
    side: str
    note: str
    seconds: float
    appeal: str
    undone: int | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often reviewers give a label that the model had given, too.

    Attributes:
        label: that reviewers gave.
        verdicts: with this label.
        agreed: of which the model had said the same.
    """

    label: str
    verdicts: int
    agreed: int


def give(
    database: Database,
    answer: str,
    user: str,
    label: str,
    *,
    note: str,
    now: int,
    side: bool | None,
    seconds: float | None = None,
) -> Verdict | None:
    """Put a verdict on record; it settles the appeal that the item may come from.

    Args:
        database: the record.
        answer: id of the answer that it is about.
        user: id of the reviewer, who holds the item.
        label: one of the model's labels, or ``unclear``.
        note: the reviewer's own words.
        now: microseconds since 1970 in UTC.
        side: whether the label counts as hateful; None for a verdict that takes neither side.
        seconds: that it took; None for the time since the item was claimed.

    Returns:
        The verdict; None where the item is no longer this reviewer's.

    Raises:
        ConfigError: the note is too long.
        StorageError: the database cannot be used.
    """
    if len(note) > LONGEST_NOTE:
        raise ConfigError(
            f"The note has {len(note)} characters; it must have at most {LONGEST_NOTE}."
        )
    with database.begin() as connection:
        chain.lock(connection)
        wanted = select(queue).where(reviews.held(answer, user)).with_for_update()
        item = connection.execute(wanted).first()
        if item is None:
            return None
        took = (now - item.claimed) / clock.SECOND if seconds is None else seconds
        made = Verdict(
            id=identity.new(),
            time=now,
            answer=answer,
            text_hash=item.text_hash,
            reviewer=user,
            label=canonical.text(label),
            side=SIDES[side],
            note=canonical.text(note),
            seconds=canonical.number(max(took, 0.0)),
            appeal=_appealed(connection, answer),
        )
        connection.execute(insert(verdicts).values(asdict(made)))
        done = {"state": DONE, "holder": "", "lease": 0}
        connection.execute(update(queue).where(queue.c.answer == answer).values(done))
        facts = {"answer": answer, "label": made.label, "side": made.side, "reviewer": user}
        _note(connection, "review.verdict", made, now, **facts)
        if made.appeal:
            settling.settle(connection, made.appeal, _outcome(connection, made), now, made.id)
    return made


def undo(database: Database, user: str, now: int) -> str | None:
    """Take back the last verdict of a reviewer; the item is his again, and its appeal open.

    An item that he holds already goes back to the queue.

    Args:
        database: the record.
        user: id of the reviewer.
        now: microseconds since 1970 in UTC.

    Returns:
        Id of the answer; None where there is no verdict of the last 30 minutes, or the item has
        come back to the queue since, by an appeal.

    Raises:
        StorageError: the database cannot be used.
    """
    last = select(verdicts).where(verdicts.c.reviewer == user, verdicts.c.undone.is_(None))
    with database.begin() as connection:
        chain.lock(connection)
        row = connection.execute(
            last.order_by(verdicts.c.time.desc(), verdicts.c.id.desc()).limit(1)
        ).first()
        if row is None or row.time < now - UNDO or not _reopen(connection, row, now):
            return None
        connection.execute(update(verdicts).where(verdicts.c.id == row.id).values(undone=now))
        undone = _verdict(row)
        _note(connection, "review.undo", undone, now, answer=undone.answer, appeal=undone.appeal)
        if undone.appeal:
            values = {"state": OPEN, "verdict": "", "settled": None}
            connection.execute(update(appeals).where(appeals.c.id == undone.appeal).values(values))
    return undone.answer


def latest(database: Database, most: int = 100) -> list[tuple[Verdict, Answer | None]]:
    """Return the last verdicts that stand, newest first, each with its answer while that is there.

    Raises:
        StorageError: the database cannot be read.
    """
    given = select(verdicts).where(verdicts.c.undone.is_(None))
    newest = given.order_by(verdicts.c.time.desc(), verdicts.c.id.desc()).limit(most)
    with database.read() as connection:
        found = [_verdict(row) for row in connection.execute(newest)]
        about = select(answers).where(answers.c.id.in_({one.answer for one in found}))
        there = {row.id: read(row) for row in connection.execute(about)}
    return [(one, there.get(one.answer)) for one in found]


def agreement(database: Database, since: int | None = None) -> list[Agreement]:
    """Count by label how often model and reviewers agree, the commonest label first.

    Reviewers see what is doubtful, so this says little of all texts.

    Raises:
        StorageError: the database cannot be read.
    """
    agreed = func.sum(case((answers.c.label == verdicts.c.label, 1), else_=0))
    wanted = (
        select(verdicts.c.label, func.count(), agreed)
        .join(answers, answers.c.id == verdicts.c.answer)
        .where(verdicts.c.undone.is_(None), verdicts.c.time >= (since or 0))
        .group_by(verdicts.c.label)
        .order_by(func.count().desc(), verdicts.c.label)
    )
    with database.read() as connection:
        return [Agreement(row[0], row[1], int(row[2])) for row in connection.execute(wanted)]


def _verdict(row: Row[Any]) -> Verdict:
    return Verdict(**row._asdict())


def _appealed(connection: Connection, answer: str) -> str:
    """Return the id of the open appeal against an answer; empty where there is none."""
    wanted = select(appeals.c.id).where(appeals.c.answer == answer, appeals.c.state == OPEN)
    return connection.execute(wanted).scalar() or ""


def _outcome(connection: Connection, made: Verdict) -> str:
    """Return how a verdict settles an appeal.

    What was not decided to be clear was held against its writer, ``unsure`` too.
    """
    if not made.side:
        return UNCLEAR
    wanted = select(answers.c.decision).where(answers.c.id == made.answer)
    held = connection.execute(wanted).scalar_one() != "clear"
    return UPHELD if held == (made.side == HATEFUL) else OVERTURNED


def _reopen(connection: Connection, verdict: Row[Any], now: int) -> bool:
    """Give the item of a verdict back to its reviewer, in place of the one that he holds.

    Returns:
        False where somebody else is to judge it now.
    """
    user = verdict.reviewer
    again = {"state": LEASED, "holder": user, "lease": now + AGAIN, "claimed": now}
    done = and_(queue.c.answer == verdict.answer, queue.c.state == DONE)
    if not connection.execute(update(queue).where(done).values(again)).rowcount:
        return False
    other = and_(queue.c.state == LEASED, queue.c.holder == user, queue.c.answer != verdict.answer)
    back = {"state": WAITING, "holder": "", "lease": 0}
    connection.execute(update(queue).where(other).values(back))
    return True


def _note(connection: Connection, kind: str, about: Verdict, now: int, **facts: str) -> None:
    record.note(connection, Event(identity.new(), now, kind, about.id, facts))
