"""Appeals: somebody says that an answer is wrong, and another reviewer looks at it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select, update

from hatelens.errors import ConfigError, UserError
from hatelens.storage import answers, canonical, chain, identity, record, reviews, texts
from hatelens.storage.answers import Answer
from hatelens.storage.audit import Event
from hatelens.storage.database import Database
from hatelens.storage.review_states import LAPSED, LEASED, OPEN, OVERTURNED, UNCLEAR, UPHELD
from hatelens.storage.reviews import Waiting
from hatelens.storage.tables import appeals, verdicts
from hatelens.storage.tables import reviews as queue

STATES = (OPEN, UPHELD, OVERTURNED, UNCLEAR, LAPSED)
LONGEST_REASON = 2000


class NotThereError(UserError):
    """What is appealed against is not on record."""


class GoneError(UserError):
    """The text of the answer is not stored, so nobody can look at it."""


class TakenError(UserError):
    """There is an open appeal against the answer already."""


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal.

    Attributes:
        id: of this appeal.
        time: when it came, microseconds since 1970 in UTC.
        request: id of the request that was answered.
        answer: id of the answer that is to be looked at again.
        key: id of the key that sent it; empty without keys.
        reason: in the sender's words; empty without any.
        state: one of ``STATES``: ``overturned`` where the reviewer found the other way than the
            answer, ``upheld`` where not, ``unclear`` where neither, ``lapsed`` where the text was
            erased before.
        verdict: id of the verdict that settled it; empty while there is none.
        settled: when, microseconds since 1970 in UTC; None while it is open.
    """

    id: str
    time: int
    request: str
    answer: str
    key: str
    reason: str
    state: str = OPEN
    verdict: str = ""
    settled: int | None = None


def open_(
    database: Database, request: str, place: int, *, reason: str, key: str, now: int
) -> Appeal:
    """Put an answer into the queue again, first of all, for somebody who has not judged its text.

    Args:
        database: the record.
        request: id of the request.
        place: of the text in the request, from 0.
        reason: in the sender's words.
        key: id of the key that sends it; empty without keys.
        now: microseconds since 1970 in UTC.

    Raises:
        ConfigError: the reason is too long.
        NotThereError: no such answer is on record.
        GoneError: its text is not stored, or no longer.
        TakenError: there is an open appeal against it.
        StorageError: the database cannot be used.
    """
    if len(reason) > LONGEST_REASON:
        raise ConfigError(
            f"The reason has {len(reason)} characters; it must have at most {LONGEST_REASON}."
        )
    with database.begin() as connection:
        chain.lock(connection)  # of two against the same answer, the second looks later
        answer = _appealable(connection, request, place)
        made = Appeal(
            id=identity.new(),
            time=now,
            request=answer.request,
            answer=answer.id,
            key=canonical.text(key),
            reason=canonical.text(reason),
        )
        connection.execute(insert(appeals).values(asdict(made)))
        _queue(connection, answer, now)
        facts = {"answer": answer.id, "key": made.key}
        record.note(connection, Event(identity.new(), now, "appeal.open", made.id, facts))
    return made


def find(database: Database, appeal: str) -> Appeal | None:
    """Return an appeal; None where there is none of this id.

    Raises:
        StorageError: the database cannot be read.
    """
    with database.read() as connection:
        row = connection.execute(select(appeals).where(appeals.c.id == appeal)).first()
    return Appeal(**row._asdict()) if row else None


def _appealable(connection: Connection, request: str, place: int) -> Answer:
    answer = answers.placed(connection, request, place)
    if answer is None:
        raise NotThereError(
            "No answer to a text at this place of this request is on record; give the request's "
            "id as X-Request-Id had it, and the place of the text, from 0."
        )
    if texts.sealed(connection, answer.text_hash) is None:
        raise GoneError(
            "The text of this answer is not stored, or no longer, so nobody can look at it again; "
            "which texts are stored, HATELENS_STORE_TEXT says."
        )
    one = select(appeals.c.id).where(appeals.c.answer == answer.id, appeals.c.state == OPEN)
    if found := connection.execute(one).scalar():
        raise TakenError(f"The appeal {found} against this answer is open already; wait for it.")
    return answer


def _queue(connection: Connection, answer: Answer, now: int) -> None:
    """Put the item first; who looks at it now goes on, unless he has judged the text before."""
    given = select(verdicts.c.reviewer).where(
        verdicts.c.text_hash == answer.text_hash, verdicts.c.undone.is_(None)
    )
    judges = set(connection.execute(given).scalars())
    excluded = " ".join(sorted(judges))
    item = Waiting(
        answer.id, now, answer.text_hash, answer.community, reviews.FIRST, reviews.APPEAL, excluded
    )
    fresh = reviews.row(item)
    there = select(queue.c.state, queue.c.holder).where(queue.c.answer == answer.id)
    row = connection.execute(there.with_for_update()).first()
    if row is None:
        connection.execute(insert(queue).values(fresh))
        return
    if row.state == LEASED and row.holder not in judges:
        fresh = {name: fresh[name] for name in ("time", "priority", "origin", "excluded")}
    connection.execute(update(queue).where(queue.c.answer == answer.id).values(fresh))
