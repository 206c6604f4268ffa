"""Reads texts of any length with a detector, window by window, and puts the answers together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from hatelens.models.detector import Detector, Prediction, Span
from hatelens.models.windows import Range

BATCH = 256
"""Windows that the model is given at once: what bounds memory."""


class Reading:
    """What the windows of one text gave so far, positions counted from the text's begin.

    Attributes:
        place: the most hateful window.
    """

    def __init__(self) -> None:
        self.place: Range = (0, 0)
        self._worst: Prediction | None = None
        self._spans: list[Span] = []
        self._attributes: dict[str, float] = {}
        self._targets: dict[str, float] = {}

    def add(self, begin: int, end: int, found: Prediction) -> None:
        """Take in the answer for one window, its spans counted from the text's begin."""
        if self._worst is None or found.hateful > self._worst.hateful:
            self._worst, self.place = found, (begin, end)
        self._spans += found.spans
        _raise(self._attributes, found.attributes)
        _raise(self._targets, found.targets)

    def prediction(self) -> Prediction:
        """Return the answer for the text.

        It is that of the most hateful window, with the spans of all of them and the highest score
        of each attribute and target.
        """
        assert self._worst is not None  # every text has a window
        return replace(
            self._worst,
            spans=merged(self._spans),
            attributes=self._attributes,
            targets=self._targets,
        )


def read(detector: Detector, texts: Sequence[str]) -> list[Reading]:
    """Read texts, in order, one reading each; at most ``BATCH`` windows at once."""
    readings = [Reading() for _ in texts]
    windows = (
        (i, begin, end) for i, text in enumerate(texts) for begin, end in detector.windows(text)
    )
    while chunk := list(islice(windows, BATCH)):
        predictions = detector.predict([texts[i][begin:end] for i, begin, end in chunk])
        for (i, begin, end), prediction in zip(chunk, predictions, strict=True):
            readings[i].add(begin, end, prediction.shifted(begin))
    return readings


def predict(detector: Detector, texts: Sequence[str]) -> list[Prediction]:
    """Label texts of any length, in order, one prediction each."""
    return [reading.prediction() for reading in read(detector, texts)]


def merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Order spans and make one of those that overlap, as windows do."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.begin, span.end)):
        if found and span.begin < found[-1].end:
            last = found[-1]
            found[-1] = Span(last.begin, max(last.end, span.end), max(last.score, span.score))
        else:
            found.append(span)
    return tuple(found)


def _raise(highest: dict[str, float], scores: Mapping[str, float]) -> None:
    for name, score in scores.items():
        highest[name] = max(score, highest.get(name, 0.0))
