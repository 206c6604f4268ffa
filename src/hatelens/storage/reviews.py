"""The queue of reviewing: which answers a person should look at, and who looks at which now.

Who writes here and in the chain takes the chain first: two who did it the other way round would
wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update

from hatelens.storage import answers, settling, texts
from hatelens.storage.answers import Answer
from hatelens.storage.database import Database
from hatelens.storage.review_states import DONE, LAPSED, LEASED, OPEN, WAITING
from hatelens.storage.tables import appeals, reviews

DOUBT, APPEAL = "doubt", "appeal"
FIRST = 2.0
"""Priority of appeals: above every doubt."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is put into the queue.

    Attributes:
        answer: id of the answer.
        time: when it came, microseconds since 1970 in UTC.
        text_hash: keyed hash of the text, in hex.
        community: that the request named; empty without one.
        priority: the higher, the sooner; see ``priority``.
        origin: ``doubt`` or ``appeal``.
        excluded: ids of users who must not judge it, with spaces between.
    """

    answer: str
    time: int
    text_hash: str
    community: str
    priority: float
    origin: str = DOUBT
    excluded: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """What one reviewer looks at, and nobody else meanwhile.

    Attributes:
        answer: what the service has said.
        text: the text, sealed.
        priority: see ``priority``.
        origin: ``doubt`` or ``appeal``.
        appeal: id of the open appeal; empty without one.
        reason: of the appeal, as its sender wrote it; empty without one.
        lease: until when the item is this reviewer's, microseconds since 1970 in UTC.
        claimed: since when it is, likewise.
    """

    answer: Answer
    text: bytes
    priority: float
    origin: str
    appeal: str
    reason: str
    lease: int
    claimed: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items there are.

    Attributes:
        waiting: that nobody looks at; appeals included.
        leased: that somebody looks at.
        done: that were judged.
        lapsed: whose text was erased before anyone judged it.
        appeals: waiting items that come from an appeal.
    """

    waiting: int = 0
    leased: int = 0
    done: int = 0
    lapsed: int = 0
    appeals: int = 0


def priority(hateful: float, flag: float, clear: float, harm: float = 0.0) -> float:
    """Return how pressing an answer is: the mean of its doubt and its harm.

    Doubt is 1 between the thresholds and falls to 0 towards the ends of the scale: a person is
    needed where the model knows least. Harm is what it would mean if the text were as bad as the
    scores say.

    Args:
        hateful: score of the answer, 0-1.
        flag: threshold from which on texts are flagged.
        clear: threshold below which they are clear.
        harm: 0-1.

    Returns:
        0-1.
    """
    above = (hateful - flag) / (1 - flag) if hateful > flag else 0.0
    below = (clear - hateful) / clear if hateful < clear else 0.0
    return (1 - max(above, below) + harm) / 2


def add(connection: Connection, items: Sequence[Waiting]) -> None:
    """Put items into the queue, but for texts that a community has there already, or has judged.

    The transaction holds the chain, so that no text comes in twice.
    """
    if not items:
        return
    hashes = {item.text_hash for item in items}
    known = select(reviews.c.text_hash, reviews.c.community).where(
        reviews.c.text_hash.in_(hashes), reviews.c.state != LAPSED
    )
    there = {tuple(row) for row in connection.execute(known)}
    rows: list[dict[str, Any]] = []
    for item in items:
        if (item.text_hash, item.community) not in there:
            there.add((item.text_hash, item.community))
            rows.append(row(item))
    if rows:
        connection.execute(insert(reviews), rows)


def claim(database: Database, user: str, now: int, lease: int) -> Item | None:
    """Give a reviewer the item that he holds, else the most pressing one that nobody does.

    Items that he skipped come last. Those whose text is gone lapse.

    Args:
        database: the record.
        user: id of the reviewer.
        now: microseconds since 1970 in UTC.
        lease: how long the item is his, microseconds.

    Returns:
        The item; None where nothing waits that he may judge.

    Raises:
        StorageError: the database cannot be used.
    """
    for _ in range(2):  # the second time, no text is gone
        with database.begin() as connection:
            _expire(connection, now)
            row = _next(connection, user, now)
            if row is None:
                return None
            item = _item(connection, row, user, now, lease)
        if item is not None:
            return item
        settling.lapse(database, now)
    return None


