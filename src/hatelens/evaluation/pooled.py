"""Whether ``hateful`` can be believed over several data sets at once: their texts pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hatelens import __version__
from hatelens.errors import DataError
from hatelens.evaluation import pictures, weighted
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.report import Report, make_folder, write_json
from hatelens.evaluation.weighted import Bools
from hatelens.labels import Floats

FILE = "pooled.json"


@dataclass(frozen=True)
class Part:
    """What one data set adds.

    Attributes:
        data: its name.
        split: that was measured.
        rows: texts that count.
        left_out: texts of which it cannot be said whether they are hateful in the model's sense.
        hateful: share of the texts that is.
        score: mean of ``hateful``.
        ece: expected calibration error of ``hateful`` on these texts alone; None without any.
    """

    data: str
    split: str
    rows: int
    left_out: int
    hateful: float | None
    score: float | None
    ece: float | None


@dataclass(frozen=True)
class Pooled:
    """The calibration of ``hateful`` over the texts of several data sets.

    Attributes:
        model: what it was called.
        model_version: of its scores.
        parts: the data sets.
        rows: texts that count, each once.
        ece: expected calibration error of ``hateful``: share-weighted mean over 15 bins of equal
            width of |share of hateful texts - mean score|.
        ece_label: the same of the more probable answer, hateful or not (Guo et al. 2017).
        brier: mean squared error of ``hateful``, 0-1.
        ece_cards: ``ece`` with what each data set itself calls hateful, over all texts.
        truth: whether each text that counts is hateful, shape (rows,).
        score: ``hateful`` of each, shape (rows,).
        package_version: of hatelens.
    """

    model: str
    model_version: str
    parts: tuple[Part, ...]
    rows: int
    ece: Estimate
    ece_label: Estimate
    brier: Estimate
    ece_cards: Estimate
    truth: Bools
    score: Floats
    package_version: str

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain JSON values, without the single texts."""
        values = asdict(self)
        return {name: value for name, value in values.items() if name not in {"truth", "score"}}


def pool(reports: Sequence[Report], *, seed: int = 0, resamples: int = 500) -> Pooled:
    """Pool the texts of several reports on one model.

    A text counts where its label says whether it is hateful in the model's sense (see ``maps``).

    Args:
        reports: of one model on different data sets.
        seed: of the bootstrap.
        resamples: of the texts, behind the intervals.

    Raises:
        DataError: no text counts.
    """
    asked = np.concatenate([one.predictions.asked() for one in reports])
    everything = np.concatenate([one.predictions.hateful for one in reports])
    cards = np.concatenate([one.predictions.truth for one in reports])
    known = ~np.isnan(asked)
    if not known.any():
        names = ", ".join(one.data for one in reports)
        raise DataError(f"No text of {names} says whether it is hateful as the model means it.")
    truth, score = asked[known] == 1.0, everything[known]

    def figures(weights: Floats) -> Floats:
        said = score >= 0.5
        return np.stack(
            [
                weighted.ece(weights, truth, score),
                weighted.ece(weights, said == truth, np.where(said, score, 1 - score)),
                weights @ (score - truth) ** 2 / weights.sum(axis=1),
            ]
        )

    ece, ece_label, brier = Estimate.drawn(figures, len(score), seed=seed, resamples=resamples)
    (ece_cards,) = Estimate.drawn(
        lambda weights: weighted.ece(weights, cards, everything)[None],
        len(cards),
        seed=seed,
        resamples=resamples,
    )
    said = reports[0].predictions
    parts = tuple(_part(one) for one in reports)
    return Pooled(
        said.model, said.model_version, parts, len(score), ece, ece_label, brier, ece_cards,
        truth, score, __version__,
    )  # fmt: skip


def _part(report: Report) -> Part:
    asked, score = report.predictions.asked(), report.predictions.hateful
    known = ~np.isnan(asked)
    rows, left_out = int(known.sum()), int((~known).sum())
    if not rows:
        return Part(report.data, report.split, rows, left_out, None, None, None)
    truth, score = asked[known] == 1.0, score[known]
    ece = float(weighted.ece(np.ones((1, rows)), truth, score)[0])
    shares = (float(truth.mean()), float(score.mean()))
    return Part(report.data, report.split, rows, left_out, *shares, ece)


def write(pooled: Pooled, out: Path) -> Path:
    """Write pooled.json and the reliability picture pooled.png.

    Returns:
        The path of pooled.json.

    Raises:
        ConfigError: the path is a file.
    """
    make_folder(out)
    drawn = pictures.reliability(pooled.truth, pooled.score)
    (out / "pooled.png").write_bytes(drawn.png)
    write_json(pooled.to_dict(), out / FILE)
    return out / FILE
