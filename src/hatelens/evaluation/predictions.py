"""What a detector said of a data set: made, kept in a file without texts, read again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from hatelens.data.example import Example
from hatelens.data.scheme import parts
from hatelens.errors import DataError, ModelError
from hatelens.evaluation.metrics import Answers
from hatelens.evaluation.selection import Selection
from hatelens.evaluation.weighted import Bools
from hatelens.labels import POOLED, Floats, LabelSet
from hatelens.models.decision import Decision, Thresholds
from hatelens.models.detector import Detector, Prediction
from hatelens.progress import track

FILE = "predictions.jsonl"
ABOUT = "report.json"
"""Where the model of written predictions is named."""

BATCH = 256


@dataclass(frozen=True, slots=True)
class Judged:
    """One text's truth and what the model said of it.

    Attributes:
        id: of the text in its data set.
        truth: the true label, in the scheme of the data set.
        truth_hateful: whether that label counts as hateful.
        hateful: the model's score, 0-1.
        label: the model's label.
        decision: the model's decision.
        scores: probability per label of the model, in the order of its labels.
    """

    id: str
    truth: str
    truth_hateful: bool
    hateful: float
    label: str
    decision: Decision
    scores: tuple[float, ...]


@dataclass(frozen=True)
class Predictions:
    """What one model said of a selection.

    Attributes:
        model: what the model was called: a folder or a name.
        model_version: of its scores.
        policy_version: of its decisions.
        labels: its classes.
        thresholds: where its score becomes a decision.
        rows: one per text, in order.
        seconds: that predicting took.
        label_map: label of the data set to that of the model, to several of which one is true
            (``a|b``), or to nothing; labels that are not named keep their name.
        said: the answers as they came, in order; empty where they were read from a file.
    """

    model: str
    model_version: str
    policy_version: str
    labels: LabelSet
    thresholds: Thresholds
    rows: tuple[Judged, ...]
    seconds: float
    label_map: Mapping[str, str] = field(default_factory=dict)
    said: tuple[Prediction, ...] = ()

    @property
    def texts_per_second(self) -> float:
        """Speed of predicting, loading of the model not counted."""
        return len(self.rows) / max(self.seconds, 1e-9)

    @property
    def truth(self) -> Bools:
        """Whether each text is hateful, shape (texts,)."""
        return np.array([row.truth_hateful for row in self.rows])

    @property
    def hateful(self) -> Floats:
        """The score of each text, shape (texts,)."""
        return np.array([row.hateful for row in self.rows])

    def about(self) -> dict[str, Any]:
        """Return the model as plain JSON values."""
        return {
            "name": self.model,
            "model_version": self.model_version,
            "policy_version": self.policy_version,
            "labels": self.labels.to_dict(),
            "thresholds": self.thresholds.to_dict(),
            "label_map": dict(self.label_map),
        }

    def knows(self, names: Sequence[str]) -> bool:
        """Say whether every label of a data set is a class of the model, each another one."""
        ours = [self._ours(name) for name in names]
        apart = all(len(one) == 1 for one in ours) and len(set(ours)) == len(ours)
        return (
            apart and not self.labels.multi and {one[0] for one in ours} <= set(self.labels.names)
        )

    def answers(self, names: Sequence[str]) -> bool:
        """Say whether labels of a data set can be measured in the model's classes, mapped.

        They can where each becomes a class of the model, or nothing. A label that becomes several
        classes leaves its texts out; then every one of these must have texts of its own.
        """
        allowed = [self._ours(name) for name in names]
        torn = {part for one in allowed if len(one) > 1 for part in one}
        there = {one[0] for one in map(self._ours, self._truths()) if len(one) == 1}
        known = {part for one in allowed for part in one} <= set(self.labels.names)
        return not self.labels.multi and known and bool(there) and torn <= there

    def classes(self) -> Answers:
        """Return truth and scores in the model's own classes, of the texts of one known class."""
        known = [(row, self._ours(row.truth)) for row in self.rows]
        kept = [(ours[0], row.scores) for row, ours in known if len(ours) == 1]
        scores = np.array([row for _, row in kept])
        return Answers.checked([truth for truth, _ in kept], scores, self.labels)

    def asked(self) -> Floats:
        """Return whether each text is hateful in the model's sense of the word, shape (texts,).

        1 or 0; nan where its label becomes classes of both sides, or nothing. Labels that are not
        mapped keep the data set's word.
        """
        return np.array([self._asked(row) for row in self.rows], dtype=np.float64)

    def _asked(self, row: Judged) -> float:
        if row.truth not in self.label_map:
            return float(row.truth_hateful)
        sides = {self.labels.is_hateful(name) for name in self._ours(row.truth)}
        return float(sides.pop()) if len(sides) == 1 else float("nan")

    def _ours(self, truth: str) -> tuple[str, ...]:
        """Return the classes of the model of which one is true; none where a label is left out."""
        become = self.label_map.get(truth, truth)
        return parts(become) if become else ()

    def _truths(self) -> set[str]:
        return {row.truth for row in self.rows}

    def pooled(self) -> Answers:
        """Return truth and scores of the pooled question: hateful or not."""
        truth = [POOLED.names[row.truth_hateful] for row in self.rows]
        return Answers.checked(truth, np.stack([1 - self.hateful, self.hateful], axis=1), POOLED)


