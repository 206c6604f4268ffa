"""``hatelens data export-verdicts``: what reviewers and users said, as a data set to train on."""

from __future__ import annotations

import json
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hatelens.cli import period
from hatelens.cli.database import AsJson, DatabaseUrl, opened
from hatelens.cli.period import Since, Until

if TYPE_CHECKING:
    from hatelens.labels import LabelSet
    from hatelens.storage.annotations import Wanted
    from hatelens.storage.database import Database


def command(
    out: Annotated[Path, typer.Argument(help="The .jsonl or .csv file to write; must not exist.")],
    model: Annotated[
        str | None,
        typer.Option(
            help="The labels to write are this model's. [default: what serve answers with]"
        ),
    ] = None,
    pooled: Annotated[
        bool, typer.Option("--pooled", help="Write two labels: hateful and not hateful.")
    ] = False,
    since: Since = None,
    until: Until = None,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write the stored texts with what people said of them: verdicts, appeals, suggestions.

    The newest verdict of each text counts. Texts are opened with HATELENS_SECRET.
    """
    with opened(database) as found:
        from hatelens.data import verdicts
        from hatelens.labels import POOLED
        from hatelens.storage.annotations import Wanted

        labels = POOLED if pooled else _labels(found, model)
        begin, end = period.read(since, until)
        left_out: Counter[str] = Counter()
        seen: Counter[str] = Counter()
        rows = _rows(found, Wanted(labels, begin, end), left_out, seen)
        count = verdicts.write(out, rows, left_out)
    if as_json:
        told = {"path": str(out), "rows": count, "left_out": dict(left_out)}
        sys.stdout.write(json.dumps(told) + "\n")
        return
    for reason, number in sorted(left_out.items()):
        sys.stderr.write(f"left out, {reason}: {number:,}\n")
    sys.stderr.write(f"{count:,} texts; {_training(out, labels, seen)}\n")
    sys.stdout.write(f"{out}\n")


def _rows(
    database: Database, wanted: Wanted, left_out: Counter[str], seen: Counter[str]
) -> Iterator[dict[str, object]]:
    from hatelens.config import settings
    from hatelens.storage import annotations, clock, sealing

    sealer = sealing.sealer(database, settings.read().secret.get_secret_value())
    for one in annotations.exported(database, sealer, wanted, left_out):
        seen[one.label] += 1
        yield {**asdict(one), "time": clock.written(one.time)}


def _labels(database: Database, model: str | None) -> LabelSet:
    """Return the labels of a model; what was promoted wins over the settings, as in ``serve``."""
    from hatelens.config import settings
    from hatelens.models import folder
    from hatelens.storage import served

    active = None if model else served.listed(database).get("active")
    name = active.path if active and active.path else settings.read(model=model).model
    return folder.read(folder.find(name)).labels


def _training(out: Path, labels: LabelSet, seen: Counter[str]) -> str:
    """Return the line that trains on the file: on the labels that it has."""
    names = [name for name in labels.names if seen[name]]
    hateful = [name for name in names if labels.is_hateful(name)]
    if not hateful or hateful == names:
        return "to learn from them, some must be hateful and some not."
    said = {"train": [str(out)], "labels": names, "hateful": hateful}
    given = (f"data.{name}={json.dumps(value)}" for name, value in said.items())
    return f"learn from them with:\n  {shlex.join(['hatelens', 'train', 'recipe=linear', *given])}"
