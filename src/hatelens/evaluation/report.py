"""The report of one model on one data set: a record, and its JSON, Markdown and HTML files."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hatelens.errors import ConfigError
from hatelens.evaluation import page, pictures, predictions
from hatelens.evaluation.cost import Cost
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.functional import FunctionalTest
from hatelens.evaluation.groups import GroupTable
from hatelens.evaluation.heads import HeadScores
from hatelens.evaluation.injection import InjectionTest
from hatelens.evaluation.metrics import Metrics
from hatelens.evaluation.pictures import Curve, Picture
from hatelens.evaluation.predictions import Predictions
from hatelens.evaluation.spans import SpanScores


@dataclass(frozen=True)
class Decisions:
    """What the model's thresholds do on these texts.

    Attributes:
        flagged: share of the texts that is flagged.
        unsure: share that a person should look at.
        clear: share that is let through.
        precision: share of the flagged texts that is hateful.
        recall: share of the hateful texts that is flagged.
        fpr: share of the other texts that is flagged.
    """

    flagged: Estimate
    unsure: Estimate
    clear: Estimate
    precision: Estimate
    recall: Estimate
    fpr: Estimate


@dataclass(frozen=True)
class Report:
    """Everything measured of one model on one data set.

    Attributes:
        predictions: what the model said, with its versions, labels and thresholds.
        data: name of the data set.
        data_digest: sha256 over its ids, texts and labels.
        split: the split that was measured.
        left_out: why texts were left out, to how many.
        package_version: of hatelens.
        decisions: what the thresholds do.
        classes: figures in the model's own classes; None where the data set has others.
        pooled: figures of the question hateful or not, at a score of 0.5.
        groups: figures per group.
        functional: the functional test; None where the data set is none.
        heads: figures of attributes and targets, where the model gives them and the texts do.
        spans: figures of the marked characters; None where there are none to compare.
        injection: what instructions in texts do; None where the texts hold none.
        unparsable: share of generated answers that were no label; None where none are generated.
        cost: of the model's training; None where it is not known.
    """

    predictions: Predictions
    data: str
    data_digest: str
    split: str
    left_out: Mapping[str, int]
    package_version: str
    decisions: Decisions
    classes: Metrics | None
    pooled: Metrics
    groups: tuple[GroupTable, ...] = ()
    functional: FunctionalTest | None = None
    heads: tuple[HeadScores, ...] = ()
    spans: SpanScores | None = None
    injection: InjectionTest | None = None
    unparsable: float | None = None
    cost: Cost | None = None

    @property
    def rows(self) -> int:
        """Texts measured."""
        return len(self.predictions.rows)

    @property
    def seconds(self) -> float:
        """Time that predicting took."""
        return self.predictions.seconds

    @property
    def texts_per_second(self) -> float:
        """Speed of predicting."""
        return self.predictions.texts_per_second

    def questions(self) -> tuple[tuple[str, Metrics], ...]:
        """Return what to show: the own classes, and the pooled question where it is another."""
        if self.classes is None:
            return (("Hateful or not", self.pooled),)
        if self.classes.summary == self.pooled.summary:
            return (("The model's classes", self.classes),)
        return (("The model's classes", self.classes), ("Hateful or not", self.pooled))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values, without the single predictions."""
        return {
            "model": self.predictions.about(),
            "data": self.data,
            "data_digest": self.data_digest,
            "split": self.split,
            "rows": self.rows,
            "left_out": dict(self.left_out),
            "seconds": round(self.seconds, 3),
            "texts_per_second": round(self.texts_per_second, 1),
            "package_version": self.package_version,
            "decisions": asdict(self.decisions),
            "classes": None if self.classes is None else self.classes.to_dict(),
            "pooled": self.pooled.to_dict(),
            "groups": [asdict(table) for table in self.groups],
            "functional": None if self.functional is None else asdict(self.functional),
            "heads": [asdict(head) for head in self.heads],
            "spans": None if self.spans is None else asdict(self.spans),
            "injection": None if self.injection is None else asdict(self.injection),
            "unparsable": self.unparsable,
            "training_cost": None if self.cost is None else self.cost.to_dict(),
        }


def draw(report: Report) -> list[Picture]:
    """Draw the pictures of a report; a curve that is undefined is left out."""
    said = report.predictions
    _, metrics = report.questions()[0]
    drawn = [pictures.confusion(metrics.names, metrics.confusion)]
    curves = [curve for curve in _curves(report) if curve.both]
    if curves:
        drawn += [pictures.precision_recall(curves), pictures.roc(curves)]
    drawn.append(pictures.reliability(said.truth, said.hateful))
    if report.heads:
        drawn.append(pictures.heads(report.heads))
    if report.functional is not None:
        drawn.append(pictures.functions(report.functional.functions))
    return drawn


def _curves(report: Report) -> list[Curve]:
    """Return a curve per class, and the pooled one where no class is just that."""
    said = report.predictions
    pooled = Curve("hateful or not", said.truth, said.hateful)
    if report.classes is None or len(said.labels) == 2:
        return [pooled]
    answers = said.classes()
    own = [
        Curve(name, answers.truth == column, answers.probabilities[:, column])
        for column, name in enumerate(said.labels.names)
    ]
    return own if len(said.labels.hateful) == 1 else [pooled, *own]


def write(report: Report, out: Path) -> Path:
    """Write report.json, report.md, report.html, the pictures and predictions.jsonl.

    No file holds a text. Files of an earlier report in the folder are replaced.

    Args:
        report: what was measured.
        out: the folder; it is made if it is missing.

    Returns:
        The path of report.html.

    Raises:
        ConfigError: the path is a file.
    """
    make_folder(out)
    drawn = draw(report)
    for picture in drawn:
        (out / f"{picture.name}.png").write_bytes(picture.png)
    write_json(report.to_dict(), out / "report.json")
    names = {picture.name: f"{picture.name}.png" for picture in drawn}
    (out / "report.md").write_text(_rendered("report.md.j2", report, drawn, names), "utf-8")
    inlined = {picture.name: data_uri(picture) for picture in drawn}
    html = out / "report.html"
    html.write_text(_rendered("report.html.j2", report, drawn, inlined), "utf-8")
    predictions.write(report.predictions, out)
    return html


def _rendered(
    template: str, report: Report, drawn: Sequence[Picture], sources: Mapping[str, str]
) -> str:
    shown = [page.Figure(picture.title, sources[picture.name]) for picture in drawn]
    return page.render(template, report=report, pictures=shown)


def make_folder(out: Path) -> None:
    """Make a folder for a report.

    Raises:
        ConfigError: there is a file in its place.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(f"{out} is a file; name a folder for the report.") from None


def write_json(values: Mapping[str, Any], path: Path) -> None:
    """Write plain values as JSON; nan would be no JSON and is an error."""
    path.write_text(json.dumps(values, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def data_uri(picture: Picture) -> str:
    """Return a picture as an address that holds it, so that a page needs no other file."""
    return "data:image/png;base64," + base64.b64encode(picture.png).decode("ascii")