@runtime_checkable
class _Streams(Protocol):
    """A detector that takes any number of texts in constant memory."""

    def stream(self, texts: Iterable[str]) -> Iterator[Prediction]: ...


def predict(
    detector: Detector,
    selection: Selection,
    *,
    name: str = "",
    progress: bool = False,
    label_map: Mapping[str, str] | None = None,
) -> Predictions:
    """Ask a detector about every text of a selection.

    Args:
        detector: of any kind.
        selection: the texts.
        name: what to call the model; its version where it is empty.
        progress: show a bar on stderr.
        label_map: label of the data set to that of the model, where they differ.

    Raises:
        DataError: nothing tells which of the true labels count as hateful.
        ModelError: the detector did not answer every text once.
    """
    truths = selection.scheme(detector.labels, label_map)
    texts = [example.text for example in selection.examples]
    began = time.perf_counter()
    answers = track(_stream(detector, texts), "Predicting", total=len(texts), shown=progress)
    said = list(answers)
    seconds = time.perf_counter() - began
    if len(said) != len(texts):
        raise ModelError(f"The model answered {len(said)} of {len(texts)} texts.")
    pairs = zip(selection.examples, said, strict=True)
    return Predictions(
        model=name or detector.model_version,
        model_version=detector.model_version,
        policy_version=detector.policy_version,
        labels=detector.labels,
        thresholds=detector.thresholds,
        rows=tuple(_judged(e, p, truths, detector.labels) for e, p in pairs),
        seconds=seconds,
        label_map=label_map or {},
        said=tuple(said),
    )


def _stream(detector: Detector, texts: Sequence[str]) -> Iterator[Prediction]:
    if isinstance(detector, _Streams):
        yield from detector.stream(texts)
        return
    for start in range(0, len(texts), BATCH):
        yield from detector.predict(texts[start : start + BATCH])


def _judged(example: Example, prediction: Prediction, truths: LabelSet, labels: LabelSet) -> Judged:
    truth = example.label or ""
    return Judged(
        id=example.id,
        truth=truth,
        truth_hateful=all(map(truths.is_hateful, parts(truth))),
        hateful=prediction.hateful,
        label=prediction.label,
        decision=prediction.decision,
        scores=tuple(prediction.scores.get(name, float("nan")) for name in labels.names),
    )


def write(predictions: Predictions, folder: Path) -> Path:
    """Write ``predictions.jsonl``: a line per text, with its id and without the text."""
    path = folder / FILE
    with path.open("w", encoding="utf-8") as file:
        for row in predictions.rows:
            values = {name: getattr(row, name) for name in Judged.__slots__}
            file.write(json.dumps(values) + "\n")
    return path


def is_written(folder: Path) -> bool:
    """Say whether a folder holds predictions, as that of a report does."""
    return (folder / FILE).is_file()


def read(folder: Path) -> Predictions:
    """Read the predictions of a report's folder.

    Raises:
        DataError: a file is missing or damaged; the message names the line.
    """
    lines = _lines(folder / FILE)
    about = _json(folder / ABOUT, 1, "".join(_lines(folder / ABOUT)))
    try:
        model = about["model"]
        return Predictions(
            model=model["name"],
            model_version=model["model_version"],
            policy_version=model["policy_version"],
            labels=LabelSet.from_dict(model["labels"]),
            thresholds=Thresholds.from_dict(model["thresholds"]),
            rows=tuple(_row(folder / FILE, n, line) for n, line in enumerate(lines, start=1)),
            seconds=float(about["seconds"]),
            label_map=model.get("label_map", {}),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(_damaged(folder / ABOUT, 1, error)) from None


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise DataError(f"There is no {path}; write it with hatelens evaluate.")
    with path.open(encoding="utf-8") as file:
        return list(file)


def _row(path: Path, number: int, line: str) -> Judged:
    values = _json(path, number, line)
    try:
        return Judged(
            id=values["id"],
            truth=values["truth"],
            truth_hateful=bool(values["truth_hateful"]),
            hateful=float(values["hateful"]),
            label=values["label"],
            decision=values["decision"],
            scores=tuple(float(score) for score in values["scores"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(_damaged(path, number, error)) from None


def _json(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise DataError(_damaged(path, number, error)) from None


def _damaged(path: Path, number: int, error: Exception) -> str:
    return f"{path} line {number} is damaged ({error}); write it again with hatelens evaluate."
