"""How appeals end, and what ends when a text is erased."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select, update

from hatelens.storage import chain, identity, record
from hatelens.storage.audit import Event
from hatelens.storage.database import Database
from hatelens.storage.review_states import LAPSED, LEASED, OPEN, WAITING
from hatelens.storage.tables import answers, appeals, reviews, texts, verdicts

PART = 500


def settle(connection: Connection, appeal: str, state: str, now: int, verdict: str = "") -> None:
    """Say how an appeal ended, on record, too.

    Args:
        connection: to the database.
        appeal: its id.
        state: ``upheld``, ``overturned``, ``unclear`` or ``lapsed``.
        now: microseconds since 1970 in UTC.
        verdict: id of the verdict; empty without one.
    """
    values = {"state": state, "verdict": verdict, "settled": now}
    connection.execute(update(appeals).where(appeals.c.id == appeal).values(values))
    facts = {"state": state, "verdict": verdict}
    record.note(connection, Event(identity.new(), now, "appeal.settle", appeal, facts))


def lapse(database: Database, now: int) -> int:
    """Take the items out of the queue whose text or answer is gone, and end their appeals.

    What reviewers and senders wrote in their own words about an erased text is erased, too. It is
    looked for first, then written in parts: who records answers need not wait for long.

    Returns:
        How many items lapsed.

    Raises:
        StorageError: the database cannot be used.
    """
    gone, noted, reasoned = _gone(), _noted(), _reasoned()
    with database.read() as connection:
        items = _ids(connection, select(reviews.c.answer).where(gone))
        notes = _ids(connection, select(verdicts.c.id).where(noted))
        reasons = _ids(connection, select(appeals.c.id).where(reasoned))
    lapsed = 0
    for part in _parts(items):
        with database.begin() as connection:
            chain.lock(connection)
            lapsed += _end(connection, and_(gone, reviews.c.answer.in_(part)), now)
    for part in _parts(notes):
        which = and_(noted, verdicts.c.id.in_(part))
        with database.begin() as connection:
            connection.execute(update(verdicts).where(which).values(note=""))
    for part in _parts(reasons):
        which = and_(reasoned, appeals.c.id.in_(part))
        with database.begin() as connection:
            connection.execute(update(appeals).where(which).values(reason=""))
    return lapsed


def _end(connection: Connection, gone: ColumnElement[bool], now: int) -> int:
    """Let items lapse, with their open appeals."""
    items = select(reviews.c.answer).where(gone)
    ended = select(appeals.c.id).where(appeals.c.state == OPEN, appeals.c.answer.in_(items))
    for appeal in _ids(connection, ended):
        settle(connection, appeal, LAPSED, now)
    values = {"state": LAPSED, "holder": "", "lease": 0, "claimed": 0}
    return connection.execute(update(reviews).where(gone).values(values)).rowcount


def _gone() -> ColumnElement[bool]:
    """Return the condition for items that nobody can judge any more."""
    answer = select(answers.c.id).where(answers.c.id == reviews.c.answer).exists()
    over = or_(~_stored(reviews.c.text_hash), ~answer)
    return and_(reviews.c.state.in_((WAITING, LEASED)), over)


def _noted() -> ColumnElement[bool]:
    """Return the condition for verdicts with a note about an erased text, which it may quote."""
    return and_(verdicts.c.note != "", ~_stored(verdicts.c.text_hash))


def _reasoned() -> ColumnElement[bool]:
    """Return the condition for appeals with a reason about an erased text, likewise."""
    item = select(reviews.c.answer).where(
        reviews.c.answer == appeals.c.answer, _stored(reviews.c.text_hash)
    )
    return and_(appeals.c.reason != "", ~item.exists())


def _stored(text_hash: ColumnElement[str]) -> ColumnElement[bool]:
    return select(texts.c.text_hash).where(texts.c.text_hash == text_hash).exists()


def _ids(connection: Connection, wanted: Select[str]) -> list[str]:
    return list(connection.execute(wanted).scalars())


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(ids), PART):
        yield ids[begin : begin + PART]
