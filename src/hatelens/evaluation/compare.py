"""Models side by side on the same texts, with the interval of their difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from hatelens import __version__
from hatelens.errors import DataError
from hatelens.evaluation import functional, page, pictures
from hatelens.evaluation.estimate import Estimate
from hatelens.evaluation.functional import Score
from hatelens.evaluation.metrics import LOWER_IS_BETTER, SUMMARY, Samples
from hatelens.evaluation.predictions import Predictions
from hatelens.evaluation.report import data_uri, make_folder, write_json
from hatelens.evaluation.selection import Selection

Question = Literal["classes", "pooled"]


@dataclass(frozen=True)
class Compared:
    """One model of a comparison.

    Attributes:
        model: what it was called.
        model_version: of its scores.
        policy_version: of its decisions.
        figures: the figures of ``SUMMARY`` by name.
        differences: its figures less those of the first model, on the same resamples of the
            texts; empty for the first model.
        texts_per_second: speed of predicting.
        functional: its score on a functional test; None where the data set is none.
    """

    model: str
    model_version: str
    policy_version: str
    figures: Mapping[str, Estimate]
    differences: Mapping[str, Estimate]
    texts_per_second: float
    functional: Score | None = None


@dataclass(frozen=True)
class Comparison:
    """Models side by side.

    Attributes:
        data: name of the data set.
        data_digest: sha256 over its ids, texts and labels.
        split: the split that was measured.
        rows: texts measured.
        question: ``classes`` where every model knows the data set's labels, else ``pooled``.
        models: in the order in which they were given.
        resamples: bootstrap resamples behind the intervals.
        seed: of the resamples.
        package_version: of hatelens.
    """

    data: str
    data_digest: str
    split: str
    rows: int
    question: Question
    models: tuple[Compared, ...]
    resamples: int
    seed: int
    package_version: str

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain JSON values."""
        return asdict(self)


def compare(
    models: Sequence[Predictions], selection: Selection, *, seed: int = 0, resamples: int = 500
) -> Comparison:
    """Put models side by side on the same texts.

    Every model is measured on the same resamples (a paired bootstrap), so an interval of the
    difference that leaves 0 out holds although the single intervals overlap.

    Args:
        models: what each model said of the selection; differences are to the first.
        selection: the texts.
        seed: of the bootstrap.
        resamples: bootstrap resamples of the texts.

    Raises:
        DataError: no model was given, or one was measured on other texts.
    """
    if not models:
        raise DataError("There is no model to compare; name at least one.")
    for model in models:
        _check_same(model, selection)
    own = all(model.knows(selection.labels.names) for model in models)
    answers = [model.classes() if own else model.pooled() for model in models]
    exact = [one.exact() for one in answers]
    drawn = [one.resampled(resamples, seed) for one in answers]
    return Comparison(
        data=selection.data,
        data_digest=selection.digest,
        split=selection.split,
        rows=len(selection.examples),
        question="classes" if own else "pooled",
        models=tuple(
            _compared(model, selection, exact, drawn, number) for number, model in enumerate(models)
        ),
        resamples=resamples,
        seed=seed,
        package_version=__version__,
    )


def _check_same(model: Predictions, selection: Selection) -> None:
    ids = [row.id for row in model.rows]
    truths = [row.truth for row in model.rows]
    if ids != [e.id for e in selection.examples] or truths != [e.label for e in selection.examples]:
        raise DataError(
            f"{model.model} was measured on other texts than {len(selection.examples)} of "
            f"{selection.data} ({selection.split}); evaluate it on these with the same limit."
        )


def _compared(
    model: Predictions,
    selection: Selection,
    exact: Sequence[Samples],
    drawn: Sequence[Samples],
    number: int,
) -> Compared:
    value, samples = exact[number].summary, drawn[number].summary
    first, first_samples = exact[0].summary, drawn[0].summary
    differences = {
        name: Estimate.of(value[name] - first[name], samples[name] - first_samples[name])
        for name in SUMMARY
    }
    return Compared(
        model=model.model,
        model_version=model.model_version,
        policy_version=model.policy_version,
        figures={name: Estimate.of(value[name], samples[name]) for name in SUMMARY},
        differences=differences if number else {},
        texts_per_second=round(model.texts_per_second, 1),
        functional=_functional(model, selection),
    )


def _functional(model: Predictions, selection: Selection) -> Score | None:
    if not functional.is_functional(selection.examples):
        return None
    return functional.functional_test(selection.examples, model.truth, model.hateful >= 0.5).score


def verdict(name: str, difference: Estimate) -> str:
    """Say in a word what a difference shows: ``better``, ``worse``, or ``-`` where it is open."""
    low, high = difference.low, difference.high
    if low is None or high is None or low <= 0 <= high:
        return "-"
    return "better" if (low > 0) != (name in LOWER_IS_BETTER) else "worse"


def write(comparison: Comparison, out: Path) -> Path:
    """Write comparison.json, comparison.md, comparison.html and comparison.png.

    Returns:
        The path of comparison.html.

    Raises:
        ConfigError: the path is a file.
    """
    make_folder(out)
    models = comparison.models
    picture = pictures.comparison([m.model for m in models], [m.figures for m in models])
    (out / "comparison.png").write_bytes(picture.png)
    write_json(comparison.to_dict(), out / "comparison.json")
    html = out / "comparison.html"
    for path, source in ((out / "comparison.md", "comparison.png"), (html, data_uri(picture))):
        text = page.render(
            f"{path.name}.j2",
            comparison=comparison,
            names=SUMMARY,
            verdict=verdict,
            picture=page.Figure(picture.title, source),
        )
        path.write_text(text, encoding="utf-8")
    return html