def renew(database: Database, answer: str, user: str, until: int) -> bool:
    """Keep an item until a later time; False where it is no longer this user's.

    Raises:
        StorageError: the database cannot be used.
    """
    return _change(database, held(answer, user), lease=until)


def release(database: Database, answer: str, user: str, later: int = 0) -> bool:
    """Give an item back; False where it is no longer this user's.

    Args:
        database: the record.
        answer: of the item.
        user: id of the reviewer.
        later: until when he gets it only if nothing else waits, microseconds since 1970 in UTC; 0
            where that is not wanted.

    Raises:
        StorageError: the database cannot be used.
    """
    values = {"state": WAITING, "holder": user if later else "", "lease": later}
    return _change(database, held(answer, user), **values)


def counts(database: Database, now: int) -> Counts:
    """Count the items of the queue.

    Raises:
        StorageError: the database cannot be read.
    """
    leased = and_(reviews.c.state == LEASED, reviews.c.lease >= now)
    waiting = or_(reviews.c.state == WAITING, and_(reviews.c.state == LEASED, ~leased))
    wanted = select(
        func.count().filter(waiting),
        func.count().filter(leased),
        func.count().filter(reviews.c.state == DONE),
        func.count().filter(reviews.c.state == LAPSED),
        func.count().filter(waiting, reviews.c.origin == APPEAL),
    ).select_from(reviews)
    with database.read() as connection:
        return Counts(*connection.execute(wanted).one())


def held(answer: str, user: str) -> ColumnElement[bool]:
    """Return the condition for an item that a user holds."""
    return and_(reviews.c.answer == answer, reviews.c.state == LEASED, reviews.c.holder == user)


def row(item: Waiting) -> dict[str, Any]:
    """Return the row of the table ``reviews`` for something that waits."""
    return {
        "answer": item.answer,
        "time": item.time,
        "text_hash": item.text_hash,
        "community": item.community,
        "priority": item.priority,
        "origin": item.origin,
        "excluded": item.excluded,
        "state": WAITING,
        "holder": "",
        "lease": 0,
        "claimed": 0,
    }


def _expire(connection: Connection, now: int) -> None:
    """Let go of what its reviewer has left, unless another is doing so."""
    left = select(reviews.c.answer).where(reviews.c.state == LEASED, reviews.c.lease < now)
    ids = left.with_for_update(skip_locked=True)
    values = {"state": WAITING, "holder": "", "lease": 0}
    connection.execute(update(reviews).where(reviews.c.answer.in_(ids)).values(values))


def _next(connection: Connection, user: str, now: int) -> Row[Any] | None:
    """Return what the user gets; on PostgreSQL its row is locked then."""
    any_of = select(reviews).limit(1)
    mine = any_of.where(reviews.c.state == LEASED, reviews.c.holder == user)
    skipped = and_(reviews.c.holder == user, reviews.c.lease > now)
    free = any_of.where(
        reviews.c.state == WAITING, ~reviews.c.excluded.contains(user, autoescape=True)
    ).order_by(reviews.c.priority.desc(), reviews.c.time, reviews.c.answer)
    for wanted in (mine, free.where(~skipped), free.where(skipped)):
        row = connection.execute(wanted.with_for_update(skip_locked=True)).first()
        if row:
            return row
    return None


def _item(connection: Connection, row: Row[Any], user: str, now: int, lease: int) -> Item | None:
    """Hand an item to a user; None where its text is gone."""
    text = texts.sealed(connection, row.text_hash)
    answer = answers.find(connection, row.answer)
    if text is None or answer is None:
        return None
    claimed = row.claimed if row.state == LEASED else now
    values = {"state": LEASED, "holder": user, "lease": now + lease, "claimed": claimed}
    connection.execute(update(reviews).where(reviews.c.answer == row.answer).values(values))
    wanted = select(appeals.c.id, appeals.c.reason).where(
        appeals.c.answer == row.answer, appeals.c.state == OPEN
    )
    appeal, reason = connection.execute(wanted).first() or ("", "")
    return Item(answer, text, row.priority, row.origin, appeal, reason, now + lease, claimed)


def _change(database: Database, which: ColumnElement[bool], **values: Any) -> bool:
    with database.begin() as connection:
        return connection.execute(update(reviews).where(which).values(values)).rowcount == 1
