"""What a model in the shadow would have answered, without the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import insert

from hatelens.storage import canonical
from hatelens.storage.database import Database
from hatelens.storage.tables import shadows


@dataclass(frozen=True, slots=True)
class Shadowed:
    """What a model in the shadow says of a text that was answered.

    Attributes:
        answer: id of the answer that was given.
        model: version of the model in the shadow.
        time: when it said so, microseconds since 1970 in UTC.
        label: the most probable class.
        hateful: summed probability of the hateful labels, 0-1.
        decision: ``flag``, ``clear`` or ``unsure``.
    """

    answer: str
    model: str
    time: int
    label: str
    hateful: float
    decision: str


def add(database: Database, found: Sequence[Shadowed]) -> None:
    """Write down what a model in the shadow says.

    Raises:
        StorageError: the database cannot be used.
        ValueError: a score is infinite or no number.
    """
    rows = [asdict(one) | {"hateful": canonical.number(one.hateful)} for one in found]
    if not rows:
        return
    with database.begin() as connection:
        connection.execute(insert(shadows), rows)
