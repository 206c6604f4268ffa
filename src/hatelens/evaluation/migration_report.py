"""The files of a migration: figures, pictures, and the texts that change sides."""

from __future__ import annotations

from pathlib import Path

from hatelens.evaluation import migration_picture
from hatelens.evaluation.logged import Log, write_changed
from hatelens.evaluation.migration import Migration, Scored
from hatelens.evaluation.report import write_json


def write(log: Log, scored: Scored, made: Migration, out: Path) -> int:
    """Write migration.json, migration.png, sides.png and changed.csv.

    Only changed.csv holds texts; only its owner may read it. Files of an earlier migration are
    replaced; sides.png needs their scores.

    Args:
        log: where the texts are.
        scored: their scores and ours.
        made: the thresholds that were found.
        out: an existing folder.

    Returns:
        How many texts change sides.
    """
    write_json(made.to_dict(), out / "migration.json")
    drawn = [migration_picture.thresholds(scored, made)]
    if scored.theirs is not None:
        drawn.append(migration_picture.sides(scored.theirs, scored, made))
    for picture in drawn:
        (out / f"{picture.name}.png").write_bytes(picture.png)
    return write_changed(log, scored, made.thresholds[0], out / "changed.csv")
