"""An answer on record: which model said what of a text, without the text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from hatelens.storage import canonical
from hatelens.storage.database import Database
from hatelens.storage.tables import answers

MOST_PLACES = 2**31
"""The column holds no larger number."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered about one text of a request.

    Attributes:
        id: of this answer.
        request: id of the request; its texts share it.
        place: position of the text in the request, from 0.
        time: when it was answered, microseconds since 1970 in UTC.
        route: the service's path, as ``/infer``.
        key: id of the key that asked; empty without keys.
        community: that the request named; empty without one.
        model: version of the model: same version, same scores.
        policy: version of the policy: same version, same decision.
        label: the most probable class.
        hateful: summed probability of the hateful labels, 0-1.
        decision: ``flag``, ``clear`` or ``unsure``.
        scores: probabilities by name, under ``scores``, ``attributes`` and ``targets``.
        language: ISO 639-1 code where that is sure; empty else.
        latency: of the request, in milliseconds.
        text_hash: keyed hash of the text, in hex.
        length: of the text, in characters.
    """

    id: str
    request: str
    place: int
    time: int
    route: str
    key: str
    community: str
    model: str
    policy: str
    label: str
    hateful: float
    decision: str
    scores: Mapping[str, Mapping[str, float]]
    language: str
    latency: float
    text_hash: str
    length: int


def row(answer: Answer) -> dict[str, Any]:
    """Return the row of the table ``answers``.

    Raises:
        ValueError: a score is infinite or no number.
    """
    values = {field.name: getattr(answer, field.name) for field in fields(answer)}
    plain = {
        name: canonical.text(value) if isinstance(value, str) else value
        for name, value in values.items()
    }
    scores = {head: canonical.numbers(found) for head, found in answer.scores.items()}
    return plain | {
        "hateful": canonical.number(answer.hateful),
        "latency": canonical.number(answer.latency),
        "scores": canonical.written(scores),
    }


def of_request(database: Database, request: str, since: int) -> list[Answer]:
    """Return what was answered to a request, by place.

    Args:
        database: the record.
        request: its id.
        since: a time before which there is none, microseconds since 1970 in UTC: the nearer, the
            less there is to look through.

    Raises:
        StorageError: the database cannot be read.
    """
    wanted = (
        select(answers)
        .where(answers.c.time >= since, answers.c.request == request)
        .order_by(answers.c.place)
    )
    with database.read() as connection:
        return [read(found) for found in connection.execute(wanted)]


def find(connection: Connection, answer: str) -> Answer | None:
    """Return an answer; None where there is none of this id, or no longer."""
    found = connection.execute(select(answers).where(answers.c.id == answer)).first()
    return read(found) if found else None


def placed(connection: Connection, request: str, place: int) -> Answer | None:
    """Return what was answered to one text of a request; None where that is not on record."""
    if not 0 <= place < MOST_PLACES:
        return None
    wanted = select(answers).where(answers.c.request == request, answers.c.place == place)
    found = connection.execute(wanted).first()
    return read(found) if found else None


def read(found: Row[Any]) -> Answer:
    """Return the answer of a row of the table ``answers``."""
    values = found._asdict()
    return Answer(**(values | {"scores": json.loads(values["scores"])}))


def selection(
    since: int | None, until: int | None, community: str | None
) -> Iterator[ColumnElement[bool]]:
    """Return the conditions for the answers of a time and a community; None for no limit.

    Args:
        since: begin, microseconds since 1970 in UTC.
        until: end, not included.
        community: that the request named; empty for none.
    """
    if since is not None:
        yield answers.c.time >= since
    if until is not None:
        yield answers.c.time < until
    if community is not None:
        yield answers.c.community == community
