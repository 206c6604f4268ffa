"""Answers that people have judged, to hold what was estimated against."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from hatelens.storage.database import Database
from hatelens.storage.tables import answers, verdicts
from hatelens.storage.verdicts import HATEFUL


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer and what a person says of its text.

    Attributes:
        score: probability that it is hateful, as the model gave it.
        hateful: whether the person finds it so.
        origin: ``appeal`` where somebody had objected, else ``doubt``.
    """

    score: float
    hateful: bool
    origin: str


def listed(database: Database, model: str, since: int, most: int = 2000) -> list[Judged]:
    """Return the answers of a model that were judged of late, each by its newest verdict.

    Verdicts that take no side are left out, and so are those that were taken back.

    Args:
        database: the record.
        model: version of the model that answered.
        since: time of the oldest verdict, microseconds since 1970 in UTC.
        most: number of verdicts that are looked at; the newest.

    Raises:
        StorageError: the database cannot be read.
    """
    wanted = (
        select(answers.c.id, answers.c.hateful, verdicts.c.side, verdicts.c.appeal)
        .join(answers, answers.c.id == verdicts.c.answer)
        .where(
            answers.c.model == model,
            verdicts.c.time >= since,
            verdicts.c.undone.is_(None),
            verdicts.c.side != "",
        )
        .order_by(verdicts.c.time.desc(), verdicts.c.id.desc())
        .limit(most)
    )
    found: dict[str, Judged] = {}
    with database.read() as connection:
        for answer, score, side, appeal in connection.execute(wanted):
            origin = "appeal" if appeal else "doubt"
            found.setdefault(answer, Judged(score, side == HATEFUL, origin))
    return list(found.values())
